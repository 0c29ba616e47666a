"""The journal's twin in memory."""

from collections.abc import Iterator, Mapping
from typing import Any

from engine.ports import Clock


class MemoryJournal:
    """See `engine.ports.Journal`. Give it to `MemoryStore` too, and it holds what the scripts write."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._records: list[dict[str, Any]] = []

    def append(self, kind: str, shard_of: str, record: Mapping[str, Any]) -> None:
        place = {"kind": kind, "at_s": self._clock.wall_s(), "id": f"{len(self._records)}"}
        self._records.append(dict(record) | place)

    def read(self, kinds: frozenset[str] | None = None, since_s: float = 0.0) -> Iterator[dict[str, Any]]:
        return iter(
            [
                dict(record)
                for record in self._records
                if record["at_s"] >= since_s and (kinds is None or record["kind"] in kinds)
            ]
        )
