"""English: one and many."""

from datetime import date

from num2words import num2words

from engine.ivr.languages.grammar import Language, Noun

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def _cardinal(n: int, gender: str, case: str) -> str:
    return str(num2words(n, lang="en"))


def _agree(n: int, noun: Noun, case: str) -> str:
    return noun.one if n == 1 else noun.many


def _day(day: date, case: str, with_year: bool) -> str:
    spoken = f"the {num2words(day.day, lang='en', to='ordinal')} of {_MONTHS[day.month - 1]}"
    return f"{spoken}, {num2words(day.year, lang='en', to='year')}" if with_year else spoken


def _noun(one: str, many: str) -> Noun:
    return Noun("n", one, many, many)


_CENT = _noun("cent", "cents")

LANGUAGE = Language(
    name="English",
    cases="n",
    cardinal=_cardinal,
    agree=_agree,
    day=_day,
    minus="minus",
    plus="plus",
    hundredths="and ",
    digits=_DIGITS,
    currencies={
        "USD": (_noun("dollar", "dollars"), _CENT),
        "EUR": (_noun("euro", "euros"), _CENT),
        "PLN": (_noun("zloty", "zlotys"), _noun("grosz", "groszy")),
        "RUB": (_noun("ruble", "rubles"), _noun("kopeck", "kopecks")),
    },
)
