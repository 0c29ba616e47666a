"""The attempt's table, held to its laws for every state and every fact there is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.calls.attempt import TABLE, S, State, step
from engine.domain import commands as c
from engine.domain import facts as f
from engine.domain.errors import UnexpectedFact
from tests.calls.tables import ATTEMPT, ATTEMPT_FACTS

LEG = "5c1f6f0e-attempt"

ALARMS = {(state, f.CallIn) for state in S}
"""A call that comes in has a life of its own; the fact that it came is never one of an attempt."""

LISTENS = (S.WAITING, S.CONNECTING, S.TALKING, S.HELD, S.ROBOT, S.NOTICE)


def play(*facts: f.Fact | type[f.Fact], start: State = S.DIALING) -> tuple[State, list[str]]:
    """Drive one attempt; where it ended, and the names of everything it asked for."""
    state, asked = start, list[str]()
    for fact in facts:
        state, commands = step(state, fact(LEG, 0.0) if isinstance(fact, type) else fact)
        asked += [type(command).__name__ for command in commands]
    return state, asked


# --- the whole table --------------------------------------------------------------------------------


@pytest.mark.parametrize("state", S, ids=lambda s: s.name)
def test_every_fact_has_an_arrow_in_every_state_or_is_an_alarm(state: State) -> None:
    undrawn = {(state, fact) for fact in ATTEMPT_FACTS if (state, fact) not in TABLE}
    assert undrawn == {alarm for alarm in ALARMS if alarm[0] is state}


def test_an_alarm_names_the_fact_the_state_the_leg_and_the_cure() -> None:
    with pytest.raises(UnexpectedFact, match=rf"CallIn while TALKING \({LEG}\).*calls/attempt\.py"):
        step(S.TALKING, f.CallIn(LEG, 0.0))


def test_nothing_leads_out_of_the_end() -> None:
    assert {after for state, _, after, _ in ATTEMPT if state is S.ENDED} == {S.ENDED}


def test_after_the_end_nothing_is_asked_for_but_to_give_an_agent_back() -> None:
    late = {(fact, asks) for state, fact, _, asks in ATTEMPT if state is S.ENDED and asks}
    assert late == {(f.AgentReserved, (c.ReleaseAgent(),))}


@pytest.mark.parametrize("state", [s for s in S if s is not S.ENDED], ids=lambda s: s.name)
def test_the_end_of_the_leg_is_the_end_of_the_attempt(state: State) -> None:
    assert step(state, f.LegEnded(LEG, 0.0))[0] is S.ENDED


def test_each_way_to_the_end_first_frees_the_agent_and_then_settles() -> None:
    ways = [asks for state, _, after, asks in ATTEMPT if after is S.ENDED and state is not S.ENDED]
    assert ways
    assert set(ways) == {(c.ReleaseAgent(), c.Settle())}


def test_nothing_settles_an_attempt_that_goes_on() -> None:
    assert not [a for a in ATTEMPT if c.Settle() in a[3] and a[2] is not S.ENDED]


def test_every_state_can_be_reached_from_dialing() -> None:
    reached, before = {S.DIALING}, set[State]()
    while reached != before:
        before = set(reached)
        reached |= {after for state, _, after, _ in ATTEMPT if state in before}
    assert reached == set(S)


def test_who_begins_to_wait_always_has_a_clock_running() -> None:
    entries = [asks for state, _, after, asks in ATTEMPT if after is S.WAITING and state is not S.WAITING]
    assert entries
    assert all(c.ArmPatience() in asks and c.ReserveAgent() in asks for asks in entries)


def test_an_agent_is_sought_before_the_clock_is_armed() -> None:
    """With an agent ready the reservation is a fact already when patience is armed, and no hold begins."""
    for state, _, after, asks in ATTEMPT:
        if after is S.WAITING and state is not S.WAITING:
            assert asks.index(c.ReserveAgent()) < asks.index(c.ArmPatience())


def test_a_call_on_its_way_out_is_always_told_to_end() -> None:
    endings = (c.HangUp, c.LeaveMessage, c.TransferPerson)
    for state, fact, after, asks in ATTEMPT:
        if after is S.CLOSING and state is not S.CLOSING and fact is not f.HandedOver:
            assert any(isinstance(command, endings) for command in asks), (state, fact)


def test_what_lies_between_an_answer_and_the_bridge_waits_for_nothing_outside_the_engine() -> None:
    allowed = (c.RouteCall, c.StartScreening, c.ReserveAgent, c.ArmPatience, c.BridgeLegs, c.RunScript)
    way = [(S.RINGING, f.LegAnswered), (S.ANSWERED, f.AgentWanted), (S.WAITING, f.AgentReserved)]
    for arrow in way:
        assert all(isinstance(command, allowed) for command in TABLE[arrow][1])


MOVERS = [fact for state, fact, after, _ in ATTEMPT if after is not state and after is not S.ENDED]
ANY = [fact for fact in ATTEMPT_FACTS if fact not in (f.CallIn, f.LegEnded)]


@given(st.lists(st.sampled_from(MOVERS + ANY), max_size=60), st.lists(st.sampled_from(ANY), max_size=5))
def test_whatever_happens_the_agent_is_given_back_and_the_attempt_is_settled_once(during, late) -> None:
    """The shell's book of promises and no more: an agent reserved for a waiting call is held by it until
    ReleaseAgent or their own end; one reserved for any other call is given back at once."""
    state, held, settled = S.DIALING, set[int](), 0
    for number, kind in enumerate([*during, f.LegEnded, *late]):
        fact = f.AgentReserved(LEG, 0.0, str(number), "leg") if kind is f.AgentReserved else kind(LEG, 0.0)
        before = state
        state, asks = step(state, fact)
        if kind is f.AgentReserved:
            held |= set() if c.ReleaseAgent() in asks else {number}
        elif c.ReleaseAgent() in asks or (kind is f.AgentLost and state is S.WAITING):
            held.clear()
        settled += asks.count(c.Settle())
        assert len(held) <= 1, f"{kind.__name__} while {before.name}: two agents for one person"
        assert not held or state in (S.CONNECTING, S.TALKING, S.HELD, S.CLOSING)
    assert state is S.ENDED
    assert settled == 1


# --- stories ----------------------------------------------------------------------------------------


def test_a_debtor_answers_and_talks_with_an_agent() -> None:
    way = (
        f.LegCreated,
        f.LegRinging,
        f.LegAnswered,
        f.AgentWanted,
        f.AgentReserved,
        f.LegBridged,
        f.LegEnded,
    )
    asked = ["RouteCall", "ReserveAgent", "ArmPatience", "BridgeLegs", "BeginTalk", "ReleaseAgent", "Settle"]
    assert play(*way) == (S.ENDED, asked)


def test_voicemail_answers_and_no_agent_is_disturbed() -> None:
    state, asked = play(f.LegAnswered, f.ScreeningWanted, f.MachineDetected, f.LegEnded)
    assert state is S.ENDED
    assert asked == ["RouteCall", "StartScreening", "RouteMachine", "ReleaseAgent", "Settle"]


def test_screening_that_cannot_decide_ends_with_a_person() -> None:
    state, asked = play(f.LegAnswered, f.ScreeningWanted, f.ScreeningOverdue, f.AgentWanted)
    assert state is S.WAITING
    assert asked == ["RouteCall", "StartScreening", "RouteCall", "ReserveAgent", "ArmPatience"]


def test_nobody_is_free_and_the_person_hears_who_called() -> None:
    state, asked = play(f.LegAnswered, f.AgentWanted, f.PatienceRanOut)
    assert state is S.NOTICE
    assert asked[-1] == "PlayAbandonNotice"


def test_an_agent_found_after_patience_ran_out_is_given_back() -> None:
    _, asked = play(f.LegAnswered, f.AgentWanted, f.PatienceRanOut, f.AgentReserved)
    assert asked[-1] == "ReleaseAgent"


def test_patience_that_runs_out_while_the_legs_are_joined_changes_nothing() -> None:
    state, asked = play(f.LegAnswered, f.AgentWanted, f.AgentReserved, f.PatienceRanOut, f.LegBridged)
    assert state is S.TALKING
    assert "PlayAbandonNotice" not in asked


def test_the_debtor_hangs_up_just_before_an_agent_is_found_and_the_agent_is_given_back() -> None:
    _, asked = play(f.LegAnswered, f.AgentWanted, f.LegEnded, f.AgentReserved)
    assert asked[-2:] == ["Settle", "ReleaseAgent"]


def test_a_bridge_without_proof_is_asked_for_again() -> None:
    state, asked = play(f.LegAnswered, f.AgentWanted, f.AgentReserved, f.BridgeOverdue, f.LegBridged)
    assert state is S.TALKING
    assert asked.count("BridgeLegs") == 2


def test_a_lost_answer_does_not_lose_the_talk() -> None:
    assert play(f.LegRinging, f.LegBridged) == (S.TALKING, ["BeginTalk"])


def test_an_agent_whose_phone_dies_in_the_talk_leaves_the_person_to_another() -> None:
    state, asked = play(
        f.LegAnswered, f.AgentWanted, f.AgentReserved, f.LegBridged, f.AgentLost, f.AgentReserved
    )
    assert state is S.CONNECTING
    assert asked[-3:] == ["ReserveAgent", "ArmPatience", "BridgeLegs"]


def test_a_scenario_whose_agent_never_comes_goes_on() -> None:
    state, asked = play(f.LegAnswered, f.RobotWanted, f.ScriptWantsAgent, f.NobodyCame, f.ScriptEnded)
    assert state is S.CLOSING
    assert asked == ["RouteCall", "RunScript", "ReserveAgent", "ArmPatience", "ResumeScript", "HangUp"]


def test_a_call_given_up_while_it_rings_is_cancelled_and_one_that_rang_out_says_so() -> None:
    assert step(S.RINGING, f.CancelWanted(LEG, 0.0))[1] == (c.HangUp("ORIGINATOR_CANCEL"),)
    assert step(S.RINGING, f.RingTimeOver(LEG, 0.0))[1] == (c.HangUp("NO_ANSWER"),)


def test_pacing_never_gives_up_somebody_who_answered() -> None:
    for state in LISTENS:
        assert step(state, f.CancelWanted(LEG, 0.0)) == (state, ())
