"""Russian: one, few and many (1 рубль, 2 рубля, 5 рублей, but 11 рублей), six cases, three genders."""

from datetime import date

from num2words import num2words

from engine.ivr.languages.grammar import CASES, Language, Noun

# Genitive: a day belongs to its month.
_MONTHS = (
    "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября",
    "октября", "ноября", "декабря",
)  # fmt: skip
_DIGITS = ("ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять")


def _cardinal(n: int, gender: str, case: str) -> str:
    """num2words gives a round million the gender of the units ("одна миллион"): say thousands apart."""
    high, low = n - n % 1000, n % 1000
    words = [_words(high, "m", case)] if high else []
    if low or not high:
        words.append(_words(low, gender, case))
    return " ".join(words)


def _words(n: int, gender: str, case: str) -> str:
    return str(num2words(n, lang="ru", case=case, gender=gender, animate=False))


def _agree(n: int, noun: Noun, case: str) -> str:
    tens, units = n % 100, n % 10
    one = units == 1 and tens != 11
    if case in "na":
        few = 2 <= units <= 4 and not 12 <= tens <= 14
        accusative = one and case == "a" and noun.singular
        return noun.singular[3] if accusative else noun.one if one else noun.few if few else noun.many
    if n % 1000 == 0:  # a thousand and a million are nouns themselves: миллиону рублей
        return noun.many
    forms = noun.singular if one else noun.plural
    return forms[list(CASES).index(case)]


def _day(day: date, case: str, with_year: bool) -> str:
    number = num2words(day.day, lang="ru", to="ordinal", case=case, gender="n", animate=False)
    spoken = f"{number} {_MONTHS[day.month - 1]}"
    if with_year:
        year = num2words(day.year, lang="ru", to="ordinal", case="g", gender="m")
        spoken += f" {year} года"
    return spoken


def _noun(gender: str, singular: str, plural: str, few: str = "") -> Noun:
    """`few`: only for nouns that are adjectives (два злотых); the others take the genitive singular."""
    ones, manys = tuple(singular.split()), tuple(plural.split())
    return Noun(gender, ones[0], few or ones[1], manys[1], ones, manys)


_CENT = _noun("m", "цент цента центу цент центом центе", "центы центов центам центы центами центах")
_CURRENCIES = {
    "RUB": (
        _noun("m", "рубль рубля рублю рубль рублём рубле", "рубли рублей рублям рубли рублями рублях"),
        _noun(
            "f",
            "копейка копейки копейке копейку копейкой копейке",
            "копейки копеек копейкам копейки копейками копейках",
        ),
    ),
    "PLN": (
        _noun(
            "m",
            "злотый злотого злотому злотый злотым злотом",
            "злотые злотых злотым злотые злотыми злотых",
            few="злотых",
        ),
        _noun("m", "грош гроша грошу грош грошом гроше", "гроши грошей грошам гроши грошами грошах"),
    ),
    "USD": (
        _noun(
            "m",
            "доллар доллара доллару доллар долларом долларе",
            "доллары долларов долларам доллары долларами долларах",
        ),
        _CENT,
    ),
    "EUR": (_noun("m", "евро " * 6, "евро " * 6), _CENT),
}

LANGUAGE = Language(
    name="Russian",
    cases="".join(CASES),
    cardinal=_cardinal,
    agree=_agree,
    day=_day,
    minus="минус",
    plus="плюс",
    hundredths="",
    digits=_DIGITS,
    currencies=_CURRENCIES,
)
