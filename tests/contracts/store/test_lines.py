"""What every store promises about the slices of a gateway, on the twin and on each real server."""

import random
import time
from collections.abc import Callable

import pytest
import redis

from engine.ports import LineAsk, Lines
from engine.store.lines import MemoryLines, RedisLines
from engine.store.redis_store import RedisStore
from tests.contracts.store.conftest import wait_until
from tests.contracts.store.servers import Server
from tests.contracts.store.world import FakeClock


class Trunk:
    """A gateway of 10 channels and 4 calls at once, and the engines at it; each keeps to its last answer."""

    def __init__(self, lines: Lines, wall_s: Callable[[], float], until: Callable[[float], None]) -> None:
        self.lines, self.wall_s, self.until = lines, wall_s, until
        self.kept: dict[str, tuple[int, int]] = {}

    def ask(
        self, owner: str, wanted: int = 10, in_use: int = 0, ttl_s: float = 60.0, heard: bool = True
    ) -> tuple[int, int]:
        kept = self.kept.get(owner, (0, 0))
        (given,) = self.lines.share(owner, [LineAsk("gw", 10, 4, wanted, in_use, kept)], ttl_s)
        if heard:
            self.kept[owner] = given.channels, given.starts
        return given.channels, given.starts

    def settle(self, **wanted: int) -> dict[str, tuple[int, int]]:
        """Everybody asks a few times; what they have then."""
        for _ in range(3):
            for owner, want in wanted.items():
                self.ask(owner, want)
        return {owner: self.kept[owner] for owner in wanted}


@pytest.fixture
def trunk(real: RedisStore | None) -> Trunk:
    if real is not None:
        return Trunk(RedisLines(real.batcher), time.time, wait_until)
    clock = FakeClock()
    return Trunk(MemoryLines(clock), clock.wall_s, clock.until)


def test_an_engine_alone_has_the_whole_contract(trunk: Trunk) -> None:
    assert trunk.ask("a") == (10, 4)
    assert trunk.ask("a", wanted=1) == (10, 4)


def test_a_second_engine_gets_its_half_once_the_first_is_known_to_keep_to_less(trunk: Trunk) -> None:
    assert trunk.ask("a") == (10, 4)
    assert trunk.ask("b") == (0, 0)
    assert trunk.ask("a") == (5, 2)
    assert trunk.ask("b") == (0, 0), "the first has not said yet that it heard"
    assert trunk.ask("a") == (5, 2)
    assert trunk.ask("b") == (5, 2)


def test_an_answer_that_was_lost_gives_nothing_away_twice(trunk: Trunk) -> None:
    trunk.ask("a")
    trunk.ask("b")
    assert trunk.ask("a", heard=False) == (5, 2)
    assert trunk.ask("a", heard=False) == (5, 2)
    assert trunk.ask("b") == (0, 0), "a still keeps to the whole"


def test_channels_with_calls_on_them_are_given_to_nobody(trunk: Trunk) -> None:
    trunk.ask("a")
    trunk.ask("b")
    for _ in range(3):
        assert trunk.ask("a", in_use=9) == (5, 2)
        assert trunk.ask("b") == ((1, 2) if _ else (0, 0))
    trunk.ask("a", in_use=6)
    assert trunk.ask("b") == (4, 2)


def test_the_modest_get_what_they_want_and_the_others_share_the_rest(trunk: Trunk) -> None:
    assert trunk.settle(a=10, b=2, c=10) == {"a": (4, 2), "b": (2, 1), "c": (4, 1)}
    assert trunk.settle(a=1, b=1, c=10) == {"a": (1, 1), "b": (1, 1), "c": (8, 2)}
    assert sum(channels for channels, _ in trunk.settle(a=2, b=2, c=2).values()) == 10, (
        "idle ones are at hand"
    )


def test_a_dead_engines_slice_is_free_when_its_time_is_over(trunk: Trunk) -> None:
    trunk.ask("a", ttl_s=0.3)
    assert trunk.ask("b") == (0, 0)
    trunk.until(trunk.wall_s() + 0.3)
    assert trunk.ask("b") == (10, 4)


def test_who_leaves_holds_only_the_channels_of_their_calls(trunk: Trunk) -> None:
    trunk.ask("a")
    trunk.kept["a"] = (0, 0)
    assert trunk.ask("a", wanted=0, in_use=3) == (0, 0)
    assert trunk.ask("b") == (7, 4)


def test_where_there_are_more_engines_than_calls_per_second_everybody_has_their_turn(trunk: Trunk) -> None:
    names = "abcdefgh"
    given = trunk.settle(**dict.fromkeys(names, 10))
    assert sum(starts for _, starts in given.values()) <= 4
    assert sum(channels for channels, _ in given.values()) <= 10
    assert all(channels for channels, _ in given.values())


def test_the_twin_in_memory_gives_what_the_script_gives(servers: dict[str, Server]) -> None:
    server = servers["valkey"]
    redis.Redis.from_url(server.url).flushall()
    store, rng = RedisStore(server.url, shards=4), random.Random(4)
    twins: tuple[Lines, Lines] = RedisLines(store.batcher), MemoryLines(FakeClock())
    for _ in range(300):
        keeps_to = rng.randrange(8), rng.randrange(5)
        ask = LineAsk(
            "gw", rng.choice([7, 20]), rng.choice([5, 9]), rng.randrange(30), rng.randrange(4), keeps_to
        )
        owner = rng.choice("abcde")
        one, two = (twin.share(owner, [ask], 600.0) for twin in twins)
        assert one == two
    store.close()
