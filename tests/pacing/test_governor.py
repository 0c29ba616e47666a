"""The governor's laws: they hold for every policy there is and every one that will come."""

from dataclasses import replace

import pytest
from hypothesis import given

from engine.pacing.governor import Limits, govern
from engine.pacing.snapshot import Decision, Snapshot, UnpacedDemand
from tests.pacing.moments import agent, call, decisions, limits, snapshots

ROOM = Limits(channels_left=100, starts_left=100)
ONE_READY = (agent(),)


def moment(agents=ONE_READY, calls=(), max_calls: int = 100, queued: int = 100) -> Snapshot:
    return Snapshot("autumn", tuple(calls), tuple(agents), UnpacedDemand(), max_calls, queued)


def launched(limits: Limits, snapshot: Snapshot | None = None, asked: int = 10) -> tuple[int, str]:
    found = govern(Decision(asked, reason="asked"), snapshot or moment(), limits)
    return found.launch, found.reason


@given(decisions, snapshots, limits)
def test_no_policy_gets_past_any_bound(asked: Decision, snapshot: Snapshot, bounds: Limits) -> None:
    got = govern(asked, snapshot, bounds).launch
    assert 0 <= got <= max(0, asked.launch)
    if got:
        assert got <= bounds.channels_left
        assert got <= bounds.starts_left
        assert got <= snapshot.queued
        assert len(snapshot.calls) + got <= snapshot.max_calls
        assert bounds.switch_up
        assert bounds.switch_lag_s < bounds.switch_lag_stop_s


@given(decisions, snapshots, limits)
def test_hard_stop_no_agent_ready_or_soon_ready_no_call(
    asked: Decision, snapshot: Snapshot, bounds: Limits
) -> None:
    """F05, whatever the policy asks for: all offline, still being called, paused, or about to leave."""
    gone = tuple(
        a._replace(leaving=True) if a.state not in ("offline", "calling", "paused") else a
        for a in snapshot.agents
    )
    found = govern(asked, replace(snapshot, agents=gone), replace(bounds, needs_agents=True))
    assert found.launch == 0
    assert "hard stop: no agent ready or soon ready" in found.reason


@given(decisions, snapshots, limits)
def test_a_cut_is_always_explained_and_no_cut_is_made_up(
    asked: Decision, snapshot: Snapshot, bounds: Limits
) -> None:
    found = govern(asked, snapshot, bounds)
    assert found.reason.startswith(asked.reason)
    if found.launch < max(0, asked.launch):
        assert found.reason != asked.reason


@given(decisions, snapshots, limits)
def test_giving_calls_up_and_the_next_look_stay_the_policys_own(
    asked: Decision, snapshot: Snapshot, bounds: Limits
) -> None:
    found = govern(asked, snapshot, bounds)
    assert (found.cancel, found.next_check_s) == (asked.cancel, asked.next_check_s)


@given(decisions, snapshots, limits)
def test_the_governor_says_the_same_twice(asked: Decision, snapshot: Snapshot, bounds: Limits) -> None:
    """What it lets through it lets through again: cutting a cut decision cuts no more, but for a slow switch,
    which halves what is asked each time."""
    steady = replace(bounds, switch_lag_s=0.0)
    once = govern(asked, snapshot, steady)
    assert govern(once, snapshot, steady).launch == once.launch


def test_where_nothing_binds_the_policy_has_its_way() -> None:
    assert launched(ROOM) == (10, "asked")


@pytest.mark.parametrize("state", ["ready", "preview", "reserved", "talking", "wrap_up"])
def test_an_agent_who_will_be_ready_lifts_the_hard_stop(state: str) -> None:
    assert launched(ROOM, moment([agent(0, "paused"), agent(1, state)]))[0] == 10


@pytest.mark.parametrize("state", ["offline", "calling", "paused"])
def test_an_agent_who_is_not_there_does_not(state: str) -> None:
    assert launched(ROOM, moment([agent(0, state)])) == (0, "asked; hard stop: no agent ready or soon ready")


def test_a_robot_needs_nobody() -> None:
    assert launched(replace(ROOM, needs_agents=False), moment([]))[0] == 10


def test_the_hard_stop_is_told_even_where_the_policy_asked_for_nothing() -> None:
    assert launched(ROOM, moment([]), asked=0) == (0, "asked; hard stop: no agent ready or soon ready")


@pytest.mark.parametrize(
    ("bounds", "snapshot", "got", "why"),
    [
        (replace(ROOM, channels_left=3), moment(), 3, "gateways have 3 channels left"),
        (replace(ROOM, starts_left=2), moment(), 2, "gateways may start 2 calls now"),
        (replace(ROOM, channels_left=-2), moment(), 0, "gateways have -2 channels left"),
        (replace(ROOM, switch_up=False), moment(), 0, "the switch is not connected"),
        (replace(ROOM, switch_lag_s=0.7), moment(), 5, "the switch lags 700 ms: slowed"),
        (replace(ROOM, switch_lag_s=2.0), moment(), 0, "the switch lags 2000 ms: stopped"),
        (ROOM, moment(calls=[call(1), call(2)], max_calls=3), 1, "campaign limit of 3 calls"),
        (ROOM, moment(calls=[call(1), call(2)], max_calls=1), 0, "campaign limit of 1 calls"),
        (ROOM, moment(queued=4), 4, "no more contacts to dial now"),
    ],
)
def test_each_bound_cuts_to_itself_and_gives_its_reason(
    bounds: Limits, snapshot: Snapshot, got: int, why: str
) -> None:
    assert launched(bounds, snapshot) == (got, f"asked; {why}")


def test_a_slow_switch_still_gets_one_call_to_show_that_it_recovered() -> None:
    assert launched(replace(ROOM, switch_lag_s=1.9), asked=1)[0] == 1
