"""Live calls: facts through the attempt's table, commands to the conductor.

Facts of one call are handled one after another (`post` queues while another is in hand), whatever greenlet
brings them; no handler waits, so a slow store or switch never holds up another call.
"""

from collections.abc import Callable
from typing import Protocol

from engine.calls.attempt import State, step
from engine.dialer.agents import Agents
from engine.dialer.amd_book import AmdBook
from engine.dialer.conduct import Conductor, Robots
from engine.dialer.life import LIVE, CallLife, note
from engine.dialer.screening import Screener
from engine.dialer.shop import Shop, log
from engine.domain import facts as f
from engine.domain.campaign import Mode
from engine.domain.errors import SwitchError, UnexpectedFact

COMING = frozenset({State.DIALING, State.RINGING, State.ANSWERED, State.SCREENING})


class Settler(Protocol):
    def settle(self, life: CallLife) -> None: ...


class Calls:
    """All live attempts of this engine."""

    def __init__(
        self, shop: Shop, agents: Agents, robots: Robots, screener: Screener | None, settler: Settler
    ) -> None:
        self._shop, self._robots, self._screener, self._settler = shop, robots, screener, settler
        self.amd = AmdBook(shop)
        self.conduct = Conductor(shop, agents, robots, screener, self.amd, self.post, self._settle)
        self.lives: dict[str, CallLife] = {}
        self.listeners: list[Callable[[CallLife, State], None]] = []
        """Told of each step of a call, with the state it was in before (the same one: early media began)."""

    # --- facts -------------------------------------------------------------------------------------

    def add(self, life: CallLife) -> None:
        self.lives[life.leg_id] = life
        for listen in self.listeners:
            listen(life, life.state)

    def coming(self, team: str) -> int:
        """Calls on their way to an agent who is not chosen yet: ringing, or judged by AMD."""
        return sum(
            life.state in COMING
            and life.campaign.team == team
            and life.campaign.mode is not Mode.ROBOT
            and not (life.agent_id or life.patient)
            for life in self.lives.values()
        )

    def abort(self, life: CallLife) -> None:
        """An attempt whose originate never left us: to the end at once."""
        self.add(life)
        self.post(f.OriginateRefused(life.leg_id, self._shop.clock.now_s(), life.refused))

    def post(self, fact: f.Fact) -> None:
        """Handle a fact, after those of the same call that came before it."""
        life = self.lives.get(fact.leg_id)
        if life is None:
            return
        life.inbox.append(fact)
        if life.busy:
            return
        life.busy = True
        try:
            while life.inbox:
                self._handle(life, life.inbox.popleft())
        finally:
            life.busy = False

    def _handle(self, life: CallLife, fact: f.Fact) -> None:
        try:
            state, commands = step(life.state, fact)
        except UnexpectedFact as unexpected:
            self._shop.count("unexpected_facts")
            log.error("unexpected fact", extra={"attempt": life.leg_id, "why": str(unexpected)})
            return
        before, early = life.state, life.early_media
        life.view = None  # and nobody looks before the commands below are carried out
        note(life, fact, self._shop.clock.wall_s())
        if state is not before:
            life.state, life.since_s = state, self._shop.clock.now_s()
            if state is State.ANSWERED and not life.answered_s:
                life.answered_s = life.since_s
            life.person = life.person or state in LIVE
            self._shop.tell(
                "call",
                attempt=life.leg_id,
                campaign=life.campaign.campaign_id,
                state=str(state),
                number=life.intent.number,
                agent=life.agent_id,
            )
        if state is not before or life.early_media is not early:
            for listen in self.listeners:
                listen(life, before)
        if life.state is State.ROBOT:
            self._robots.on_fact(life, fact)
        for command in commands:
            try:
                self.conduct.carry_out(life, command, fact)
            except SwitchError as error:
                # The leg may be gone, or the switch: the end of the leg, or the sweep, will tell.
                self._shop.count("refused_orders")
                log.warning("order refused", extra={"attempt": life.leg_id, "why": str(error)})

    def let_go(self, life: CallLife) -> None:
        """Another engine has the call: no order, no end, no timer of ours any more."""
        life.disarm()
        life.inbox.clear()
        self.conduct.forget(life)
        self._robots.forget(life)
        self.lives.pop(life.leg_id, None)

    def _settle(self, life: CallLife) -> None:
        life.disarm()
        if self._screener:
            self._screener.stop(life)
        self._robots.end(life)
        self.lives.pop(life.leg_id, None)
        self._settler.settle(life)
