"""Several engines at one trunk: together never above its contract, whatever dies, sleeps or gets lost."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.dialer.gateways import GatewayBook
from engine.dialer.shop import GatewayTerms, Shop
from engine.dialer.slices import Slices
from engine.domain.campaign import Campaign, Mode
from engine.domain.errors import StoreError
from engine.ports import LineAsk, LineSlice
from engine.store.lines import MemoryLines
from engine.store.memory import MemoryStore
from tests.dialer.world import Paper, PaperSwitch, Time

CAMPAIGN = Campaign("c1", "team", Mode.ROBOT, ("gw",), ("main",), max_calls=50)


class Leaky:
    """The store; `lost`: what it answers does not arrive."""

    def __init__(self, lines: MemoryLines) -> None:
        self.lines, self.lost = lines, False

    def share(self, owner: str, asks: Sequence[LineAsk], ttl_s: float) -> list[LineSlice]:
        given = self.lines.share(owner, asks, ttl_s)
        if self.lost:
            raise StoreError("the answer was lost")
        return given


class Engine:
    def __init__(self, name: str, time: Time, lines: MemoryLines, terms: GatewayTerms) -> None:
        paper = Paper()
        shop = Shop(time, time, time, MemoryStore(time, paper), paper, {"sw1": PaperSwitch()}, print)
        self.name, self.leaky, self.book = name, Leaky(lines), GatewayBook({"gw": terms})
        self.asked_s = time.now
        self.slices = Slices(shop, self.book, self.leaky, name, lambda: [CAMPAIGN])

    def ask(self, lost: bool = False) -> None:
        self.leaky.lost, self.asked_s = lost, self.slices._shop.clock.now_s()
        self.slices.ask()

    @property
    def in_use(self) -> int:
        return self.book.lines["gw"].in_use


class Trunk:
    """Engines at a trunk that counts, as the carrier does. A dead engine's calls live on."""

    def __init__(self, channels: int, calls_per_s: float) -> None:
        self.time = Time()
        self.lines = MemoryLines(self.time)
        self.terms = GatewayTerms("gw", "sw1", channels, calls_per_s)
        self.engines: list[Engine] = []
        self.joined = 0
        self.starts_s: list[float] = []

    def join(self) -> Engine:
        self.joined += 1
        one = Engine(f"e{self.joined}", self.time, self.lines, self.terms)
        self.engines.append(one)
        return one

    def dial(self, engine: Engine) -> None:
        if engine.book.take("gw", self.time.now):
            self.starts_s.append(self.time.now)

    def pass_s(self, seconds: float) -> None:
        """Whoever lives asks in time: who does not for longer than a lease has its calls adopted."""
        until = self.time.now + seconds
        while self.time.now < until:
            self.time.pass_s(min(1.0, until - self.time.now))
            for engine in self.engines:
                if self.time.now - engine.asked_s > 5.0:
                    engine.ask()

    def hold_to_contract(self) -> None:
        busy = sum(engine.in_use for engine in self.engines)
        assert busy <= self.terms.channels
        now, most = self.time.now, self.terms
        for window_s in (0.0, 1.0, 5.0):
            started = sum(at_s >= now - window_s for at_s in self.starts_s)
            assert started <= most.burst + window_s * most.calls_per_s + 1e-6, f"in {window_s} s"


STEPS = st.lists(
    st.tuples(
        st.integers(0, 3),  # which engine
        st.sampled_from(["hears", "hears", "hears", "loses the answer", "dies"]),
        st.integers(0, 12),  # how many calls it tries to start
        st.integers(0, 12),  # how many of its calls end
        st.sampled_from([0.0, 0.0, 0.3, 1.0]),  # seconds that pass
    ),
    min_size=10,
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(STEPS, st.integers(1, 12), st.sampled_from([0.5, 1.0, 2.5, 7.0]))
def test_no_engines_together_get_past_a_contract(
    steps: list[tuple[int, str, int, int, float]], channels: int, calls_per_s: float
) -> None:
    trunk = Trunk(channels, calls_per_s)
    engines = [trunk.join() for _ in range(4)]
    for which, what, dials, ends, pass_s in steps:
        one = engines[which]
        for _ in range(dials):
            trunk.dial(one)
            trunk.hold_to_contract()
        for _ in range(min(ends, one.in_use)):
            one.book.give_back("gw", False, trunk.time.now)
        if what == "dies":  # it comes back as another; its calls are adopted before its slice runs out
            trunk.engines.remove(one)
            engines[which] = trunk.join()
            trunk.pass_s(8.0)
            heir = engines[(which + 1) % 4]
            for _ in range(one.in_use):
                heir.book.adopt("gw")
            heir.ask()
        else:
            one.ask(lost=what == "loses the answer")
        trunk.hold_to_contract()
        trunk.pass_s(pass_s)


def test_a_survivor_has_the_whole_contract_in_the_end() -> None:
    trunk = Trunk(10, 5.0)
    one, two = trunk.join(), trunk.join()
    one.slices.start()
    two.slices.start()
    trunk.time.pass_s(5.0)
    assert [engine.book.lines["gw"].slice_at(trunk.time.now) for engine in (one, two)] == [(5, 3), (5, 2)]
    one.slices.stop()
    trunk.time.pass_s(2.0)
    assert two.book.lines["gw"].slice_at(trunk.time.now) == (10, 5)
    assert not one.book.can_take("gw", trunk.time.now)


def test_with_the_store_away_a_slice_is_kept_to_its_end_and_then_nothing_is_started() -> None:
    trunk = Trunk(10, 5.0)
    one = trunk.join()
    one.ask()
    trunk.time.pass_s(1.0)
    one.leaky.lost = True
    one.slices.start()
    trunk.time.pass_s(10.0)
    assert one.book.can_take("gw", trunk.time.now)
    trunk.time.pass_s(3.0)
    assert not one.book.can_take("gw", trunk.time.now)
