"""goto: go to another node, always or when a condition holds."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field, model_validator

from engine.ivr.verbs.step import DONE, Jump, Step, Talk, limit_with_then


class Goto(Step, frozen=True):
    """Go to another node. With `when`, only if it is true; otherwise the next step follows."""

    short: ClassVar[Mapping[type, str]] = {str: "label"}

    label: str = Field(min_length=1, description="The node to go to.")
    when: str = Field("", description="An expression, e.g. amount > 5000. Empty: always.")
    max: int = Field(0, ge=0, le=100, description="At most so many times in a call. 0: any number.")
    then: str = Field("", description="The node to go to once `max` is used up.")

    @model_validator(mode="after")
    def _limit(self) -> "Goto":
        limit_with_then(self.max, self.then)
        return self

    @property
    def decides(self) -> bool:
        return not self.when

    def expressions(self) -> Mapping[tuple[str | int, ...], str]:
        return {("when",): self.when} if self.when else {}

    def jumps(self) -> Mapping[str, tuple[tuple[str | int, ...], Jump]]:
        jump = Jump(goto=self.label, max=self.max, then=self.then)
        return {f"goto {self.label}": (("label",), jump)}

    def needs(self, drawn: frozenset[str]) -> Mapping[str, str]:
        return {DONE: "the condition may be false"} if self.when else {}

    def act(self, talk: Talk) -> str:
        try:
            goes = not self.when or bool(talk.evaluate(self.when))
        except ValueError:
            goes = False
        return f"goto {self.label}" if goes else DONE
