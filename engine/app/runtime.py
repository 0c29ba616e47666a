"""Time and concurrency at the edge: the real clock, timers and tasks on gevent."""

import time
from collections.abc import Callable

from engine import greenlets


class SystemClock:
    """`speed` > 1 makes the engine's time run faster, for demonstrations with a switch of the same speed."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._mono0, self._wall0 = time.monotonic(), time.time()

    def now_s(self) -> float:
        return self._mono0 + (time.monotonic() - self._mono0) * self.speed

    def wall_s(self) -> float:
        if self.speed == 1.0:
            return time.time()
        return self._wall0 + (time.monotonic() - self._mono0) * self.speed


class GeventTimers:
    def __init__(self, clock: SystemClock) -> None:
        self._clock = clock

    def after(self, after_s: float, name: str, then: Callable[[], None]) -> Callable[[], None]:
        greenlet = greenlets.start_later(max(0.0, after_s) / self._clock.speed, name, then)
        return lambda: greenlet.kill(block=False)


class GeventTasks:
    def start(self, name: str, run: Callable[..., None], *args: object) -> None:
        greenlets.start(name, run, *args)
