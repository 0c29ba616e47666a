"""set: note values, for conditions, the agent's card and the report."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from engine.ivr.variables import Scalar
from engine.ivr.verbs.step import DONE, Step, Talk


class Set(Step, frozen=True):
    """Note values under names. A value is a text with blanks, e.g. "{{ prompt_value }}"."""

    short: ClassVar[Mapping[type, str]] = {dict: "values"}

    values: dict[str, Scalar] = Field(min_length=1, description="Name → value.")

    def texts(self) -> Mapping[tuple[str | int, ...], str]:
        return {(name,): value for name, value in self.values.items()}

    def collects(self) -> frozenset[str]:
        return frozenset(self.values)

    def act(self, talk: Talk) -> str:
        talk.values |= {name: talk.text(value) for name, value in self.values.items()}
        return DONE
