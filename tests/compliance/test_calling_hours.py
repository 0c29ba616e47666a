from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.compliance.gate import Gate
from engine.domain.contact import Phone
from engine.domain.gate import Allowed
from tests.compliance.cases import (
    KALININGRAD,
    LOS_ANGELES,
    MOSCOW,
    NEW_YORK,
    VLADIVOSTOK,
    WARSAW,
    at,
    blocked,
    judge,
)

HOURS = ("calling_hours", {"workday": "08:00-22:00", "weekend": "09:00-20:00", "country": "RU"})


def test_on_a_working_day_the_first_and_last_minute_are_allowed():
    assert isinstance(judge(at("2026-11-20 08:00"), HOURS), Allowed)
    assert isinstance(judge(at("2026-11-20 21:59"), HOURS), Allowed)


def test_at_the_closing_hour_the_next_opening_is_that_of_the_next_days_kind():
    verdict = blocked(judge(at("2026-11-20 22:00"), HOURS))
    assert verdict.rule == "calling_hours"
    assert verdict.retry_at_s == at("2026-11-21 09:00")  # a Saturday
    assert verdict.reason == (
        "22:00 on Fri 20 Nov 2026 in Europe/Moscow is outside the hours of a working day (08:00–22:00)"
    )


def test_a_public_holiday_in_the_middle_of_the_week_has_the_hours_of_a_weekend():
    verdict = blocked(judge(at("2026-11-04 08:30"), HOURS))  # Unity Day, a Wednesday
    assert verdict.retry_at_s == at("2026-11-04 09:00")
    assert "public holiday" in verdict.reason


def test_a_saturday_made_a_working_day_by_the_state_has_the_hours_of_a_working_day():
    assert isinstance(judge(at("2024-11-02 08:30"), HOURS), Allowed)


def test_own_dates_are_stronger_than_the_table_of_the_state():
    rule = ("calling_hours", {**HOURS[1], "holidays": ["2026-11-20"], "workdays": ["2026-11-04"]})
    assert blocked(judge(at("2026-11-20 08:30"), rule)).retry_at_s == at("2026-11-20 09:00")
    assert isinstance(judge(at("2026-11-04 08:30"), rule), Allowed)


def test_every_candidate_zone_must_allow():
    zones = (KALININGRAD, MOSCOW, VLADIVOSTOK)
    # 15:00 in Moscow is 22:00 in Vladivostok; both are open from 09:00 Moscow (08:00 Kaliningrad) on.
    verdict = blocked(judge(at("2026-11-19 15:00"), HOURS, zones=zones))
    assert "Asia/Vladivostok" in verdict.reason
    assert "all 3 candidate zones must allow" in verdict.reason
    assert verdict.retry_at_s == at("2026-11-20 08:00", KALININGRAD)


def test_zones_that_never_overlap_are_said_so_and_asked_again_a_day_later():
    rule = ("calling_hours", {"workday": "09:00-10:00", "weekend": "closed"})
    verdict = blocked(judge(at("2026-11-20 09:30"), rule, zones=(MOSCOW, VLADIVOSTOK)))
    assert "never overlap" in verdict.reason
    assert verdict.retry_at_s > at("2026-11-21 09:30")


def test_closed_days_are_passed_over():
    rule = ("calling_hours", {"workday": ["09:00-13:00", "14:00-18:00"], "weekend": "closed"})
    assert blocked(judge(at("2026-11-20 13:30"), rule)).retry_at_s == at("2026-11-20 14:00")
    assert blocked(judge(at("2026-11-20 18:00"), rule)).retry_at_s == at("2026-11-23 09:00")


def test_the_zone_of_the_number_must_allow_too_when_the_rule_says_so():
    rule = ("calling_hours", {"workday": "08:00-21:00", "weekend": "08:00-21:00", "also_number_zones": True})
    phone = Phone("+13105550123", "unknown", (LOS_ANGELES,))
    moment = at("2026-11-20 09:00", NEW_YORK)
    assert blocked(judge(moment, rule, zones=(NEW_YORK,), phone=phone)).retry_at_s == at(
        "2026-11-20 08:00", LOS_ANGELES
    )


def test_a_person_without_a_zone_is_blocked_with_the_fix():
    verdict = blocked(judge(at("2026-11-20 12:00"), HOURS, zones=()))
    assert verdict.rule == "time_zone"
    assert "default_zone" in verdict.reason


@pytest.mark.parametrize("zone", ["Europe/Moskva", "Europe", "../../etc/passwd", "x" * 5000, "a\0b"])
def test_a_zone_that_does_not_exist_is_blocked_and_named(zone: str):
    assert "unknown time zone" in blocked(judge(at("2026-11-20 12:00"), HOURS, zones=(zone,))).reason


def test_when_the_clock_skips_the_opening_hour_calls_begin_after_the_gap():
    rule = ("calling_hours", {"workday": "02:30-04:00", "weekend": "02:30-04:00"})
    before = at("2026-03-28 12:00", WARSAW)  # on the 29th Warsaw jumps from 02:00 to 03:00
    assert blocked(judge(before, rule, zones=(WARSAW,))).retry_at_s == at("2026-03-29 03:00", WARSAW)


def test_when_the_clock_goes_back_the_repeated_hour_is_judged_by_what_the_wall_shows():
    rule = ("calling_hours", {"workday": "02:00-02:30", "weekend": "02:00-02:30"})
    first = datetime(2026, 10, 25, 0, 10, tzinfo=UTC).timestamp()  # 02:10 CEST
    again = datetime(2026, 10, 25, 1, 10, tzinfo=UTC).timestamp()  # 02:10 CET, the second time
    between = datetime(2026, 10, 25, 0, 40, tzinfo=UTC).timestamp()  # 02:40 CEST
    assert isinstance(judge(first, rule, zones=(WARSAW,)), Allowed)
    assert isinstance(judge(again, rule, zones=(WARSAW,)), Allowed)
    assert blocked(judge(between, rule, zones=(WARSAW,))).retry_at_s == again - 600


ZONES = st.sampled_from(
    [
        MOSCOW,
        VLADIVOSTOK,
        KALININGRAD,
        WARSAW,
        NEW_YORK,
        "Australia/Lord_Howe",
        "Africa/Cairo",
        "Asia/Kathmandu",
    ]
)
MINUTES = st.integers(0, 24 * 60)


@st.composite
def windows(draw: st.DrawFn) -> str:
    opens, closes = sorted(draw(st.lists(MINUTES, min_size=2, max_size=2, unique=True)))
    return f"{opens // 60:02d}:{opens % 60:02d}-{closes // 60:02d}:{closes % 60:02d}"


def wall_clock_allows(instant_s: float, zone: str, workday: str, weekend: str) -> bool:
    """The rule said once more, by the standard library alone."""
    local = datetime.fromtimestamp(instant_s, ZoneInfo(zone))
    opens, closes = (weekend if local.weekday() >= 5 else workday).split("-")
    return opens <= f"{local:%H:%M}" < closes


@settings(max_examples=150, deadline=None)
@given(
    zones=st.lists(ZONES, min_size=1, max_size=3, unique=True),
    workday=windows(),
    weekend=windows(),
    instant=st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31)),
)
def test_the_gate_agrees_with_wall_clocks_and_comes_back_at_the_first_allowed_instant(
    zones: list[str], workday: str, weekend: str, instant: datetime
):
    rule = ("calling_hours", {"workday": workday, "weekend": weekend})
    moment, gate, names = instant.replace(tzinfo=UTC).timestamp(), Gate(), tuple(zones)

    def allows(instant_s: float) -> bool:
        return all(wall_clock_allows(instant_s, zone, workday, weekend) for zone in zones)

    verdict = judge(moment, rule, zones=names, gate=gate)
    assert isinstance(verdict, Allowed) == allows(moment)
    if isinstance(verdict, Allowed) or "never overlap" in verdict.reason:
        return
    assert allows(verdict.retry_at_s)
    assert not allows(verdict.retry_at_s - 0.5)
    probe = moment
    while probe < min(verdict.retry_at_s, moment + timedelta(days=3).total_seconds()):
        assert not allows(probe)
        probe += 907.0  # a stride that meets every quarter of an hour
    assert isinstance(judge(verdict.retry_at_s, rule, zones=names, gate=gate), Allowed)
    assert not isinstance(judge(verdict.retry_at_s - 0.5, rule, zones=names, gate=gate), Allowed)
