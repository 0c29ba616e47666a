"""Who may get in: no secret in the file where others could use it, no door open to the network."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from engine.config.base import is_loopback
from engine.config.installation import Api, Inbound, Switch
from engine.config.plain import Found, default_of, items_of, section_of
from engine.domain.strict_yaml import Path

SHORTEST_TOKEN = 16


def check_access(data: dict[str, Any], literal_secrets: list[Path]) -> Iterator[Found]:
    """`literal_secrets`: paths of the secrets that are written out in the file."""
    yield from _secrets(data, literal_secrets)
    yield from _guessable(data)
    yield from _api(data)


def _secrets(data: dict[str, Any], literal: list[Path]) -> Iterator[Found]:
    fix = "Write ${NAME} and set NAME in the environment."
    for path in literal:
        if path[0] == "switches":
            host = dict(items_of(data, "switches"))[path[:2]].get("host", default_of(Switch, "host"))
        elif path[0] == "store":
            host = _store_host(section_of(data, "store")["url"])
        else:
            host = section_of(data, "api").get("host", default_of(Api, "host"))
        if isinstance(host, str) and not is_loopback(host):
            yield path, "a secret is written out", fix
    for path, item in items_of(data, "switches"):
        host = item.get("host")
        if isinstance(host, str) and not is_loopback(host) and not item.get("password"):
            yield (*path, "password"), "is missing: the well-known one serves loopback only", fix


def _guessable(data: dict[str, Any]) -> Iterator[Found]:
    """Tokens that a guesser would find; an empty one of an agent is none at all."""
    tokens = [(("api", *path), item) for path, item in items_of(section_of(data, "api"), "tokens")]
    for path, item in [*tokens, *items_of(data, "agents")]:
        token = item.get("token")
        if isinstance(token, str) and 0 < len(token) < SHORTEST_TOKEN:
            fix = "Make one with: openssl rand -hex 32."
            yield (*path, "token"), f"is shorter than {SHORTEST_TOKEN} characters", fix


def _store_host(url: str) -> str:
    """The host that a literal password in the url is shown to; loopback when there is no password at all."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "localhost") if parts.password or parts.query else "localhost"
    except ValueError:  # told about by _patterns
        return "localhost"


def _api(data: dict[str, Any]) -> Iterator[Found]:
    api, inbound = section_of(data, "api"), section_of(data, "inbound")
    host = api.get("host", default_of(Api, "host"))
    if isinstance(host, str) and not is_loopback(host):
        if not api.get("tokens"):
            yield (
                ("api", "tokens"),
                "is missing: the API would be open to the network",
                "Give it a token, as ${NAME}.",
            )
        if not api.get("tls_cert") and not api.get("plain_http_abroad"):
            fix = "Give tls_cert and tls_key, or say plain_http_abroad: true where a proxy speaks TLS."
            yield ("api", "tls_cert"), "is missing: tokens would cross the network in clear", fix
    if bool(api.get("tls_cert")) != bool(api.get("tls_key")):
        yield (
            ("api", "tls_cert" if api.get("tls_key") else "tls_key"),
            "is missing: TLS needs both",
            "Name the other file.",
        )
    port = inbound.get("port", default_of(Inbound, "port"))
    if port == api.get("port", default_of(Api, "port")):
        yield (
            ("inbound" if "port" in inbound else "api", "port"),
            f"api and inbound both listen on {port}",
            "Change one.",
        )
