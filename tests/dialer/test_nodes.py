"""Two switches: calls go where agents stand, a dead one is given up, a returning one is taken back slowly."""

from dataclasses import replace

import pytest

from engine.dialer.dialer import Dialer
from engine.dialer.nodes import DEAD_S
from engine.dialer.recover import ABSENT_S
from engine.dialer.shop import GatewayTerms
from engine.domain import facts as f
from engine.domain.agent import ReadyWanted
from engine.domain.campaign import CampaignState, Mode
from engine.domain.errors import SwitchGone
from engine.ports import LiveLeg
from tests.dialer.world import NoRobots, PaperSwitch, World


class Pair(World):
    """`gw` on sw1, `gw2` on sw2; agents' phones are called where fewest stand."""

    def __init__(self, people: int, agents: int, mode: Mode = Mode.PROGRESSIVE) -> None:
        super().__init__(people=people, agents=agents, mode=mode)
        self.other = PaperSwitch("sw2")
        self.shop.switches["sw2"] = self.other  # type: ignore[index]
        self.dialer.gateways.set_terms(
            {"gw": GatewayTerms("gw", "sw1", 10, 5.0), "gw2": GatewayTerms("gw2", "sw2", 10, 5.0)}
        )
        self.shop.campaigns["c1"] = self.campaign = replace(self.campaign, gateways=("gw", "gw2"))

    def come_to_work(self, *agents: str) -> None:
        for agent_id in agents:
            self.dialer.desk.login(agent_id)
            self.pick_up(agent_id)
            self.dialer.desk.say(agent_id, ReadyWanted)

    def pick_up(self, agent_id: str) -> None:
        self.fact(f.LegAnswered, self.dialer.agents.lives[agent_id].leg_id)

    def stands(self, agent_id: str) -> str:
        return self.dialer.agents.lives[agent_id].switch

    def dialed_on(self) -> tuple[int, int]:
        return len(self.switch.said("dial")), len(self.other.said("dial"))

    def dies(self, switch: PaperSwitch) -> None:
        switch.up = False
        switch.live_legs = gone  # type: ignore[method-assign, assignment]
        self.dialer.on_switch(switch, "down")

    def returns(self, switch: PaperSwitch, what: str) -> None:
        switch.up = True
        del switch.live_legs
        self.dialer.on_switch(switch, what)


def gone() -> list[LiveLeg]:
    raise SwitchGone("the link to the switch is down", "sw")


def test_agents_are_spread_and_calls_are_dialed_where_they_stand() -> None:
    world = Pair(people=10, agents=4)
    world.come_to_work("a1", "a2", "a3", "a4")
    assert sorted(map(world.stands, ("a1", "a2", "a3", "a4"))) == ["sw1", "sw1", "sw2", "sw2"]
    world.run()
    assert world.dialed_on() == (2, 2)
    call = world.other.said("dial")[0][1]
    world.fact(f.LegAnswered, call)
    ((_, agent_leg, joined),) = world.other.said("bridge")
    assert joined == call
    assert world.stands(world.dialer.agents.by_leg[agent_leg]) == "sw2"
    assert world.switch.said("bridge") == []


def test_where_no_agent_stands_nobody_is_dialed() -> None:
    world = Pair(people=10, agents=1)
    world.come_to_work("a1")
    assert world.stands("a1") == "sw1"
    world.run()
    world.time.pass_s(5.0)
    assert world.dialed_on() == (1, 0)


def test_robots_go_where_most_room_is_and_keep_off_a_switch_that_lags() -> None:
    world = Pair(people=40, agents=0, mode=Mode.ROBOT)
    world.run()
    world.time.pass_s(0.5)
    one, two = world.dialed_on()
    assert abs(one - two) <= 1
    world.other.lag = 0.9
    world.time.pass_s(1.0)
    assert world.dialed_on()[1] - two <= world.dialed_on()[0] - one


def test_a_dead_switchs_calls_are_settled_and_its_agents_called_from_the_other() -> None:
    world = Pair(people=1, agents=1)
    world.come_to_work("a1")
    world.run()
    call = world.dialed[0]
    world.fact(f.LegAnswered, call)
    world.fact(f.LegBridged, call, peer_id=world.dialer.agents.lives["a1"].leg_id)
    world.dies(world.switch)
    world.time.pass_s(DEAD_S - 1.0)
    assert world.cdrs() == [], "it may yet come back"
    world.time.pass_s(5.0)
    assert [cdr["disposition"] for cdr in world.cdrs()] == ["talked"]
    (called,) = world.other.said("call_agent")
    assert called[2] == "1001"
    world.pick_up("a1")
    assert world.agent() == "ready"
    assert world.dialer.gateways.lines["gw"].in_use == 0


def test_a_switch_that_is_back_in_time_lost_nothing() -> None:
    world = Pair(people=1, agents=1)
    world.come_to_work("a1")
    world.run()
    call, leg = world.dialed[0], world.dialer.agents.lives["a1"].leg_id
    world.fact(f.LegAnswered, call)
    world.fact(f.LegBridged, call, peer_id=leg)
    world.dies(world.switch)
    world.time.pass_s(5.0)
    world.switch.alive |= {call, leg}
    world.returns(world.switch, "up")
    world.time.pass_s(60.0)
    assert list(world.dialer.calls.lives) == [call]
    assert world.agent() == "talking"


def test_a_returning_switch_gets_new_calls_little_by_little() -> None:
    world = Pair(people=400, agents=0, mode=Mode.ROBOT)
    world.dies(world.switch)
    world.time.pass_s(30.0)
    world.returns(world.switch, "restarted")
    line = world.dialer.gateways.lines["gw"]
    started = {10.0: 0, 60.0: 0}
    for until in started:
        while world.time.now < 30.0 + until:
            if world.dialer.gateways.take("gw", world.time.now):
                started[until] += 1
                line.in_use = 0
            world.time.pass_s(0.05)
    assert 1 <= started[10.0] <= 12, "a contract of 5 a second would be 50"
    assert started[60.0] >= 180


def next_engine(world: Pair) -> Dialer:
    world.dialer.stop()
    dialer = Dialer(world.shop, world.rules, "engine-2", NoRobots)
    dialer.states["c1"] = CampaignState.RUNNING
    dialer.start()
    return dialer


@pytest.mark.parametrize("comes_back", [True, False])
def test_a_team_is_taken_with_the_switches_there_are_and_the_rest_when_it_comes(comes_back: bool) -> None:
    world = Pair(people=3, agents=2)
    world.come_to_work("a1", "a2")
    world.run()
    here, there = world.switch.said("dial")[0][1], world.other.said("dial")[0][1]
    told = {"prozvon_team": "team"}
    world.switch.legs = [LiveLeg(here, False, "", 1.0, 0.0, told)]
    world.dies(world.other)
    again = next_engine(world)
    assert world.shop.may_dial("team")
    assert list(again.calls.lives) == [here]
    assert again.recovery.awaited.keys() == {there}
    world.dialer = again
    if comes_back:
        world.other.legs = [LiveLeg(there, False, "", 1.0, 0.0, told)]
        world.returns(world.other, "up")
        assert again.calls.lives.keys() == {here, there}
        assert again.recovery.awaited == {}
        world.time.pass_s(5.0)
        assert world.cdrs() == []
    else:
        world.time.pass_s(ABSENT_S + 5.0)
        assert "unknown" in [cdr["disposition"] for cdr in world.cdrs() if cdr["attempt_id"] == there]
