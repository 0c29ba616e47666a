"""Every test of this folder that asks for `world` or `real` runs on the twin in memory and on each server."""

import time
from collections.abc import Iterator

import pytest
import redis

from engine.store.memory import MemoryStore
from engine.store.redis_store import RedisStore
from tests.contracts.store.servers import BINARIES, Server
from tests.contracts.store.world import FakeClock, World


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, Server]]:
    started: dict[str, Server] = {}
    try:
        for name, binary in BINARIES.items():
            started[name] = Server(binary)
            started[name].start()
        yield started
    finally:
        for server in started.values():
            server.remove()


@pytest.fixture(params=["memory", *BINARIES])
def real(request: pytest.FixtureRequest, servers: dict[str, Server]) -> Iterator[RedisStore | None]:
    """An empty store on each real server; None: it is the twin's turn."""
    if request.param == "memory":
        yield None
        return
    server = servers[request.param]
    redis.Redis.from_url(server.url).flushall()
    store = RedisStore(server.url, shards=4)
    yield store
    store.close()


@pytest.fixture
def world(real: RedisStore | None) -> World:
    if real is not None:
        return World(real, time.time, wait_until)
    clock = FakeClock()
    return World(MemoryStore(clock), clock.wall_s, clock.until)


def wait_until(at_s: float) -> None:
    """Real stores have real clocks: wait for theirs, which is ours, to pass the instant."""
    passed_s = at_s + 0.002  # instants are rounded to whole milliseconds
    while (left_s := passed_s - time.time()) > 0:
        time.sleep(left_s)
