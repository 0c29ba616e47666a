"""How a call goes from node to node, ends, is counted, and survives the engine."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.errors import ConfigError
from engine.ivr.reading import read
from engine.ivr.runner import Runner
from engine.ivr.talk import (
    AgentResult,
    ArmTimer,
    Digit,
    DisarmTimer,
    Event,
    Finish,
    HangUp,
    HungUp,
    Play,
    PromptDone,
    StopPlaying,
    TimerFired,
)
from tests.ivr.talks import Call, script
from tests.ivr.test_scenarios import SCENARIOS

ASK = """\
  first: {say: Hello, next: ask}
  ask:
    prompt: {play: 'say:One or two?'}
    on: {1: yes, 2: no, no_input: {repeat: 2, then: no}, no_match: {goto: first, max: 1, then: no}}
"""


def test_a_call_from_hello_to_goodbye():
    call = Call(script(ASK))
    call.hear()
    call.hear()
    call.press("1")
    actions = call.hear()
    assert actions == [HangUp("hangup"), Finish("agreed", call.runner.report().values, completed=True)]
    assert call.heard == ["Hello", "One or two?", "Good"]
    assert call.runner.report().path == ("first", "ask", "yes")
    assert call.runner.report().outcomes == ("done", "1")


def test_a_question_is_repeated_as_often_as_it_says_and_no_more():
    call = Call(script(ASK))
    call.hear()
    for _ in range(3):
        call.hear()
        call.wait()
    assert call.heard == ["Hello", "One or two?", "One or two?", "One or two?", "Bad"]
    assert call.runner.report().outcomes == ("done", "no_input", "no_input", "no_input/then")


def test_limits_of_different_ways_are_counted_apart():
    call = Call(script(ASK))
    call.hear()
    call.press("7")
    assert call.runner.node == "first"
    call.hear()
    call.hear()
    call.wait()
    assert call.runner.node == "ask"
    call.press("7")
    assert call.runner.node == "no"


def test_whoever_leaves_has_the_disposition_of_the_last_node_that_gave_one():
    call = Call(script(ASK))
    assert call.leave() == [Finish("left", {}, completed=False)]
    call = Call(script(ASK))
    call.hear()
    call.press("1")
    assert call.leave()[-1] == Finish("agreed", call.runner.report().values, completed=False)


def test_a_person_who_leaves_while_a_timer_runs_leaves_no_timer_behind():
    call = Call(script(ASK))
    call.hear()
    call.hear()
    assert [type(action) for action in call.leave()] == [DisarmTimer, Finish]


def test_what_comes_late_does_nothing():
    call = Call(script(ASK))
    call.hear()
    question = call.last(Play)
    call.hear()
    timer = call.last(ArmTimer)
    call.press("1")
    assert call.tell(PromptDone(call.now_s, question.step_id)) == []
    assert call.tell(TimerFired(call.now_s, timer.timer_id)) == []
    assert call.tell(AgentResult(call.now_s, joined=True)) == []
    assert call.runner.node == "yes"
    call.hear()
    for event in (Digit(call.now_s, "1"), HungUp(call.now_s), PromptDone(call.now_s, "")):
        assert call.tell(event) == []


def test_the_timer_of_a_question_that_was_answered_does_not_end_the_next_one():
    call = Call(script(ASK))
    call.hear()
    call.hear()
    old = call.last(ArmTimer)
    call.wait()
    call.hear()
    assert call.tell(TimerFired(call.now_s, old.timer_id)) == []
    assert call.runner.report().outcomes == ("done", "no_input")


def test_what_is_no_key_is_no_key():
    call = Call(script(ASK))
    call.hear()
    for key in ("", "12", "x", "\n"):
        assert call.tell(Digit(call.now_s, key)) == []
    assert call.runner.report().keys == ""


def test_the_share_of_the_last_message_is_known():
    call = Call(script(ASK), length_s=4.0)
    call.now_s += 1.0
    call.leave()
    assert call.runner.report().heard == 0.25


def test_a_message_cut_by_a_key_was_heard_in_part_and_one_that_ended_whole():
    call = Call(script(ASK), length_s=4.0)
    call.hear()
    assert call.runner.report().heard == 1.0
    call.now_s += 3.0
    call.press("7")
    assert call.runner.report().heard == 0.75


def test_without_the_length_of_the_message_its_share_is_unknown():
    call = Call(script(ASK), length_s=0.0)
    call.leave()
    assert call.runner.report().heard is None


def test_an_adopted_call_goes_on_in_the_step_it_was_in():
    call = Call(script(ASK))
    call.hear()
    call.hear()
    assert call.adopt() == [StopPlaying(), call.last(Play)]
    assert call.heard[-1] == "One or two?"
    call.press("1")
    assert call.runner.report().path == ("first", "ask", "yes")


def test_an_adopted_call_keeps_its_counts_keys_and_values():
    call = Call(script(ASK))
    call.hear()
    for _ in range(2):
        call.hear()
        call.wait()
    call.adopt()
    call.hear()
    call.wait()
    assert call.runner.node == "no"
    call.adopt()
    assert call.runner.report().values == {"prompt_value": "", "prompt_result": "no_input"}


def test_the_ids_of_an_adopted_call_are_new():
    call = Call(script(ASK))
    old = call.last(Play)
    call.adopt()
    assert call.tell(PromptDone(call.now_s, old.step_id)) == []
    assert call.runner.node == "first"


def test_a_position_fits_into_a_channel_variable():
    call = Call(script(ASK))
    call.hear()
    for _ in range(3):
        call.hear()
        call.wait()
    saved = json.dumps(call.runner.save())
    assert json.loads(saved) == call.runner.save()
    assert len(saved) < 300


@pytest.mark.parametrize(
    "saved", [{}, {"f": "other"}, {"f": None, "p": [99]}, {"f": None, "p": []}, {"f": None, "p": 3}]
)
def test_a_position_that_is_none_or_of_another_script_is_refused(saved):
    played = script(ASK)
    if saved.get("f", "") is None:
        saved = {**Runner(played, {}, "en").save(), **saved, "f": played.fingerprint}
    with pytest.raises(ConfigError):
        Runner.resume(played, {}, "en", saved)


def test_a_language_the_scenario_lacks_is_served_in_its_first():
    played = read(SCENARIOS[0].read_text(), "x")
    assert [played.language_for(each) for each in ("pl", "pl-PL", "PL_pl", "de", "")] == [
        "pl",
        "pl",
        "pl",
        "ru",
        "ru",
    ]


# --- laws: whatever happens on the line --------------------------------------------------------------

_turns = st.lists(st.sampled_from([*"0123456789*#", "hear", "wait", "agent", "nobody", "leave"]), max_size=60)
_PLAYED = read(SCENARIOS[0].read_text(), "reminder")


def turn(call: Call, what: str) -> None:
    """What the line can do at this moment, and nothing where it cannot."""
    if what == "hear" and any(isinstance(action, Play) for action in call.actions):
        call.hear()
    elif what == "wait" and any(isinstance(action, ArmTimer) for action in call.actions):
        call.wait()
    elif what in ("agent", "nobody"):
        call.agent(what == "agent")
    elif what == "leave":
        call.leave()
    elif len(what) == 1:
        call.press(what)


@settings(max_examples=150)
@given(_turns)
def test_whatever_happens_a_call_ends_once_and_is_silent_afterwards(turns: list[str]):
    call = Call(_PLAYED, _PLAYED.examples())
    for what in turns:
        before = call.runner.finished
        count = len(call.actions)
        turn(call, what)
        assert not before or len(call.actions) == count
    ends = [action for action in call.actions if isinstance(action, Finish)]
    assert len(ends) == call.runner.finished
    assert not ends or call.actions[-1] is ends[0]
    assert call.runner.report().disposition in _PLAYED.dispositions


@settings(max_examples=100)
@given(_turns)
def test_silence_ends_every_call_from_wherever_it_stands(turns: list[str]):
    call = Call(_PLAYED, _PLAYED.examples())
    for what in turns:
        turn(call, what)
    for _ in range(100):
        if call.runner.finished:
            break
        for what in ("hear", "wait", "nobody"):
            turn(call, what)
    assert call.runner.finished


@settings(max_examples=100)
@given(_turns, st.integers(0, 59))
def test_a_call_adopted_anywhere_ends_as_it_would_have_ended(turns: list[str], died_after: int):
    lived, adopted = (Call(_PLAYED, _PLAYED.examples()) for _ in range(2))
    for at, what in enumerate(turns):
        if at == died_after and not adopted.runner.finished:
            adopted.adopt()
            if lived.runner.node == adopted.runner.node and _waiting(lived):
                turn(adopted, "hear")  # the step began again: the person listens to it once more
        turn(lived, what)
        turn(adopted, what)
    assert adopted.runner.report().path == lived.runner.report().path
    assert adopted.runner.report().disposition == lived.runner.report().disposition


def _waiting(call: Call) -> bool:
    """Has the message of the present step been heard?"""
    for action in reversed(call.actions):
        if isinstance(action, ArmTimer):
            return True
        if isinstance(action, Play):
            return False
    return False


def test_events_are_plain_data():
    assert Event(1.0) == Event(1.0)
    with pytest.raises(AttributeError):
        Event(1.0).at_s = 2.0  # type: ignore[misc]
