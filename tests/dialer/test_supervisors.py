"""A supervisor's leg: one for each, from agent to agent, over the death of an engine."""

import pytest

from engine.control import Refused
from engine.domain import facts as f
from engine.ports import LiveLeg
from tests.dialer.world import World


def supervised() -> tuple[World, str, str]:
    """An agent's leg, and a supervisor's that listens to it."""
    world = World(agents=2)
    agent = world.log_in()
    leg = world.dialer.desk.supervise("a1", "1009", "listen")
    assert world.switch.said("call_supervisor")[0][1:4] == (leg, "1009", agent)
    world.fact(f.LegAnswered, leg)
    return world, agent, leg


def marks(world: World) -> dict[str, str]:
    found: dict[str, str] = dict(world.switch.said("call_supervisor")[0][4])
    for _, _, more in world.switch.said("set_variables"):
        found |= more
    return found


def test_later_ways_need_no_other_call() -> None:
    world, _, leg = supervised()
    for how in ("whisper", "barge", "listen"):
        assert world.dialer.desk.supervise("a1", "1009", how) == leg
    assert [order[2] for order in world.switch.said("speak")] == ["whisper", "barge", "listen"]
    assert len(world.switch.said("call_supervisor")) == 1


def test_a_way_wanted_before_they_picked_up_is_taken_when_their_leg_listens() -> None:
    world = World()
    world.log_in()
    leg = world.dialer.desk.supervise("a1", "1009", "whisper")
    world.time.pass_s(2.0)
    assert world.switch.said("speak") == []
    world.fact(f.LegAnswered, leg)
    world.time.pass_s(0.4)
    assert world.switch.said("speak") == [("speak", leg, "whisper")]


def test_another_agent_is_listened_to_on_the_same_leg() -> None:
    world, _, leg = supervised()
    other = world.log_in("a2")
    assert world.dialer.desk.supervise("a2", "1009", "listen") == leg
    assert world.switch.said("listen_to") == [("listen_to", leg, other)]


def test_a_supervisor_who_hung_up_is_called_again() -> None:
    world, _, leg = supervised()
    world.fact(f.LegEnded, leg, cause="NORMAL_CLEARING")
    assert world.dialer.desk.supervise("a1", "1009", "listen") != leg
    assert len(world.switch.said("call_supervisor")) == 2


def test_a_leg_whose_end_was_lost_is_called_again() -> None:
    world, _, leg = supervised()
    world.switch.alive.discard(leg)
    world.dialer.sweeper.sweep(world.switch)
    assert world.dialer.desk.supervise("a1", "1009", "listen") != leg


def test_stop_ends_the_leg_and_a_wrong_word_is_refused() -> None:
    world, _, leg = supervised()
    with pytest.raises(Refused):
        world.dialer.desk.supervise("a1", "1009", "shout")
    world.dialer.desk.supervise("a1", "1009", "stop")
    assert ("hang_up", leg) in [order[:2] for order in world.switch.orders]
    assert world.dialer.desk.supervisors.by_leg == {}


def taken_over(world: World, agent: str, leg: str, agent_lives: bool) -> World:
    """The next engine, which finds the legs on the switch."""
    told = marks(world)
    after = World(agents=2)
    after.shop.store.release_team(after.shop.leases.pop("team"))
    after.dialer.agents.lives["a1"].leg_id = ""
    theirs = {"prozvon_team": "team", "prozvon_agent": "a1", "prozvon_wish": "ready"}
    legs = [LiveLeg(leg, True, "", 1.0, 2.0, told)]
    after.switch.legs = [*legs, *[LiveLeg(agent, True, "", 1.0, 2.0, theirs)] * agent_lives]
    after.switch.alive |= {agent, leg}
    after.dialer.on_switch(after.switch, "up")
    assert after.shop.may_dial("team")
    return after


def test_after_an_engines_death_the_supervisor_goes_on_and_is_steered_by_the_next_one() -> None:
    world, agent, leg = supervised()
    world.dialer.desk.supervise("a1", "1009", "whisper")
    after = taken_over(world, agent, leg, agent_lives=True)
    assert after.switch.said("hang_up") == []
    assert after.dialer.desk.supervisors.by_leg[leg].how == "whisper"
    assert after.dialer.desk.supervise("a1", "1009", "barge") == leg
    assert after.switch.said("speak") == [("speak", leg, "barge")]


def test_after_an_engines_death_a_supervisor_of_nobody_is_hung_up() -> None:
    world, agent, leg = supervised()
    after = taken_over(world, agent, leg, agent_lives=False)
    assert ("hang_up", leg) in [order[:2] for order in after.switch.orders]
    assert after.dialer.desk.supervisors.by_leg == {}
