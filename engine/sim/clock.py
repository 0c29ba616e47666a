"""The virtual switch's time: one heap of timers, run by the real clock or wound by hand.

Everything that happens later in the switch (ring, answer, the end of a prompt) is a timer here. The core of
the switch never waits: it is a machine that timers and commands push. So a test can wind a `ManualClock`
through a whole day of calls without sleeping, and a server runs the same code on a `RealClock`.
"""

import heapq
import itertools
import logging
import time
from collections.abc import Callable
from typing import Protocol

import gevent
from gevent.event import Event

from engine import greenlets

log = logging.getLogger(__name__)

Action = Callable[[], None]


class Timer:
    """Something to be done at `at_s`, unless it is cancelled first."""

    __slots__ = ("action", "at_s")

    def __init__(self, at_s: float, action: Action) -> None:
        self.at_s = at_s
        self.action: Action | None = action

    def cancel(self) -> None:
        self.action = None


class Clock(Protocol):
    """`now_s`: seconds of the switch's own time, sped up or not. `wall_us`: wall clock, microseconds."""

    def now_s(self) -> float: ...
    def wall_us(self) -> int: ...
    def after(self, delay_s: float, action: Action) -> Timer: ...


class _Heap:
    """Timers in the order they fall due; those due at one instant run in the order they were set."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()

    def push(self, timer: Timer) -> bool:
        """Keep the timer. True if it is now the next one to run."""
        heapq.heappush(self._heap, (timer.at_s, next(self._order), timer))
        return self._heap[0][2] is timer

    def next_at_s(self) -> float | None:
        while self._heap and self._heap[0][2].action is None:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now_s: float) -> Action | None:
        due_s = self.next_at_s()
        if due_s is None or due_s > now_s:
            return None
        timer = heapq.heappop(self._heap)[2]
        action, timer.action = timer.action, None
        return action


class RealClock:
    """Runs timers by the monotonic clock, `speed` times faster than life.

    A day of ringing and talking at speed 60 takes 24 minutes. Time stamps in events stay those of the wall
    clock, so a log of the switch and a log of its client can be laid side by side.
    """

    def __init__(self, speed: float = 1.0) -> None:
        if speed <= 0:
            raise ValueError(f"speed must be above 0, not {speed}")
        self.speed = speed
        self._zero_s = time.monotonic()
        self._heap = _Heap()
        self._wake = Event()
        self._greenlet: gevent.Greenlet | None = None

    def now_s(self) -> float:
        return (time.monotonic() - self._zero_s) * self.speed

    def wall_us(self) -> int:
        return time.time_ns() // 1000

    def after(self, delay_s: float, action: Action) -> Timer:
        timer = Timer(self.now_s() + max(0.0, delay_s), action)
        if self._heap.push(timer):
            self._wake.set()
        return timer

    def start(self) -> None:
        self._greenlet = greenlets.supervise("virtual switch clock", self._run, lambda _: self.start())

    def stop(self) -> None:
        if self._greenlet is not None:
            greenlets.kill(self._greenlet)
            self._greenlet = None

    def _run(self) -> None:
        turns = 0
        while True:
            action = self._heap.pop_due(self.now_s())
            if action is None:
                due_s = self._heap.next_at_s()
                self._wake.clear()
                self._wake.wait(1.0 if due_s is None else max(0.0, due_s - self.now_s()) / self.speed)
                continue
            try:
                action()
            except Exception:  # one broken call must not stop the time of all others; it is told loudly
                log.exception("a timer of the virtual switch failed")
            turns += 1
            if turns % 64 == 0:
                gevent.sleep(0)


class ManualClock:
    """Time stands still until `advance` is called; then every timer due runs at its own instant."""

    def __init__(self, wall_s: float = 1_795_293_207.0) -> None:
        self._now_s = 0.0
        self._wall_s = wall_s
        self._heap = _Heap()

    def now_s(self) -> float:
        return self._now_s

    def wall_us(self) -> int:
        return round((self._wall_s + self._now_s) * 1_000_000)

    def after(self, delay_s: float, action: Action) -> Timer:
        timer = Timer(self._now_s + max(0.0, delay_s), action)
        self._heap.push(timer)
        return timer

    def advance(self, seconds: float) -> None:
        end_s = self._now_s + seconds
        while (due_s := self._heap.next_at_s()) is not None and due_s <= end_s:
            self._now_s = max(self._now_s, due_s)
            action = self._heap.pop_due(self._now_s)
            if action is not None:
                action()
        self._now_s = end_s
