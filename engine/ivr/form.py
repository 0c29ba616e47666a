"""The form of a scenario file: its header, its nodes, and where each step of them stands."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field

from engine.domain.strict_yaml import Path
from engine.ivr.variables import Variable
from engine.ivr.verbs.step import Jump, Step


class Defaults(BaseModel, frozen=True, extra="forbid"):
    """What every node has that does not say otherwise."""

    on: dict[str, Jump] = Field(default={}, description="Outcome → where to go, where a node does not say.")


class Header(BaseModel, frozen=True, extra="forbid"):
    """A scenario file, less its nodes."""

    scenario: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Its name, as campaigns call it.")
    version: int = Field(1, ge=1, description="Counted up by its author; shown in reports.")
    about: str = Field("", description="What it is for.")
    languages: tuple[str, ...] = Field(
        min_length=1, description="ru, pl, en: those it is written in. The first serves everybody else."
    )
    vars: dict[str, Variable] = Field({}, description="The fields of a contact that it reads.")
    dispositions: dict[str, str] = Field(min_length=1, description="Its outcomes, and what each means.")
    hung_up: str = Field(description="The outcome of a person who leaves before any node gave one.")
    start: str = Field(description="The first node.")
    defaults: Defaults = Field(Defaults(), description="For all nodes.")
    nodes: dict[str, Any] = Field(min_length=1, description="Name → node.")


class NodeFrame(BaseModel, frozen=True, extra="forbid"):
    """A node, less its steps."""

    on: dict[str, Jump] = Field({}, description="Outcome of the last step → where to go.")
    next: Jump | None = Field(
        None, description="Where to go when the steps are done; the same as on: {done: …}."
    )
    disposition: str = Field("", description="From here on the outcome of the call.")


@dataclass(frozen=True, slots=True)
class PlacedStep:
    """A step and where it stands."""

    verb: str
    step: Step
    path: Path

    def at(self, where: Path, data: Any) -> Path:
        """The path in the document's `data` of something inside the parameters.

        Short forms leave steps of it out, as say: {ru: …} does text: what is not there is skipped.
        """
        found: list[str | int] = []
        for step in (*self.path, *where):
            is_there = (
                step in data if isinstance(data, dict) else isinstance(data, list) and isinstance(step, int)
            )
            if is_there:
                found.append(step)
                data = data[step]
        return tuple(found)


@dataclass(frozen=True, slots=True)
class PlacedNode:
    """A node as read: `frame` with the defaults not yet merged in."""

    name: str
    steps: tuple[PlacedStep, ...]
    frame: NodeFrame

    @property
    def path(self) -> Path:
        return ("nodes", self.name)
