"""Virtual time: clock, timers and tasks in one. An hour passes as fast as it can be worked off."""

from collections.abc import Callable
from heapq import heappop, heappush

from engine.domain.errors import DialerError


class VirtualTime:
    """See `engine.ports.Clock`, `Timers` and `Tasks`. Of what is due at one instant, who asked first
    comes first."""

    def __init__(self, wall_s: float) -> None:
        self.now = 0.0
        self.wall_at_zero_s = wall_s
        self._heap: list[tuple[float, int, list[Callable[[], None]]]] = []
        self._number = 0
        self.happened = 0

    def now_s(self) -> float:
        return self.now

    def wall_s(self) -> float:
        return self.wall_at_zero_s + self.now

    def after(self, after_s: float, name: str, then: Callable[[], None]) -> Callable[[], None]:
        self._number += 1
        held = [then]  # emptied when it is called off: the heap keeps it until its time
        heappush(self._heap, (self.now + max(0.0, after_s), self._number, held))
        return held.clear

    def start(self, name: str, run: Callable[..., None], *args: object) -> None:
        """At once: nothing here ever waits."""
        run(*args)

    def run_until(self, until_s: float, most: int = 0) -> None:
        """Let time go by; everything due happens, in order. `most` happenings, if more than 0: then it is an
        error, for the twin goes round in circles at one instant."""
        heap, left = self._heap, most or -1
        while heap and heap[0][0] <= until_s:
            at_s, _, held = heappop(heap)
            if not held:
                continue
            self.now = at_s
            self.happened += 1
            held[0]()
            left -= 1
            if left == 0:
                raise DialerError(f"{most} things happened before {until_s} s", f"virtual time {at_s:.3f} s")
        self.now = max(self.now, until_s)
