"""What every verb is: its parameters, its way out of a node, and its run.

A verb's run is a generator: it asks things of the `Talk`, yields to wait for the next event, and returns the
name of its outcome. It keeps no state elsewhere, so a call that is adopted begins the step again.
"""

import re
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Protocol

from pydantic import BaseModel, BeforeValidator, Field, GetJsonSchemaHandler, WithJsonSchema, model_validator
from pydantic_core import CoreSchema

from engine.ivr.talk import Action, Event

DONE = "done"  # the outcome of a step that has only one
Run = Generator[None, Event, str]
ANY_LANGUAGE = "*"

KEYS = re.compile(r"[0-9*#A-D]+")  # an outcome spelled like this is what the person keyed in


def limit_with_then(limit: int, then: str) -> None:
    """What every jump keeps to. ValueError if not."""
    if bool(limit) != bool(then):
        raise ValueError("a jump with a limit needs `then: NODE`, and only such a jump has it")


class Jump(BaseModel, frozen=True, extra="forbid"):
    """Where an outcome leads: goto a node, or repeat this one; with a limit, and where to go `then`."""

    goto: str = Field(default="", description="The node to go to.")
    repeat: int = Field(
        default=0, ge=0, le=9, description="Go to this same node again, at most so many times in a call."
    )
    max: int = Field(
        default=0, ge=0, le=100, description="With goto: at most so many times in a call. 0: any number."
    )
    then: str = Field(default="", description="The node to go to once `repeat` or `max` is used up.")

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"goto": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_way(self) -> "Jump":
        if bool(self.goto) == bool(self.repeat):
            raise ValueError("say either goto: NODE or repeat: TIMES")
        if self.repeat and self.max:
            raise ValueError("repeat has its number already, leave max out")
        limit_with_then(self.limit, self.then)
        return self

    @property
    def limit(self) -> int:
        """How often it may be taken in one call; 0: any number of times."""
        return self.repeat or self.max

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        described = handler.resolve_ref_schema(handler(schema))
        return {"anyOf": [{"type": "string", "description": "The node to go to."}, described]}


def _by_language(value: Any) -> Any:
    return {ANY_LANGUAGE: value} if isinstance(value, str) else value


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


_LOCALIZED_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "propertyNames": {"pattern": "^[a-z]{2}$"},
            "additionalProperties": {"type": "string"},
            "minProperties": 1,
        },
    ]
}
_SOUNDS_SCHEMA: dict[str, Any] = {
    "anyOf": [*_LOCALIZED_SCHEMA["anyOf"], {"type": "array", "items": _LOCALIZED_SCHEMA, "minItems": 1}]
}
# A text for every language, or one text for all of them.
Localized = Annotated[dict[str, str], BeforeValidator(_by_language), WithJsonSchema(_LOCALIZED_SCHEMA)]
# One or more things to be heard: "say:TEXT", "silence:SECONDS" or a recording's path.
Sounds = Annotated[tuple[Localized, ...], BeforeValidator(_as_list), WithJsonSchema(_SOUNDS_SCHEMA)]


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something a step plays. `where`: the path of it below the step. `sound`: by language."""

    where: tuple[str | int, ...]
    sound: Mapping[str, str]
    voice: str = ""


class Talk(Protocol):
    """What a running step can ask for. Whatever still plays or ticks when it returns is stopped for it."""

    outcomes: frozenset[str]  # those drawn at this node
    values: dict[str, str]  # collected so far; a step may add

    @property
    def playing(self) -> bool: ...

    def play(self, utterances: Iterable[Utterance]) -> None:
        """Play them; PromptDone comes at the end, and comes at once where there is nothing to play."""
        ...

    def stop(self) -> None: ...
    def arm(self, seconds: float) -> None: ...
    def do(self, action: Action) -> None: ...
    def step_id(self) -> str: ...
    def rendered(self, utterances: Iterable[Utterance]) -> tuple[Any, ...]: ...
    def text(self, source: str) -> str: ...
    def evaluate(self, expression: str) -> Any: ...


class Step(BaseModel, frozen=True, extra="forbid"):
    """A verb with its parameters, as written in a scenario."""

    short: ClassVar[Mapping[type, str]] = {}  # the parameter meant by a bare text (str), list or mapping

    @property
    def decides(self) -> bool:
        """Does it choose the way out? Then it must be the last step of its node."""
        return False

    @property
    def interruptible(self) -> bool:
        """May a key cut what it plays?"""
        return False

    @property
    def ends(self) -> bool:
        """Can the scenario come to its end in it? Then its node names a disposition."""
        return False

    def utterances(self) -> tuple[Utterance, ...]:
        """All it can play: rendered before the call."""
        return ()

    def expressions(self) -> Mapping[tuple[str | int, ...], str]:
        """Its conditions, by their path below the step."""
        return {}

    def texts(self) -> Mapping[tuple[str | int, ...], str]:
        """Its texts that are not spoken: they may read collected values."""
        return {}

    def collects(self) -> frozenset[str]:
        """The values it sets."""
        return frozenset()

    def jumps(self) -> Mapping[str, tuple[tuple[str | int, ...], Jump]]:
        """Ways out drawn in its own parameters: outcome → (path, jump)."""
        return {}

    def needs(self, drawn: frozenset[str]) -> Mapping[str, str]:
        """Outcomes that the node must draw and why, given those it does."""
        return {DONE: "what comes next is not said"}

    def refuses(self, outcome: str) -> str:
        """Why the node may not draw this outcome, or ""."""
        return "" if outcome in self.needs(frozenset()) else "this step has no such outcome"

    def run(self, talk: Talk) -> Run:
        """Play, wait for events, return the outcome."""
        return self.act(talk)
        yield  # this one is a generator too: it just never waits

    def act(self, talk: Talk) -> str:
        """The run of a verb that waits for nothing: its outcome, at once."""
        return DONE
