"""The predictive policy: no agents no calls, one call per agent while nothing is known, the same again."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.pacing.news import CallEnded, CallMoved, PersonMissed, PersonServed, TalkEnded, WrapUpEnded
from engine.pacing.predictive import Predictive
from engine.pacing.snapshot import AgentView, CallView, Decision, Snapshot, Terms, UnpacedDemand
from tests.pacing.moments import NOW, agents, calls, counts, demands, seconds

GONE = ("offline", "calling", "paused")


def schooled(seed: int = 1, answer: float = 0.4, hours: float = 0.2) -> Predictive:
    """A policy that has seen some calls of a steady world; a tenth of a second of work."""
    chance, policy, now = random.Random(seed), Predictive(), 0.0
    for number in range(int(hours * 3600)):
        name, now = f"call-{number}", now + 1.0
        policy.observe(CallMoved(name, "dialing", now, "autumn"))
        policy.observe(CallMoved(name, "ringing", now + 2.0))
        if chance.random() < answer:
            policy.observe(CallMoved(name, "waiting", now + 2.0 + chance.gammavariate(4.0, 2.5)))
            policy.observe(PersonServed(name, 0.0, now + 12.0))
            policy.observe(TalkEnded("anna", chance.expovariate(1 / 90.0), now))
            policy.observe(WrapUpEnded("anna", 12.0, now))
        else:
            policy.observe(CallEnded(name, "no_answer", now + 30.0))
        if number % 60 == 0:
            policy.decide(now, moment())
    policy.decide(now + 40.0, moment())
    return policy


def moment(
    ready: int = 2,
    talking: tuple[float, ...] = (30.0, 90.0),
    ringing: tuple[float, ...] = (),
    doubt: str = "",
    **more,
) -> Snapshot:
    crew = [AgentView(f"ready-{n}", "ready", NOW - 5.0) for n in range(ready)]
    crew += [AgentView(f"busy-{n}", "talking", NOW - elapsed) for n, elapsed in enumerate(talking)]
    up = tuple(
        CallView(f"up-{n}", "ringing", NOW - age - 2.0, NOW - age, "autumn") for n, age in enumerate(ringing)
    )
    kept = {"calls": up, "agents": tuple(crew), "demand": UnpacedDemand(), "upcoming": ("autumn",), **more}
    return Snapshot("autumn", max_calls=10_000, queued=10_000, doubt=doubt, **kept)


def decided(policy: Predictive, at: Snapshot, now: float = NOW) -> Decision:
    return policy.decide(now, at)


snapshots = st.builds(
    Snapshot,
    campaign_id=st.just("autumn"),
    calls=calls,
    agents=agents,
    demand=demands,
    max_calls=st.integers(0, 100),
    queued=counts,
    others=calls,
    upcoming=st.sampled_from(((), ("autumn",), ("winter", "autumn"))),
    room=st.integers(0, 100),
)
SCHOOLED = schooled()


@settings(max_examples=60, deadline=None)
@given(snapshots, st.booleans())
def test_with_nobody_ready_or_soon_ready_nothing_is_launched(snapshot: Snapshot, knows: bool) -> None:
    gone = tuple(a._replace(state=GONE[n % 3]) for n, a in enumerate(snapshot.agents))
    policy = SCHOOLED if knows else Predictive()
    found = decided(policy, Snapshot("autumn", snapshot.calls, gone, snapshot.demand, 100, 100))
    assert found.launch == 0


@settings(max_examples=100, deadline=None)
@given(snapshots, seconds)
def test_it_never_launches_more_than_there_is_room_for(snapshot: Snapshot, later: float) -> None:
    found = decided(SCHOOLED, snapshot, NOW + later)
    most = min(snapshot.room, snapshot.queued, max(0, snapshot.max_calls - len(snapshot.calls)))
    assert 0 <= found.launch <= most
    assert set(found.cancel) <= {call.attempt_id for call in snapshot.calls}


def test_while_nothing_is_known_it_launches_one_call_for_each_ready_agent() -> None:
    found = decided(Predictive(), moment(ready=5))
    assert found.launch == 5
    assert "nothing is known yet" in found.reason


def test_when_the_view_is_in_doubt_it_launches_one_call_for_each_ready_agent() -> None:
    found = decided(schooled(), moment(ready=3, ringing=(5.0,), doubt="the switch lags 900 ms"))
    assert found.launch == 2
    assert found.reason.startswith("the switch lags 900 ms")


def test_it_knows_that_most_calls_are_not_answered() -> None:
    assert decided(schooled(), moment(ready=10, talking=())).launch > 14


def test_agents_soon_free_are_dialed_for() -> None:
    wrapping = tuple(AgentView(f"a-{n}", "wrap_up", NOW - 8.0) for n in range(6))
    assert decided(schooled(), moment(agents=wrapping)).launch > 0
    begun = tuple(AgentView(f"a-{n}", "talking", NOW) for n in range(6))
    assert decided(schooled(), moment(agents=begun)).launch == 0


def test_the_answer_probability_it_tells_is_that_of_the_world() -> None:
    numbers = decided(schooled(answer=0.25, hours=0.5), moment(), 1900.0).numbers
    assert 0.19 < numbers["answer_probability"] < 0.31
    assert numbers["answer_probability_low"] < 0.25 < numbers["answer_probability_high"]


def test_reserved_agents_and_people_who_wait_leave_fewer_calls_to_launch() -> None:
    policy = schooled()
    free = decided(policy, moment(ready=10, talking=())).launch
    kept = decided(policy, moment(ready=10, talking=(), terms=Terms(reserve=4))).launch
    waited = decided(policy, moment(ready=10, talking=(), demand=UnpacedDemand(2, 1, 1))).launch
    assert kept < free
    assert waited == kept


def test_calls_of_another_campaign_for_the_same_agents_are_reckoned_with() -> None:
    policy = schooled()
    others = tuple(CallView(f"other-{n}", "ringing", NOW - 6.0, NOW - 4.0, "winter") for n in range(12))
    alone = decided(policy, moment(ready=6, talking=())).launch
    assert decided(policy, moment(ready=6, talking=(), others=others)).launch < alone


def test_every_abandoned_call_makes_it_more_careful_and_the_cap_can_be_spent() -> None:
    policy = schooled()
    before = decided(policy, moment()).numbers["theta"]
    policy.observe(PersonMissed("x", 2.0, NOW))
    assert decided(policy, moment()).numbers["theta"] < before
    for _ in range(200):
        policy.observe(PersonMissed("x", 2.0, NOW))
    found = decided(policy, moment(ready=3))
    assert found.launch == 3
    assert "the cap is overspent" in found.reason


def test_a_smaller_cap_holds_from_the_next_live_answer() -> None:
    strict, loose = schooled(), schooled()
    for policy, cap in ((strict, 0.005), (loose, 0.03)):
        for number in range(400):
            decided(policy, moment(terms=Terms(cap=cap)))
            policy.observe((PersonMissed if number % 100 == 0 else PersonServed)("x", 0.0, NOW))
    assert strict.ledger.theta < 0.6 * loose.ledger.theta


def test_what_was_saved_and_loaded_decides_the_same() -> None:
    policy, again = schooled(), Predictive()
    again.load(policy.save())
    for ready in range(6):
        at = moment(ready=ready, talking=(20.0, 60.0, 200.0), ringing=(3.0, 9.0))
        for now in (NOW, 801.5, 830.0):
            assert decided(policy, at, now) == decided(again, at, now)


def test_the_same_news_and_snapshots_give_the_same_decisions() -> None:
    ones, others = schooled(), schooled()
    for ready in range(8):
        assert decided(ones, moment(ready=ready)) == decided(others, moment(ready=ready))


def test_it_probes_a_trunk_that_refuses_and_comes_back_when_the_storm_is_over() -> None:
    policy = schooled()
    for number in range(10):
        policy.observe(CallMoved(f"storm-{number}", "dialing", 799.0, "autumn"))
        policy.observe(CallEnded(f"storm-{number}", "congestion", 799.5))
    before = policy.answers.mean(0)
    found = decided(policy, moment(ready=10), 799.6)
    assert found.launch == 1
    assert "probing" in found.reason
    assert decided(policy, moment(ready=10), 806.0).launch > 10
    assert abs(policy.answers.mean(0) - before) < 0.02


def test_a_call_that_rings_long_is_given_up_when_nobody_will_be_free_and_never_before_its_time() -> None:
    policy = schooled()
    policy.giving_up.launches = 10_000.0
    policy.giving_up.log_price = -9.0
    found = decided(policy, moment(ready=0, talking=(1.0, 1.0), ringing=(14.0, 16.0)))
    assert found.cancel == ("up-1",)
    policy.giving_up.cancels = 10_000.0
    assert decided(policy, moment(ready=0, talking=(1.0, 1.0), ringing=(14.0, 16.0))).cancel == ()
