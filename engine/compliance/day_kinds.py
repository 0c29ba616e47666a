"""Is a day a working day, a day of the weekend or a holiday? By the state's table and by one's own dates."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from engine.compliance.calendars import date_of, public_holidays, weekday
from engine.domain.errors import ConfigError

DayKind = Literal["workday", "weekend", "holiday"]
_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class DayKinds:
    """`country`, `subdivision`: whose public holidays ("" for none). `holidays`, `workdays`: own dates, which
    win over the table. `weekend`: from mon, tue, wed, thu, fri, sat, sun."""

    country: str = ""
    subdivision: str = ""
    holidays: tuple[date, ...] = ()
    workdays: tuple[date, ...] = ()
    weekend: tuple[str, ...] = ("sat", "sun")
    _known: dict[int, DayKind] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        for name in self.weekend:
            if name not in _NAMES:
                raise ConfigError(
                    f"{name!r} is not a day of the week", "weekend", f"Use {', '.join(_NAMES)}."
                )
        if self.country:
            try:
                public_holidays(self.country, self.subdivision, 2026)
            except NotImplementedError:
                place = f"{self.country} {self.subdivision}".strip()
                raise ConfigError(
                    f"no table of public holidays for {place!r}",
                    "country",
                    'Use an ISO 3166 code such as RU, PL or US, or "" and your own dates in holidays.',
                ) from None

    def kind(self, local_day: int) -> DayKind:
        found = self._known.get(local_day)
        if found is None:
            found = self._known[local_day] = self._judge(local_day)
        return found

    def _judge(self, local_day: int) -> DayKind:
        day = date_of(local_day)
        if day in self.workdays:
            return "workday"
        if day in self.holidays:
            return "holiday"
        if self.country:
            free, worked = public_holidays(self.country, self.subdivision, day.year)
            if local_day in worked:
                return "workday"
            if local_day in free:
                return "holiday"
        return "weekend" if _NAMES[weekday(local_day)] in self.weekend else "workday"


def day_text(local_day: int) -> str:
    """'Sat 21 Nov 2026', the same in every locale."""
    day = date_of(local_day)
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{_NAMES[weekday(local_day)].title()} {day.day} {months[day.month - 1]} {day.year}"
