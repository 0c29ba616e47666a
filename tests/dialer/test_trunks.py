"""A trunk's contract is by the second, as its carrier counts it."""

from bisect import bisect_left, bisect_right
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from engine.dialer.gateways import GatewayBook
from engine.dialer.shop import GatewayTerms
from engine.domain import facts as f
from tests.dialer.world import World


@given(
    st.sampled_from([0.5, 1.0, 2.5, 12.0]),
    st.lists(st.tuples(st.floats(0.0, 1.5), st.integers(0, 30)), max_size=30),
)
def test_no_second_sees_more_starts_than_the_contract_whatever_was_saved_up(
    calls_per_s: float, wishes: list[tuple[float, int]]
) -> None:
    book, now_s, taken = GatewayBook({"gw": GatewayTerms("gw", "sw1", 1000, calls_per_s)}), 0.0, list[float]()
    for pause_s, wanted in wishes:
        now_s += pause_s
        taken += [now_s for _ in range(wanted) if book.take("gw", now_s)]
    most = max(1, int(calls_per_s))
    assert all(bisect_left(taken, at + 1.0) - bisect_left(taken, at) <= most for at in taken)
    assert all(bisect_right(taken, at) <= most + at * calls_per_s + 1e-6 for at in taken)


def test_a_trunk_that_is_asked_all_the_time_gives_its_contract() -> None:
    book = GatewayBook({"gw": GatewayTerms("gw", "sw1", 1000, 12.0)})
    assert sum(book.take("gw", tick / 100) for tick in range(1000)) >= 12 * 9


@given(
    st.sampled_from([1.0, 2.5, 12.0]),
    st.lists(st.tuples(st.floats(0.0, 1.5), st.integers(0, 30)), max_size=30),
    st.randoms(use_true_random=False),
)
def test_no_second_sees_more_orders_than_the_contract_whatever_a_slow_store_or_a_late_timer_lets_through(
    calls_per_s: float, ready: list[tuple[float, int]], dice: Random
) -> None:
    line = GatewayBook({"gw": GatewayTerms("gw", "sw1", 1000, calls_per_s)}).lines["gw"]
    now_s, held, sent = 0.0, 0, list[float]()
    for pause_s, many in ready:
        until_s, held = now_s + pause_s, held + many
        while held and now_s <= until_s:
            if wait_s := line.order(now_s):
                now_s += wait_s + dice.choice((0.0, 0.01, 0.3))
            else:
                sent.append(now_s)
                held -= 1
        now_s = max(now_s, until_s)
    most = max(1, int(calls_per_s))
    assert all(bisect_left(sent, at + 1.0 - 1e-6) - bisect_left(sent, at) <= most for at in sent)


def test_a_trunk_with_calls_held_back_gives_its_contract() -> None:
    line, now_s, sent = GatewayBook({"gw": GatewayTerms("gw", "sw1", 1000, 12.0)}).lines["gw"], 0.0, 0
    while now_s < 10.0:
        wait_s = line.order(now_s)
        now_s, sent = now_s + wait_s, sent + (not wait_s)
    assert sent >= 12 * 10


def held_back(world: World) -> str:
    """A call whose intent is stored while the trunk has had its share of this second."""
    world.log_in()
    line = world.dialer.gateways.lines["gw"]
    line.sent.extend([world.time.now] * line.terms.burst)
    world.run()
    (call,) = world.dialer.calls.lives
    assert world.dialed == []
    return call


def test_an_intent_that_a_slow_store_let_through_late_is_ordered_when_the_trunk_may() -> None:
    world = World()
    call = held_back(world)
    world.dialer.sweeper.sweep(world.switch)
    may_s = world.dialer.gateways.lines["gw"].sent[0] + 1.0
    world.time.pass_s(may_s - world.time.now - 0.01)
    assert world.dialed == []
    world.time.pass_s(0.02)
    assert world.dialed == [call]


def test_a_call_given_up_while_it_was_held_back_is_never_ordered() -> None:
    world = World()
    call = held_back(world)
    world.fact(f.CancelWanted, call)
    world.time.pass_s(1.1)
    assert world.dialed == []
    assert [cdr["disposition"] for cdr in world.cdrs()] == ["cancelled"]


def test_a_call_held_back_until_its_team_was_anothers_is_never_ordered() -> None:
    world = World()
    held_back(world)
    world.shop.lease_ends_s["team"] = world.time.now
    world.time.pass_s(1.1)
    assert world.dialed == []
    assert [cdr["cause"] for cdr in world.cdrs()] == ["STORE_LOST"]


def test_calls_that_fell_due_while_the_process_slept_do_not_go_at_once() -> None:
    world = World()
    call = held_back(world)
    line = world.dialer.gateways.lines["gw"]
    world.time.now += 5.0
    line.sent.extend([world.time.now] * line.terms.burst)
    world.time.pass_s(0.5)
    assert world.dialed == []
    world.time.pass_s(0.6)
    assert world.dialed == [call]
