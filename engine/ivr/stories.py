"""NAME.test.yaml: the rehearsals of a scenario, and what must come of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from engine.domain import strict_yaml
from engine.domain.errors import ConfigError, Problem
from engine.ivr.reading import Reader
from engine.ivr.rehearse import Agent, Leave, Move, Press, Rehearsal, Silent, every_edge, rehearse
from engine.ivr.script import Script
from engine.ivr.variables import Scalar


class Turn(BaseModel, frozen=True, extra="forbid"):
    """One thing the caller (or an agent) does; exactly one of these."""

    press: Scalar = Field("", description="Keys, after the question.")
    interrupt: Scalar = Field("", description="Keys, during the question.")
    silent: bool = Field(False, description="Wait until the script gives up.")
    hang_up: bool = Field(False, description="Leave when asked something.")
    hang_up_in: str = Field("", description="Leave while this node's message is spoken.")
    agent: bool | None = Field(None, description="true: an agent answers; false: nobody comes.")

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, value: Any) -> Any:
        return {value: True} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one(self) -> "Turn":
        done = (
            self.press,
            self.interrupt,
            self.silent,
            self.hang_up,
            self.hang_up_in,
            self.agent is not None,
        )
        if sum(map(bool, done)) != 1:
            raise ValueError("a turn is one of press:, interrupt:, silent, hang_up, hang_up_in:, agent:")
        return self

    def move(self) -> Move:
        if self.press or self.interrupt:
            return Press(self.press or self.interrupt, early=bool(self.interrupt))
        if self.agent is not None:
            return Agent(self.agent)
        return Silent() if self.silent else Leave(self.hang_up_in)


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class Expected(BaseModel, frozen=True, extra="forbid"):
    """What must come of a story; what is not said is not looked at."""

    disposition: str = Field(description="The outcome.")
    path: tuple[str, ...] = Field((), description="The nodes, in order.")
    says: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = Field(
        (), description="Heard by the person."
    )
    never_says: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = Field((), description="Not heard.")
    values: dict[str, Scalar] = Field({}, description="Collected.")


class Story(BaseModel, frozen=True, extra="forbid"):
    name: str = Field(description="A sentence.")
    language: str = Field("", description="The person's. Empty: every language of the scenario.")
    vars: dict[str, Scalar] = Field({}, description="Fields that differ from the examples of the scenario.")
    caller: tuple[Turn, ...] = Field((), description="Turn by turn.")
    expect: Expected


class Stories(BaseModel, frozen=True, extra="forbid"):
    stories: tuple[Story, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Played:
    """One story in one language, and what was wrong with it."""

    story: Story
    language: str
    rehearsal: Rehearsal
    complaints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """All stories of a scenario. `missed`: ways that none took. `problems`: as `prozvon check` says them."""

    played: tuple[Played, ...]
    missed: tuple[tuple[str, str], ...]
    problems: tuple[Problem, ...]


def run(script: Script, text: str, name: str) -> Result:
    """Rehearse every story of the file's `text`. ConfigError if the file itself cannot be read."""
    document = strict_yaml.load(text, name)
    reader = Reader(document)
    stories = reader.model(Stories, document.data, ())
    if stories is None:
        raise ConfigError.of(reader.problems)
    played, problems = [], []
    for at, story in enumerate(stories.stories):
        for language in [story.language] if story.language else script.languages:
            fields = {**script.examples(), **story.vars}
            rehearsal = rehearse(script, fields, language, [turn.move() for turn in story.caller])
            complaints = tuple(_complaints(story.expect, rehearsal))
            played.append(Played(story, language, rehearsal, complaints))
            path = ("stories", at)
            problems += [
                document.problem(path, f"'{story.name}' in {language}: {each}") for each in complaints
            ]
    missed = sorted(
        every_edge(script) - frozenset[tuple[str, str]]().union(*(each.rehearsal.edges for each in played))
    )
    return Result(tuple(played), tuple(missed), tuple(problems))


def _complaints(expected: Expected, rehearsal: Rehearsal) -> Sequence[str]:
    if rehearsal.problem:
        return [rehearsal.problem]
    report, heard = (
        rehearsal.report,
        " ".join(line for line in rehearsal.transcript if line.startswith("robot:")),
    )
    found = []
    if report.disposition != expected.disposition:
        found.append(f"ends as {report.disposition}, not as {expected.disposition}")
    if expected.path and report.path != expected.path:
        found.append(f"goes {' → '.join(report.path)}")
    found += [f"does not say '{words}'" for words in expected.says if words not in heard]
    found += [f"says '{words}'" for words in expected.never_says if words in heard]
    for name, value in expected.values.items():
        if report.values.get(name) != value:
            found.append(f"{name} is {report.values.get(name)!r}, not {value!r}")
    return found
