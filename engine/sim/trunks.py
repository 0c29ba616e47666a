"""The gateways' side of things: what their contracts and the faults of the population let through."""

from collections import Counter
from collections.abc import Callable

from engine.sim.clock import Clock
from engine.sim.outcomes import Refusal
from engine.sim.population import PopulationFile


class PerSecond:
    """How many there were in this second of the clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._second = -1
        self._count = 0

    def __call__(self) -> int:
        second = int(self._clock.now_s())
        if second != self._second:
            self._second, self._count = second, 0
        return self._count

    def add(self) -> int:
        self()
        self._count += 1
        return self._count


class Trunks:
    """Counts calls per gateway. `dice`: 0 <= dice() < 1, for the share of calls a burst hits."""

    def __init__(self, clock: Clock, file: PopulationFile, dice: Callable[[], float]) -> None:
        self._clock = clock
        self._file = file
        self._dice = dice
        self._made: dict[str, PerSecond] = {}
        self.calls: Counter[str] = Counter()

    def send(self, gateway: str) -> Refusal | None:
        """A call goes out. Why the trunk refuses it, if it does; call `ended` for it in any case."""
        self.calls[gateway] += 1
        made = self._made.setdefault(gateway, PerSecond(self._clock)).add()
        bursts = self._file.faults.congestion
        if bursts is not None and self._clock.now_s() % bursts.every_s < bursts.lasting_s:
            return Refusal(503) if self._dice() < bursts.share else None
        contract = self._file.gateways.get(gateway)
        if contract is None:
            return None
        too_many = contract.channels and self.calls[gateway] > contract.channels
        too_fast = contract.calls_per_s and made > contract.calls_per_s
        return Refusal(503) if too_many or too_fast else None

    def ended(self, gateway: str) -> None:
        self.calls[gateway] -= 1
