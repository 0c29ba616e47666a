"""Where the store is: one server, a service behind Sentinels, or a Cluster, from one line of configuration.

redis://[user:password@]host:port[/db]      rediss:// with TLS, unix:///path for a socket
redis+sentinel://[user:password@]host:port,host:port,…/service[/db][?sentinel_password=…]
redis+cluster://[user:password@]host:port,host:port,…
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, unquote

from engine.domain.errors import StoreError

SENTINEL_PORT: Final = 26379
REDIS_PORT: Final = 6379

Node = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Address:
    """`kind`: single, sentinel or cluster. `nodes`: Sentinels, or some nodes of the Cluster. `service`: what
    the Sentinels call the primary."""

    kind: str
    nodes: tuple[Node, ...] = ()
    service: str = ""
    db: int = 0
    username: str | None = None
    password: str | None = None
    sentinel_password: str | None = None
    tls: bool = False


def address_of(url: str) -> Address:
    """StoreError says what is wrong with it, without its password."""
    scheme, _, rest = url.partition("://")
    base, _, kind = scheme.partition("+")
    if not kind:
        return Address("single")
    if base not in ("redis", "rediss") or kind not in ("sentinel", "cluster"):
        raise _wrong(
            f"'{scheme}' is no kind of store", "redis, rediss, unix, redis+sentinel or redis+cluster"
        )
    rest, _, query = rest.partition("?")
    credentials, _, places = rest.rpartition("@")
    user, _, password = credentials.partition(":")
    hosts, _, path = places.partition("/")
    default = SENTINEL_PORT if kind == "sentinel" else REDIS_PORT
    nodes = tuple(_node(host, default) for host in hosts.split(",") if host)
    if not nodes:
        raise _wrong("no host is named", f"{scheme}://host:port,host:port")
    service, _, db = path.partition("/")
    if kind == "sentinel" and not service:
        raise _wrong("the service is not named", f"{scheme}://host:port,host:port/SERVICE")
    if db and not db.isdigit():
        raise _wrong(f"'{db}' is no number of a database", f"{scheme}://host:port/SERVICE/0")
    return Address(
        kind,
        nodes,
        service,
        int(db or 0),
        unquote(user) or None,
        unquote(password) or None,
        parse_qs(query).get("sentinel_password", [""])[0] or None,
        base == "rediss",
    )


def _node(text: str, default_port: int) -> Node:
    if text.startswith("["):  # IPv6
        host, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    else:
        host, _, port = text.partition(":")
    if port and not port.isdigit():
        raise _wrong(f"'{port}' is no port", "Write host:port.")
    return host, int(port or default_port)


def _wrong(what: str, fix: str) -> StoreError:
    return StoreError(what, "store.url", f"Write it as {fix}" if "://" in fix else fix)
