"""Timers of the engine: very many, of which very few ever ring."""

import heapq
from collections.abc import Callable
from itertools import count
from time import monotonic
from typing import Any

import gevent

from engine.greenlets import run_soon


class Alarm:
    """Something to be done once, unless it is called off first."""

    __slots__ = ("name", "then")

    def __init__(self, name: str, then: Callable[[], object]) -> None:
        self.name = name
        self.then: Callable[[], object] | None = then

    def cancel(self) -> None:
        self.then = None

    def ring(self) -> None:
        then, self.then = self.then, None
        if then is not None:
            then()


class Alarms:
    """Any number of timers for the price of one: a heap, and one watcher of the loop for the earliest.

    Most timers of a dialer never ring, so setting and calling off must cost next to nothing. What is due is
    run soon, so one that waits holds up no other.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Alarm]] = []
        self._order = count()
        self._watcher: Any = None
        self._armed_for_s = 0.0  # 0.0: not at all

    def __len__(self) -> int:
        return len(self._heap)

    def after(self, after_s: float, name: str, then: Callable[[], object]) -> Callable[[], None]:
        """Run `then` in `after_s` seconds; the function returned calls it off."""
        alarm = Alarm(name, then)
        at_s = self._clock() + after_s
        heapq.heappush(self._heap, (at_s, next(self._order), alarm))
        if not self._armed_for_s or at_s < self._armed_for_s:
            self._arm()
        return alarm.cancel

    def _arm(self) -> None:
        """Wake up when the earliest is due. Those called off are swept out where they lie at the front."""
        heap = self._heap
        while heap and heap[0][2].then is None:
            heapq.heappop(heap)
        if self._watcher is not None:
            self._watcher.stop()
        if not heap:
            self._armed_for_s = 0.0
            return
        self._armed_for_s = heap[0][0]
        self._watcher = gevent.get_hub().loop.timer(max(0.0, self._armed_for_s - self._clock()))
        self._watcher.start(self._ring)

    def _ring(self) -> None:
        """In the hub."""
        now_s = self._clock() + 0.0005
        while self._heap and self._heap[0][0] <= now_s:
            alarm = heapq.heappop(self._heap)[2]
            run_soon(alarm.name, alarm.ring)
        self._arm()
