"""Attended transfer: the agent talks with somebody first, then joins them with the person, or not."""

from dataclasses import dataclass

from engine.calls.agent import AgentLife
from engine.calls.attempt import State
from engine.control import Refused
from engine.dialer.agents import Agents, cause_of
from engine.dialer.calls import Calls
from engine.dialer.joining import BRIDGE_TRIES
from engine.dialer.shop import Shop, log
from engine.dialer.wayout import WayOut
from engine.domain import facts as f
from engine.domain.agent import AgentState
from engine.domain.errors import SwitchError
from engine.ports import Dial

RING_S = 30.0
LEG_CONSULT = "prozvon_consult"
NO_NET = {"transfer_after_bridge": "", "park_after_bridge": ""}
"""With both unset the switch hangs the person up when the one they were joined to leaves: nobody waits."""


@dataclass(slots=True)
class Consultation:
    """`leg_id`: the third party's leg. `attempt_id`: the person on hold meanwhile. `over`: nobody waits for
    what becomes of it any more. `answered`: the agent and the third party hear each other: proven, as a
    bridge that overtakes this one would cost the agent their leg."""

    agent_id: str
    attempt_id: str
    leg_id: str
    switch: str
    gateway: str = ""
    answered: bool = False
    joined: bool = False
    over: bool = False


class Consultations:
    """At most one per agent."""

    def __init__(self, shop: Shop, calls: Calls, agents: Agents, ways: WayOut) -> None:
        self._shop, self._calls, self._agents, self._ways = shop, calls, agents, ways
        self.by_leg: dict[str, Consultation] = {}
        agents.listeners.append(self.agent_moved)

    def of(self, agent_id: str) -> Consultation | None:
        mine = (c for c in self.by_leg.values() if c.agent_id == agent_id)
        return next((c for c in mine if not c.joined and not c.over), None)

    def begin(self, agent_id: str, number: str) -> None:
        """The person hears music, the third party's telephone rings."""
        life = self._agents.lives[agent_id]
        call = self._calls.lives[life.attempt_id]
        if self.of(agent_id):
            raise Refused(
                f"agent {agent_id} consults somebody already",
                "transfer",
                "Complete it, or take the person back.",
            )
        way = self._ways.take(call, number)
        asked = Consultation(agent_id, call.leg_id, self._shop.new_id(), call.switch, way.gateway)
        order = Dial(
            leg_id=asked.leg_id,
            number=way.number,
            gateway=way.gateway,
            caller_id=call.intent.caller_id,
            ring_time_s=RING_S,
            net=None,
            variables={LEG_CONSULT: agent_id, "prozvon_team": call.intent.team},
            codec=way.codec,
        )
        try:
            self._shop.switches[call.switch].dial(order)
        except SwitchError:
            self._ways.give_back(way.gateway)
            raise
        self.by_leg[asked.leg_id] = asked
        if call.state is State.TALKING:
            self._calls.post(f.HeldByAgent(call.leg_id, self._shop.clock.now_s()))

    def complete(self, agent_id: str) -> None:
        """The person and the third party talk; the agent is free."""
        asked = self.of(agent_id)
        if asked is None or not asked.answered:
            raise Refused(
                "nobody has answered yet",
                f"agent {agent_id}",
                "Wait for the answer, or take the person back.",
            )
        switch = self._shop.switches[asked.switch]
        asked.joined = True
        switch.set_variables(asked.attempt_id, NO_NET)
        switch.bridge(asked.leg_id, asked.attempt_id)
        self._calls.post(f.HandedOver(asked.attempt_id, self._shop.clock.now_s()))

    def cancel(self, agent_id: str) -> None:
        """The third party is let go; the person comes back by the bridge that follows."""
        asked = self.of(agent_id)
        if asked:
            self._shop.switches[asked.switch].hang_up(asked.leg_id)

    def agent_moved(self, life: AgentLife, before: AgentState) -> None:
        """Their phone died: whom they consulted is let go, somebody else has the person."""
        asked = self.of(life.agent.agent_id)
        if asked and life.state is AgentState.OFFLINE:
            self._let_go(asked)

    def person_gone(self, attempt_id: str) -> None:
        """The person did not wait for the end of it, or is through with the third party."""
        for asked in list(self.by_leg.values()):
            if asked.attempt_id == attempt_id:
                self._let_go(asked)

    def let_go(self, team: str) -> None:
        """Another engine has the team, and its third parties."""
        for asked in list(self.by_leg.values()):
            if self._agents.lives[asked.agent_id].agent.team == team:
                asked.over = True
                del self.by_leg[asked.leg_id]
                self._ways.give_back(asked.gateway)

    def _let_go(self, asked: Consultation) -> None:
        asked.over = True
        try:
            self._shop.switches[asked.switch].hang_up(asked.leg_id)
        except SwitchError as error:
            log.warning("third party not let go", extra={"leg": asked.leg_id, "why": str(error)})

    def _bridge(self, asked: Consultation, tries: int = BRIDGE_TRIES) -> None:
        """Join agent and third party, again while there is no proof of it; then let the third party go."""
        if asked.over or asked.answered or asked.leg_id not in self.by_leg:
            return
        if not tries:
            self._shop.switches[asked.switch].hang_up(asked.leg_id)
            return
        switch = self._shop.switches[asked.switch]
        order = switch.bridge if tries == BRIDGE_TRIES else switch.bridge_again
        order(self._agents.lives[asked.agent_id].leg_id, asked.leg_id)
        self._shop.timers.after(
            self._shop.bridge_proof_s, "consultation", lambda: self._bridge(asked, tries - 1)
        )

    def on_fact(self, fact: f.Fact) -> None:
        """A fact about a third party's leg."""
        asked = self.by_leg[fact.leg_id]
        agent = self._agents.lives[asked.agent_id]
        switch = self._shop.switches[asked.switch]
        match fact:
            case f.LegAnswered() if not asked.over:
                self._bridge(asked)
            case f.LegBridged(peer_id=peer) if peer == agent.leg_id and not asked.answered:
                asked.answered = True
                self._shop.tell("consultation", agent=asked.agent_id, what="answered")
            case f.LegUnbridged(peer_id=peer) if asked.joined and peer == asked.attempt_id:
                switch.hang_up(asked.leg_id)
            case f.LegEnded() | f.OriginateRefused():
                self.by_leg.pop(asked.leg_id)
                self._ways.give_back(asked.gateway)
                self._shop.tell("consultation", agent=asked.agent_id, what="ended", cause=cause_of(fact))
                if not asked.joined and not asked.over:
                    self._calls.post(f.RetrievedByAgent(asked.attempt_id, self._shop.clock.now_s()))
            case _:
                pass
