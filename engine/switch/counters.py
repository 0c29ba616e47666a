"""What a link counts, for /metrics."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class LinkCounters:
    """`pauses`: seconds, roughly, for which reading stopped because facts were not taken fast enough."""

    events: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    unreadable: int = 0
    pauses: int = 0
    connects: int = 0
    failures: int = 0
    restarts: int = 0
    gaps: int = 0
    originates: int = 0
    refused: int = 0

    @property
    def reconnects(self) -> int:
        return max(0, self.connects - 1)
