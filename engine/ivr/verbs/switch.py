"""switch: go by the value of a variable."""

from collections.abc import Mapping

from pydantic import Field

from engine.ivr.verbs.step import Jump, Step, Talk


class Switch(Step, frozen=True):
    """Go by the value of a variable, compared as text."""

    variable: str = Field(description="A variable of the scenario or a collected value, e.g. prompt_value.")
    case: dict[str, Jump] = Field(min_length=1, description="Value → where to go.")
    default: Jump = Field(description="Where to go with any other value.")

    @property
    def decides(self) -> bool:
        return True

    def expressions(self) -> Mapping[tuple[str | int, ...], str]:
        return {("variable",): self.variable}

    def jumps(self) -> Mapping[str, tuple[tuple[str | int, ...], Jump]]:
        cases = {value: (("case", value), jump) for value, jump in self.case.items()}
        return {
            **{f"={value}": found for value, found in cases.items()},
            "default": (("default",), self.default),
        }

    def needs(self, drawn: frozenset[str]) -> Mapping[str, str]:
        return {}

    def act(self, talk: Talk) -> str:
        try:
            value = str(talk.evaluate(self.variable))
        except ValueError:  # not collected on the way here
            value = ""
        return f"={value}" if value in self.case else "default"
