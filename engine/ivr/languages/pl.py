"""Polish: one only for 1 itself (21 złotych), few for 2-4 but not 12-14 (22 złote), many for the rest."""

from datetime import date

from num2words import num2words

from engine.ivr.languages.grammar import Language, Noun

_MONTHS = (
    "stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca", "lipca", "sierpnia",
    "września", "października", "listopada", "grudnia",
)  # fmt: skip
_DIGITS = ("zero", "jeden", "dwa", "trzy", "cztery", "pięć", "sześć", "siedem", "osiem", "dziewięć")
_ONE = {"m": "jeden", "f": "jedna", "n": "jedno"}


def _cardinal(n: int, gender: str, case: str) -> str:
    """num2words counts masculine things. 1 follows the gender; 2 only turns feminine, in 22 and 102 too."""
    if n == 1:
        return _ONE[gender]
    words = str(num2words(n, lang="pl"))
    if gender == "f" and n % 10 == 2 and n % 100 != 12:
        words = words.removesuffix("dwa") + "dwie"
    return words


def _agree(n: int, noun: Noun, case: str) -> str:
    if n == 1:
        return noun.one
    few = 2 <= n % 10 <= 4 and not 12 <= n % 100 <= 14
    return noun.few if few else noun.many


def _day(day: date, case: str, with_year: bool) -> str:
    number = str(num2words(day.day, lang="pl", to="ordinal"))
    spoken = f"{_genitive(number) if case == 'g' else number} {_MONTHS[day.month - 1]}"
    return f"{spoken} {_genitive(_year(day.year))} roku" if with_year else spoken


def _year(year: int) -> str:
    """Only tens and units are ordinals: dwa tysiące dwudziesty szósty. A round 2000 is one long word."""
    return "dwutysięczny" if year == 2000 else str(num2words(year, lang="pl", to="ordinal"))


def _genitive(ordinal: str) -> str:
    """Ordinals decline as adjectives: pierwszy, pierwszego; trzeci, trzeciego."""
    return " ".join(
        word[:-1] + "ego" if word.endswith("y") else word + "ego" if word.endswith("i") else word
        for word in ordinal.split()
    )


_CENT = Noun("m", "cent", "centy", "centów")

LANGUAGE = Language(
    name="Polish",
    cases="ng",
    cardinal=_cardinal,
    agree=_agree,
    day=_day,
    minus="minus",
    plus="plus",
    hundredths="",
    digits=_DIGITS,
    currencies={
        "PLN": (Noun("m", "złoty", "złote", "złotych"), Noun("m", "grosz", "grosze", "groszy")),
        "RUB": (Noun("m", "rubel", "ruble", "rubli"), Noun("f", "kopiejka", "kopiejki", "kopiejek")),
        "USD": (Noun("m", "dolar", "dolary", "dolarów"), _CENT),
        "EUR": (Noun("n", "euro", "euro", "euro"), _CENT),
    },
)
