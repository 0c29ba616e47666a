"""After a crash, a gap in the events, a reconnect or a takeover: ask the switch what lives, settle the rest.

An intent is never dialed again here. What lives is adopted; what does not, and left no news, is settled as
unknown and kept in every limit.
"""

import math
from dataclasses import replace

from engine.calls.attempt import State
from engine.dialer.agents import LEG_VARIABLE, Agents
from engine.dialer.calls import Calls
from engine.dialer.conduct import lost
from engine.dialer.gateways import GatewayBook
from engine.dialer.life import CallLife
from engine.dialer.settle import Settler
from engine.dialer.shop import Shop, log
from engine.domain import facts as f
from engine.domain.errors import StoreError, SwitchError
from engine.ports import IntentBook, LiveLeg, OpenAttempt, Switch

YOUNG_S = 10.0  # a command that left us may still stand in the switch's queue


class Recovery:
    """Reconciles memory, store and switches."""

    def __init__(
        self,
        shop: Shop,
        calls: Calls,
        agents: Agents,
        gateways: GatewayBook,
        settler: Settler,
        intents: IntentBook | None = None,
    ) -> None:
        self._shop, self._calls, self._agents = shop, calls, agents
        self._gateways, self._settler, self._intents = gateways, settler, intents

    # --- takeover ----------------------------------------------------------------------------------

    def take_team(self, team: str) -> tuple[int, int]:
        """We own the team now: adopt what lives, settle what does not. Returns (adopted, unknown).

        Raises StoreError when the store is away, SwitchError when a switch is: then nothing was settled, and
        no call may be launched until this has succeeded.
        """
        self._remind_store(team)
        open_attempts = {o.intent.attempt_id: o for o in self._shop.store.open_attempts(team)}
        legs: dict[str, tuple[Switch, LiveLeg]] = {}
        for switch in self._shop.switches.values():
            legs |= {leg.leg_id: (switch, leg) for leg in switch.live_legs()}
        peers = {leg.leg_id: leg.bridged_to for _, leg in legs.values() if leg.bridged_to}
        peers |= {there: here for here, there in peers.items() if there in legs}
        for switch, leg in legs.values():
            agent_id = leg.variables.get(LEG_VARIABLE, "")
            if agent_id in self._agents.lives and self._agents.lives[agent_id].agent.team == team:
                talking_on = peers.get(leg.leg_id, "")
                wish = leg.variables.get("prozvon_wish", "")
                known = talking_on if talking_on in open_attempts else ""
                if leg.answered and not self._agents.lives[agent_id].leg_id:
                    self._agents.adopt_leg(agent_id, leg.leg_id, switch.name, wish, known)
        adopted = unknown = 0
        for attempt_id, attempt in open_attempts.items():
            if attempt_id in self._calls.lives:
                continue
            if attempt_id in legs:
                switch, leg = legs[attempt_id]
                adopted += self._adopt(attempt, switch, leg, peers.get(attempt_id, ""))
            else:
                unknown += self._gone(attempt)
        if adopted or unknown:
            log.warning("recovered", extra={"team": team, "adopted": adopted, "unknown": unknown})
            self._shop.note("note", what="recovered", team=team, adopted=adopted, unknown=unknown)
        return adopted, unknown

    def _remind_store(self, team: str) -> None:
        """Intents on our own disk that the store does not know: it lost them, so they are told it again."""
        if self._intents is None:
            return
        known = {o.intent.attempt_id for o in self._shop.store.open_attempts(team)}
        for attempt in self._intents.open_attempts():
            intent = attempt.intent
            if intent.team != team or intent.attempt_id in known:
                continue
            history = self._shop.store.history(intent.person_id)
            if any(touch.attempt_id == intent.attempt_id for touch in history.touches):
                self._intents.settled(intent.attempt_id)
                continue
            again = replace(intent, person_version=history.version)
            if self._shop.store.intend(self._shop.leases[team], again):
                log.error("the store had lost an intent", extra={"attempt": intent.attempt_id})
                self._shop.count("intents_restored")

    def _adopt(self, attempt: OpenAttempt, switch: Switch, leg: LiveLeg, peer: str) -> int:
        intent = attempt.intent
        found = self._shop.store.find_contact(intent.contact_id)
        campaign = self._shop.campaigns.get(intent.campaign_id)
        if found is None or campaign is None:
            switch.hang_up(leg.leg_id)  # nobody knows any more what it was for
            return self._gone(attempt)
        now, wall = self._shop.clock.now_s(), self._shop.clock.wall_s()
        age_s = max(0.0, wall - intent.made_at_s)
        life = CallLife(intent, campaign, found.contact, found.progress, switch.name, started_s=now - age_s)
        life.since_s, life.originated_at_s = now, intent.made_at_s
        life.created_at_s, life.answered_at_s = leg.created_at_s, leg.answered_at_s
        life.recording = leg.variables.get("prozvon_recording", "")
        life.adopted_step = leg.variables.get("prozvon_step", "")
        life.screened = True
        agent_id = self._agents.by_leg.get(peer, "")
        self._calls.add(life)
        self._gateways.adopt(intent.gateway)
        if not leg.answered:
            life.state = State.RINGING
            self._calls.conduct.arm_ring(life, max(1.0, campaign.ring_time_s - age_s))
        elif agent_id:
            life.state, life.person = State.TALKING, True
            life.agent_id, life.agent_leg, life.talked_to = agent_id, peer, agent_id
            life.bridged_at_s = leg.answered_at_s
        else:
            # Answered and alone: the safety net may be speaking. Serve them as if they had just answered.
            life.state = State.RINGING
            self._calls.post(f.LegAnswered(life.leg_id, now))
        self._shop.tell("adopted", attempt=life.leg_id, state=life.state.name.lower(), agent=agent_id)
        return 1

    def _gone(self, attempt: OpenAttempt) -> int:
        """No leg: unknown, unless it is so young that the switch may not have come to it yet."""
        intent = attempt.intent
        age_s = self._shop.clock.wall_s() - intent.made_at_s
        if age_s < YOUNG_S:
            self._shop.timers.after(
                YOUNG_S - age_s,
                "look again",
                lambda: self._shop.tasks.start("look again", self._look_again, attempt),
            )
            return 0
        found = self._shop.store.find_contact(intent.contact_id)
        self._settler.settle_unknown(intent, found, self._shop.campaigns.get(intent.campaign_id))
        return 1

    def _look_again(self, attempt: OpenAttempt) -> None:
        intent = attempt.intent
        if intent.attempt_id in self._calls.lives:
            return
        try:
            for switch in self._shop.switches.values():
                for leg in switch.live_legs():
                    if leg.leg_id == intent.attempt_id:
                        self._adopt(attempt, switch, leg, leg.bridged_to)
                        return
            self._gone(attempt)
        except (SwitchError, StoreError) as error:
            log.warning(
                "cannot look for an open attempt", extra={"attempt": intent.attempt_id, "why": str(error)}
            )
            self._shop.timers.after(
                5.0, "look again", lambda: self._shop.tasks.start("look again", self._look_again, attempt)
            )

    # --- gaps --------------------------------------------------------------------------------------

    def sweep(self, switch: Switch, gone_before_s: float = -math.inf) -> int:
        """Compare what we believe to live with what does; end the rest. Returns how many were dead.

        Called every half minute, and after any gap or reconnect. Legs younger than 5 s are left alone: the
        switch may not have made them yet. Not so after its restart (`gone_before_s`, engine clock): what was
        there before cannot come any more.
        """
        started_s = self._shop.clock.now_s()
        alive = switch.live_ids()
        dead = 0
        for life in list(self._calls.lives.values()):
            young = started_s - life.started_s <= 5.0 and life.started_s > gone_before_s
            if life.switch == switch.name and life.leg_id not in alive and not young:
                self._calls.post(lost(life, started_s))
                dead += 1
        for agent in list(self._agents.lives.values()):
            old = started_s - agent.since_s > agent.agent.ring_time_s + 5.0 or agent.phone_up
            old = old or agent.since_s <= gone_before_s
            if agent.switch == switch.name and agent.leg_id and agent.leg_id not in alive and old:
                gone = f.LegEnded(agent.leg_id, started_s, cause="LOST_EVENT")
                self._agents.on_leg_fact(agent.agent.agent_id, gone)
                dead += 1
        if dead:
            self._shop.count("swept", dead)
            log.warning("sweep found dead legs", extra={"switch": switch.name, "legs": dead})
        return dead
