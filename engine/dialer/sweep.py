"""After a gap in the events, and every half minute: what we believe to live against what does."""

import math

from engine.calls.attempt import State
from engine.dialer.agents import Agents
from engine.dialer.calls import Calls
from engine.dialer.conduct import lost
from engine.dialer.life import UNANSWERED
from engine.dialer.shop import Shop, log
from engine.dialer.supervisors import Supervisors
from engine.domain import facts as f
from engine.ports import Switch


class Sweeper:
    """Tells the tables what events should have told. Asks the switch, so beside the facts' own greenlet."""

    def __init__(self, shop: Shop, calls: Calls, agents: Agents, supervisors: Supervisors) -> None:
        self._shop, self._calls, self._agents, self._supervisors = shop, calls, agents, supervisors

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
            is_dialing = life.state is State.DIALING
            began_s = life.since_s if is_dialing else life.started_s
            young = started_s - began_s <= 5.0 and began_s > gone_before_s
            unsent = is_dialing and not life.originated_at_s
            if life.switch == switch.name and life.leg_id not in alive and not (young or unsent):
                record = switch.record_of(life.leg_id, started_s)
                self._calls.post(record.ended if record else lost(life, started_s))
                dead += 1
        for agent in list(self._agents.lives.values()):
            old = started_s - agent.since_s > agent.agent.ring_time_s + 5.0 or agent.phone_up
            old = old or agent.since_s <= gone_before_s
            if agent.switch == switch.name and agent.leg_id and agent.leg_id not in alive and old:
                gone = f.LegEnded(agent.leg_id, started_s, cause="LOST_EVENT")
                self._agents.on_leg_fact(agent.agent.agent_id, gone)
                dead += 1
        self._supervisors.sweep(switch.name, alive)
        if dead:
            self._shop.count("swept", dead)
            log.warning("sweep found dead legs", extra={"switch": switch.name, "legs": dead})
        return dead

    def catch_up(self, switch: Switch) -> None:
        """Answers of people and agents whose news was lost in a gap: they wait, and nobody was told."""
        calls = {life.leg_id for life in self._calls.lives.values() if life.state in UNANSWERED}
        agents = {life.leg_id for life in self._agents.lives.values() if life.leg_id and not life.phone_up}
        if not calls and not agents:
            return
        for leg in switch.live_legs():
            if leg.answered and leg.leg_id in calls | agents:
                fact = f.LegAnswered(leg.leg_id, self._shop.clock.now_s())
                life = self._calls.lives.get(leg.leg_id)
                if life and life.state in UNANSWERED:
                    life.screened = True  # no time for that any more
                    self._calls.post(fact)
                elif leg.leg_id in self._agents.by_leg:
                    self._agents.on_leg_fact(self._agents.by_leg[leg.leg_id], fact)
