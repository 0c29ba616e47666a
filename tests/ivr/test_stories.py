"""A story that does not come true says why."""

import pytest

from engine.domain.errors import ConfigError
from engine.ivr import stories
from tests.ivr.talks import script

ASK = """\
  first: {say: Hello, next: ask}
  ask:
    prompt: {play: ['say:One or two?', silence:1, more.wav], max_digits: 2}
    on: {1: yes, 2: no, no_input: {repeat: 1, then: no}, no_match: no}
"""


def told(caller: str, expect: str = "disposition: agreed") -> list[str]:
    text = f"stories:\n  - name: it\n    caller: {caller}\n    expect: {{{expect}}}\n"
    return [problem.what for problem in stories.run(script(ASK), text, "test.test.yaml").problems]


def test_a_story_that_comes_true_has_no_problem():
    assert (
        told("[{press: 1}]", "disposition: agreed, path: [first, ask, yes], says: [One or two, Good]") == []
    )
    assert told("[{interrupt: 1}]", "disposition: agreed, values: {prompt_value: 1}") == []


@pytest.mark.parametrize(
    ("caller", "expect", "why"),
    [
        ("[{press: 2}]", "disposition: agreed", "ends as refused, not as agreed"),
        ("[{press: 1}]", "disposition: agreed, path: [first, yes]", "goes first → ask → yes"),
        ("[{press: 1}]", "disposition: agreed, says: Bad", "does not say 'Bad'"),
        ("[{press: 1}]", "disposition: agreed, never_says: Good", "says 'Good'"),
        ("[{press: 1}]", "disposition: agreed, values: {a: b}", "a is None, not 'b'"),
        ("[]", "disposition: agreed", "the script waits in ask, and the story has no more moves"),
        (
            "[{press: 1}, silent]",
            "disposition: agreed",
            "the call is over, and the caller still wants to be silent",
        ),
        ("[{agent: true}]", "disposition: agreed", "in ask nobody can be joined to an agent now"),
        ("[{hang_up_in: yes}]", "disposition: agreed", "in ask nobody can hang up now"),
    ],
)
def test_a_story_that_does_not_come_true_says_why(caller: str, expect: str, why: str):
    assert told(caller, expect) == [f"'it' in en: {why}"]


def test_the_transcript_is_the_talk():
    text = "stories: [{name: it, caller: [silent, hang_up], expect: {disposition: left}}]"
    result = stories.run(script(ASK), text, "x")
    asked = ["robot: One or two?", "robot: (1 s of silence)", "robot: (more.wav)"]
    assert list(result.played[0].rehearsal.transcript) == [
        "robot: Hello", *asked, "caller: (silent)", *asked, "caller: (hangs up)"
    ]  # fmt: skip


def test_ways_that_no_story_takes_are_named():
    text = "stories: [{name: it, caller: [{press: 1}], expect: {disposition: agreed}}]"
    missed = stories.run(script(ASK), text, "x").missed
    assert missed == (("ask", "2"), ("ask", "no_input"), ("ask", "no_input/then"), ("ask", "no_match"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("stories: []", "at least 1 item"),
        ("stories: [{name: it}]", "expect: is missing"),
        ("stories: [{name: it, caller: [{pres: 1}], expect: {disposition: x}}]", "Did you mean 'press'?"),
        (
            "stories: [{name: it, caller: [{press: 1, silent: true}], expect: {disposition: x}}]",
            "one of press:",
        ),
        ("stories: [{name: it, caller: [jump], expect: {disposition: x}}]", "unknown here"),
    ],
)
def test_a_file_of_stories_that_cannot_be_read_says_where(text: str, why: str):
    with pytest.raises(ConfigError, match=r"^x\.yaml:1:") as caught:
        stories.run(script(ASK), text, "x.yaml")
    assert why in str(caught.value)
