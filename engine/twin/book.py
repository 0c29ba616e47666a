"""What is counted while the twin runs: integrals over time and sums over calls, by interval.

occupancy             (talk + wrap-up) ÷ staffed time of the operators
abandonment           missed ÷ live answers: nobody came within the clock, or the person left before
wait                  from the answer to the proof of the bridge, mean over the talks, seconds
calls per operator h  talks with a person ÷ staffed hours
trunk use             channels towards people in use, mean over time ÷ channels of the contract
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import IO, Any

from engine.calls.agent import AgentLife
from engine.domain.agent import AgentState
from engine.domain.attempt import Disposition as D
from engine.ports import Clock

STAFFED = frozenset(
    {AgentState.READY, AgentState.RESERVED, AgentState.TALKING, AgentState.WRAP_UP, AgentState.PREVIEW}
)
MACHINES = frozenset({D.MACHINE.value, D.FAX.value})


@dataclass(slots=True)
class Sums:
    """One interval. Times in seconds, summed over operators (or channels); the rest are counts."""

    from_s: float = 0.0
    staffed_s: float = 0.0
    talk_s: float = 0.0
    wrap_s: float = 0.0
    channel_s: float = 0.0
    contract_s: float = 0.0
    wait_s: float = 0.0
    launched: int = 0
    ended: int = 0
    talked: int = 0
    abandoned: int = 0
    hung_up: int = 0
    machines: int = 0
    cancelled: int = 0
    inbound: int = 0
    inbound_talked: int = 0
    inbound_wait_s: float = 0.0
    robot: int = 0

    def add(self, other: "Sums") -> None:
        for one in fields(self):
            if one.name != "from_s":
                setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))

    @property
    def live(self) -> int:
        return self.talked + self.abandoned + self.hung_up


@dataclass(slots=True)
class Book:
    """Kept by the twin. `every_s`: length of an interval. What happens before `since_s` is not counted."""

    clock: Clock
    channels: int
    every_s: float
    since_s: float
    intervals: list[Sums] = field(default_factory=list)
    missed: bytearray = field(default_factory=bytearray)  # of each live answer in order: 1 where nobody came
    by_disposition: dict[str, int] = field(default_factory=dict)
    _states: dict[str, tuple[AgentState, float]] = field(default_factory=dict)
    _busy_since_s: float = 0.0
    busy: Callable[[], int] = lambda: 0
    _machine_talks: set[str] = field(default_factory=set)

    @property
    def now(self) -> Sums:
        if not self.intervals:
            self.intervals.append(Sums(from_s=self.clock.now_s()))
        return self.intervals[-1]

    # --- time --------------------------------------------------------------------------------------

    def turn_page(self) -> None:
        """An interval is over: what lasts is counted up to here."""
        self.close()
        now = self.clock.now_s()
        if now <= self.since_s:
            self.intervals.clear()
            self.by_disposition.clear()
            self.missed.clear()
        self.intervals.append(Sums(from_s=now))

    def close(self) -> None:
        now = self.clock.now_s()
        for name, (state, since_s) in self._states.items():
            self._lasted(state, now - since_s)
            self._states[name] = (state, now)
        self.counting()

    def moved(self, life: AgentLife, before: AgentState) -> None:
        now = self.clock.now_s()
        state, since_s = self._states.get(life.agent.agent_id, (before, now))
        self._lasted(state, now - since_s)
        self._states[life.agent.agent_id] = (life.state, now)

    def _lasted(self, state: AgentState, seconds: float) -> None:
        page = self.now
        if state in STAFFED:
            page.staffed_s += seconds
            if state is AgentState.TALKING:
                page.talk_s += seconds
            elif state is AgentState.WRAP_UP:
                page.wrap_s += seconds

    def counting(self) -> None:
        """The number of channels in use is about to change."""
        now = self.clock.now_s()
        page, lasted_s = self.now, now - self._busy_since_s
        page.channel_s += lasted_s * self.busy()
        page.contract_s += lasted_s * self.channels
        self._busy_since_s = now

    # --- calls -------------------------------------------------------------------------------------

    def ended(self, cdr: Mapping[str, Any], machine: bool) -> None:
        """`machine`: nobody of flesh and blood was at the other end, whatever the engine took it for."""
        page, end = self.now, cdr["disposition"]
        page.ended += 1
        self.by_disposition[end] = self.by_disposition.get(end, 0) + 1
        if cdr["mode"] == "inbound":
            page.inbound += 1
            if end == D.TALKED:
                page.inbound_talked += 1
                page.inbound_wait_s += cdr["wait_s"]
        elif machine or end in MACHINES:
            page.machines += 1
        elif end == D.TALKED:
            page.talked += 1
            page.wait_s += cdr["wait_s"]
            self.missed.append(0)
        elif end == D.ABANDONED:
            page.abandoned += 1
            self.missed.append(1)
        elif end == D.HUNG_UP:
            page.hung_up += 1
            self.missed.append(1)
        elif end == D.CANCELLED:
            page.cancelled += 1
        elif end in (D.ROBOT_DONE, D.ROBOT_PARTIAL):
            page.robot += 1


class TwinJournal:
    """See `engine.ports.Journal`. Hands on the ends of calls, and writes everything down where asked to."""

    def __init__(
        self, clock: Clock, on_record: Callable[[str, Mapping[str, Any]], None], to: IO[str] | None
    ) -> None:
        self._clock, self._on_record, self._to = clock, on_record, to
        self._count = 0

    def append(self, kind: str, shard_of: str, record: Mapping[str, Any]) -> None:
        self._on_record(kind, record)
        if self._to is not None:
            self._count += 1
            place = {"kind": kind, "at_s": round(self._clock.wall_s(), 6), "id": f"{self._count:09d}"}
            self._to.write(json.dumps({**place, **record}, default=str, ensure_ascii=False) + "\n")

    def read(self, kinds: frozenset[str] | None = None, since_s: float = 0.0) -> Any:
        return iter(())
