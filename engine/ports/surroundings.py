"""Time, work beside the caller, and the memory of what happened."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol


class Clock(Protocol):
    """Two clocks: `now_s` for durations (monotonic), `wall_s` for calendars (epoch seconds)."""

    def now_s(self) -> float: ...
    def wall_s(self) -> float: ...


class Timers(Protocol):
    """Call `then` once, `after_s` seconds from now on the engine's clock; the returned function cancels."""

    def after(self, after_s: float, name: str, then: Callable[[], None]) -> Callable[[], None]: ...


class Tasks(Protocol):
    """Run something that may wait, beside the caller. Its exceptions are logged, never lost."""

    def start(self, name: str, run: Callable[..., None], *args: object) -> None: ...


class Journal(Protocol):
    """Facts and decisions, hot tail and archive read as one, oldest first.

    Kinds: intent, cdr, blocked and callback are written by the store itself (in `intend`, `settle`,
    `put_back`, `reschedule`); outcome (what an agent noted), audit (who did what by the API), decision,
    import, agent, campaign, config and note by whoever has something to tell.
    """

    def append(self, kind: str, shard_of: str, record: Mapping[str, Any]) -> None:
        """`shard_of`: the person the record is about ("" for the system). `record`: plain data; the keys
        kind, at_s and id are the journal's own. Never blocks. Raises TypeError for what is not plain."""
        ...

    def read(self, kinds: frozenset[str] | None = None, since_s: float = 0.0) -> Iterator[dict[str, Any]]:
        """Records from `since_s` (epoch seconds) on: the fields given, with `kind`, `at_s` (wall clock of who
        wrote it) and `id` (unique). In order of arrival at the store, to the millisecond across people."""
        ...
