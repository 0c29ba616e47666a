"""Rule: only on certain days of the person's own calendar, whatever the hour."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from engine.compliance.calendars import DAY_S, weekday
from engine.compliance.case import Case
from engine.compliance.day_kinds import DayKinds, day_text
from engine.compliance.open_hours import OpenHours, Window
from engine.domain.errors import ConfigError
from engine.domain.gate import Blocked

_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WHOLE_DAY: tuple[Window, ...] = ((0, DAY_S),)


@dataclass(frozen=True, slots=True)
class Params:
    """`days`: of the week. `on_holidays`: may be called on public holidays too. `holidays`: own free dates,
    `workdays`: own working dates, which are open even on another day of the week."""

    days: tuple[str, ...] = ("mon", "tue", "wed", "thu", "fri")
    on_holidays: bool = False
    country: str = ""
    subdivision: str = ""
    holidays: tuple[date, ...] = ()
    workdays: tuple[date, ...] = ()


class WorkingDays:
    name: ClassVar[str] = "working_days"
    needs_zone = True

    def __init__(self, params: Params) -> None:
        unknown = [day for day in params.days if day not in _NAMES]
        if unknown or not params.days:
            raise ConfigError(f"{unknown or 'nothing'} is no day", "days", f"Use {', '.join(_NAMES)}.")
        self._params = params
        rest = tuple(day for day in _NAMES if day not in params.days)
        self._kinds = DayKinds(params.country, params.subdivision, params.holidays, params.workdays, rest)
        self._hours = OpenHours(self._windows_of)

    def judge(self, case: Case) -> Blocked | None:
        if self._hours.is_open(case.calendars, case.zones, case.wall_s):
            return None
        opens_s = self._hours.next_open_s(case.calendars, case.zones, case.wall_s)
        if opens_s is None:
            reason = f"no day of the next weeks is open in all {len(case.zones)} candidate zones"
            return Blocked(self.name, reason, case.wall_s + DAY_S)
        shut = next(zone for zone in case.zones if not self._is_open(case, zone))
        local_day = case.calendars.local_day(shut, case.wall_s)
        kind = "a public holiday" if self._kinds.kind(local_day) == "holiday" else "no working day"
        return Blocked(self.name, f"{day_text(local_day)} in {shut} is {kind}", opens_s)

    def _is_open(self, case: Case, zone: str) -> bool:
        return self._hours.is_open(case.calendars, (zone,), case.wall_s)

    def _windows_of(self, local_day: int) -> tuple[Window, ...]:
        kind = self._kinds.kind(local_day)
        if kind == "holiday" and self._params.on_holidays:
            kind = "workday" if _NAMES[weekday(local_day)] in self._params.days else "weekend"
        return _WHOLE_DAY if kind == "workday" else ()
