"""Amounts, dates, numbers and telephone numbers as a person would say them.

Every function takes the language first ("ru", "pl", "en") and raises ValueError, with words for the
scenario's author, for what it cannot say.
"""

from datetime import date
from decimal import Decimal

from engine.ivr.languages import LANGUAGES
from engine.ivr.languages.grammar import CASES, MOST, Language, Noun

_PHONE_GROUPS = {("7", 11): (1, 3, 3, 2, 2), ("48", 11): (2, 3, 3, 3), ("1", 11): (1, 3, 3, 4)}


def _speaker(language: str, case: str) -> Language:
    """The language, if it has the case; a case is a key of CASES."""
    if language not in LANGUAGES:
        raise ValueError(f"no words for the language '{language}', only for {', '.join(LANGUAGES)}")
    speaker = LANGUAGES[language]
    if case not in CASES:
        raise ValueError(f"there is no case '{case}': use one of {', '.join(CASES)}")
    if case not in speaker.cases:
        raise ValueError(f"{speaker.name} is spoken without the {CASES[case]} here: rephrase the sentence")
    return speaker


def _exact(n: object) -> Decimal:
    """The number that `n` is; texts count too."""
    try:
        exact = Decimal(str(n).strip())
    except ArithmeticError:
        raise ValueError(f"not a number: '{n}'") from None
    if not exact.is_finite() or not -MOST < exact < MOST:
        raise ValueError(f"{n} is too large to be spoken")
    return exact


def _whole(n: object) -> int:
    exact = _exact(n)
    if exact != int(exact):
        raise ValueError(f"{n} is not a whole number")
    return int(exact)


def number(language: str, n: object, gender: str = "m", case: str = "n") -> str:
    """21 is двадцать один, dwadzieścia jeden, twenty-one. `gender` m, f, n: of the thing counted."""
    speaker, whole = _speaker(language, case), _whole(n)
    if gender not in ("m", "f", "n"):
        raise ValueError(f"there is no gender '{gender}': use m, f or n")
    words = speaker.cardinal(abs(whole), gender, case)
    return f"{speaker.minus} {words}" if whole < 0 else words


def count(language: str, n: object, *forms: str, gender: str = "m") -> str:
    """A number and what is counted: count("ru", 21, "день", "дня", "дней") is двадцать один день.

    `forms`: after 1, 2 and 5; English takes two.
    """
    speaker = _speaker(language, "n")
    wanted = 2 if language == "en" else 3
    if len(forms) != wanted:
        raise ValueError(f"{speaker.name} counts with {wanted} forms of the word, not {len(forms)}")
    noun = Noun(gender, forms[0], forms[1], forms[-1])
    return f"{number(language, n, gender)} {speaker.agree(abs(_whole(n)), noun, 'n')}"


def money(language: str, amount: object, currency: str, case: str = "n") -> str:
    """1250.02 RUB is одна тысяча двести пятьдесят рублей две копейки. No hundredths, none spoken."""
    speaker = _speaker(language, case)
    if currency not in speaker.currencies:
        known = ", ".join(sorted(speaker.currencies))
        raise ValueError(f"{speaker.name} has no words for the currency '{currency}', only for {known}")
    hundredths = _exact(amount) * 100
    if hundredths != int(hundredths):
        raise ValueError(f"more than two decimals: {amount}")
    if hundredths < 0:
        raise ValueError(f"a negative amount cannot be owed: {amount}")
    parts = []
    units, cents = divmod(int(hundredths), 100)
    for n, noun in zip((units, cents), speaker.currencies[currency], strict=True):
        words = speaker.cardinal(n, noun.gender, case)
        parts.append(f"{words} {speaker.agree(n, noun, case)}")
    if not cents:
        return parts[0]
    return f" {speaker.hundredths}".join(parts) if units else parts[1]


def day(language: str, when: object, case: str = "", year: bool = False) -> str:
    """1 May is первого мая, pierwszego maja, the first of May.

    `case`: genitive ("on the 21st, by the 21st") unless said; the year only on demand.
    """
    speaker = _speaker(language, case or ("n" if language == "en" else "g"))
    if not isinstance(when, date):
        raise ValueError(f"not a date: '{when}'")
    return speaker.day(when, case or "g", year)


def digits(language: str, text: object, *groups: int) -> str:
    """One by one, a pause between groups: +7916… is плюс семь, девять один шесть, …

    `groups`: their sizes, from the left; without them as telephone numbers are grouped in their country,
    else by threes. What is neither digit nor plus is left out.
    """
    speaker = _speaker(language, "n")
    keys = "".join(key for key in str(text) if key in "0123456789")
    if not keys:
        raise ValueError(f"no digits in '{text}'")
    international = str(text).strip().startswith("+")
    sizes = list(groups)
    if not sizes and international:
        found = (v for (code, n), v in _PHONE_GROUPS.items() if keys.startswith(code) and len(keys) == n)
        sizes = list(next(found, ()))
    spoken, at = [], 0
    while at < len(keys):
        left = len(keys) - at
        size = max(1, sizes.pop(0)) if sizes else 2 if left == 4 else 3  # no lonely last digit
        spoken.append(" ".join(speaker.digits[int(key)] for key in keys[at : at + size]))
        at += size
    said = ", ".join(spoken)
    return f"{speaker.plus} {said}" if international else said
