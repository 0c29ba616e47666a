"""The live feed: what desks, dashboards and the terminal are told as it happens."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from gevent.event import Event

from engine.logs import masked

KEPT = 5_000
BEAT_S = 15.0
PRIVATE = ("number", "from_number", "to_number")


class Feed:
    """A ring of the last events, each with a rising id; any number of readers, none holds up the engine."""

    def __init__(self, wall_s: Callable[[], float]) -> None:
        self._wall_s = wall_s
        self._ring: deque[tuple[int, float, str, dict[str, Any]]] = deque(maxlen=KEPT)
        self._last = 0
        self._news = Event()

    def tell(self, kind: str, **fields: Any) -> None:
        """Never waits. Nobody reads most of what is told, so it is put into words where somebody does."""
        self._last += 1
        self._ring.append((self._last, self._wall_s(), kind, fields))
        if not self._news.is_set():
            self._news.set()

    def after(self, last: int) -> list[dict[str, Any]]:
        """What came after event `last` and is still kept, people's numbers masked."""
        if not self._ring or self._last <= last:
            return []
        first = self._ring[0][0]
        return [_worded(*self._ring[n]) for n in range(max(0, last + 1 - first), len(self._ring))]

    def events(self, after: int = 0) -> Iterator[dict[str, Any]]:
        """Endless: the next event, or after 15 s of quiet one of kind "beat"."""
        last = after if after else self._last
        while True:
            news = self.after(last)
            if not news:
                self._news.clear()
                if not self._news.wait(BEAT_S):
                    yield {"id": last, "at_s": self._wall_s(), "kind": "beat"}
                continue
            for event in news:
                last = event["id"]
                yield event


def _worded(number: int, at_s: float, kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    hidden = {name: masked(str(fields[name])) for name in PRIVATE if fields.get(name)}
    return {"id": number, "at_s": at_s, "kind": kind, **fields, **hidden}
