"""Agents at work: what they do, and what becomes of their phones. `Promises` is about whom they serve."""

from collections.abc import Callable

from engine.calls.agent import AgentLife
from engine.dialer.promises import Promises
from engine.dialer.recall import Recalls
from engine.dialer.roster import Roster
from engine.dialer.shop import Shop, log
from engine.domain import facts as f
from engine.domain.agent import (
    Agent,
    AgentFact,
    AgentState,
    LoginWanted,
    LogoutWanted,
    PhoneDown,
    PhoneUp,
    ReadyWanted,
    WrapUpOver,
)
from engine.domain.errors import SwitchError, UnexpectedFact
from engine.ports import Switch

LEG_VARIABLE = "prozvon_agent"
BETWEEN_CALLS = (AgentState.WRAP_UP, AgentState.READY, AgentState.PAUSED)


class Agents(Promises):
    """Everybody who may talk: their states, and their legs."""

    def __init__(self, shop: Shop, on_fact: Callable[[f.Fact], None]) -> None:
        super().__init__(shop, on_fact)
        self.roster = Roster()
        self.by_leg: dict[str, str] = {}
        self._marked: dict[str, str] = {}
        self._recalls = Recalls(shop.clock, shop.timers, self._call_again)
        self.listeners: list[Callable[[AgentLife, AgentState], None]] = []
        self.home_of: Callable[[str], str] = lambda home: home or next(iter(shop.switches))
        """On which switch a phone is called, by the agent's own."""

    def life(self, agent: Agent) -> AgentLife:
        return self.lives.setdefault(agent.agent_id, AgentLife(agent))

    def know(self, agent: Agent) -> None:
        """The agent as the configuration has them now."""
        life = self.life(agent)
        life.agent = agent
        self.roster.look(life)

    # --- facts about an agent ----------------------------------------------------------------------

    def apply(self, fact: AgentFact) -> AgentLife | None:
        """Move one agent by the table and do what the new state asks for."""
        life = self.lives.get(fact.agent_id)
        if life is None:
            return None
        before = life.state
        if isinstance(fact, LogoutWanted):
            self._recalls.forget(fact.agent_id)
        if isinstance(fact, LoginWanted):
            life.why = ""
        try:
            after = life.apply(fact)
        except UnexpectedFact as unexpected:
            self._shop.count("unexpected_facts")
            log.error("unexpected agent fact", extra={"agent": fact.agent_id, "why": str(unexpected)})
            return life
        self.roster.look(life)
        if after is not before:
            self._entered(life, before)
        return life

    def _entered(self, life: AgentLife, before: AgentState) -> None:
        agent_id = life.agent.agent_id
        self._ready.pop(agent_id, None)
        if life.state is AgentState.READY:
            self._ready[agent_id] = life
        self._shop.tell(
            "agent", agent=agent_id, state=life.state.value, attempt=life.attempt_id, why=life.why
        )
        self._shop.note("agent", agent=agent_id, state=life.state.value, before=before.value, why=life.why)
        match life.state:
            case AgentState.WRAP_UP:
                since_s = life.since_s
                self._shop.timers.after(life.wrap_up_s, "wrap-up", lambda: self._wrap_up_over(life, since_s))
            case AgentState.OFFLINE:
                self._drop_leg(life)
            case _:
                pass
        if not life.agent.standing and life.state in BETWEEN_CALLS:
            self._drop_leg(life)
        self._mark(life)
        for listen in self.listeners:
            listen(life, before)
        if life.state is AgentState.READY:
            self._offer(life)

    def _wrap_up_over(self, life: AgentLife, since_s: float) -> None:
        if life.state is AgentState.WRAP_UP and life.since_s == since_s:
            self.apply(WrapUpOver(life.agent.agent_id, self._shop.clock.now_s()))

    def _mark(self, life: AgentLife) -> None:
        """Keep the agent's wish on their leg, so that an engine that adopts it knows."""
        wish = "paused" if life.state in (AgentState.PAUSED, AgentState.CALLING) else "ready"
        if life.phone_up and life.leg_id and self._marked.get(life.leg_id) != wish:
            self._marked[life.leg_id] = wish
            try:
                self._switch(life).set_variables(life.leg_id, {"prozvon_wish": wish})
            except SwitchError as error:
                log.warning(
                    "agent's wish not marked", extra={"agent": life.agent.agent_id, "why": str(error)}
                )

    # --- legs --------------------------------------------------------------------------------------

    def _switch(self, life: AgentLife) -> Switch:
        return self._shop.switches[life.switch or next(iter(self._shop.switches))]

    def _up(self) -> set[str]:
        return {name for name, switch in self._shop.switches.items() if switch.up}

    def leg_ready(self, agent_id: str) -> bool:
        life = self.lives.get(agent_id)
        return bool(life and life.phone_up)

    def raise_leg(self, agent_id: str) -> None:
        """Dial the agent's phone; its answer or end comes back as a fact."""
        life = self.lives[agent_id]
        if life.leg_id:
            return
        life.switch = life.switch if life.switch in self._up() else self.home_of(life.agent.switch)
        life.leg_id = self._shop.new_id()
        self.by_leg[life.leg_id] = agent_id
        marks = {LEG_VARIABLE: agent_id, "prozvon_team": life.agent.team}
        try:
            self._switch(life).call_agent(life.leg_id, life.agent.extension, life.agent.ring_time_s, marks)
        except SwitchError as error:
            log.warning("agent's phone not called", extra={"agent": agent_id, "why": str(error)})
            self._leg_gone(life, f.LegEnded(life.leg_id, self._shop.clock.now_s(), cause="SWITCH_GONE"))

    def adopt_leg(self, agent_id: str, leg_id: str, switch: str, wish: str, talking_on: str) -> None:
        """A leg that outlived the engine that raised it."""
        life = self.lives[agent_id]
        now = self._shop.clock.now_s()
        life.leg_id, life.switch, life.phone_up = leg_id, switch, True
        self.by_leg[leg_id] = agent_id
        life.state, life.since_s, life.why = AgentState.PAUSED, now, ""
        self._ready.pop(agent_id, None)
        if talking_on:
            life.state, life.attempt_id = AgentState.TALKING, talking_on
        self.roster.look(life)
        if not talking_on and wish == "ready":
            self.apply(ReadyWanted(agent_id, now))
        self._shop.tell("agent", agent=agent_id, state=life.state.value, attempt=talking_on)

    def hold_on(self, agent_id: str, attempt_id: str) -> bool:
        """The person they had on hold when their engine died is on hold again. False: they are not free."""
        life = self.lives.get(agent_id)
        if life is None or not life.phone_up or life.state not in (AgentState.PAUSED, AgentState.READY):
            return False
        before, life.state, life.attempt_id = life.state, AgentState.TALKING, attempt_id
        life.since_s = self._shop.clock.now_s()
        self.roster.look(life)
        self._entered(life, before)
        return True

    def on_leg_fact(self, agent_id: str, fact: f.Fact) -> None:
        """A fact about an agent's own leg."""
        life = self.lives[agent_id]
        match fact:
            case f.LegAnswered() if life.leg_id == fact.leg_id:
                # Not before it is parked: a bridge that overtakes the park costs the person their call.
                late_s = 2 * self._shop.bridge_proof_s
                self._shop.timers.after(late_s, "agent parks", lambda: self._phone_up(life, fact.leg_id))
            case f.LegParked() if not life.phone_up:
                self._phone_up(life, fact.leg_id)
            case f.LegEnded() | f.OriginateRefused():
                self._leg_gone(life, fact)
            case _:
                pass

    def _phone_up(self, life: AgentLife, leg_id: str) -> None:
        agent_id, now = life.agent.agent_id, self._shop.clock.now_s()
        if life.phone_up or life.leg_id != leg_id:
            return
        life.phone_up = True
        self.apply(PhoneUp(agent_id, now))
        self._mark(life)
        if self._recalls.up(agent_id) and life.state is AgentState.PAUSED:
            self.apply(ReadyWanted(agent_id, now))
        if life.attempt_id and life.state is AgentState.RESERVED:
            self._on_fact(f.BridgeOverdue(life.attempt_id, now))  # dialed for it: bridge now

    def _leg_gone(self, life: AgentLife, fact: f.Fact) -> None:
        attempt_id, was_up = life.attempt_id, life.phone_up
        self.by_leg.pop(fact.leg_id, None)
        self._marked.pop(fact.leg_id, None)
        if life.leg_id != fact.leg_id:
            return  # one that we had dropped
        life.leg_id, life.phone_up = "", False
        by_hand = isinstance(fact, f.LegEnded) and fact.ended_by == "them" and was_up
        if by_hand and life.state is AgentState.TALKING:
            self._on_fact(f.EndWanted(attempt_id, fact.at_s))  # they put the receiver down: the talk is over
            if not life.agent.standing:
                return
        between = not life.agent.standing and life.state not in (AgentState.TALKING, AgentState.RESERVED)
        if between or life.state is AgentState.OFFLINE:
            return
        self._lost(life, cause_of(fact), by_hand, was_up)
        if attempt_id:
            self._on_fact(f.AgentLost(attempt_id, fact.at_s))

    def _lost(self, life: AgentLife, cause: str, by_hand: bool, was_up: bool) -> None:
        """Offline, and said why; a standing leg that nobody ended is called again a few times."""
        agent_id = life.agent.agent_id
        again_s = self._recalls.lost(life, cause, was_up)
        life.why = f"phone {'lost' if was_up else 'not reached'}: {cause}"
        if by_hand:
            life.why = "hung up the phone"
        if again_s:
            life.why += f"; called again in {again_s:g} s"
        self._shop.tell("agent_phone_down", agent=agent_id, cause=cause, again_s=again_s)
        self.apply(PhoneDown(agent_id, self._shop.clock.now_s()))

    def _call_again(self, life: AgentLife) -> None:
        self.apply(LoginWanted(life.agent.agent_id, self._shop.clock.now_s()))
        self.raise_leg(life.agent.agent_id)

    def _drop_leg(self, life: AgentLife) -> None:
        """End it; what is still told of it is of no account from here on."""
        leg_id, life.leg_id, life.phone_up = life.leg_id, "", False
        if leg_id:
            try:
                self._switch(life).hang_up(leg_id)
            except SwitchError as error:
                log.warning("agent's leg not ended", extra={"agent": life.agent.agent_id, "why": str(error)})
        if not life.agent.standing:
            life.switch = ""  # the next call may be anywhere

    def doubt(self, agent_id: str) -> None:
        """Bridges to this leg do not come about: end it; a standing one is called anew."""
        life = self.lives.get(agent_id)
        if life and life.leg_id:
            life.attempt_id, was_up = "", life.phone_up
            self._drop_leg(life)
            self._lost(life, "NO_BRIDGE", by_hand=False, was_up=was_up)

    def let_go(self, team: str) -> None:
        """Another engine has the team: its agents work on there, on the legs they have."""
        for life in self.lives.values():
            if life.agent.team == team and (life.leg_id or life.state is not AgentState.OFFLINE):
                agent_id, life.why = life.agent.agent_id, "served by another engine"
                self.by_leg.pop(life.leg_id, None)
                self._marked.pop(life.leg_id, None)
                self._recalls.forget(agent_id)
                self._ready.pop(agent_id, None)
                life.leg_id = ""  # not ours to end
                life.state, life.leaving, life.phone_up, life.attempt_id = AgentState.OFFLINE, "", False, ""
                self.roster.look(life)
                self._shop.tell("agent", agent=agent_id, state="offline", attempt="", why=life.why)


def cause_of(fact: f.Fact) -> str:
    """Why a leg is gone, or was never made, in one word of the switch."""
    text = fact.cause if isinstance(fact, f.LegEnded) else getattr(fact, "text", "")
    return str(text).removeprefix("-ERR ").strip() or "UNKNOWN"
