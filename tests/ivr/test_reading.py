"""A scenario that is wrong is refused whole, with every mistake at its place."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.errors import ConfigError
from engine.ivr.reading import read
from tests.ivr.talks import HEAD, script

ONE_LINE = len(HEAD.splitlines()) + 1  # where the nodes of a test begin


def problems(nodes: str, head: str = HEAD) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        script(nodes, head)
    return [str(problem) for problem in caught.value.problems]


def only(nodes: str, head: str = HEAD) -> str:
    found = problems(nodes, head)
    assert len(found) == 1, found
    return found[0]


ASK = '  first: {prompt: {play: "say:One or two?"}, on: {"1": yes, "2": no, no_input: no, no_match: no}}\n'


def test_a_right_script_is_read():
    read = script(ASK)
    assert list(read.nodes) == ["first", "yes", "no"]
    assert read.languages == ("en",)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_text():
    found = problems(
        '  first: {prompt: {play: "say:Hi {{ nmae }}", max_digts: 1}, on: {1: yes}}\n  other: {sya: hello}\n'
    )
    assert found == [
        f"test.yaml:{ONE_LINE}:47: nodes.first.prompt.max_digts: unknown here. Did you mean 'max_digits'?",
        f"test.yaml:{ONE_LINE + 1}:11: nodes.other.sya: unknown verb 'sya'. Did you mean 'say'?",
    ]


@pytest.mark.parametrize("left_out", ["no_input", "no_match"])
def test_a_question_without_a_way_for_silence_or_a_wrong_key_is_refused(left_out: str):
    told = only(ASK.replace(f"{left_out}: no", f'"{3 if left_out == "no_match" else 4}": no'))
    assert f"the outcome {left_out} is not drawn" in told


def test_a_question_whose_answer_leads_nowhere_is_refused():
    assert "no key leads anywhere" in only(ASK.replace('"1": yes, "2": no', "no_input: yes").replace(
        ", no_input: no, no_match: no", ", no_match: no"
    ))  # fmt: skip


def test_defaults_draw_what_a_node_leaves_out():
    head = HEAD.replace("start: first", "defaults: {on: {no_input: no, no_match: no}}\nstart: first")
    read = script('  first: {prompt: {play: "say:One?"}, on: {"1": yes, "2": no}}\n', head)
    assert set(read.nodes["first"].edges[0]) == {"1", "2", "no_input", "no_match"}


@pytest.mark.parametrize(
    ("nodes", "told"),
    [
        (ASK.replace('"2": no', '"2": noo'), "on.2: there is no node 'noo'. Did you mean 'no'?"),
        (ASK.replace('"2": no', '"22": no'), "an answer has 1 to 1 keys"),
        (ASK.replace('"2": no', "two: no"), "on.two: a prompt ends in keys"),
        (ASK + "  lost: {say: Hi, next: yes}\n", "nodes.lost: no way leads to this node"),
        (ASK.replace("no_input: no", "no_input: first"), "from here to 'first' and back without end"),
        (ASK.replace("no_input: no", "no_input: {goto: first, max: 2}"), "a limit needs `then: NODE`"),
        (ASK.replace("no_input: no", "no_input: {repeat: 1, then: noo}"), "there is no node 'noo'"),
        (ASK.replace("no_input: no", "no_input: {goto: no, repeat: 2, then: no}"), "either goto: NODE"),
        ("  first: {say: Hi}\n  x: {say: Hi, next: yes}\n", "what comes next is not said. Add next: NODE."),
        ("  first: {do: [hangup, {say: Hi}], disposition: left}\n", "nothing after hangup is ever reached"),
        ("  first: {do: []}\n", "do: is a list of steps"),
        ("  first: 7\n", "a node is a mapping"),
        ("  first: {say: Hi, play: x.wav, next: yes}\n", "a node has one verb"),
        ("  first: {do: [{say: Hi, play: x.wav}], next: yes}\n", "a step is one verb"),
        ("  first: {do: [{say: Hi}], say: Ho, next: yes}\n", "a verb beside do:"),
        ("  first: hangup\n", "a node is a mapping"),
        ("  first: {say: {text: Hi, voise: x}, next: yes}\n", "Did you mean 'voice'?"),
        ("  first: {say: {ru: Hi}, next: yes}\n", "the scenario has no language 'ru'"),
        ("  first: {play: sai:hello, next: yes}\n", "'sai:' is neither say: nor silence:"),
        ("  first: {play: http://x/y.wav, next: yes}\n", "'http:' is neither"),
        ("  first: {play: /etc/passwd, next: yes}\n", "stays below the folder of recordings"),
        ("  first: {play: ../x.wav, next: yes}\n", "stays below the folder of recordings"),
        ("  first: {play: 'a{{ name }}.wav', next: yes}\n", "no variable 'name' here"),
        ("  first: {play: 'silence:60', next: yes}\n", "up to 10"),
        ("  first: {say: '{{ amuont }}', next: yes}\n", "no variable 'amuont' here. Did you mean 'amount'?"),
        ("  first: {say: '{{ amount }}', next: yes}\n", "Write {{ amount | money('RUB') }}."),
        ("  first: {say: '{{ due | mony }}', next: yes}\n", "Did you mean 'money'?"),
        ("  first: {say: '{{ due | number }}', next: yes}\n", "cannot be spoken with the examples"),
        ("  first: {say: '{{ name', next: yes}\n", "cannot be read"),
        ("  first: {say: '', next: yes}\n", "is empty"),
        ("  first: {cond: [{when: 'due > 5', then: yes}, {else: no}]}\n", "cannot be judged with"),
        ("  first: {set: {amount: 1}, next: yes}\n", "is set in a step"),
        ("  first: {do: [{set: {said: 1}}, {say: '{{ said }}'}], next: yes}\n", "known only during the call"),
        ("  first: {hangup: }\n", "ends here without a disposition"),
        ("  first: {hangup: , disposition: lfet}\n", "among the dispositions. Did you mean 'left'?"),
    ],
)  # fmt: skip
def test_each_mistake_has_its_message(nodes: str, told: str):
    assert any(told in problem for problem in problems(nodes)), problems(nodes)


@pytest.mark.parametrize(
    ("line", "instead", "told"),
    [
        ("scenario: test", "scenario: My Test", "does not look like"),
        ("languages: [en]", "languages: [en, de]", "no language 'de'. Known: en, pl, ru."),
        ("languages: [en]", "languages: [en, ru]", "one text for 2 languages"),
        ("start: first", "start: frist", "there is no node 'frist'. Did you mean 'first'?"),
        ("hung_up: left", "hung_up: gone", "'gone' is not among the dispositions"),
        ("hung_up: left\n", "", "hung_up: is missing"),
        ("left: gone", "left: gone, spare: x", "no node has this disposition"),
        ("type: money, example: 100", "type: money, example: much", "'much' is not an amount of money"),
        ("type: money", "type: mony", "should be 'text', 'money'"),
        ("example: Ann,", "", "example: is missing"),
    ],
)
def test_a_wrong_header_is_refused(line: str, instead: str, told: str):
    found = problems(ASK, HEAD.replace(line, instead, 1))
    assert any(told in problem for problem in found), found


def test_keys_need_no_quotes_and_a_hash_does():
    read = script(
        "  first: {prompt: {play: 'say:One?'}, on: {1: yes, '#': yes, no_input: no, no_match: no}}\n"
    )
    assert {"1", "#"} < set(read.nodes["first"].edges[0])


def test_another_text_is_another_fingerprint():
    assert script(ASK).fingerprint == script(ASK).fingerprint
    assert script(ASK).fingerprint != script(ASK.replace("One or two?", "One or 2?")).fingerprint


@given(st.text(max_size=200))
def test_no_text_whatever_raises_anything_but_a_config_error(text: str):
    with pytest.raises(ConfigError):
        read(text, "any.yaml")


_TEXTS = ["first", "yes", "say:x", "{{ name }}", "1", "", "**"]
_scalars = st.sampled_from(_TEXTS) | st.integers() | st.none()
_KEYS = [
    "do",
    "say",
    "play",
    "prompt",
    "on",
    "next",
    "goto",
    "cond",
    "when",
    "then",
    "else",
    "set",
    "switch",
    "case",
    "default",
    "variable",
    "connect",
    "hangup",
]
_KEYS += ["text", "1", "max", "repeat"]
_bodies = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(_KEYS), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(["first", "second"]), _bodies, min_size=1))
def test_no_nodes_whatever_raise_anything_but_a_config_error(nodes):
    text = "".join(f"  {name}: {_flow(body)}\n" for name, body in nodes.items())
    with contextlib.suppress(ConfigError):
        assert script(text).nodes


def _flow(value) -> str:
    """YAML in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}": {_flow(inner)}' for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return "null" if value is None else f'"{value}"' if isinstance(value, str) else str(value)
