"""When several zones at once are within their hours: exact, also on days when a clock is moved.

Moscow       ░░░░████████████████████████░░░░
Yekaterinburg ░░████████████████████████░░░░░░     each zone's own windows
both         ░░░░██████████████████████░░░░░░     the only time to call
"""

from collections.abc import Callable

from engine.compliance.calendars import DAY_S, Calendars

Window = tuple[int, int]  # seconds of the local day, [from, to)
Stretch = tuple[int, int]  # epoch seconds, [from, to)

HORIZON_DAYS = 40


class OpenHours:
    """`windows_of(local_day)` says at which hours of a local day the wall clock of a zone allows."""

    def __init__(self, windows_of: Callable[[int], tuple[Window, ...]]) -> None:
        self._windows_of = windows_of
        self._open: dict[tuple[tuple[str, ...], int], tuple[Stretch, ...]] = {}

    def is_open(self, calendars: Calendars, zones: tuple[str, ...], wall_s: float) -> bool:
        return any(start <= wall_s < end for start, end in self._on(calendars, zones, int(wall_s // DAY_S)))

    def next_open_s(self, calendars: Calendars, zones: tuple[str, ...], wall_s: float) -> float | None:
        """The first instant, not before `wall_s`, at which all zones allow; None within HORIZON_DAYS."""
        today = int(wall_s // DAY_S)
        for utc_day in range(today, today + HORIZON_DAYS):
            for start, end in self._on(calendars, zones, utc_day):
                if end > wall_s:
                    return max(float(start), wall_s)
        return None

    def _on(self, calendars: Calendars, zones: tuple[str, ...], utc_day: int) -> tuple[Stretch, ...]:
        found = self._open.get((zones, utc_day))
        if found is None:
            if len(self._open) > 50_000:
                self._open.clear()
            both = [(utc_day * DAY_S, (utc_day + 1) * DAY_S)]
            for zone in zones:
                both = _overlap(both, self._in_zone(calendars, zone, utc_day))
            found = self._open[zones, utc_day] = tuple(both)
        return found

    def _in_zone(self, calendars: Calendars, zone: str, utc_day: int) -> list[Stretch]:
        stretches = []
        for span in calendars.spans(zone, utc_day):
            first = (span.start_s + span.offset_s) // DAY_S
            last = (span.end_s - 1 + span.offset_s) // DAY_S
            for local_day in range(first, last + 1):
                midnight = local_day * DAY_S - span.offset_s
                for opens, closes in self._windows_of(local_day):
                    start, end = max(span.start_s, midnight + opens), min(span.end_s, midnight + closes)
                    if start < end:
                        stretches.append((start, end))
        return stretches


def _overlap(one: list[Stretch], other: list[Stretch]) -> list[Stretch]:
    pairs = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
    return sorted((start, end) for start, end in pairs if start < end)
