"""prompt: how keys become an answer."""

import pytest

from engine.ivr.talk import ArmTimer, DisarmTimer, Play, StopPlaying
from tests.ivr.talks import Call, script


def ask(parameters: str = "", on: str = "1: yes, 2: no") -> Call:
    """A question; silence leads to `silent`, what does not match to `what`."""
    ways = f"{{{on}, no_input: silent, no_match: what}}"
    nodes = f"  first: {{prompt: {{play: 'say:Well?'{parameters}}}, on: {ways}}}\n"
    for name in ("silent", "what", "more"):
        if name in nodes:
            nodes += f"  {name}: {{do: [{{say: {name}}}, hangup], disposition: left}}\n"
    return Call(script(nodes))


def test_a_key_after_the_question_answers_it():
    call = ask()
    call.hear()
    assert call.last(ArmTimer).seconds == 5.0
    call.press("1")
    assert call.runner.node == "yes"
    assert call.runner.report().values == {"prompt_value": "1", "prompt_result": "match_digits"}


def test_a_key_during_the_question_silences_it_and_answers():
    call = ask()
    actions = call.press("2")
    assert isinstance(actions[0], StopPlaying)
    assert isinstance(actions[1], Play)
    assert call.runner.node == "no"


def test_where_keys_may_not_interrupt_they_count_for_nothing():
    call = ask(", barge_in: false")
    assert call.press("1") == []
    call.hear()
    call.press("2")
    assert call.runner.node == "no"
    assert call.runner.report().keys == "12"


def test_silence_leads_to_no_input():
    call = ask(", initial_timeout: 2.5")
    call.hear()
    assert call.last(ArmTimer).seconds == 2.5
    call.wait()
    assert call.runner.node == "silent"
    assert call.runner.report().values["prompt_result"] == "no_input"


def test_a_key_without_meaning_leads_to_no_match():
    call = ask()
    call.press("7")
    assert call.runner.node == "what"
    assert call.runner.report().values == {"prompt_value": "7", "prompt_result": "no_match"}


def test_several_keys_are_collected_until_there_are_enough():
    call = ask(", max_digits: 3, digit_timeout: 2", "digits: yes, 123: more")
    call.press("12")
    assert call.last(ArmTimer).seconds == 2
    actions = call.press("3")
    assert isinstance(actions[0], DisarmTimer)
    assert call.runner.node == "more"


def test_several_keys_end_by_a_pause():
    call = ask(", max_digits: 4, min_digits: 2", "digits: yes")
    call.press("12")
    call.wait()
    assert call.runner.node == "yes"
    assert call.runner.report().values["prompt_value"] == "12"


def test_too_few_keys_do_not_match():
    call = ask(", max_digits: 4, min_digits: 2", "digits: yes")
    call.press("1")
    call.wait()
    assert call.runner.node == "what"


@pytest.mark.parametrize(("keys", "node", "value"), [("12#", "yes", "12"), ("#", "silent", "")])
def test_a_terminator_ends_the_answer_and_is_no_part_of_it(keys: str, node: str, value: str):
    call = ask(", max_digits: 8, terminators: '#'", "digits: yes")
    call.press(keys)
    assert call.runner.node == node
    assert call.runner.report().values["prompt_value"] == value


def test_each_key_gives_the_next_one_its_full_time():
    call = ask(", max_digits: 3", "digits: yes")
    call.press("1")
    first = call.last(ArmTimer)
    call.press("2")
    assert call.last(ArmTimer).timer_id != first.timer_id


def test_a_question_without_a_message_waits_at_once():
    nodes = "  first: {prompt: {max_digits: 1}, on: {1: yes, no_input: no, no_match: no}}\n"
    call = Call(script(nodes))
    assert [type(action) for action in call.actions] == [ArmTimer]
