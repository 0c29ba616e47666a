"""In which time zones may a telephone number be? Never in another country than its numbering plan's.

The table of `phonenumbers` answers with names, some of other countries that happen to share a clock (a
landline of Kaliningrad is said to be in Bucharest) and some long renamed. A foreign name is taken for the
zones of the number's own country that keep the same standard time. Zones whose clocks will always agree
are one zone to a dialer, so of the 26 zones of Russia 11 are left.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from engine.domain.errors import ConfigError


def is_zone(name: str) -> bool:
    return name in _all_zones()


def zones_of_place(place: str, region: str) -> tuple[str, ...]:
    """Candidate zones, empty when nobody knows. `place`: digits from the country code on that tell where."""
    return _of_country(_told_by_digits(place), region)


@cache
def is_zone_of(zone: str, region: str) -> bool:
    """Is the zone one of the country's, or does it at least keep the clock of one?"""
    own = _zones_by_country().get(region, ())
    return zone in own or _clock(zone) in map(_clock, own)


@dataclass(frozen=True, slots=True)
class ZoneRanges:
    """Zones by ranges of numbers, as operators or the state publish them: stronger than the built-in table.

    `starts`, `ends`: E.164 digits of the same length, as whole numbers, ends included, sorted.
    """

    starts: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    zones: tuple[str, ...] = ()

    def zone_of(self, e164: str) -> str:
        """The zone of the range that holds the number, or ""."""
        if not self.starts:
            return ""
        digits = int(e164[1:])
        at = bisect_right(self.starts, digits) - 1
        return self.zones[at] if at >= 0 and digits <= self.ends[at] else ""


def read_zone_ranges(lines: Iterable[str], name: str) -> ZoneRanges:
    """Lines `from,to,zone` (`,` or `;`), numbers in E.164 without gaps. ConfigError names the line."""
    rows: list[tuple[int, int, str]] = []
    for line, text in enumerate(lines, 1):
        cells = [cell.strip(' "\r\n') for cell in text.replace(";", ",").split(",")]
        if not any(cells) or text.startswith("#") or (line == 1 and not _is_number(cells[0])):
            continue
        place = f"{name}:{line}"
        if len(cells) < 3 or not (_is_number(cells[0]) and _is_number(cells[1])):
            raise ConfigError("not a range", place, "Write +79160000000,+79169999999,Europe/Moscow.")
        first, last = cells[0].lstrip("+"), cells[1].lstrip("+")
        if len(first) != len(last) or int(first) > int(last):
            raise ConfigError(f"{first} to {last} is no range", place, "Give both in full, in order.")
        if not is_zone(cells[2]):
            raise ConfigError(f"unknown time zone {cells[2]!r}", place, "Write one such as Europe/Moscow.")
        rows.append((int(first), int(last), cells[2]))
    rows.sort()
    for (_, end, _), (start, _, _) in pairwise(rows):
        if start <= end:
            raise ConfigError(f"ranges overlap at +{start}", name, "A number may be in one range only.")
    starts, ends, zones = zip(*rows, strict=True) if rows else ((), (), ())
    return ZoneRanges(starts, ends, zones)


def _is_number(text: str) -> bool:
    digits = text.removeprefix("+")
    return digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 15


@cache
def _all_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _told_by_digits(place: str) -> tuple[str, ...]:
    """What the longest known prefix says."""
    from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX  # big: loaded when first needed

    for length in range(min(TIMEZONE_LONGEST_PREFIX, len(place)), 0, -1):
        found: tuple[str, ...] | None = TIMEZONE_DATA.get(place[:length])
        if found is not None:
            return found
    return ()


@cache
def _of_country(told: tuple[str, ...], region: str) -> tuple[str, ...]:
    own = _zones_by_country().get(region, ())
    if not own:
        return tuple(zone for zone in told if is_zone(zone))
    found: list[str] = [zone for zone in told if zone in own]
    foreign = {_standard_offset_s(zone) for zone in told if zone not in own and is_zone(zone)}
    found += [zone for zone in own if _standard_offset_s(zone) in foreign]
    by_clock: dict[tuple[int, ...], str] = {}
    for zone in found or own:
        by_clock.setdefault(_clock(zone), zone)
    return tuple(sorted(by_clock.values()))


@cache
def _zones_by_country() -> dict[str, tuple[str, ...]]:
    """ISO country → its zones, the most populous first, as the tz database lists them."""
    table = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8")
    found: dict[str, list[str]] = {}
    for line in table.splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found.setdefault(country, []).append(zone)
    return {country: tuple(zones) for country, zones in found.items()}


@cache
def _clock(zone: str) -> tuple[int, ...]:
    """The offsets of ten years, month by month: two zones that agree in them keep the same clock."""
    keeper = ZoneInfo(zone)
    months = (datetime(year, month, 15, tzinfo=UTC) for year in range(2026, 2036) for month in range(1, 13))
    return tuple(_offset_s(month, keeper) for month in months)


def _standard_offset_s(zone: str) -> int:
    return min(_clock(zone))


def _offset_s(instant: datetime, keeper: ZoneInfo) -> int:
    offset = instant.astimezone(keeper).utcoffset()
    return int(offset.total_seconds()) if offset else 0
