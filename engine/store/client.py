"""How Prozvon talks to Redis: connection settings, and the scripts by name.

redis-py retries ten times by default, on lost replies too. A script that stored an intent would run twice
without anybody knowing. Here nothing is ever sent twice behind the caller's back.
"""

import hashlib
from functools import cache
from importlib import resources
from typing import Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

CONNECT_TIMEOUT_S: Final = 3.0
REPLY_TIMEOUT_S: Final = 5.0


def make_pool(url: str, reply_timeout_s: float = REPLY_TIMEOUT_S) -> redis.BlockingConnectionPool:
    """Connections to `redis://`, `rediss://` (TLS) or `unix://` without any hidden retry."""
    pool: redis.BlockingConnectionPool = redis.BlockingConnectionPool.from_url(
        url,
        max_connections=32,
        timeout=CONNECT_TIMEOUT_S,
        socket_timeout=reply_timeout_s,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        decode_responses=False,
    )
    return pool


def make_client(url: str, reply_timeout_s: float = REPLY_TIMEOUT_S) -> redis.Redis:
    """A plain client for work outside the engine's hot path: the archiver, readers, checks."""
    return redis.Redis(connection_pool=make_pool(url, reply_timeout_s))


def clock_ms(client: redis.Redis) -> int:
    """The store's clock, epoch ms."""
    seconds, micros = client.time()
    return int(seconds) * 1000 + int(micros) // 1000


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
