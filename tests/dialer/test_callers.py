"""Calls that come in, people whom a scenario sends to an agent: they wait with music, nobody is lost."""

from typing import Any

from engine.dialer.inbound import Route
from engine.domain import facts as f
from engine.domain.agent import PauseWanted, ReadyWanted
from engine.domain.campaign import CampaignState, Mode
from engine.ports import LiveLeg
from tests.dialer.world import World

AGENTS, ROBOT = Route("", "c1", False, 60.0), Route("", "c1", True, 60.0)


def calls_in(world: World, number: str = "+48600100001", leg: str = "in-1", route: Route = AGENTS) -> str:
    world.switch.alive.add(leg)
    world.dialer.inbound.accept(leg, number, "48220000101", "sw1", route)
    world.fact(f.LegAnswered, leg)
    return leg


def as_left(world: World, leg: str, **marks: str) -> LiveLeg:
    """What a dead engine's caller looks like on the switch."""
    life = world.dialer.calls.lives[leg]
    told = {**world.dialer.inbound.marks(life), **marks}
    return LiveLeg(leg, True, "", world.time.wall_s() - 30, world.time.wall_s() - 29, told)


def test_a_caller_is_joined_to_the_free_agent_with_the_card_of_their_case():
    world = World()
    agent_leg = world.log_in()
    leg = calls_in(world, "48600100001")
    assert world.switch.said("bridge") == [("bridge", agent_leg, leg)]
    (card,) = [told["card"] for told in world.told if told["kind"] == "card"]
    assert card["contact_id"] == "k1"
    world.fact(f.LegBridged, leg, peer_id=agent_leg)
    world.fact(f.LegEnded, leg, ended_by="them")
    (cdr,) = world.cdrs()
    assert (cdr["mode"], cdr["disposition"], cdr["contact_id"]) == ("inbound", "talked", "k1")
    assert world.store.queue_sizes("c1", world.time.wall_s()).due == 1  # their own turn is not touched


def test_a_caller_waits_with_music_for_whom_is_free_next_and_is_told_when_nobody_is():
    world = World()
    world.log_in()
    world.dialer.desk.say("a1", PauseWanted)
    patient, hopeless = calls_in(world, leg="in-1"), calls_in(world, "+48600100777", leg="in-2")
    assert [order[1] for order in world.switch.said("hold")] == [patient, hopeless]
    world.dialer.desk.say("a1", ReadyWanted)
    assert world.switch.said("bridge")[0][2] == patient
    world.time.pass_s(60.1)
    assert world.switch.said("notice") == [("notice", hopeless, "/prompts/notice.wav")]


def test_a_stranger_and_one_who_hides_their_number_are_served_too():
    world = World(agents=2)
    world.log_in("a1")
    world.log_in("a2")
    calls_in(world, "+48700700700", leg="in-1")
    calls_in(world, "anonymous", leg="in-2")
    assert len(world.switch.said("bridge")) == 2
    for leg in ("in-1", "in-2"):
        world.fact(f.LegEnded, leg, ended_by="them")
    assert [cdr["person_id"] for cdr in world.cdrs()] == ["+48700700700", "withheld"]


def test_callers_count_as_demand_so_that_nobody_is_dialed_for_the_agent_they_need():
    world = World(people=5)
    world.log_in()
    world.dialer.desk.say("a1", PauseWanted)
    calls_in(world)
    world.dialer.set_state("c1", CampaignState.RUNNING, {})
    snapshot = world.dialer.pacer.snapshot(world.campaign, world.time.now)
    assert snapshot.demand.inbound_waiting == 1
    world.dialer.desk.say("a1", ReadyWanted)
    world.time.pass_s(1)
    assert world.dialed == []


def test_nobody_takes_the_agent_whom_a_ringing_call_was_made_for():
    world = World(people=1)
    agent_leg = world.log_in()
    world.run()
    (call,) = world.dialed
    caller = calls_in(world, "+48600100777")
    assert world.switch.said("bridge") == []
    world.fact(f.LegAnswered, call)
    assert world.switch.said("bridge") == [("bridge", agent_leg, call)]
    world.fact(f.LegBridged, call, peer_id=agent_leg)
    world.fact(f.LegEnded, call, ended_by="them")
    world.time.pass_s(10.1)  # wrap-up
    assert world.switch.said("bridge")[-1] == ("bridge", agent_leg, caller)


def test_when_the_ringing_call_fails_its_agent_goes_to_who_waits():
    world = World(people=1)
    agent_leg = world.log_in()
    world.run()
    (call,) = world.dialed
    caller = calls_in(world, "+48600100777")
    world.fact(f.LegEnded, call, cause="USER_BUSY", q850=17, sip_code=486)
    assert world.switch.said("bridge") == [("bridge", agent_leg, caller)]


def test_a_caller_outlives_the_engine_and_is_queued_by_the_next_one():
    first = World()
    left = as_left(first, calls_in(first))
    world = World()
    world.switch.legs, world.switch.alive = [left], {left.leg_id}
    world.dialer.recovery.take_team("team")
    assert world.switch.said("hold")[0][1] == "in-1"
    agent_leg = world.log_in()
    assert world.switch.said("bridge") == [("bridge", agent_leg, "in-1")]
    world.fact(f.LegBridged, "in-1", peer_id=agent_leg)
    world.fact(f.LegEnded, "in-1", ended_by="them")
    (cdr,) = world.cdrs()
    assert (cdr["mode"], cdr["number"], cdr["caller_id"]) == ("inbound", "+48600100001", "48220000101")


def test_a_person_on_hold_when_the_engine_dies_waits_with_music_and_is_not_abandoned():
    world = World()
    leg = world.log_in()
    world.run()
    (call,) = world.dialed
    world.fact(f.LegAnswered, call)
    world.fact(f.LegBridged, call, peer_id=leg)
    marks = dict(world.switch.said("set_variables")[-1][2])
    assert marks["prozvon_talked"] == "a1"
    again = adopted(world, [LiveLeg(call, True, "", 1.0, 2.0, {"prozvon_team": "team", **marks})])
    assert again.switch.said("hold")[0][1] == call
    again.time.pass_s(5)
    assert again.switch.said("notice") == []
    second = again.log_in()
    assert again.switch.said("bridge") == [("bridge", second, call)]


def test_a_call_handed_over_to_somebody_else_is_left_alone_by_the_next_engine():
    world = World()
    leg = world.log_in()
    world.run()
    (call,) = world.dialed
    world.fact(f.LegAnswered, call)
    world.fact(f.LegBridged, call, peer_id=leg)
    world.dialer.desk.transfer("a1", "1002")
    again = adopted(world, [LiveLeg(call, True, "their-leg", 1.0, 2.0, {"prozvon_talked": "a1"})])
    again.log_in()
    again.time.pass_s(10)
    assert again.switch.said("bridge") == again.switch.said("hold") == []
    again.fact(f.LegEnded, call, ended_by="them")
    assert again.cdrs()[0]["disposition"] == "talked"


def test_whom_an_agent_consulted_is_let_go_by_the_next_engine():
    world = World()
    told: dict[str, Any] = {"prozvon_consult": "a1", "prozvon_team": "team"}
    again = adopted(world, [LiveLeg("third", True, "", 1.0, 2.0, told)])
    assert again.switch.said("hang_up") == [("hang_up", "third")]


def test_a_transfer_from_the_robot_waits_for_an_agent_to_spare_and_goes_back_to_the_scenario():
    world = World(mode=Mode.ROBOT)
    world.dialer.set_state("c1", CampaignState.RUNNING, {})
    world.time.pass_s(0.2)
    (call,) = world.dialed
    world.fact(f.LegAnswered, call)
    life = world.dialer.calls.lives[call]
    assert life.state.name == "ROBOT"
    life.script_waits_s = 20.0
    world.fact(f.ScriptWantsAgent, call)
    assert world.switch.said("hold")[0][1] == call
    world.time.pass_s(20.1)
    assert life.state.name == "ROBOT"
    assert world.dialer.agents.waiting == {}


def adopted(before: World, legs: list[LiveLeg]) -> World:
    """The next engine, on the same store and the same switch."""
    world = World(people=0)
    world.store._queue = before.store._queue
    world.store._people = before.store._people
    world.store._open = before.store._open
    world.switch.legs, world.switch.alive = legs, {leg.leg_id for leg in legs}
    world.dialer.recovery.take_team("team")
    return world
