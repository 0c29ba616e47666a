"""What was put off by `sched_hangup` and its like, by the leg it is for."""

from collections.abc import Callable

from engine.sim.clock import Clock, Timer


class Later:
    """Actions on their way. A group (a leg's id) can be taken back whole."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._groups: dict[str, list[Timer]] = {}

    def add(self, group: str, delay_s: float, action: Callable[[], None]) -> None:
        timers = self._groups.setdefault(group, [])

        def run() -> None:
            timers.remove(timer)
            action()

        timer = self._clock.after(delay_s, run)
        timers.append(timer)

    def take_back(self, group: str) -> int:
        """How many there were."""
        timers = self._groups.pop(group, [])
        for timer in timers:
            timer.cancel()
        return len(timers)


def delay_of(when: str) -> float | None:
    """Seconds of `+5`; None for anything else."""
    return float(when[1:]) if when.startswith("+") and when[1:].isdigit() else None
