"""What every part of the dialer is given: ports, definitions, and the feed of live events."""

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import uuid4

from engine.domain.agent import Agent
from engine.domain.campaign import Campaign
from engine.pacing import POLICIES
from engine.pacing.snapshot import Policy
from engine.ports import Clock, ContactStore, Journal, Lease, Switch, Tasks, Timers

log = logging.getLogger("prozvon.dialer")
DAY_S = 86_400


def random_id() -> str:
    """An id that no other engine makes: it becomes a leg's id, on every switch alike."""
    return str(uuid4())


@dataclass(frozen=True, slots=True)
class GatewayTerms:
    """The contract with a trunk: `channels` at once, `calls_per_s`, on `switch`.

    `strip`, `prepend`: how an E.164 number is written for it. `codec`: the one of its calls. After
    `rest_after` failures in a row it rests for `rest_s`.
    """

    name: str
    switch: str
    channels: int
    calls_per_s: float
    strip: str = ""
    prepend: str = ""
    codec: str = ""
    rest_after: int = 20
    rest_s: float = 60.0

    @property
    def burst(self) -> int:
        """Calls that may be started at once, after a second of rest."""
        return max(1, int(self.calls_per_s))

    def as_dialed(self, number: str) -> str:
        """The E.164 number as this trunk wants it."""
        return self.prepend + number.removeprefix(self.strip)


@dataclass(frozen=True, slots=True)
class Tuning:
    """Intervals and limits that operations may change while calls run; all in seconds.

    `min_check_s`, `max_check_s`: between two pacing decisions. `switch_lag_limit_s`, `switch_lag_stop_s`:
    originate → channel, p95: above the one half as many calls, above the other none.
    """

    min_check_s: float = 0.05
    max_check_s: float = 1.0
    switch_lag_limit_s: float = 0.5
    switch_lag_stop_s: float = 2.0
    claim_lease_s: float = 60.0
    team_lease_s: float = 8.0


@dataclass(slots=True)
class Shop:
    """Ports and definitions. `leases`: by team, replaced at each renewal; no lease, no call. `recovering`:
    teams of ours whose live calls are still being adopted; no call for them yet. `lease_ends_s`: until when
    (engine clock) each lease is surely ours. `store_away`: it did not answer when it was last asked.

    `bridge_proof_s`: how long the proof of a bridge may take (measured: it comes after 28-34 ms). The first
    order is repeated after half of it, the second after the whole.
    `tell(kind, **fields)`: the live feed for desks, dashboards and the terminal; never blocks.
    `new_id`: where the ids of legs come from, and `policies`: by mode; a twin of a campaign has its own.
    """

    clock: Clock
    timers: Timers
    tasks: Tasks
    store: ContactStore
    journal: Journal
    switches: Mapping[str, Switch]
    tell: Callable[..., None]
    bridge_proof_s: float = 0.3
    tuning: Tuning = Tuning()
    gateways: dict[str, GatewayTerms] = field(default_factory=dict)
    leases: dict[str, Lease] = field(default_factory=dict)
    lease_ends_s: dict[str, float] = field(default_factory=dict)
    store_away: bool = False
    recovering: set[str] = field(default_factory=set)
    campaigns: dict[str, Campaign] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    new_id: Callable[[], str] = random_id
    policies: Mapping[str, Callable[[], Policy]] = field(default_factory=lambda: POLICIES)

    def may_dial(self, team: str) -> bool:
        """The team is ours, and what lived before us is known."""
        return team in self.leases and team not in self.recovering

    def may_promise(self, team: str) -> bool:
        """The team's agents are ours to promise. Not when we slept longer than our lease: another engine may
        promise them by now. With the store away nobody can have taken them over, and people are served."""
        return self.owns_surely(team) or self.store_away

    def owns_surely(self, team: str) -> bool:
        """By our own clock the lease has not run out."""
        return self.clock.now_s() < self.lease_ends_s.get(team, math.inf)

    def count(self, name: str, by: int = 1) -> None:
        self.counters[name] = self.counters.get(name, 0) + by

    def stamp(self, wall_s: float) -> str:
        """A date for paths, UTC: 2026-11-21."""
        return date_of(int(wall_s // DAY_S))

    def note(self, kind: str, person_id: str = "", **fields: Any) -> None:
        """Journal something with its reason."""
        self.journal.append(kind, person_id, fields)


@lru_cache(maxsize=8)
def date_of(day: int) -> str:
    """The date of a day since the epoch."""
    return datetime.fromtimestamp(day * DAY_S, UTC).strftime("%Y-%m-%d")
