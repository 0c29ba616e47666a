"""Calls that outlived their engine: taken up from the leg where it lives, else from the switch's record.

What their engine knew of them stands in the intent and in the marks it left on the leg; the switch says what
they are doing now.
"""

from collections.abc import Mapping
from dataclasses import replace

from engine.calls.attempt import State
from engine.dialer.agents import Agents
from engine.dialer.calls import Calls
from engine.dialer.gateways import GatewayBook
from engine.dialer.inbound import Inbound
from engine.dialer.joining import HELD
from engine.dialer.life import CallLife
from engine.dialer.shop import Shop
from engine.domain import facts as f
from engine.domain.attempt import Intent
from engine.domain.campaign import Mode
from engine.ports import LiveLeg, Switch


class Adoption:
    """Makes a live call of what was left of one. `peer`: the leg that this one is bridged to, or ""."""

    def __init__(
        self, shop: Shop, calls: Calls, agents: Agents, gateways: GatewayBook, inbound: Inbound
    ) -> None:
        self._shop, self._calls, self._agents = shop, calls, agents
        self._gateways, self._inbound = gateways, inbound

    def adopt(self, intent: Intent, switch: Switch, leg: LiveLeg, peer: str) -> bool:
        """False: nobody knows any more what it was for. Its leg is let go."""
        life = self._begun(intent, switch.name)
        if life is None:
            switch.hang_up(leg.leg_id)
            return False
        life.started_s -= max(0.0, self._shop.clock.wall_s() - intent.made_at_s)
        life.paced = life.campaign.mode not in (Mode.PREVIEW, Mode.MANUAL)
        self._gateways.adopt(intent.gateway)
        self._place(life, leg, peer)
        return True

    def adopt_caller(self, switch: Switch, leg: LiveLeg, peer: str) -> bool:
        """A call that came in: all that is known of it stands on its leg. False: its campaign is gone."""
        life = self._inbound.life_of(leg, switch.name)
        if life is None:
            switch.hang_up(leg.leg_id)
            return False
        self._place(life, leg, peer)
        return True

    def from_record(self, intent: Intent) -> tuple[CallLife, f.LegEnded] | None:
        """The switch wrote down how it ended; None: it did not. Of an answered call its record tells too
        little, unless an agent or AMD had marked it: whether the person was served is known to nobody."""
        switch = self._shop.switches.get(intent.switch)
        record = switch.record_of(intent.attempt_id, self._shop.clock.now_s()) if switch else None
        if switch is None or record is None:
            return None
        ended, amd = record.ended, record.variables.get("prozvon_amd", "")
        life = self._begun(intent, switch.name)
        if life is None:
            return None
        read_marks(life, record.variables)
        if ended.answered_at_s and not (life.talked_to or amd):
            return None
        life.state, life.amd, life.person = State.RINGING, amd, bool(life.talked_to)
        life.created_at_s, life.answered_at_s = ended.created_at_s, ended.answered_at_s
        life.bridged_at_s = (record.bridged_at_s or ended.answered_at_s) if life.talked_to else 0.0
        return life, ended

    def end(self, life: CallLife, ended: f.LegEnded) -> None:
        """A call of `from_record` ends as any other does."""
        self._gateways.adopt(life.intent.gateway)
        self._calls.add(life)
        self._calls.post(ended)
        self._shop.count("settled_by_record")

    def _begun(self, intent: Intent, switch: str) -> CallLife | None:
        """As its engine began it, and in the mode of then."""
        found = self._shop.store.find_contact(intent.contact_id)
        campaign = self._shop.campaigns.get(intent.campaign_id)
        if found is None or campaign is None:
            return None
        now, campaign = self._shop.clock.now_s(), replace(campaign, mode=Mode(intent.mode))
        life = CallLife(intent, campaign, found.contact, found.progress, switch, started_s=now, since_s=now)
        life.originated_at_s, life.screened = intent.made_at_s, True
        return life

    def _place(self, life: CallLife, leg: LiveLeg, peer: str) -> None:
        """Into the state that the switch shows it in."""
        now, told = self._shop.clock.now_s(), leg.variables
        life.since_s, life.screened = now, True
        life.created_at_s, life.answered_at_s = leg.created_at_s, leg.answered_at_s
        read_marks(life, told)
        life.adopted_step = told.get("prozvon_step", "")
        life.bridged_at_s = leg.answered_at_s if life.talked_to else 0.0
        agent_id = self._agents.by_leg.get(peer, "")
        self._calls.add(life)
        if not leg.answered:
            life.state = State.RINGING
            age_s = now - life.started_s
            self._calls.conduct.arm_ring(life, max(1.0, life.campaign.ring_time_s - age_s))
        elif agent_id:
            life.state, life.person = State.TALKING, True
            life.agent_id, life.agent_leg, life.talked_to = agent_id, peer, agent_id
            self._agents.lives[agent_id].wrap_up_s = life.campaign.wrap_up_s
            life.bridged_at_s = leg.answered_at_s
        elif peer:
            life.state, life.person = State.CLOSING, True  # handed over to somebody else: they go on alone
        elif self._agents.hold_on(told.get(HELD, ""), life.leg_id):
            life.state, life.person, life.held = State.HELD, True, True
            agent_id = life.agent_id = life.talked_to = told[HELD]
            life.agent_leg = self._agents.lives[agent_id].leg_id
            self._agents.lives[agent_id].wrap_up_s = life.campaign.wrap_up_s
            life.bridged_at_s = leg.answered_at_s
        elif told.get("prozvon_amd"):
            life.state, life.amd = State.CLOSING, told["prozvon_amd"]  # a machine: its net leaves the message
        else:
            # Answered and alone: the safety net may be speaking. Serve them as if they had just answered.
            life.state = State.RINGING
            self._calls.post(f.LegAnswered(life.leg_id, now))
        life.view = None
        self._shop.tell("adopted", attempt=life.leg_id, state=life.state.name.lower(), agent=agent_id)


def read_marks(life: CallLife, told: Mapping[str, str]) -> None:
    """What its engine, an agent or the robot had set on the leg; the switch's record keeps it, too."""
    life.recording, life.talked_to = told.get("prozvon_recording", ""), told.get("prozvon_talked", "")
    life.noted = told.get("prozvon_noted", "")
    life.callback_at_s = number_of(told.get("prozvon_callback", ""))


def number_of(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
