"""One campaign, twinned: the real dialer, gate, governor, policy and recycling, on a clock of their own."""

import random
from collections.abc import Callable, Mapping
from itertools import islice
from typing import IO, Any

from engine.dialer.dialer import Dialer
from engine.dialer.inbound import Route
from engine.dialer.life import CallLife
from engine.dialer.shop import GatewayTerms, Shop, Tuning
from engine.domain import facts as f
from engine.domain.campaign import CampaignState, Mode
from engine.domain.errors import ConfigError, did_you_mean
from engine.pacing import POLICIES
from engine.pacing.snapshot import Policy
from engine.sim.fates import Fate
from engine.store.memory import MemoryStore
from engine.twin.baselines import BASELINES
from engine.twin.book import Book, TwinJournal
from engine.twin.operators import Crew, agents_of
from engine.twin.people import Crowd, contacts
from engine.twin.robots import prompt_s, robots_of
from engine.twin.rules import TwinRules
from engine.twin.switch import TwinSwitch
from engine.twin.time import VirtualTime
from engine.twin.world import World, campaign_of

INTERVAL_S = 300.0
BATCH = 1_000
AHEAD = 500  # contacts that are there before anybody asks for them
BY_HAND = frozenset({Mode.PREVIEW.value, Mode.MANUAL.value})
MOST_AT_ONCE = 5_000_000  # happenings between two pages: more of them is a circle


class Twin:
    """Build it, `run()` it once, read the `book`. `journal`: everything is written there as JSON lines.

    `policy`: makes the policy, in place of the one that the world's mode names.
    """

    def __init__(
        self, world: World, journal: IO[str] | None = None, policy: Callable[[], Policy] | None = None
    ) -> None:
        self.world = world
        mode, policies = policies_of(world.campaign.mode, policy)
        self.campaign = campaign_of(world, mode)
        robots = robots_of(mode, world.campaign.script)
        self.time = time = VirtualTime(world.wall_s)
        self.crowd = Crowd(world, time)
        self._made = self._added = 0
        self._list = contacts(world)
        self._called: set[str] = set()
        self._dice_in = random.Random(f"{world.seed}|calls in")
        self.book = Book(time, world.trunk.channels, INTERVAL_S, world.warm_up_s)
        self.journal = TwinJournal(time, self._on_record, journal)
        self.store = MemoryStore(time, self.journal)
        self.switch = TwinSwitch(time, world.delays, self.crowd.fate, self._on_fact, prompt_s)
        self.switch.counting, self.book.busy = self.book.counting, lambda: self.switch.busy
        trunk = world.trunk
        agents = agents_of(world.operators)
        shop = Shop(
            clock=time,
            timers=time,
            tasks=time,
            store=self.store,
            journal=self.journal,
            switches={"twin": self.switch},
            tell=_to_nobody,
            tuning=Tuning(min_check_s=world.delays.between_s(len(agents)), team_lease_s=86_400.0),
            gateways={"trunk": GatewayTerms("trunk", "twin", trunk.channels, trunk.calls_per_s)},
            campaigns={self.campaign.campaign_id: self.campaign},
            agents=agents,
            new_id=self._new_id,
            policies=policies,
        )
        screener = TwinScreener(self) if world.campaign.screening else None
        self.dialer = Dialer(shop, TwinRules(), "twin", robots, screener)
        self.dialer.agents.listeners.insert(0, self.book.moved)
        self.crew = Crew(world.operators, self.dialer, time, world.seed)

    def run(self, step: Callable[[float], None] = lambda share: None) -> Book:
        """The whole length of the world. `step`: told now and then which share of it is done."""
        self._more_contacts()
        self.dialer.start()
        self.dialer.set_state(self.campaign.campaign_id, CampaignState.RUNNING, {})
        self.crew.begin()
        self._next_call_in()
        length_s, page = self.world.length_s, 0
        while self.time.now < length_s:
            self.book.turn_page()
            page += 1
            self.time.run_until(min(length_s, page * INTERVAL_S), MOST_AT_ONCE)
            step(self.time.now / length_s)
        self.book.close()
        return self.book

    # --- what the parts tell each other ----------------------------------------------------------------

    def _new_id(self) -> str:
        self._made += 1
        return f"{self.world.seed:08x}-0000-4000-8000-{self._made:012x}"

    def _on_fact(self, fact: f.Fact) -> None:
        self.dialer.on_fact(fact)

    def _on_record(self, kind: str, record: Mapping[str, Any]) -> None:
        if kind == "cdr":
            fate = self.switch.kinds.pop(record["attempt_id"], "")
            self.book.ended(record, machine=fate in ("voicemail", "fax"))
        elif kind == "intent":
            self.book.now.launched += 1
            self._called.add(record["contact_id"])
            if self._added - len(self._called) < AHEAD:
                self._more_contacts()

    def _more_contacts(self) -> None:
        wall = self.time.wall_s()
        batch = list(islice(self._list, BATCH))
        self._added += len(batch)
        self.store.add_contacts(((contact, wall) for contact in batch), "twin")

    # --- calls that come in ----------------------------------------------------------------------------

    def _next_call_in(self) -> None:
        if self.world.calls_in.per_hour > 0.0:
            after_s = self._dice_in.expovariate(self.world.calls_in.per_hour / 3600.0)
            self.time.after(after_s, "call in", self._call_in)

    def _call_in(self) -> None:
        self._next_call_in()
        plan, dice = self.world.calls_in, self._dice_in
        habits, built_in = self.world.default, self.crowd.fate_of_caller()
        talk = plan.talk_s or habits.talk_s
        talk_s = talk.draw(dice) if talk else built_in.talk_s
        patience_s = plan.patience_s.draw(dice) if plan.patience_s else plan.max_wait_s + 60.0
        fate = Fate("answer", talk_s=talk_s, patience_s=patience_s)
        route = Route("", self.campaign.campaign_id, False, plan.max_wait_s)
        leg_id = self._new_id()
        self.dialer.inbound.accept(leg_id, "", "1000", "twin", route)
        self.switch.call_in(leg_id, fate)


def playable() -> list[str]:
    """Modes in which operators are paced, and baselines."""
    modes = [mode.value for mode in Mode if mode is not Mode.ROBOT and mode.value not in BY_HAND]
    return [*modes, *BASELINES]


def policies_of(
    name: str, policy: Callable[[], Policy] | None = None
) -> tuple[Mode, Mapping[str, Callable[[], Policy]]]:
    """The mode in which the engine runs a mode or a baseline, and the policies it then has."""
    known = {mode.value for mode in Mode} - BY_HAND
    if policy is None and name in known:
        return Mode(name), POLICIES
    policy = policy or BASELINES.get(name)
    if policy is None:
        raise ConfigError(
            f"'{name}' is no mode that the twin can play",
            "campaign.mode",
            did_you_mean(name, {*known, *BASELINES}),
        )
    return Mode.PROGRESSIVE, {**POLICIES, Mode.PROGRESSIVE.value: policy}


BEEP_S = 1.0  # from the end of a mailbox's greeting to the end of its beep


class TwinScreener:
    """See `engine.dialer.screening.Screener`. Errs as often as the world's detector does."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin

    def start(self, life: CallLife) -> None:
        leg = self._twin.switch.legs.get(life.leg_id)
        if leg is None or leg.fate is None:
            return
        detector, fate = self._twin.world.detector, leg.fate
        dice = random.Random(fate.voice_seed)
        verdict_s, luck = detector.verdict_s.draw(dice), dice.random()
        person = fate.kind == "answer"
        heard_person = luck >= detector.people_lost if person else luck < detector.machines_passed
        kind = "fax" if fate.kind == "fax" else "machine"

        def say() -> None:
            now = self._twin.time.now
            verdict = (
                f.PersonDetected(life.leg_id, now)
                if heard_person
                else f.MachineDetected(life.leg_id, now, kind)
            )
            self._twin.dialer.on_fact(verdict)
            if fate.kind == "voicemail":
                self._twin.time.after(max(0.0, fate.greeting_s - verdict_s) + BEEP_S, "beep", beep)

        def beep() -> None:
            self._twin.dialer.on_fact(f.BeepEnded(life.leg_id, self._twin.time.now))

        self._twin.time.after(verdict_s, "verdict", say)

    def early(self, life: CallLife) -> None: ...
    def stop(self, life: CallLife) -> None: ...


def _to_nobody(kind: str, **fields: Any) -> None:
    """The live feed has no listeners in a twin."""
