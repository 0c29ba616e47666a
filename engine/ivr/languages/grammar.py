"""What a language must know to speak a number: the same few questions for each of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

MOST = 10**12  # numbers stay below a million million: no debt is larger, no caller would listen
CASES = {
    "n": "nominative",
    "g": "genitive",
    "d": "dative",
    "a": "accusative",
    "i": "instrumental",
    "p": "prepositional",
}


@dataclass(frozen=True, slots=True)
class Noun:
    """A thing that is counted.

    `gender`: m, f, n. `one`, `few`, `many`: the forms after 1, 2 and 5 in the nominative; where a language
    has only two, `few` is `many`. `singular`, `plural`: its cases in the order of CASES, if any.
    """

    gender: str
    one: str
    few: str
    many: str
    singular: tuple[str, ...] = ()
    plural: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Language:
    """How one language counts. `n` is never negative and below MOST; `case` is a key of CASES.

    `cardinal(n, gender, case)`, `agree(n, noun, case)` the form of the noun that follows n,
    `day(date, case, with_year)`. `cases`: those it can speak. `currencies`: by ISO code, (unit, hundredth).
    """

    name: str
    cases: str
    cardinal: Callable[[int, str, str], str]
    agree: Callable[[int, Noun, str], str]
    day: Callable[[date, str, bool], str]
    minus: str
    plus: str
    hundredths: str  # what joins "five dollars" and "ten cents"
    digits: tuple[str, ...]
    currencies: dict[str, tuple[Noun, Noun]] = field(default_factory=dict)
