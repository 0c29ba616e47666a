"""Person and agent come together: the promise, the bridge until it is proven, the first moment of talk."""

import re
from collections.abc import Callable

from engine.dialer.agents import Agents
from engine.dialer.life import Arm, CallLife
from engine.dialer.shop import Shop, log
from engine.domain import facts as f
from engine.domain.agent import Joined
from engine.ports import Switch

BRIDGE_TRIES = 3
HELD = "prozvon_held"  # on a person's leg: the agent who holds them


class Joining:
    """`post`: how a fact reaches the table again. `arm`: a timer that becomes one."""

    def __init__(self, shop: Shop, agents: Agents, post: Callable[[f.Fact], None], arm: Arm) -> None:
        self._shop, self._agents, self._post, self._arm = shop, agents, post, arm

    def reserve(self, life: CallLife) -> None:
        life.disarm("screening", "ask")
        agent = self._agents.reserve(life)
        if agent:
            self._post(
                f.AgentReserved(life.leg_id, self._shop.clock.now_s(), agent.agent.agent_id, agent.leg_id)
            )

    def bridge(self, life: CallLife, switch: Switch, fact: f.Fact) -> None:
        if isinstance(fact, f.AgentReserved):
            life.agent_id, life.agent_leg, life.leg_raised = fact.agent_id, fact.agent_leg_id, False
        if isinstance(fact, f.AgentReserved | f.RetrievedByAgent):
            life.bridge_orders = life.bridge_tries = 0
        life.disarm("patience")
        if not self._agents.leg_ready(life.agent_id):
            if life.leg_raised:
                self._lose_agent(life)
                return
            life.leg_raised = True
            self._agents.raise_leg(life.agent_id)  # dialed per contact: its answer brings us back here
            ring_s = self._agents.lives[life.agent_id].agent.ring_time_s
            self._arm(life, "bridge", ring_s, f.BridgeOverdue)
            return
        life.agent_leg = self._agents.lives[life.agent_id].leg_id
        life.bridge_tries += int(switch.up)  # while the link is away the agent's leg is not to blame
        if life.bridge_tries > BRIDGE_TRIES:
            self._lose_agent(life)
            return
        life.bridge_orders += 1
        patience = min(life.bridge_orders, BRIDGE_TRIES) / 2
        self._arm(life, "bridge", patience * self._shop.bridge_proof_s, f.BridgeOverdue)
        if life.bridge_tries == 1 and not life.talked_to:
            self._agents.alert(life, switch)
        order = switch.bridge if life.bridge_orders == 1 else switch.bridge_again
        order(life.agent_leg, life.leg_id)

    def _lose_agent(self, life: CallLife) -> None:
        """The agent cannot be joined: their leg is in doubt, somebody else takes the person."""
        log.warning("agent cannot be joined", extra={"attempt": life.leg_id, "agent": life.agent_id})
        agent_id, life.agent_id, life.agent_leg = life.agent_id, "", ""
        self._agents.doubt(agent_id)
        self._post(f.AgentLost(life.leg_id, self._shop.clock.now_s()))

    def begin_talk(self, life: CallLife, switch: Switch) -> None:
        now, first = self._shop.clock.now_s(), not life.talked_to
        life.disarm("bridge", "patience", "ring")
        life.talked_to = life.agent_id
        self._agents.apply(Joined(life.agent_id, now))
        if first:
            life.bridged_at_s = self._shop.clock.wall_s()
            life.wait_s = max(0.0, life.bridged_at_s - life.answered_at_s) if life.answered_at_s else 0.0
            record(self._shop, life, prozvon_talked=life.agent_id)
        if life.held:
            life.held = False
            switch.set_variables(life.leg_id, {HELD: ""})
        if life.campaign.abandonment.notice:
            switch.after_bridge(life.leg_id, life.campaign.abandonment.notice)


def record(shop: Shop, life: CallLife, **marks: str) -> None:
    """Start the stereo recording where the campaign wants one and none runs; the path pattern knows
    {date} {campaign} {attempt} {contact} {agent}. Its path, and `marks`, stay on the leg for the engine
    that may adopt it."""
    switch = shop.switches[life.switch]
    if not life.recording and life.campaign.record and life.campaign.recording_path:
        life.recording = marks["prozvon_recording"] = life.campaign.recording_path.format(
            date=shop.stamp(shop.clock.wall_s()),
            campaign=life.campaign.campaign_id,
            attempt=life.leg_id,
            contact=file_word(life.contact.contact_id),
            agent=life.agent_id or "robot",
        )
        life.recording_from_s = shop.clock.now_s()
        switch.record(life.leg_id, life.recording)
    if marks:
        switch.set_variables(life.leg_id, marks)


def file_word(text: str) -> str:
    """A list's own word as a part of a file's name: it leads to no other folder, and breaks no command."""
    return re.sub(r"[^\w.@+-]", "_", text).lstrip(".") or "_"
