"""The schemes in use elsewhere do what their descriptions say, or the comparison would be worth nothing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pacing.news import CallEnded, CallMoved, PersonMissed, PersonServed, TalkEnded
from engine.pacing.snapshot import NO_BOUND, AgentView, CallView, Snapshot, UnpacedDemand
from engine.twin.baselines import BASELINES, Adaptive, ErlangC, Expected, Mean, Ratio, SmallGroup, erlang_c


def seen(
    ready: int = 0, talking: int = 0, flying: int = 0, waiting: int = 0, age_s: float = 10.0
) -> Snapshot:
    agents = [AgentView(f"r{n}", "ready", -age_s) for n in range(ready)]
    agents += [AgentView(f"t{n}", "talking", -age_s) for n in range(talking)]
    calls = [CallView(f"c{n}", "ringing", -3.0, -2.0, "c") for n in range(flying)]
    demand = UnpacedDemand(inbound_waiting=waiting)
    return Snapshot("c", tuple(calls), tuple(agents), demand, NO_BOUND, NO_BOUND)


def test_a_ratio_tops_up_to_its_lines() -> None:
    assert Ratio(2.0).decide(0.0, seen(ready=5, flying=4)).launch == 6
    assert Ratio(1.5).decide(0.0, seen(ready=3)).launch == 5
    assert Ratio(3.0).decide(0.0, seen(ready=1, flying=9)).launch == 0
    assert Ratio(2.0).decide(0.0, seen(ready=2, waiting=3)).launch == 1


@pytest.mark.parametrize("name", BASELINES)
def test_no_scheme_dials_where_nobody_works(name: str) -> None:
    policy = BASELINES[name]()
    assert all(policy.decide(float(t), seen(flying=2)).launch == 0 for t in range(60))


@pytest.mark.parametrize("name", BASELINES)
@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 60))
def test_no_scheme_asks_for_less_than_nothing(name: str, ready: int, talking: int, flying: int) -> None:
    policy = BASELINES[name]()
    for second in range(8):
        assert policy.decide(float(second), seen(ready, talking, flying)).launch >= 0


def test_the_adaptive_level_grows_with_idle_operators_and_falls_back_over_the_limit() -> None:
    policy, idle = Adaptive(), seen(ready=4, talking=4)
    reasons = [policy.decide(float(t), idle).reason for t in range(120)]
    levels = [float(reason.split()[1]) for reason in reasons if reason.startswith("level")]
    assert levels == sorted(levels)
    assert levels[0] == pytest.approx(1.5, abs=0.51)
    assert levels[-1] == 3.0
    for n in range(100):
        policy.observe(PersonServed(f"a{n}", 0.1, 120.0))
    for n in range(10):
        policy.observe(PersonMissed(f"b{n}", 2.0, 120.0))
    reasons = [policy.decide(120.0 + t, idle).reason for t in range(40)]
    assert [reason for reason in reasons if reason.startswith("level")][-1] == "level 1.00"


def test_the_adaptive_scheme_looks_at_the_lines_every_two_and_a_half_seconds() -> None:
    policy = Adaptive()
    launches = [t / 10 for t in range(100) if policy.decide(t / 10, seen(ready=3)).launch]
    assert launches == [0.0, 2.5, 5.0, 7.5]


def test_erlangs_c_is_the_textbooks() -> None:
    agents, load = 10, 8.0
    top = load**agents / math.factorial(agents) * agents / (agents - load)
    assert erlang_c(agents, load) == pytest.approx(
        top / (sum(load**k / math.factorial(k) for k in range(agents)) + top)
    )


def test_the_erlang_scheme_keeps_up_the_rate_of_its_load() -> None:
    policy = ErlangC()
    launched = sum(policy.decide(t / 2, seen(ready=5, talking=5)).launch for t in range(1_200))
    reason = policy.decide(600.0, seen(ready=5, talking=5)).reason
    assert launched / 600 == pytest.approx(float(reason.split()[4]), rel=0.05)


def test_schemes_that_learn_learn_from_the_news() -> None:
    policy = Expected()
    for n in range(2_000):
        policy.observe(CallMoved(f"c{n}", "dialing", float(n)))
        if n % 10 == 0:
            policy.observe(CallMoved(f"c{n}", "waiting", n + 6.0))
        else:
            policy.observe(CallEnded(f"c{n}", "no_answer", n + 20.0))
        policy.observe(TalkEnded("a", 50.0, n + 60.0))
    assert policy.answers.value == pytest.approx(0.1, abs=0.02)
    assert policy.ring_s.value == pytest.approx(6.0, abs=1.0)
    assert policy.talk_s.value == pytest.approx(50.0, rel=0.02)


def test_the_small_group_dials_for_a_ripe_talk_and_stops_when_people_were_missed() -> None:
    policy = SmallGroup()
    assert policy.decide(0.0, seen(ready=1, talking=2, age_s=30.0)).launch == 1
    assert policy.decide(0.0, seen(ready=1, talking=2, age_s=200.0)).launch == 3
    for n in range(5):
        policy.observe(PersonMissed(f"a{n}", 2.0, 1.0))
    assert policy.decide(2.0, seen(ready=1, talking=2, age_s=200.0)).launch == 1


def test_a_mean_forgets() -> None:
    mean = Mean(100.0, 3.0, keep=0.9)
    for _ in range(100):
        mean.add(10.0)
    assert mean.value == pytest.approx(10.0, abs=0.1)
