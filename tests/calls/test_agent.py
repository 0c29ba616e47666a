"""The agent's table, held to its laws: one promise at a time, no way to be forgotten, wishes granted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.calls.agent import TABLE, AgentLife, S
from engine.domain import agent as a
from engine.domain.errors import UnexpectedFact
from tests.calls.tables import AGENT, AGENT_FACTS

ALARMS = {
    # a promise to somebody who is not free
    *((state, a.Promised) for state in S if state not in (S.READY, S.PREVIEW)),
    # a card for somebody who cannot look at it
    *((state, a.CardShown) for state in S if state not in (S.READY, S.PAUSED)),
    # a wish of somebody who is not at work
    (S.OFFLINE, a.ReadyWanted),
    (S.OFFLINE, a.PauseWanted),
}


def at_work(*facts: type[a.AgentFact]) -> AgentLife:
    """Anna, logged in and ready, and what happened to her since."""
    life = AgentLife(a.Agent("anna", "collectors", "1001"))
    for n, fact in enumerate((a.LoginWanted, a.PhoneUp, a.ReadyWanted, *facts)):
        life.apply(fact("anna", float(n)))
    return life


# --- the whole table --------------------------------------------------------------------------------


@pytest.mark.parametrize("state", S, ids=lambda s: s.value)
def test_every_fact_has_an_arrow_in_every_state_or_is_an_alarm(state: a.AgentState) -> None:
    undrawn = {(state, fact) for fact in AGENT_FACTS if (state, fact) not in TABLE}
    assert undrawn == {alarm for alarm in ALARMS if alarm[0] is state}


def test_an_alarm_moves_nothing_and_says_where_to_draw() -> None:
    life = at_work(a.Promised)
    with pytest.raises(UnexpectedFact, match=r"Promised while reserved \(anna\).*calls/agent\.py"):
        life.apply(a.Promised("anna", 9.0))
    assert life.state is S.RESERVED


def test_a_promise_is_made_to_the_free_alone() -> None:
    assert {state for state, fact, _, _ in AGENT if fact is a.Promised} == {S.READY, S.PREVIEW}


def test_only_a_promise_leads_to_a_talk() -> None:
    assert {state for state, _, after, _ in AGENT if after is S.TALKING} == {S.RESERVED, S.TALKING}
    assert {fact for _, fact, after, _ in AGENT if after is S.RESERVED} >= {a.Promised}
    into = {fact for state, fact, after, _ in AGENT if after is S.RESERVED and state is not S.RESERVED}
    assert into == {a.Promised}


@pytest.mark.parametrize("state", S, ids=lambda s: s.value)
def test_a_phone_that_is_gone_takes_its_agent_off_work(state: a.AgentState) -> None:
    assert TABLE[state, a.PhoneDown] is S.OFFLINE


def test_every_state_can_be_reached() -> None:
    reached, before = {S.OFFLINE}, set[a.AgentState]()
    while reached != before:
        before = set(reached)
        reached |= {after for state, _, after, _ in AGENT if state in before}
    assert reached == set(S)


@given(st.lists(st.sampled_from(AGENT_FACTS), max_size=60))
def test_whatever_happens_a_ready_agent_has_no_call_and_no_wish_to_leave(facts) -> None:
    life = AgentLife(a.Agent("anna", "collectors", "1001"))
    for n, fact in enumerate(facts):
        if (life.state, fact) in TABLE:
            if fact is a.Promised:
                life.attempt_id = f"attempt-{n}"
            before = life.state
            assert life.apply(fact("anna", float(n))) is life.state
            assert life.since_s == n or life.state is before
        if life.state in (S.READY, S.PAUSED, S.OFFLINE):
            assert not life.attempt_id
            assert not life.leaving
        if life.state in (S.RESERVED, S.TALKING):
            assert life.attempt_id


# --- stories ----------------------------------------------------------------------------------------


def test_a_day_at_work() -> None:
    assert at_work().state is S.READY
    assert at_work(a.Promised, a.Joined, a.TalkOver).state is S.WRAP_UP
    assert at_work(a.Promised, a.Joined, a.TalkOver, a.WrapUpOver).state is S.READY
    assert at_work(a.Promised, a.Joined, a.TalkOver, a.WrapUpOver, a.LogoutWanted).state is S.OFFLINE


def test_a_promise_that_came_to_nothing_frees_the_agent_at_once() -> None:
    assert at_work(a.Promised, a.PromiseBroken).state is S.READY
    assert at_work(a.Promised, a.TalkOver).state is S.READY


@pytest.mark.parametrize(("wish", "end"), [(a.PauseWanted, S.PAUSED), (a.LogoutWanted, S.OFFLINE)])
def test_a_wish_in_the_middle_of_a_talk_is_granted_after_wrap_up(wish: type[a.AgentFact], end: S) -> None:
    talking = at_work(a.Promised, a.Joined, wish)
    assert talking.state is S.TALKING
    talking.apply(a.TalkOver("anna", 9.0))
    assert talking.state is S.WRAP_UP
    talking.apply(a.WrapUpOver("anna", 20.0))
    assert talking.state is end
    assert not talking.leaving


def test_a_wish_taken_back_is_forgotten() -> None:
    assert (
        at_work(a.Promised, a.Joined, a.PauseWanted, a.ReadyWanted, a.TalkOver, a.WrapUpOver).state is S.READY
    )


def test_a_wish_before_the_talk_is_granted_when_it_does_not_come_about() -> None:
    assert at_work(a.Promised, a.LogoutWanted, a.PromiseBroken).state is S.OFFLINE


@pytest.mark.parametrize(
    "call",
    [
        (a.CardShown, a.CardClosed),
        (a.CardShown, a.Promised, a.PromiseBroken),
        (a.CardShown, a.Promised, a.Joined, a.TalkOver, a.WrapUpOver),
    ],
    ids=["refused", "not answered", "talked"],
)
def test_an_agent_who_dials_by_hand_while_paused_is_paused_afterwards(call) -> None:
    """Or the next predictive call would land on somebody who is at lunch."""
    assert at_work(a.PauseWanted, *call).state is S.PAUSED


def test_an_agent_who_dials_by_hand_and_then_wants_calls_gets_them() -> None:
    assert at_work(a.PauseWanted, a.CardShown, a.ReadyWanted, a.Promised, a.PromiseBroken).state is S.READY


def test_a_card_that_is_closed_gives_a_ready_agent_back() -> None:
    assert at_work(a.CardShown, a.CardClosed).state is S.READY
