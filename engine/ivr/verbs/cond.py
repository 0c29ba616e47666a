"""cond: go where the first true condition leads."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import BaseModel, Field, model_validator

from engine.ivr.verbs.step import Jump, Step, Talk


class Branch(BaseModel, frozen=True, extra="forbid", populate_by_name=True):
    """`when` this is true, `then` go there; the last branch is `else`."""

    when: str = Field("", description="An expression, e.g. amount > 5000.")
    then: Jump | None = Field(None, description="Where to go if it is true.")
    otherwise: Jump | None = Field(None, alias="else", description="Where to go if nothing was true.")

    @model_validator(mode="after")
    def _whole(self) -> "Branch":
        if bool(self.when) != (self.then is not None) or bool(self.when) == (self.otherwise is not None):
            raise ValueError("a branch is either when: and then:, or else: alone")
        return self


class Cond(Step, frozen=True):
    """Go where the first true condition leads. A condition that cannot be judged counts as false."""

    short: ClassVar[Mapping[type, str]] = {list: "branches"}

    branches: tuple[Branch, ...] = Field(min_length=1, description="when/then, and at last else.")

    @model_validator(mode="after")
    def _else_comes_last(self) -> "Cond":
        if [branch.otherwise is not None for branch in self.branches] != [False] * (
            len(self.branches) - 1
        ) + [True]:
            raise ValueError("the last branch, and only that one, must be else:")
        return self

    @property
    def decides(self) -> bool:
        return True

    def expressions(self) -> Mapping[tuple[str | int, ...], str]:
        return {(at, "when"): branch.when for at, branch in enumerate(self.branches) if branch.when}

    def jumps(self) -> Mapping[str, tuple[tuple[str | int, ...], Jump]]:
        drawn: dict[str, tuple[tuple[str | int, ...], Jump]] = {}
        for at, branch in enumerate(self.branches):
            if branch.then is not None:
                drawn[f"when {branch.when}"] = ((at, "then"), branch.then)
            elif branch.otherwise is not None:
                drawn["else"] = ((at, "else"), branch.otherwise)
        return drawn

    def needs(self, drawn: frozenset[str]) -> Mapping[str, str]:
        return {}

    def act(self, talk: Talk) -> str:
        for branch in self.branches:
            try:
                if branch.when and talk.evaluate(branch.when):
                    return f"when {branch.when}"
            except ValueError:
                continue
        return "else"
