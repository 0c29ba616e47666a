"""docs/scenarios.md tells the truth: its examples are read, its stories played."""

import re
from pathlib import Path

import pytest

from engine.ivr import stories
from engine.ivr.reading import read
from engine.ivr.spoken import count, day, digits, money, number
from engine.ivr.variables import Variable
from engine.ivr.verbs import VERBS

TEXT = (Path(__file__).parents[2] / "docs/scenarios.md").read_text()
WHOLE, *_ = re.findall(r"```yaml\n(# yaml-language-server.*?)```", TEXT, re.DOTALL)
VERB_EXAMPLES = dict(re.findall(r"### (\w+)\n.*?```yaml\n(.*?)```", TEXT, re.DOTALL))

# What the examples of single verbs refer to.
AROUND = """\
scenario: docs
languages: [en, ru]
vars: {name: {example: Ann}, amount: {type: money, example: 200}}
dispositions: {left: x, wants_agent: x, no_answer: x}
hung_up: left
start: begin
nodes:
  begin: {do: [{set: {score: 1}}, {cond: [{when: amount > 1, then: EXAMPLE}, ALL {else: bye}]}]}
"""
OTHERS = {
    "menu": "{prompt: {max_digits: 1}, on: {1: operator, no_input: bye, no_match: bye}}",
    "operator": "{connect: agents, on: {no_agent: bye}, disposition: wants_agent}",
    "check": "{switch: {variable: prompt_value, case: {1: operator}, default: bye}}",
    "bye": "{hangup: , disposition: no_answer}",
}


def test_the_whole_example_is_right_and_its_stories_take_every_way():
    script = read(WHOLE, "survey.yaml")
    (told,) = re.findall(r"```yaml stories\n(.*?)```", TEXT, re.DOTALL)
    result = stories.run(script, told, "survey.test.yaml")
    assert not result.problems, "\n".join(map(str, result.problems))
    assert not result.missed


def test_every_verb_has_an_example():
    assert set(VERB_EXAMPLES) == set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_the_example_of_a_verb_is_right(verb: str):
    example = VERB_EXAMPLES[verb]
    name = example.partition(":")[0]
    others = {other: node for other, node in OTHERS.items() if other != name}
    ways = " ".join(f"{{when: amount > {at}, then: {other}}}," for at, other in enumerate(others, 2))
    text = AROUND.replace("EXAMPLE", name).replace("ALL", ways)
    text += "".join(f"  {line}\n" for line in example.splitlines())
    text += "".join(f"  {other}: {node}\n" for other, node in others.items())
    assert name in read(text, "docs.yaml").nodes


def test_the_table_of_spoken_forms_is_what_is_spoken():
    values = {kind: Variable(type=kind, example="x") for kind in ("money", "date", "number", "phone")}
    said = [
        money("ru", values["money"].read("1250.50"), "RUB"),
        day("ru", values["date"].read("2026-11-21")),
        number("ru", values["number"].read("21")),
        count("ru", values["number"].read("21"), "день", "дня", "дней"),
        digits("ru", values["phone"].read("+79161234567")),
    ]
    rows = re.findall(r"^\| (?:money|date|number|phone) \| .* \| (.*) \|$", TEXT, re.MULTILINE)
    assert rows == said
