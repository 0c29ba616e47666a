"""Who is promised to whom, and who waits for whom, longest first.

The reservation is ours alone to guard: FreeSWITCH lets a second bridge steal an agent (both answer +OK).
It lives in this process's memory, so nothing stands between an answer and the bridge.
"""

from collections.abc import Callable

from engine.calls.agent import AgentLife
from engine.dialer.life import CallLife
from engine.dialer.shop import Shop
from engine.domain import facts as f
from engine.domain.agent import AgentFact, AgentState, PromiseBroken, Promised
from engine.ports import Switch


class Promises:
    """The half of `Agents` that matches agents with calls."""

    def __init__(self, shop: Shop, on_fact: Callable[[f.Fact], None]) -> None:
        self._shop, self._on_fact = shop, on_fact
        self.lives: dict[str, AgentLife] = {}
        self.waiting: dict[str, CallLife] = {}
        self._ready: dict[str, AgentLife] = {}  # in the order in which they became ready: longest idle first
        self.coming: Callable[[str], int] = lambda team: 0
        """Calls of a team that are on their way to an agent: who answers one of them cannot wait."""

    def apply(self, fact: AgentFact) -> AgentLife | None:
        raise NotImplementedError

    def reserve(self, call: CallLife) -> AgentLife | None:
        """The agent promised to this call already, or the longest idle one; None: the call waits in line."""
        held = self.lives.get(call.intent.agent_id)
        if held and held.attempt_id == call.leg_id and held.state is AgentState.RESERVED:
            return held
        may = self._shop.may_promise(call.campaign.team)
        agent = self.free_for(call) if may and self._turn_of(call) else None
        if agent is None:
            self.waiting[call.leg_id] = call
            return None
        self.waiting.pop(call.leg_id, None)
        self.promise(agent, call)
        return agent

    def _turn_of(self, call: CallLife) -> bool:
        """Patient people take only agents who are to spare when everybody we are calling answers."""
        if not call.patient:
            return True
        team = call.campaign.team
        ready = sum(life.agent.team == team for life in self._ready.values())
        return ready > self.coming(team)

    def free_for(self, call: CallLife) -> AgentLife | None:
        """The longest idle agent with every skill who can be bridged to this call, not yet promised."""
        team, skills, switches = call.campaign.team, call.campaign.skills, ("", call.switch)
        for life in self._ready.values():
            agent = life.agent
            if agent.team == team and life.switch in switches and skills <= agent.skills:
                return life
        return None

    def break_promise(self, agent: AgentLife) -> None:
        """The call they were held for was never made."""
        self.apply(PromiseBroken(agent.agent.agent_id, self._shop.clock.now_s()))

    def promise(self, agent: AgentLife, call: CallLife) -> None:
        """Hold this agent for this call and for no other."""
        agent.attempt_id, agent.wrap_up_s = call.leg_id, call.campaign.wrap_up_s
        agent.switch = agent.switch if agent.leg_id else call.switch  # their phone is called for it
        self.apply(Promised(agent.agent.agent_id, self._shop.clock.now_s()))

    def forget(self, call: CallLife) -> None:
        """The call waits for nobody any more."""
        self.waiting.pop(call.leg_id, None)

    def _offer(self, agent: AgentLife) -> None:
        """A free agent goes to whom they can serve: who cannot wait first, then who has waited longest."""
        if not self._shop.may_promise(agent.agent.team):
            return
        for call in sorted(self.waiting.values(), key=lambda call: (call.patient, call.waits_since_s)):
            fits = call.campaign.team == agent.agent.team and call.campaign.skills <= agent.agent.skills
            if fits and agent.switch in ("", call.switch) and self._turn_of(call):
                del self.waiting[call.leg_id]
                self.promise(agent, call)
                now = self._shop.clock.now_s()
                self._on_fact(f.AgentReserved(call.leg_id, now, agent.agent.agent_id, agent.leg_id))
                return

    def offer_again(self, team: str) -> None:
        """A call on its way to an agent has ended: one who was kept for it may be to spare."""
        if self.waiting:
            for agent in [life for life in self._ready.values() if life.agent.team == team]:
                self._offer(agent)

    def alert(self, call: CallLife, switch: Switch) -> None:
        """Just before the bridge: a tone (or the contact's name) only the agent hears, and the card."""
        life = self.lives[call.agent_id]
        for sound in filter(None, (life.agent.connect_tone, call.whisper)):
            switch.tell_agent(life.leg_id, sound)
        if call.campaign.record_warning:
            switch.warn(call.leg_id, call.campaign.record_warning)
            switch.tell_agent(life.leg_id, call.campaign.record_warning)  # so that they wait for its end
        self._shop.tell("card", agent=call.agent_id, attempt=call.leg_id, card=card_of(call))


def card_of(call: CallLife) -> dict[str, object]:
    """What the agent's screen shows at the moment of connection."""
    return {
        "contact_id": call.contact.contact_id,
        "name": call.contact.name,
        "number": call.intent.number,
        "campaign": call.campaign.campaign_id,
        "attempts": call.progress.attempts,
        "last_outcome": call.progress.last_outcome,
        "fields": dict(call.contact.fields),
        "context": dict(call.script_context),
        "script_path": list(call.script_path),
        "digits": call.digits,
        "audit": call.audited,
    }
