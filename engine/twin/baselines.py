"""Pacing schemes that are in use elsewhere, behind our port: what `prozvon bench pacing` compares with."""

from collections.abc import Callable

from engine.pacing.snapshot import Decision, Memoryless, Policy, Snapshot


class Ratio(Memoryless):
    """So many lines for each ready agent."""

    def __init__(self, lines: float) -> None:
        self._lines = lines

    def decide(self, now_s: float, snapshot: Snapshot) -> Decision:
        wanted = int(self._lines * snapshot.ready_agents + 0.5)
        waiting = snapshot.demand.inbound_waiting + snapshot.demand.robot_transfers
        return Decision(
            max(0, wanted - snapshot.in_flight - waiting),
            reason=f"{self._lines:g} lines for each of {snapshot.ready_agents} ready",
        )


BASELINES: dict[str, Callable[[], Policy]] = {
    "ratio-1.5": lambda: Ratio(1.5),
    "ratio-2": lambda: Ratio(2.0),
    "ratio-3": lambda: Ratio(3.0),
}
