"""The only `spawn` in the house.

Whoever needs something to run beside them asks here, so that no greenlet dies unheard, no queue grows
without bound and no slow handler holds up its neighbours.
"""

import logging
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any

import gevent
from gevent.event import AsyncResult
from greenlet import getcurrent, greenlet

log = logging.getLogger(__name__)

TURN_S = 1e-6
"""More than 0: gevent looks at sockets and timers only after fifty callbacks, and sleep(0) is a callback."""

FAILURES = (Exception, gevent.Timeout)  # a Timeout nobody caught is no Exception to Python


def start(name: str, fn: Callable[..., object], *args: object) -> gevent.Greenlet:
    """Run one piece of work beside the caller. Its exception is logged and counted, never lost."""
    return gevent.spawn(_heard, name, fn, args)


def run_soon(name: str, fn: Callable[..., object], *args: object) -> None:
    """The same for what nobody joins or kills, at a tenth of the price: its greenlet is used again."""
    _crew.run(name, fn, args)


def start_later(after_s: float, name: str, fn: Callable[..., object], *args: object) -> gevent.Greenlet:
    """The same, after a delay in seconds. `kill()` of the greenlet returned calls it off."""
    return gevent.spawn_later(after_s, _heard, name, fn, args)


def run_later(after_s: float, name: str, fn: Callable[..., object], *args: object) -> Callable[[], None]:
    """`run_soon`, after a delay in seconds. The function returned calls it off."""
    timer = gevent.get_hub().loop.timer(after_s)
    timer.start(_crew.run, name, fn, args)
    return timer.stop  # type: ignore[no-any-return]


def supervise(name: str, run: Callable[[], object], on_death: Callable[[str], object]) -> gevent.Greenlet:
    """Start a loop that must not end. If it does, by return or by exception, it is said and `on_death(name)`
    chooses restart or shutdown. A greenlet that is killed on purpose ends in silence.
    """

    def report(dead: gevent.Greenlet) -> None:
        if isinstance(dead.value, gevent.GreenletExit):
            return
        deaths[name] = deaths.get(name, 0) + 1
        log.critical(
            "greenlet died", extra={"greenlet": name}, exc_info=dead.exc_info if dead.exception else None
        )
        on_death(name)

    greenlet = gevent.spawn(run)
    greenlet.link(report)
    return greenlet


deaths: dict[str, int] = {}
"""How often each named piece of work ended by an exception (or, for a supervised loop, at all)."""


def _heard(name: str, fn: Callable[..., object], args: tuple[object, ...]) -> object:
    try:
        return fn(*args)
    except FAILURES:
        deaths[name] = deaths.get(name, 0) + 1
        log.exception("greenlet failed", extra={"greenlet": name})
        return None


class Crew:
    """Greenlets that are used again. To begin one costs more than most of the work in a dialer: the
    interpreter maps fresh memory for its stack.

    Work runs in the order it was given; what waits lets the next begin, so there are as many greenlets as
    pieces of work that wait, and a burst of a thousand short ones costs one.
    """

    def __init__(self, kept: int = 256, most_ms: float = 5.0) -> None:
        self._kept, self._most_s = kept, most_ms / 1000.0
        self._work: deque[tuple[str, Callable[..., object], tuple[object, ...]]] = deque()
        self._idle: list[greenlet] = []
        self._called = False
        self._next_turn: Any = None

    def run(self, name: str, fn: Callable[..., object], args: tuple[object, ...]) -> None:
        self._work.append((name, fn, args))
        if not self._called:
            self._called = True
            gevent.get_hub().loop.run_callback(self._begin)

    def _begin(self) -> None:
        """In the hub: each switch comes back when that greenlet waits, or has nothing more to do."""
        self._called, until_s = False, monotonic() + self._most_s
        while self._work:
            if monotonic() > until_s:  # sockets and timers want their turn too
                self._called = True
                self._next_turn = gevent.get_hub().loop.timer(0.0)
                self._next_turn.start(self._begin)
                return
            worker = self._idle.pop() if self._idle else greenlet(self._life, gevent.get_hub())
            worker.switch(until_s)

    def _life(self, until_s: float) -> None:
        hub, me = gevent.get_hub(), getcurrent()
        while True:
            while self._work and monotonic() < until_s:
                _heard(*self._work.popleft())
            if len(self._idle) >= self._kept:
                return
            self._idle.append(me)
            until_s = hub.switch()


_crew = Crew()


class Deadline:
    """One timer for many waits of the same length: a timer for each costs more than the rest of the wait."""

    def __init__(self, seconds: float, clock: Callable[[], float] = monotonic) -> None:
        self._s, self._clock = seconds, clock
        self._waits: deque[tuple[float, AsyncResult[Any]]] = deque()
        self._armed = False

    def get(self, result: "AsyncResult[Any]") -> Any:
        """Block until it is there. TimeoutError: it was not in time."""
        waits = self._waits
        while waits and waits[0][1].ready():
            waits.popleft()
        waits.append((self._clock() + self._s, result))
        if not self._armed:
            self._armed = True
            run_later(self._s, "deadline", self._look)
        return result.get()

    def _look(self) -> None:
        waits, now = self._waits, self._clock()
        while waits and (waits[0][0] <= now or waits[0][1].ready()):
            _, result = waits.popleft()
            if not result.ready():
                result.set_exception(TimeoutError())
        self._armed = bool(waits)
        if waits:
            run_later(waits[0][0] - now, "deadline", self._look)


class Pool:
    """At most `size` greenlets at once. Full is an answer (False), not a wait: the caller decides."""

    def __init__(self, name: str, size: int) -> None:
        self.name, self.size = name, size
        self.refused = 0
        self._busy: set[gevent.Greenlet] = set()

    @property
    def busy(self) -> int:
        return len(self._busy)

    def start(self, fn: Callable[..., object], *args: object) -> bool:
        if len(self._busy) >= self.size:
            self.refused += 1
            return False
        greenlet = start(self.name, fn, *args)
        self._busy.add(greenlet)
        greenlet.link(self._busy.discard)
        return True

    def join(self, timeout_s: float) -> bool:
        """True when all have ended in time."""
        gevent.joinall(list(self._busy), timeout=timeout_s)
        return not self._busy

    def kill(self) -> None:
        gevent.killall(list(self._busy), block=True, timeout=1.0)


class HubLag:
    """How late the hub runs what is due: the time every other greenlet had to wait, milliseconds.

    Sleeps `every_s` and measures by how much it overslept. `worst_ms` since `reset()`.
    """

    def __init__(self, every_s: float = 0.05, clock: Callable[[], float] = monotonic) -> None:
        self._every_s, self._clock = every_s, clock
        self.last_ms = self.worst_ms = 0.0
        self._greenlet: gevent.Greenlet | None = None

    def start(self) -> None:
        self._greenlet = supervise("hub lag", self._watch, lambda _: self.start())

    def stop(self) -> None:
        if self._greenlet:
            self._greenlet.kill(timeout=1.0)

    def reset(self) -> None:
        self.worst_ms = 0.0

    def _watch(self) -> None:
        while True:
            slept_from = self._clock()
            gevent.sleep(self._every_s)
            self.last_ms = max(0.0, (self._clock() - slept_from - self._every_s) * 1000.0)
            self.worst_ms = max(self.worst_ms, self.last_ms)


class Turns:
    """Fairness for a loop that always has more to do: gives the hub a turn after `items` items or `ms`
    milliseconds, whichever comes first. Call it once per item."""

    def __init__(self, items: int = 32, ms: float = 5.0, clock: Callable[[], float] = monotonic) -> None:
        self._items, self._s, self._clock = items, ms / 1000.0, clock
        self.begin()

    def __call__(self) -> None:
        self._done += 1
        if self._done >= self._items or self._clock() - self._since >= self._s:
            gevent.sleep(TURN_S)
            self.begin()

    def begin(self) -> None:
        """The caller has just waited, so everybody else has had their turn."""
        self._done, self._since = 0, self._clock()


def sleep(seconds: float) -> None:
    gevent.sleep(seconds)


def kill(*greenlets: Any) -> None:
    """End greenlets and wait for it, at most a second. None and the current one are left alone."""
    others = [g for g in greenlets if g is not None and g is not gevent.getcurrent()]
    gevent.killall(others, block=True, timeout=1.0)
