"""Rule: only at certain hours of the person's own day, in every zone the person may be in."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from engine.compliance.calendars import DAY_S
from engine.compliance.case import Case
from engine.compliance.day_kinds import DayKind, DayKinds, day_text
from engine.compliance.open_hours import OpenHours, Window
from engine.compliance.params import clock_text, time_of_day_s
from engine.domain.errors import ConfigError
from engine.domain.gate import Blocked

CLOSED = "closed"
_WORDS: dict[DayKind, str] = {"workday": "working day", "weekend": "weekend", "holiday": "public holiday"}


@dataclass(frozen=True, slots=True)
class Params:
    """Hours as "09:00-20:00", several in a list, or "closed"; by the person's local time.

    `holiday`: left out, the hours of a weekend hold. `country`, `subdivision`: whose public holidays count.
    `holidays`, `workdays`: own dates, stronger than the table. `also_number_zones`: the zones of the number
    must allow too, when the contact itself names another zone.
    """

    workday: tuple[str, ...] = ("09:00-20:00",)
    weekend: tuple[str, ...] = ("10:00-18:00",)
    holiday: tuple[str, ...] | None = None
    country: str = ""
    subdivision: str = ""
    holidays: tuple[date, ...] = ()
    workdays: tuple[date, ...] = ()
    also_number_zones: bool = False


class CallingHours:
    name: ClassVar[str] = "calling_hours"
    needs_zone = True

    def __init__(self, params: Params) -> None:
        self._also_number = params.also_number_zones
        self._kinds = DayKinds(params.country, params.subdivision, params.holidays, params.workdays)
        holiday = params.weekend if params.holiday is None else params.holiday
        self._windows: dict[DayKind, tuple[Window, ...]] = {
            "workday": _windows(params.workday, "workday"),
            "weekend": _windows(params.weekend, "weekend"),
            "holiday": _windows(holiday, "holiday"),
        }
        if not any(self._windows.values()):
            raise ConfigError("closed on every day: nothing could ever be called", "", "Open some hours.")
        self._hours = OpenHours(self._windows_of)

    def judge(self, case: Case) -> Blocked | None:
        zones = case.zones
        if self._also_number and case.phone.zones:
            zones = tuple(dict.fromkeys(zones + case.phone.zones))
        if self._hours.is_open(case.calendars, zones, case.wall_s):
            return None
        opens_s = self._hours.next_open_s(case.calendars, zones, case.wall_s)
        if opens_s is None:
            reason = (
                f"the hours of {len(zones)} candidate zones never overlap; give the contact one time zone"
            )
            return Blocked(self.name, reason, case.wall_s + DAY_S)
        return Blocked(self.name, self._reason(case, zones), opens_s)

    def _windows_of(self, local_day: int) -> tuple[Window, ...]:
        return self._windows[self._kinds.kind(local_day)]

    def _reason(self, case: Case, zones: tuple[str, ...]) -> str:
        """In words of the first zone that is closed now."""
        zone = next(z for z in zones if not self._hours.is_open(case.calendars, (z,), case.wall_s))
        local_day = case.calendars.local_day(zone, case.wall_s)
        kind = self._kinds.kind(local_day)
        hours = ", ".join(f"{clock_text(a)}–{clock_text(b)}" for a, b in self._windows[kind])
        now = f"{case.calendars.local_time(zone, case.wall_s):%H:%M} on {day_text(local_day)}"
        reason = f"{now} in {zone} is outside the hours of a {_WORDS[kind]} ({hours or CLOSED})"
        return reason if len(zones) == 1 else f"{reason}; all {len(zones)} candidate zones must allow"


def _windows(texts: tuple[str, ...], where: str) -> tuple[Window, ...]:
    if texts == (CLOSED,):
        return ()
    windows = []
    for text in texts:
        opens, dash, closes = text.replace("–", "-").partition("-")
        if not dash:
            raise ConfigError(f"{text!r} is no span of time", where, f'Write "09:00-20:00" or "{CLOSED}".')
        window = (time_of_day_s(opens, where), time_of_day_s(closes, where))
        if window[0] >= window[1]:
            raise ConfigError(f"{text!r} ends before it begins", where, "Hours end on the day they begin.")
        windows.append(window)
    return tuple(sorted(windows))
