"""Local days and hours of the world's time zones, remembered, because the gate asks for them all day.

Everything is counted in whole epoch seconds and in *local days*: days since 1970-01-01 on the wall
calendar of a zone. A zone's day starts at an instant and the next day's start ends it; on days when the
clock is moved it has 23 or 25 hours, and nothing here assumes otherwise.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import holidays as holiday_tables

DAY_S = 86_400
PeriodName = Literal["day", "week", "month"]
_EPOCH = date(1970, 1, 1).toordinal()


def date_of(local_day: int) -> date:
    return date.fromordinal(_EPOCH + local_day)


def local_day_of(day: date) -> int:
    return day.toordinal() - _EPOCH


def weekday(local_day: int) -> int:
    """Monday is 0. The first of January 1970 was a Thursday."""
    return (local_day + 3) % 7


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, `[start_s, end_s)`, during which a zone is `offset_s` ahead of UTC."""

    start_s: int
    end_s: int
    offset_s: int


@dataclass(frozen=True, slots=True)
class Period:
    """A local day, week (from Monday) or month: `[start_s, end_s)`, its first and last local day."""

    start_s: int
    end_s: int
    first_day: int
    last_day: int


class Calendars:
    """Zones and holidays. One for the whole process; what it has once worked out it keeps."""

    def __init__(self) -> None:
        self._zones: dict[str, ZoneInfo | None] = {}
        self._spans: dict[tuple[str, int], tuple[Span, ...]] = {}
        self._starts: dict[tuple[str, int], int] = {}
        self._periods: dict[tuple[str, PeriodName], Period] = {}  # the last one asked for

    def knows(self, zone: str) -> bool:
        """Is it an IANA zone name that this machine has data for?"""
        return self._zone(zone) is not None

    def spans(self, zone: str, utc_day: int) -> tuple[Span, ...]:
        """The UTC day cut where the zone's clock is moved: nearly always one span, else two."""
        found = self._spans.get((zone, utc_day))
        if found is None:
            if len(self._spans) > 50_000:
                self._spans.clear()
            found = self._spans[zone, utc_day] = tuple(self._cut(zone, utc_day))
        return found

    def offset_s(self, zone: str, wall_s: float) -> int:
        for span in self.spans(zone, int(wall_s // DAY_S)):
            if wall_s < span.end_s:
                return span.offset_s
        raise AssertionError("the spans of a day cover the day")

    def local_day(self, zone: str, wall_s: float) -> int:
        return int((wall_s + self.offset_s(zone, wall_s)) // DAY_S)

    def local_time(self, zone: str, wall_s: float) -> datetime:
        """What a clock on a wall in the zone shows (naive)."""
        shown = datetime.fromtimestamp(wall_s + self.offset_s(zone, wall_s), UTC)
        return shown.replace(tzinfo=None)

    def day_start_s(self, zone: str, local_day: int) -> int:
        """The first instant of a local day: midnight, or what follows it where midnight is skipped."""
        found = self._starts.get((zone, local_day))
        if found is None:
            if len(self._starts) > 50_000:
                self._starts.clear()
            found = self._starts[zone, local_day] = self._day_start_s(zone, local_day)
        return found

    def period(self, zone: str, name: PeriodName, wall_s: float) -> Period:
        """The day, week or month of the zone's calendar that holds the instant."""
        found = self._periods.get((zone, name))
        if found is None or not found.start_s <= wall_s < found.end_s:
            first, last = _bounds(name, self.local_day(zone, wall_s))
            start_s, end_s = self.day_start_s(zone, first), self.day_start_s(zone, last + 1)
            found = self._periods[zone, name] = Period(start_s, end_s, first, last)
        return found

    def _zone(self, name: str) -> ZoneInfo | None:
        if name not in self._zones:
            try:
                self._zones[name] = ZoneInfo(name)
            except (KeyError, ValueError, OSError):  # unknown, not a key, or a folder such as "Europe"
                self._zones[name] = None
        return self._zones[name]

    def _utc_offset_s(self, zone: ZoneInfo, at_s: int) -> int:
        offset = datetime.fromtimestamp(at_s, zone).utcoffset()
        return int(offset.total_seconds()) if offset else 0

    def _cut(self, name: str, utc_day: int) -> Iterator[Span]:
        zone = self._zone(name)
        if zone is None:
            raise KeyError(name)
        start, end = utc_day * DAY_S, (utc_day + 1) * DAY_S
        offset = self._utc_offset_s(zone, start)
        for hour_end in range(start + 3_600, end + 1, 3_600):
            moved = self._utc_offset_s(zone, hour_end)
            if moved == offset:
                continue
            low, high = hour_end - 3_600, hour_end  # the clock is moved in (low, high]
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if self._utc_offset_s(zone, middle) == offset else (low, middle)
            if high < end:
                yield Span(start, high, offset)
                start = high
            offset = moved if high < end else offset
        yield Span(start, end, offset)

    def _day_start_s(self, zone: str, local_day: int) -> int:
        for utc_day in range(local_day - 1, local_day + 3):
            for span in self.spans(zone, utc_day):
                start = max(span.start_s, local_day * DAY_S - span.offset_s)
                if start < span.end_s:
                    return start
        raise AssertionError("every local day starts within a day of the UTC day of that date")


def _bounds(name: PeriodName, local_day: int) -> tuple[int, int]:
    if name == "day":
        return local_day, local_day
    if name == "week":
        monday = local_day - weekday(local_day)
        return monday, monday + 6
    day = date_of(local_day)
    in_next_month = day.replace(day=28) + timedelta(days=4)
    return local_day_of(day.replace(day=1)), local_day_of(in_next_month.replace(day=1)) - 1


@lru_cache(maxsize=512)
def public_holidays(country: str, subdivision: str, year: int) -> tuple[frozenset[int], frozenset[int]]:
    """Local days that are holidays, and those of a weekend that the state made working days.

    `country`: ISO 3166 code, `subdivision`: as the `holidays` package names it, or "".
    Raises NotImplementedError for a country or subdivision that has no table.
    """
    table = holiday_tables.country_holidays(country, subdiv=subdivision or None, years=[year])
    worked = getattr(table, "weekend_workdays", None) or ()
    return frozenset(local_day_of(day) for day in table), frozenset(local_day_of(day) for day in worked)
