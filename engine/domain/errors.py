"""One tree of errors. Each says what is wrong, where, and how to mend it."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


class DialerError(Exception):
    """`what` went wrong, `where` (file:line, key, call, address), and the `fix` a person can apply."""

    def __init__(self, what: str, where: str = "", fix: str = "") -> None:
        self.what, self.where, self.fix = what, where, fix
        place = f" ({where})" if where else ""
        super().__init__(f"{what}{place}. {fix}".rstrip() if fix else f"{what}{place}")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a text that a person wrote.

    `place`: name:line:column, counted from 1. `key`: dotted, or "" where no key is concerned. `what` is
    wrong, and the `fix`, whole sentences without the last full stop being needed.
    """

    place: str
    key: str
    what: str
    fix: str = ""

    def __str__(self) -> str:
        key = f"{self.key}: " if self.key else ""
        fix = f". {self.fix}" if self.fix else ""
        place = f"{self.place}: " if self.place else ""
        return f"{place}{key}{self.what}{fix}"


class ConfigError(DialerError):
    """config.yaml or a scenario cannot be used; found before use, never during a call.

    `problems`: everything found wrong, in the order of the text, so that one look mends it all.
    """

    def __init__(self, what: str, where: str = "", fix: str = "", problems: Iterable[Problem] = ()) -> None:
        super().__init__(what, where, fix)
        self.problems = tuple(problems) or (Problem(where, "", what, fix),)

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> "ConfigError":
        """One error for all `problems` (at least one); its text is one line for each."""
        found = tuple(problems)
        return cls("\n".join(str(problem) for problem in found), problems=found)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The fix for a mistyped name: the nearest of the `known` ones, or all of them where none is near."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"Did you mean '{near[0]}'?"
    return f"Known: {', '.join(names)}." if names else ""


class UnexpectedFact(DialerError):
    """A fact arrived in a state that has no arrow for it. The call goes on; the arrow wants drawing."""


class SwitchError(DialerError):
    """The switch refused a command."""


class SwitchGone(SwitchError):
    """The connection to the switch is down, or a command missed its deadline."""


class StoreError(DialerError):
    """The store cannot be reached, or answered something that cannot be."""


class Fenced(StoreError):
    """Another engine owns this team now: its token is higher than ours. Stop dialing for the team."""


class ProtocolError(DialerError):
    """A peer sent bytes that are not the protocol."""
