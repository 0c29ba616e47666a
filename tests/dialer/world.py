"""A dialer with nothing real around it: a clock that is moved by hand, a switch that only writes down."""

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.callerid import LineChoice, NoLine
from engine.dialer.dialer import Dialer
from engine.dialer.shop import GatewayTerms, Shop
from engine.domain import facts as f
from engine.domain.agent import Agent
from engine.domain.attempt import Disposition
from engine.domain.campaign import Abandonment, Campaign, CampaignState, Mode
from engine.domain.contact import Contact, PersonHistory, Phone, Progress, Scheduled
from engine.domain.disposition import Ending, disposition_of
from engine.domain.gate import Allowed, Blocked
from engine.ports import Dial, LegRecord, LiveLeg
from engine.store.memory import MemoryStore

WALL = 1_795_000_000.0
TRUNK = GatewayTerms("gw", "sw1", 10, 5.0)


class Time:
    """Clock, timers and tasks in one; nothing moves unless told."""

    def __init__(self) -> None:
        self.now = 0.0
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0

    def now_s(self) -> float:
        return self.now

    def wall_s(self) -> float:
        return WALL + self.now

    def after(self, after_s: float, name: str, then: Callable[[], None]) -> Callable[[], None]:
        self._number += 1
        live = [True]
        heapq.heappush(self._heap, (self.now + after_s, self._number, lambda: then() if live[0] else None))
        return lambda: live.__setitem__(0, False)

    def start(self, name: str, run: Callable[..., None], *args: object) -> None:
        run(*args)

    def pass_s(self, seconds: float) -> None:
        """Let time go by; everything due happens, in order."""
        until = self.now + seconds
        while self._heap and self._heap[0][0] <= until + 1e-9:
            at, _, then = heapq.heappop(self._heap)
            self.now = max(self.now, at)
            then()
        self.now = until


@dataclass
class PaperSwitch:
    """Writes every order down as (verb, leg, ...)."""

    name: str = "sw1"
    up: bool = True
    lag: float = 0.0
    orders: list[tuple[Any, ...]] = field(default_factory=list)
    alive: set[str] = field(default_factory=set)
    legs: list[LiveLeg] = field(default_factory=list)
    records: dict[str, LegRecord] = field(default_factory=dict)

    def lag_s(self) -> float:
        return self.lag

    def dial(self, order: Dial) -> None:
        self.alive.add(order.leg_id)
        self.orders.append(("dial", order.leg_id, order))

    def call_agent(self, leg_id: str, extension: str, ring_s: float, variables: Mapping[str, str]) -> None:
        self.alive.add(leg_id)
        self.orders.append(("call_agent", leg_id, extension))

    def bridge(self, agent_leg: str, person_leg: str) -> None:
        self.orders.append(("bridge", agent_leg, person_leg))

    def bridge_again(self, agent_leg: str, person_leg: str) -> None:
        self.orders.append(("bridge_again", agent_leg, person_leg))

    def play(self, leg_id: str, step_id: str, prompts: Sequence[str]) -> None:
        self.orders.append(("play", leg_id, step_id, tuple(prompts)))

    def is_alive(self, leg_id: str) -> bool:
        return leg_id in self.alive

    def record_of(self, leg_id: str, at_s: float) -> LegRecord | None:
        return self.records.get(leg_id)

    def live_ids(self) -> frozenset[str]:
        return frozenset(self.alive)

    def live_legs(self) -> list[LiveLeg]:
        return self.legs

    def file_exists(self, path: str) -> bool:
        return True

    def gateway_up(self, gateway: str) -> bool:
        return True

    def __getattr__(self, verb: str) -> Callable[..., None]:
        if verb.startswith("_"):
            raise AttributeError(verb)
        return lambda *args: self.orders.append((verb, *args))

    def said(self, verb: str) -> list[tuple[Any, ...]]:
        return [order for order in self.orders if order[0] == verb]


class NoRobots:
    def __init__(self, *_: object) -> None: ...

    def begin(self, life: Any) -> None: ...

    def resume(self, life: Any) -> None: ...

    def joined(self, life: Any) -> None: ...

    def on_fact(self, life: Any, fact: f.Fact) -> None: ...

    def end(self, life: Any) -> None: ...

    def link_back(self, switch: str, lives: Any) -> None: ...

    def forget(self, life: Any) -> None: ...


class EasyRules:
    """Lets everything pass but what a test forbids."""

    def __init__(self) -> None:
        self.blocked: Blocked | None = None

    def gate(
        self, contact: Contact, phone: Phone, campaign: Campaign, history: PersonHistory, *_: object
    ) -> Any:
        return self.blocked or Allowed(history.version)

    def phones(self, contact: Contact, progress: Progress) -> Sequence[Phone]:
        return contact.phones

    def line(
        self, campaign: Campaign, phone: Phone, gateways: frozenset[str], wall_s: float
    ) -> LineChoice | NoLine:
        return (
            LineChoice(min(gateways), "+48220000101", "the only one")
            if gateways
            else NoLine("full", passing=True)
        )

    def disposition(self, ending: Ending) -> Disposition:
        return disposition_of(ending)

    def after(
        self,
        contact: Contact,
        phone: str,
        progress: Progress,
        end: Disposition,
        campaign: Campaign,
        wall_s: float,
        callback_at_s: float | None = None,
    ) -> Scheduled:
        attempts, last = progress.attempts + 1, end.value
        progress = replace(progress, attempts=attempts, last_outcome=last, last_attempt_at_s=wall_s)
        if callback_at_s is not None:
            return Scheduled(progress, callback_at_s, "callback promised")
        again = end is not Disposition.TALKED and progress.attempts < campaign.attempts_limit
        return Scheduled(progress, wall_s + 600.0 if again else None, f"after {end.value}")


class Paper:
    """A journal that is a list."""

    def __init__(self) -> None:
        self.records: list[tuple[str, Mapping[str, Any]]] = []

    def append(self, kind: str, shard_of: str, record: Mapping[str, Any]) -> None:
        self.records.append((kind, record))

    def read(self, kinds: frozenset[str] | None = None, since_s: float = 0.0) -> Any:
        return iter(())


class World:
    """`people` contacts, `agents` agents, one campaign, running."""

    def __init__(
        self,
        people: int = 1,
        agents: int = 1,
        mode: Mode = Mode.PROGRESSIVE,
        screener: Any = None,
        robots: Any = NoRobots,
        gateway: GatewayTerms = TRUNK,
        **terms: Any,
    ) -> None:
        self.time, self.switch, self.rules, self.paper = Time(), PaperSwitch(), EasyRules(), Paper()
        self.store = MemoryStore(self.time, self.paper)
        self.told: list[dict[str, Any]] = []
        self.campaign = Campaign(
            "c1",
            "team",
            mode,
            ("gw",),
            ("main",),
            abandonment=Abandonment(notice="/prompts/notice.wav"),
            recording_path="/rec/{date}/{attempt}.wav",
            wrap_up_s=10.0,
            **terms,
        )
        self.shop = Shop(
            clock=self.time,
            timers=self.time,
            tasks=self.time,
            store=self.store,
            journal=self.paper,
            switches={"sw1": self.switch},
            tell=lambda kind, **fields: self.told.append({"kind": kind, **fields}),
            gateways={"gw": gateway},
            campaigns={"c1": self.campaign},
            agents={f"a{n}": Agent(f"a{n}", "team", str(1000 + n)) for n in range(1, agents + 1)},
        )
        self.store.add_contacts([(person(n), 0.0) for n in range(1, people + 1)], "test")
        self.dialer = Dialer(self.shop, self.rules, "engine-1", robots, screener)
        self.dialer.start()

    # --- what happens --------------------------------------------------------------------------------

    def run(self) -> None:
        self.dialer.set_state("c1", CampaignState.RUNNING, {})
        self.time.pass_s(0.2)

    def fact(self, kind: type[f.Fact], leg_id: str, **fields: Any) -> None:
        self.dialer.on_fact(kind(leg_id, self.time.now, **fields))
        if kind is f.LegAnswered and leg_id in self.dialer.agents.by_leg:
            self.dialer.on_fact(f.LegParked(leg_id, self.time.now))
        if kind is f.LegEnded:
            self.switch.alive.discard(leg_id)

    def log_in(self, agent_id: str = "a1") -> str:
        """The agent logs in, picks up, is ready; returns their leg."""
        self.dialer.desk.login(agent_id)
        leg = self.switch.said("call_agent")[-1][1]
        self.fact(f.LegAnswered, leg)
        from engine.domain.agent import ReadyWanted

        self.dialer.desk.say(agent_id, ReadyWanted)
        return str(leg)

    @property
    def dialed(self) -> list[str]:
        return [order[1] for order in self.switch.said("dial")]

    def cdrs(self) -> list[Mapping[str, Any]]:
        return [record for kind, record in self.paper.records if kind == "cdr"]

    def agent(self, agent_id: str = "a1") -> str:
        return self.dialer.agents.lives[agent_id].state.value


def person(number: int, **fields: Any) -> Contact:
    phones = (Phone(f"+4860010{number:04d}", "mobile", ("Europe/Warsaw",)),)
    return Contact(f"k{number}", "c1", f"p{number}", phones, name=f"Person {number}", **fields)


def talking(**terms) -> tuple[World, str, str]:
    """World, the agent's leg, the person's."""
    world = World(**terms)
    leg = world.log_in()
    world.run()
    call = world.dialed[0]
    world.fact(f.LegAnswered, call)
    world.fact(f.LegBridged, call, peer_id=leg)
    return world, leg, call
