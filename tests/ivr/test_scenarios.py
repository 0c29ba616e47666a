"""Every scenario we ship is right, rehearsed, and covered."""

from pathlib import Path

import pytest

from engine.ivr import stories
from engine.ivr.reading import read

SCENARIOS = sorted(
    path for path in (Path(__file__).parents[2] / "scenarios").glob("*.yaml") if ".test." not in path.name
)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_its_stories_end_as_they_should_and_take_every_way(path: Path):
    script = read(path.read_text(), path.name)
    told = path.with_suffix(".test.yaml")
    result = stories.run(script, told.read_text(), told.name)
    assert not result.problems, "\n".join(map(str, result.problems))
    assert not result.missed
    assert {each.language for each in result.played} == set(script.languages)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_every_prompt_is_known_before_the_call(path: Path):
    script = read(path.read_text(), path.name)
    values = script.read_fields(script.examples(), path.name)
    for language in script.languages:
        assert script.prompts(values, language)


def test_nobody_hears_of_the_debt_before_they_said_who_they_are():
    script = read(SCENARIOS[0].read_text(), "x")
    before = {"greeting", "who", "later", "wrong_person", "silent"}
    for name in before:
        for step in script.nodes[name].steps:
            for utterance in step.utterances():
                for text in utterance.sound.values():
                    names = (
                        script.texts[text.removeprefix("say:")].names
                        if text.startswith("say:")
                        else frozenset()
                    )
                    assert not names & {"amount", "due_date", "currency"}
