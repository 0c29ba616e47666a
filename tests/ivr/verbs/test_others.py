"""Every other verb, one story or two each."""

from engine.domain.prompt import Recording, Silence, Spoken
from engine.ivr.talk import ConnectAgent, Finish, HangUp, Play
from tests.ivr.talks import Call, script


def test_say_is_heard_to_its_end_whatever_is_pressed():
    call = Call(script("  first: {say: 'Hello {{ name }}', next: yes}\n"))
    assert call.actions == [Play("1", (Spoken("Hello Ann", "en"),))]
    assert call.press("1") == []
    call.hear()
    assert call.runner.node == "yes"


def test_play_takes_recordings_texts_and_pauses_in_their_order():
    call = Call(script("  first: {play: ['{{ language }}/hi.wav', silence:0.5, 'say:Hello'], next: yes}\n"))
    assert call.actions == [Play("1", (Recording("en/hi.wav"), Silence(0.5), Spoken("Hello", "en")))]


def test_say_can_name_a_voice():
    call = Call(script("  first: {say: {text: Hi, voice: en+f3}, next: yes}\n"))
    assert call.actions == [Play("1", (Spoken("Hi", "en", "en+f3"),))]


def test_switch_goes_by_a_value_and_else_by_default():
    nodes = "  first: {switch: {variable: name, case: {Ann: yes}, default: no}}\n"
    assert Call(script(nodes)).runner.node == "yes"
    assert Call(script(nodes), {"name": "Bob"}).runner.node == "no"


def test_switch_goes_by_the_keys_just_pressed():
    nodes = """\
  first: {prompt: {play: 'say:Score?', max_digits: 2}, on: {digits: by_score, no_input: no}}
  by_score: {switch: {variable: prompt_value, case: {10: yes}, default: no}}
"""
    call = Call(script(nodes))
    call.press("10")
    assert call.runner.node == "yes"


def test_switch_on_something_not_collected_on_the_way_goes_by_default():
    nodes = """\
  first: {switch: {variable: prompt_value, case: {1: yes}, default: ask}}
  ask: {prompt: {play: 'say:One?'}, on: {1: yes, no_input: no, no_match: no}}
"""
    assert Call(script(nodes)).runner.node == "ask"


def test_cond_takes_the_first_branch_that_is_true():
    nodes = "  first: {cond: [{when: amount > 500, then: no}, {when: amount > 50, then: yes}, {else: no}]}\n"
    assert Call(script(nodes)).runner.node == "yes"
    assert Call(script(nodes), {"amount": "501"}).runner.node == "no"


def test_a_condition_that_cannot_be_judged_counts_as_false():
    nodes = (
        "  first: {do: [{set: {score: '{{ name }}'}}, {cond: [{when: score > 5, then: yes}, {else: no}]}]}\n"
    )
    assert Call(script(nodes)).runner.node == "no"


def test_goto_jumps_and_with_a_condition_may_not():
    nodes = """\
  first:
    do:
      - {goto: {label: yes, when: amount > 50}}
      - {goto: no}
"""
    assert Call(script(nodes)).runner.node == "yes"
    assert Call(script(nodes), {"amount": "1"}).runner.node == "no"


def test_goto_with_a_limit_goes_elsewhere_once_it_is_used_up():
    nodes = """\
  first: {do: [{say: Again}, {goto: {label: first, max: 2, then: yes}}]}
"""
    call = Call(script(nodes))
    for _ in range(3):
        call.hear()
    assert call.heard == ["Again", "Again", "Again", "Good"]


def test_set_notes_values_for_the_report():
    nodes = """\
  first: {prompt: {play: 'say:Score?', max_digits: 2}, on: {digits: note, no_input: no}}
  note: {do: [{set: {score: '{{ prompt_value }} of 10', sum: '{{ amount }}'}}], next: yes}
"""
    call = Call(script(nodes))
    call.press("10")
    assert call.runner.report().values["score"] == "10 of 10"
    assert call.runner.report().values["sum"] == "100.00"


CONNECT = """\
  first:
    connect: {context: {who: '{{ name }}', about: payment}, timeout: 12, play: hold.wav}
    on: {no_agent: no}
    disposition: handed
"""


def test_connect_hands_the_person_over_with_context_and_then_the_scenario_is_over():
    call = Call(script(CONNECT))
    assert call.actions == [
        ConnectAgent("1", {"who": "Ann", "about": "payment"}, 12, (Recording("hold.wav"),))
    ]
    assert call.agent(joined=True) == [Finish("handed", {}, completed=True)]
    assert call.runner.finished


def test_connect_goes_on_when_nobody_is_free():
    call = Call(script(CONNECT))
    call.agent(joined=False)
    assert call.runner.node == "no"
    call.hear()
    assert call.end == Finish("refused", {}, completed=True)


def test_hangup_ends_the_call_and_then_the_scenario():
    call = Call(script("  first: {hangup: busy, disposition: left}\n"))
    assert call.actions == [HangUp("busy"), Finish("left", {}, completed=True)]
