import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType, timezone

from engine.contacts.numbers import BadNumber, read_number
from engine.contacts.zones import ZoneRanges, is_zone, read_zone_ranges, zones_of_place
from engine.domain.errors import ConfigError

REGIONS = st.one_of(
    st.sampled_from(["RU", "PL", "US", "KZ", "GB", "IT", "DE", "BY", "UA"]),
    st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)),
)


@st.composite
def written(draw: st.DrawFn) -> tuple[str, str]:
    """A number near a real one, as people write it, and the country in which they do."""
    region, plan = draw(REGIONS), draw(REGIONS)
    kinds = [PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE, PhoneNumberType.PREMIUM_RATE]
    example = phonenumbers.example_number_for_type(plan, draw(st.sampled_from(kinds)))
    example = example or phonenumbers.example_number(plan)
    digits = list(phonenumbers.national_significant_number(example))
    for _ in range(draw(st.integers(0, 6))):
        digits[draw(st.integers(0, len(digits) - 1))] = draw(st.sampled_from("0123456789"))
    national = "".join(digits)[: draw(st.sampled_from([None, None, None, -1]))]
    trunk = phonenumbers.PhoneMetadata.metadata_for_region(plan).national_prefix or ""
    code = str(example.country_code)
    forms = (national, trunk + national, code + national, f"+{code}{national}", f"+{code}{trunk}{national}")
    more = (f"00{code}{national}", f"810{code}{national}", f"8{national}", f"+{national}")
    text = draw(st.sampled_from(forms + more) | st.text("0123456789", min_size=1, max_size=18))
    return text, region


def by_the_library(text: str, region: str) -> tuple[str, str, str] | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    found = phonenumbers.region_code_for_number(number)
    kind = phonenumbers.number_type(number)
    barred = (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.UNKNOWN)
    if not phonenumbers.is_valid_number(number) or found == "001" or kind in barred:
        return None
    words = {PhoneNumberType.MOBILE: "mobile", PhoneNumberType.FIXED_LINE: "landline"}
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return e164, found, words.get(kind, "unknown")


@settings(max_examples=600, deadline=None)
@given(written())
def test_the_quick_way_and_the_library_read_every_number_alike(case: tuple[str, str]):
    text, region = case
    try:
        number = read_number(text, region)
    except BadNumber:
        assert by_the_library(text, region) is None
    else:
        assert (number.e164, number.region, number.kind) == by_the_library(text, region)


@settings(max_examples=150, deadline=None)
@given(written())
def test_the_digits_that_tell_the_place_are_those_the_library_looks_at(case: tuple[str, str]):
    text, region = case
    try:
        number = read_number(text, region)
    except BadNumber:
        return
    told = timezone.time_zones_for_number(phonenumbers.parse(number.e164))
    found = zones_of_place(number.place, number.region)
    assert set(told) - {"Etc/Unknown"} == set() or found
    assert all(is_zone(zone) for zone in found)


@pytest.mark.parametrize(
    "text",
    ["+7 916 123-45-67", "8 (916) 123-45-67", "79161234567", "9161234567", "'+79161234567", "8.916.1234567"],
)
def test_a_russian_mobile_in_the_ways_it_is_written(text: str):
    number = read_number(text, "RU")
    assert (number.e164, number.kind, number.region) == ("+79161234567", "mobile", "RU")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("7,91612E+10", "spoiled by a spreadsheet"),
        ("call me", "letters"),
        ("+79161234567, +79160000000", "several numbers"),
        ("12345", "too short"),
        ("+791612345678901", "no such number"),
        ("+7 916 123 45 67 890 123 45", "too long"),
        ("+48 111 111 111", "no such number"),
        ("+1 900 555 0123", "premium-rate"),
        ("+79161234567 доб. 5", "letters"),
        ("٠١٢٣٤٥٦٧٨٩", "no such number"),
    ],
)
def test_a_bad_number_says_what_is_wrong_with_it(text: str, told: str):
    with pytest.raises(BadNumber, match=told) as caught:
        read_number(text, "RU")
    assert caught.value.fix


def zones(text: str, region: str) -> tuple[str, ...]:
    number = read_number(text, region)
    return zones_of_place(number.place, number.region)


def test_zones_are_of_the_numbers_own_country_and_one_for_each_clock():
    everywhere = zones("+79161234567", "RU")  # a mobile may be anywhere in the country
    assert len(everywhere) == 11
    assert {"Europe/Kaliningrad", "Europe/Moscow", "Asia/Vladivostok"} <= set(everywhere)
    assert not {"Asia/Almaty", "Europe/Bucharest"} & set(everywhere)
    assert zones("+77011234567", "RU") == ("Asia/Almaty",)
    assert zones("+48600100200", "PL") == ("Europe/Warsaw",)
    assert zones("+375291234567", "RU") == ("Europe/Minsk",)
    assert zones("+919876543210", "RU") == ("Asia/Kolkata",)  # the table knows only the old name


def test_a_landline_tells_its_town():
    assert zones("+74012971234", "RU") == ("Europe/Kaliningrad",)  # the table says Bucharest
    assert zones("8 495 123-45-67", "RU") == ("Europe/Moscow",)
    assert zones("84232123456", "RU") == ("Asia/Vladivostok",)
    assert zones("+13105550123", "US") == ("America/Los_Angeles",)


def test_ranges_of_numbers_supplied_by_the_user():
    text = [
        "from;to;zone",
        "+79240000000;+79249999999;Asia/Vladivostok",
        "",
        "79130000000,79139999999,Asia/Omsk",
    ]
    ranges = read_zone_ranges(text, "ranges.csv")
    assert ranges.zone_of("+79241234567") == "Asia/Vladivostok"
    assert ranges.zone_of("+79130000000") == ranges.zone_of("+79139999999") == "Asia/Omsk"
    assert (
        ranges.zone_of("+79140000000")
        == ranges.zone_of("+7913000000")
        == ranges.zone_of("+48600100200")
        == ""
    )
    assert ZoneRanges().zone_of("+48600100200") == ""


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("+79240000000", "not a range"),
        ("+79240000000,x,Asia/Omsk", "not a range"),
        ("+79249999999,+79240000000,Asia/Omsk", "is no range"),
        ("+79240000000,+79249999999,Asia/Onsk", "unknown time zone"),
        ("+79130000001,+79130000002,Asia/Omsk", "overlap"),
    ],
)
def test_a_wrong_range_is_named_with_its_line(line: str, told: str):
    with pytest.raises(ConfigError, match=told):
        read_zone_ranges(["+79130000000,+79139999999,Asia/Omsk", line], "ranges.csv")
