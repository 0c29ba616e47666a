"""The policies: progressive never dials more than there are ears, a robot fills its channels."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.campaign import Mode
from engine.pacing import POLICIES
from engine.pacing.by_hand import ByHand
from engine.pacing.governor import Limits, govern
from engine.pacing.news import PersonMissed
from engine.pacing.progressive import Progressive
from engine.pacing.robot import Robot
from engine.pacing.snapshot import Snapshot, UnpacedDemand
from tests.pacing.moments import agent, call, snapshots

BEFORE_AN_AGENT = {"dialing", "early_media", "ringing", "answered", "screening", "waiting"}


def moment(agents=(), calls=(), others=(), max_calls: int = 10, **demand: int) -> Snapshot:
    return Snapshot(
        "autumn", tuple(calls), tuple(agents), UnpacedDemand(**demand), max_calls, 100, tuple(others)
    )


def test_every_mode_has_its_policy() -> None:
    assert set(POLICIES) == {mode.value for mode in Mode}


@pytest.mark.parametrize("mode", POLICIES)
@settings(deadline=None)  # a policy may learn much at once, and a loaded machine takes its time
@given(snapshot=snapshots, now_s=st.floats(0, 1e6))
def test_a_policy_says_how_many_why_and_when_to_ask_again(
    mode: str, snapshot: Snapshot, now_s: float
) -> None:
    decision = POLICIES[mode]().decide(now_s, snapshot)
    assert decision.launch >= 0
    assert decision.reason
    assert 0 < decision.next_check_s <= 5
    assert set(decision.cancel) <= {c.attempt_id for c in snapshot.calls}


@pytest.mark.parametrize("mode", POLICIES)
@settings(deadline=None, max_examples=40)
@given(snapshot=snapshots)
def test_a_policy_restored_from_what_it_saved_decides_alike(mode: str, snapshot: Snapshot) -> None:
    learned, fresh = POLICIES[mode](), POLICIES[mode]()
    learned.observe(PersonMissed("attempt-1", 2.0, 3.0))
    fresh.load(learned.save())
    assert fresh.decide(9.0, snapshot) == learned.decide(9.0, snapshot)


@given(snapshots)
def test_progressive_never_launches_more_than_ready_agents_less_calls_in_flight(snapshot: Snapshot) -> None:
    ready = sum(a.state == "ready" and not a.leaving for a in snapshot.agents)
    flying = sum(
        c.needs_agent and not c.reserved_agent and c.state in BEFORE_AN_AGENT
        for c in snapshot.calls + snapshot.others
    )
    assert Progressive().decide(0.0, snapshot).launch <= max(0, ready - flying)


@given(snapshots)
def test_progressive_leaves_an_agent_for_each_person_who_waits_already(snapshot: Snapshot) -> None:
    waiting = snapshot.demand.inbound_waiting + snapshot.demand.robot_transfers
    launch = Progressive().decide(0.0, snapshot).launch
    assert launch == 0 or launch + waiting <= snapshot.ready_agents


def test_progressive_dials_one_for_each_ready_agent() -> None:
    team = [agent(n) for n in range(3)] + [agent(3, "talking"), agent(4, "paused")]
    assert Progressive().decide(0.0, moment(team)).launch == 3
    assert Progressive().decide(0.0, moment(team, [call(1), call(2, "screening")])).launch == 1
    assert Progressive().decide(0.0, moment(team, [call(n) for n in range(9)])).launch == 0


def test_progressive_counts_the_calls_of_other_campaigns_that_want_the_same_agents() -> None:
    team = [agent(0), agent(1)]
    assert Progressive().decide(0.0, moment(team, others=[call(1)])).launch == 1


def test_progressive_does_not_count_a_call_that_has_its_agent() -> None:
    served = [call(1, "connecting"), call(2, "talking"), call(3, "ringing", reserved_agent="agent-9")]
    assert Progressive().decide(0.0, moment([agent(0)], served)).launch == 1


def test_progressive_does_not_count_a_call_on_its_way_out() -> None:
    assert Progressive().decide(0.0, moment([agent(0)], [call(1, "closing"), call(2, "notice")])).launch == 1


def test_progressive_keeps_agents_for_callers_and_for_people_a_robot_hands_over() -> None:
    team = [agent(n) for n in range(4)]
    assert Progressive().decide(0.0, moment(team, inbound_waiting=1, robot_transfers=2)).launch == 1


def test_an_agent_who_is_about_to_leave_is_not_dialed_for() -> None:
    assert Progressive().decide(0.0, moment([agent(0, leaving=True)])).launch == 0


def test_progressive_tells_its_sum() -> None:
    said = Progressive().decide(0.0, moment([agent(0), agent(1)], [call(1)], inbound_waiting=1)).reason
    assert said == "2 ready, 1 in flight, 1 waiting besides"


@given(snapshots)
def test_a_robot_fills_its_channels_and_no_more(snapshot: Snapshot) -> None:
    """Every channel in use counts, whatever its call does: a trunk is not freed by a hangup under way."""
    launch = Robot().decide(0.0, snapshot).launch
    assert launch == max(0, snapshot.max_calls - len(snapshot.calls))


def test_a_robot_needs_no_agent_to_fill_its_channels() -> None:
    snapshot = moment(calls=[call(n, "robot", needs_agent=False) for n in range(4)])
    room = Limits(channels_left=50, starts_left=50, needs_agents=False)
    assert govern(Robot().decide(0.0, snapshot), snapshot, room).launch == 6


@given(snapshots)
def test_in_preview_and_by_hand_the_engine_starts_nothing_by_itself(snapshot: Snapshot) -> None:
    assert ByHand().decide(0.0, snapshot).launch == 0
