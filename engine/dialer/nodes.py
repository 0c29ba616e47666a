"""Several switches: where a call is dialed, where an agent's phone is called, when a switch counts as dead.

A bridge joins legs of one switch only. So a call for an agent is dialed where agents' legs stand; a robot's
goes where most room is. A switch that is not heard of for `DEAD_S` is given up: its calls are settled, its
agents called from another. One that comes back gets its share of new calls little by little.
"""

from engine.calls.attempt import State
from engine.dialer.agents import Agents
from engine.dialer.calls import COMING, Calls
from engine.dialer.conduct import lost
from engine.dialer.gateways import GatewayBook
from engine.dialer.shop import Shop, log
from engine.domain import facts as f
from engine.domain.agent import AgentState
from engine.domain.campaign import Campaign, Mode
from engine.ports import Switch

DEAD_S = 15.0  # a link that broke is back within two seconds; a FreeSWITCH that restarts, within ten
RAMP_S = 30.0
WORKING = frozenset({AgentState.READY, AgentState.WRAP_UP, AgentState.TALKING, AgentState.RESERVED})
LAGGING = 0.1


class Nodes:
    """The switches of this engine. With one alone, everything is there."""

    def __init__(self, shop: Shop, calls: Calls, agents: Agents, gateways: GatewayBook) -> None:
        self._shop, self._calls, self._agents, self._gateways = shop, calls, agents, gateways
        self.given_up: set[str] = set()

    # --- where to --------------------------------------------------------------------------------------

    def open_gateways(self, campaign: Campaign, now_s: float, agent_switch: str = "") -> frozenset[str]:
        """Gateways that can take a call of the campaign now, all on the switch where it is best made.
        `agent_switch`: where the agent stands who is held for it already."""
        able = [name for name in campaign.gateways if self._gateways.can_take(name, now_s)]
        switches = self._shop.switches
        if len(switches) == 1:
            return frozenset(able)
        by_switch: dict[str, list[str]] = {}
        for name in able:
            switch = self._gateways.lines[name].terms.switch
            if switches[switch].up and agent_switch in ("", switch):
                by_switch.setdefault(switch, []).append(name)
        if not by_switch or agent_switch:
            return frozenset(name for names in by_switch.values() for name in names)
        worth = self._room_for_robots if campaign.mode is Mode.ROBOT else self._room_for_people
        best = max(by_switch, key=lambda name: (worth(campaign, name, by_switch[name], now_s), name))
        if worth(campaign, best, by_switch[best], now_s) == NOBODY:
            return frozenset()
        return frozenset(by_switch[best])

    def _room_for_robots(self, campaign: Campaign, switch: str, gateways: list[str], now_s: float) -> float:
        """Channels left, and hardly any on a switch that falls behind."""
        free = float(sum(self._gateways.lines[name].free(now_s) for name in gateways))
        lags = self._shop.switches[switch].lag_s() > self._shop.tuning.switch_lag_limit_s
        return free * LAGGING if lags else free

    def _room_for_people(self, campaign: Campaign, switch: str, gateways: list[str], now_s: float) -> float:
        """Ready agents there beyond the calls that are on their way to them."""
        mine = [
            life
            for life in self._agents.lives.values()
            if life.agent.team == campaign.team and life.state in WORKING
            if life.switch in ("", switch) and campaign.skills <= life.agent.skills
        ]
        if not mine:
            return NOBODY
        ready = sum(life.state is AgentState.READY for life in mine)
        coming = sum(
            call.switch == switch and call.campaign.team == campaign.team and call.state in COMING
            for call in self._calls.lives.values()
            if call.campaign.mode is not Mode.ROBOT
        )
        return float(ready - coming)

    def home_of(self, agent_home: str) -> str:
        """Where an agent's phone is called: their own switch if it is up, else the one that has most room."""
        up = [name for name, switch in self._shop.switches.items() if switch.up and name not in self.given_up]
        if agent_home in up:
            return agent_home
        if not up:
            return agent_home or next(iter(self._shop.switches))
        standing = [life.switch for life in self._agents.lives.values() if life.leg_id]
        return min(up, key=standing.count)

    # --- life and death --------------------------------------------------------------------------------

    def down(self, switch: Switch) -> None:
        """Not connected. Given up if it stays so and there is another one."""
        if len(self._shop.switches) > 1:
            self._shop.timers.after(DEAD_S, "switch given up", lambda: self._give_up(switch))

    def _give_up(self, switch: Switch) -> None:
        others = any(one.up for one in self._shop.switches.values() if one.name != switch.name)
        if switch.up or switch.name in self.given_up or not others:
            return
        self.given_up.add(switch.name)
        now, calls, agents = self._shop.clock.now_s(), 0, 0
        for life in list(self._calls.lives.values()):
            if life.switch == switch.name and life.state is not State.ENDED:
                self._calls.post(lost(life, now))
                calls += 1
        for agent in list(self._agents.lives.values()):
            if agent.switch == switch.name:
                gone, agent.switch = agent.leg_id, ""
                if gone:
                    self._agents.on_leg_fact(agent.agent.agent_id, f.LegEnded(gone, now, cause="SWITCH_GONE"))
                    agents += 1
        log.error("switch given up", extra={"switch": switch.name, "calls": calls, "agents": agents})
        self._shop.note("note", what="switch given up", switch=switch.name, calls=calls, agents=agents)

    def up(self, switch: Switch, was_down: bool) -> None:
        """Connected again: new calls little by little."""
        self.given_up.discard(switch.name)
        if was_down and len(self._shop.switches) > 1:
            for line in self._gateways.lines.values():
                if line.terms.switch == switch.name:
                    line.warm_up(self._shop.clock.now_s(), RAMP_S)


NOBODY = -1e9
