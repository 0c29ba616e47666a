"""How Prozvon talks to Redis: connection settings, and the scripts by name.

redis-py retries ten times by default, on lost replies too. A script that stored an intent would run twice
without anybody knowing. Here nothing is ever sent twice behind the caller's back.
"""

import hashlib
from functools import cache
from importlib import resources
from typing import Any, Final, cast

import redis
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
from redis.retry import Retry
from redis.sentinel import Sentinel as _Sentinel
from redis.sentinel import SentinelConnectionPool as _SentinelConnectionPool

from engine.store.addresses import Address, Node, address_of

Sentinel: Any = _Sentinel  # redis-py has no types for these
SentinelConnectionPool: Any = _SentinelConnectionPool
BlockingConnectionPool: Any = redis.BlockingConnectionPool
SeedNode: Any = ClusterNode

CONNECT_TIMEOUT_S: Final = 3.0
REPLY_TIMEOUT_S: Final = 5.0
SENTINEL_TIMEOUT_S: Final = 0.5  # the next one is asked then


def make_pool(url: str, reply_timeout_s: float = REPLY_TIMEOUT_S) -> redis.ConnectionPool:
    """Connections to one server, or to the primary that the Sentinels name, without any hidden retry. For a
    Cluster see `make_node_pool`."""
    address = address_of(url)
    if address.kind == "single":
        pool: redis.ConnectionPool = redis.BlockingConnectionPool.from_url(
            url, max_connections=32, timeout=CONNECT_TIMEOUT_S, **_settings(reply_timeout_s)
        )
        return pool
    own = {"username": address.username, "password": address.password, "db": address.db, "ssl": address.tls}
    asking = {"password": address.sentinel_password, "ssl": address.tls}
    sentinels = Sentinel(
        list(address.nodes), sentinel_kwargs=_settings(SENTINEL_TIMEOUT_S, SENTINEL_TIMEOUT_S) | asking
    )
    behind: redis.ConnectionPool = SentinelConnectionPool(
        address.service, sentinels, **_settings(reply_timeout_s), **own
    )
    return behind


def make_node_pool(address: Address, node: Node, reply_timeout_s: float) -> redis.ConnectionPool:
    """Connections to one node of a Cluster."""
    kind: type[redis.Connection] = redis.SSLConnection if address.tls else redis.Connection
    pool: redis.ConnectionPool = BlockingConnectionPool(
        connection_class=kind,
        host=node[0],
        port=node[1],
        username=address.username,
        password=address.password,
        max_connections=4,
        timeout=CONNECT_TIMEOUT_S,
        **_settings(reply_timeout_s),
    )
    return pool


def _settings(reply_timeout_s: float, connect_timeout_s: float = CONNECT_TIMEOUT_S) -> dict[str, Any]:
    return {
        "socket_timeout": reply_timeout_s,
        "socket_connect_timeout": connect_timeout_s,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
        "decode_responses": False,
    }


def make_client(url: str, reply_timeout_s: float = REPLY_TIMEOUT_S) -> redis.Redis:
    """A plain client for work outside the engine's hot path: the archiver, readers, checks."""
    address = address_of(url)
    if address.kind != "cluster":
        return redis.Redis(connection_pool=make_pool(url, reply_timeout_s))
    client: Any = redis.RedisCluster(
        startup_nodes=[SeedNode(host, port) for host, port in address.nodes],
        username=address.username,
        password=address.password,
        ssl=address.tls,
        socket_timeout=reply_timeout_s,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        protocol=2,
    )
    return cast(redis.Redis, client)


def clock_ms(client: redis.Redis) -> int:
    """The store's clock, epoch ms; of a Cluster the clock that is most behind."""
    told: Any = (
        client.time(target_nodes=redis.RedisCluster.PRIMARIES).values()
        if isinstance(client, redis.RedisCluster)
        else [client.time()]
    )
    return min(int(seconds) * 1000 + int(micros) // 1000 for seconds, micros in told)


class Script:
    """One file of store/lua with the shared words in front. `sha`: what EVALSHA calls it by."""

    __slots__ = ("name", "sha", "text")

    def __init__(self, name: str) -> None:
        folder = resources.files("engine.store") / "lua"
        self.name = name
        self.text = "\n".join((folder / f"{part}.lua").read_text("utf-8") for part in ("shared", name))
        self.sha = hashlib.sha1(self.text.encode()).hexdigest()

    def call(self, keys: list[str], *args: str | bytes | int) -> tuple[str | bytes | int, ...]:
        return ("EVALSHA", self.sha, len(keys), *keys, *args)


@cache
def script(name: str) -> Script:
    return Script(name)


NAMES: Final = (
    "acquire_team", "release_team", "fence", "enrol", "index_numbers", "add_contacts", "claim", "put_back",
    "reschedule", "intend", "settle", "find", "queue_sizes", "append",
    "share_line",
)  # fmt: skip


def without_password(url: str) -> str:
    """The address as it may be logged."""
    scheme, mark, rest = url.partition("://")
    return scheme + mark + rest.rpartition("@")[2]


def pairs(flat: list[bytes]) -> dict[bytes, bytes]:
    """A hash, as RESP2 tells it: field, value, field, value …"""
    return dict(zip(flat[::2], flat[1::2], strict=True))
