"""Time and concurrency at the edge: the real clock, timers and tasks on gevent."""

import time
from collections.abc import Callable

from engine import greenlets
from engine.app.alarms import Alarms


class SystemClock:
    """`speed` > 1 makes durations run faster, for demonstrations with a switch of the same speed. The wall
    clock is always the real one: calendars and the store go by it."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._mono0 = time.monotonic()
        self.now_s: Callable[[], float] = time.monotonic if speed == 1.0 else self._faster
        self.wall_s: Callable[[], float] = time.time

    def _faster(self) -> float:
        return self._mono0 + (time.monotonic() - self._mono0) * self.speed


class GeventTimers:
    """See `engine.ports.Timers`."""

    def __init__(self, clock: SystemClock) -> None:
        self._clock, self._alarms = clock, Alarms()

    def after(self, after_s: float, name: str, then: Callable[[], None]) -> Callable[[], None]:
        return self._alarms.after(max(0.0, after_s) / self._clock.speed, name, then)


class GeventTasks:
    def start(self, name: str, run: Callable[..., None], *args: object) -> None:
        greenlets.run_soon(name, run, *args)
