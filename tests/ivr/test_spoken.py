"""Golden words, grammatical agreement included."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ivr import spoken

RUBLES = {
    0: "ноль рублей",
    1: "один рубль",
    2: "два рубля",
    4: "четыре рубля",
    5: "пять рублей",
    11: "одиннадцать рублей",
    12: "двенадцать рублей",
    14: "четырнадцать рублей",
    21: "двадцать один рубль",
    22: "двадцать два рубля",
    25: "двадцать пять рублей",
    100: "сто рублей",
    101: "сто один рубль",
    111: "сто одиннадцать рублей",
    112: "сто двенадцать рублей",
    121: "сто двадцать один рубль",
    1000: "одна тысяча рублей",
    2001: "две тысячи один рубль",
    21_000: "двадцать одна тысяча рублей",
    1_000_000: "один миллион рублей",
    2_000_003: "два миллиона три рубля",
}
ZLOTYS = {
    0: "zero złotych",
    1: "jeden złoty",
    2: "dwa złote",
    4: "cztery złote",
    5: "pięć złotych",
    12: "dwanaście złotych",
    14: "czternaście złotych",
    21: "dwadzieścia jeden złotych",
    22: "dwadzieścia dwa złote",
    25: "dwadzieścia pięć złotych",
    101: "sto jeden złotych",
    112: "sto dwanaście złotych",
    122: "sto dwadzieścia dwa złote",
    1000: "tysiąc złotych",
    2000: "dwa tysiące złotych",
    5000: "pięć tysięcy złotych",
    1_000_001: "milion jeden złotych",
}
DOLLARS = {
    0: "zero dollars",
    1: "one dollar",
    2: "two dollars",
    21: "twenty-one dollars",
    1234: "one thousand, two hundred and thirty-four dollars",
}


@pytest.mark.parametrize(("n", "said"), RUBLES.items())
def test_rubles_agree_with_their_number(n: int, said: str):
    assert spoken.money("ru", n, "RUB") == said


@pytest.mark.parametrize(("n", "said"), ZLOTYS.items())
def test_zlotys_agree_with_their_number(n: int, said: str):
    assert spoken.money("pl", n, "PLN") == said


@pytest.mark.parametrize(("n", "said"), DOLLARS.items())
def test_dollars_agree_with_their_number(n: int, said: str):
    assert spoken.money("en", n, "USD") == said


@pytest.mark.parametrize(
    ("language", "amount", "currency", "said"),
    [
        ("ru", "0.01", "RUB", "одна копейка"),
        ("ru", "0.02", "RUB", "две копейки"),
        ("ru", "1.11", "RUB", "один рубль одиннадцать копеек"),
        ("ru", "5.21", "RUB", "пять рублей двадцать одна копейка"),
        ("ru", "2.02", "PLN", "два злотых два гроша"),
        ("ru", "21.05", "USD", "двадцать один доллар пять центов"),
        ("ru", "2.00", "EUR", "два евро"),
        ("pl", "1.01", "PLN", "jeden złoty jeden grosz"),
        ("pl", "22.22", "PLN", "dwadzieścia dwa złote dwadzieścia dwa grosze"),
        ("pl", "12.13", "PLN", "dwanaście złotych trzynaście groszy"),
        ("pl", "1.01", "RUB", "jeden rubel jedna kopiejka"),
        ("pl", "2.22", "RUB", "dwa ruble dwadzieścia dwie kopiejki"),
        ("pl", "5.12", "RUB", "pięć rubli dwanaście kopiejek"),
        ("pl", "1", "EUR", "jedno euro"),
        ("pl", "2", "EUR", "dwa euro"),
        ("en", "1.01", "USD", "one dollar and one cent"),
        ("en", "0.50", "EUR", "fifty cents"),
        ("en", "2.01", "PLN", "two zlotys and one grosz"),
        ("en", "21.02", "RUB", "twenty-one rubles and two kopecks"),
    ],
)
def test_the_hundredths_have_their_own_gender_and_agreement(language, amount, currency, said):
    assert spoken.money(language, Decimal(amount), currency) == said


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("n", "одна тысяча двадцать два рубля одна копейка"),
        ("g", "одной тысячи двадцати двух рублей одной копейки"),
        ("d", "одной тысяче двадцати двум рублям одной копейке"),
        ("a", "одну тысячу двадцать два рубля одну копейку"),
        ("i", "одной тысячей двадцатью двумя рублями одной копейкой"),
        ("p", "одной тысяче двадцати двух рублях одной копейке"),
    ],
)
def test_a_russian_amount_stands_in_the_case_of_its_sentence(case: str, said: str):
    assert spoken.money("ru", "1022.01", "RUB", case) == said


def test_after_a_round_thousand_or_million_russian_keeps_the_genitive_plural():
    assert spoken.money("ru", 1_000_000, "RUB", "d") == "одному миллиону рублей"
    assert spoken.money("ru", 3000, "RUB", "i") == "тремя тысячами рублей"


def test_a_round_million_of_feminine_things_is_masculine_itself():
    assert spoken.number("ru", 1_000_000, gender="f") == "один миллион"
    assert spoken.number("ru", 2_000_002, gender="f") == "два миллиона две"


@pytest.mark.parametrize(
    ("day", "ru", "pl", "en"),
    [
        (date(2026, 11, 21), "двадцать первого ноября", "dwudziestego pierwszego listopada",
         "the twenty-first of November"),
        (date(2026, 1, 1), "первого января", "pierwszego stycznia", "the first of January"),
        (date(2026, 3, 3), "третьего марта", "trzeciego marca", "the third of March"),
        (date(2026, 5, 2), "второго мая", "drugiego maja", "the second of May"),
        (date(2026, 8, 30), "тридцатого августа", "trzydziestego sierpnia", "the thirtieth of August"),
    ],
)  # fmt: skip
def test_a_day_is_spoken_in_the_genitive_with_its_month(day: date, ru: str, pl: str, en: str):
    assert [spoken.day(language, day) for language in ("ru", "pl", "en")] == [ru, pl, en]


@pytest.mark.parametrize(
    ("year", "ru", "pl", "en"),
    [
        (2026, "две тысячи двадцать шестого года", "dwa tysiące dwudziestego szóstego roku",
         "twenty twenty-six"),
        (2000, "двухтысячного года", "dwutysięcznego roku", "two thousand"),
        (2005, "две тысячи пятого года", "dwa tysiące piątego roku", "two thousand and five"),
        (1910, "тысяча девятьсот десятого года", "tysiąc dziewięćset dziesiątego roku", "nineteen ten"),
    ],
)  # fmt: skip
def test_a_year_is_spoken_on_demand(year: int, ru: str, pl: str, en: str):
    day = date(year, 5, 1)
    assert spoken.day("ru", day, year=True) == f"первого мая {ru}"
    assert spoken.day("pl", day, year=True) == f"pierwszego maja {pl}"
    assert spoken.day("en", day, year=True) == f"the first of May, {en}"


def test_a_nominative_day_names_the_date_itself():
    assert spoken.day("ru", date(2026, 11, 21), "n") == "двадцать первое ноября"
    assert spoken.day("pl", date(2026, 11, 21), "n") == "dwudziesty pierwszy listopada"


def test_things_are_counted_with_the_forms_their_language_has():
    assert spoken.count("ru", 21, "день", "дня", "дней") == "двадцать один день"
    assert spoken.count("ru", 2, "неделя", "недели", "недель", gender="f") == "две недели"
    assert spoken.count("pl", 5, "dzień", "dni", "dni") == "pięć dni"
    assert spoken.count("pl", 2, "rata", "raty", "rat", gender="f") == "dwie raty"
    assert spoken.count("en", 1, "day", "days") == "one day"


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("ru", "+79161234567", "плюс семь, девять один шесть, один два три, четыре пять, шесть семь"),
        ("pl", "+48600100200", "plus cztery osiem, sześć zero zero, jeden zero zero, dwa zero zero"),
        ("en", "+1 (415) 555-0123", "plus one, four one five, five five five, zero one two three"),
        ("en", "1234", "one two, three four"),
        ("en", "1234567", "one two three, four five, six seven"),
        ("en", "7", "seven"),
    ],
)
def test_telephone_numbers_are_spoken_in_the_groups_people_use(language, text, said):
    assert spoken.digits(language, text) == said


def test_groups_of_digits_can_be_asked_for():
    assert spoken.digits("en", "123456", 2, 2, 2) == "one two, three four, five six"


@pytest.mark.parametrize(
    ("attempt", "told"),
    [
        (lambda: spoken.number("ru", "abc"), "not a number"),
        (lambda: spoken.number("en", 1.5), "not a whole number"),
        (lambda: spoken.number("en", 10**12), "too large"),
        (lambda: spoken.number("en", "1e999999999"), "too large"),
        (lambda: spoken.number("en", float("nan")), "too large"),
        (lambda: spoken.number("de", 1), "no words for the language 'de'"),
        (lambda: spoken.number("ru", 1, "x"), "no gender"),
        (lambda: spoken.number("ru", 1, "m", "z"), "no case 'z'"),
        (lambda: spoken.number("pl", 1, "m", "i"), "Polish is spoken without the instrumental"),
        (lambda: spoken.money("ru", "1.005", "RUB"), "more than two decimals"),
        (lambda: spoken.money("ru", "a lot", "RUB"), "not a number"),
        (lambda: spoken.money("ru", -1, "RUB"), "negative"),
        (lambda: spoken.money("ru", 1, "GBP"), "no words for the currency 'GBP'"),
        (lambda: spoken.day("ru", "2026-11-21"), "not a date"),
        (lambda: spoken.digits("ru", "abc"), "no digits"),
        (lambda: spoken.count("ru", 1, "day", "days"), "counts with 3 forms"),
    ],
)
def test_what_cannot_be_spoken_is_refused_in_words(attempt, told):
    with pytest.raises(ValueError, match=told):
        attempt()


@given(st.integers(0, 10**12 - 1))
def test_the_noun_depends_on_the_last_two_digits_only(n: int):
    ru = spoken.money("ru", n, "RUB").split()[-1]
    one, few = n % 10 == 1 and n % 100 != 11, 2 <= n % 10 <= 4 and not 12 <= n % 100 <= 14
    assert ru == ("рубль" if one else "рубля" if few else "рублей")
    pl = spoken.money("pl", n, "PLN").split()[-1]
    assert pl == ("złoty" if n == 1 else "złote" if few else "złotych")


@given(
    st.sampled_from(["ru", "pl", "en"]),
    st.decimals(0, 10**9, places=2),
    st.sampled_from(["RUB", "PLN", "USD", "EUR"]),
)
def test_every_amount_can_be_spoken_without_a_figure(language: str, amount: Decimal, currency: str):
    assert not any(char.isdigit() for char in spoken.money(language, amount, currency))


@given(st.sampled_from(["ru", "pl", "en"]), st.dates(date(1901, 1, 1), date(2099, 12, 31)))
def test_every_date_can_be_spoken_without_a_figure(language: str, day: date):
    said = spoken.day(language, day, year=True)
    assert not any(char.isdigit() for char in said)
    assert "None" not in said
