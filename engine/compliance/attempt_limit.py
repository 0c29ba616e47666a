"""Rule: so many times a day, week, month, or in the last N days; across all campaigns of the person.

A day of the calendar is counted in every candidate zone, and the worst binds:

    Moscow        ──── Mon ────┊──── Tue ─────        a call at ▲ is of Monday in Moscow and of
    Vladivostok   ─ Mon ─┊──── Tue ───────            Tuesday in Vladivostok: it uses up both
                            ▲
"""

from dataclasses import dataclass
from typing import ClassVar

from engine.compliance.calendars import DAY_S, PeriodName
from engine.compliance.case import Case
from engine.compliance.counting import check_kind, counts
from engine.compliance.day_kinds import day_text
from engine.domain.errors import ConfigError
from engine.domain.gate import Blocked

MOST_DAYS_BACK = 90  # a person's history is kept for 100 days


@dataclass(frozen=True, slots=True)
class Params:
    """Most per calendar day, week (from Monday) and month; most in the last `rolling_days` × 24 hours.

    `counts`: attempts, connections (answered for `min_connected_s` or longer) or conversations. `per`:
    person, or number (each number of the person has limits of its own).
    """

    per_day: int | None = None
    per_week: int | None = None
    per_month: int | None = None
    rolling_days: int | None = None
    rolling_most: int | None = None
    counts: str = "attempts"
    min_connected_s: float = 0.0
    per: str = "person"

    def __post_init__(self) -> None:
        check_kind(self.counts)
        if self.per not in ("person", "number"):
            raise ConfigError(f"{self.per!r} cannot be limited", "per", "Use person or number.")
        for name in ("per_day", "per_week", "per_month", "rolling_days", "rolling_most"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigError(f"{value} is less than 1", name, "Leave it out, or stop the campaign.")
        if (self.rolling_days is None) != (self.rolling_most is None):
            raise ConfigError("half a limit", "rolling_days", "rolling_days and rolling_most go together.")
        if self.rolling_days and self.rolling_days > MOST_DAYS_BACK:
            raise ConfigError(f"{self.rolling_days} days", "rolling_days", f"At most {MOST_DAYS_BACK}.")
        if not (self.per_day or self.per_week or self.per_month or self.rolling_days):
            raise ConfigError("limits nothing", "", "Give per_day, per_week, per_month or rolling_days.")


class AttemptLimit:
    name: ClassVar[str] = "attempt_limit"

    def __init__(self, params: Params) -> None:
        self._params = params
        self.needs_zone = bool(params.per_day or params.per_week or params.per_month)
        limits: tuple[tuple[PeriodName, int | None], ...] = (
            ("day", params.per_day),
            ("week", params.per_week),
            ("month", params.per_month),
        )
        self._calendar = [(period, most) for period, most in limits if most]

    def judge(self, case: Case) -> Blocked | None:
        history = case.history.touches
        if not history:
            return None
        params, number = self._params, case.phone.number
        counted = sorted(
            touch.at_s
            for touch in history
            if (params.per == "person" or touch.number == number)
            and counts(touch, params.counts, params.min_connected_s)
        )
        if not counted:
            return None
        found = [self._in_calendar(case, counted, *limit) for limit in self._calendar]
        found.append(self._rolling(case, counted))
        blocked = [one for one in found if one is not None]
        return max(blocked, key=lambda one: one.retry_at_s) if blocked else None

    def _in_calendar(self, case: Case, counted: list[float], name: PeriodName, most: int) -> Blocked | None:
        if len(counted) < most:
            return None
        binding_s = counted[-most]
        periods = [(case.calendars.period(zone, name, case.wall_s), zone) for zone in case.zones]
        full = [(period.end_s, period, zone) for period, zone in periods if binding_s >= period.start_s]
        if not full:
            return None
        end_s, period, zone = max(full, key=lambda one: one[0])
        used = sum(at_s >= period.start_s for at_s in counted)
        first, last = period.first_day, period.last_day
        when = day_text(first) if first == last else f"{_short(first)} – {_short(last)}"
        this = "today" if name == "day" else f"this {name}"
        return self._blocked(f"{used} of {most} {self._what()} {this} ({when}, {zone})", end_s)

    def _rolling(self, case: Case, counted: list[float]) -> Blocked | None:
        days, most = self._params.rolling_days, self._params.rolling_most
        if days is None or most is None or len(counted) < most:
            return None
        frees_s = counted[-most] + days * DAY_S
        if frees_s <= case.wall_s:
            return None
        used = sum(at_s + days * DAY_S > case.wall_s for at_s in counted)
        return self._blocked(f"{used} of {most} {self._what()} in the last {days} days", frees_s)

    def _what(self) -> str:
        what = "calls" if self._params.counts == "attempts" else self._params.counts
        return f"{what} to this number" if self._params.per == "number" else what

    def _blocked(self, reason: str, retry_at_s: float) -> Blocked:
        return Blocked(self.name, reason, retry_at_s, number_only=self._params.per == "number")


def _short(local_day: int) -> str:
    return day_text(local_day).rpartition(" ")[0]
