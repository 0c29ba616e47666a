"""Nothing is launched for a team before what lived already is known; a restarted switch has nothing left."""

from dataclasses import replace

import pytest

from engine.calls.attempt import State
from engine.dialer.dialer import Dialer
from engine.domain import facts as f
from engine.domain.agent import AgentState
from engine.domain.attempt import Intent
from engine.domain.campaign import CampaignState
from engine.domain.errors import SwitchGone
from engine.ports import LegRecord, LiveLeg, OpenAttempt
from tests.dialer.world import NoRobots, World, talking


def unreachable(world: World) -> None:
    def live_legs() -> None:
        raise SwitchGone("the link to the switch is down", "sw1")

    world.switch.live_legs = live_legs  # type: ignore[method-assign, assignment]


def new_engine(world: World) -> None:
    """The team is nobody's, as after the start."""
    world.shop.store.release_team(world.shop.leases.pop("team"))


def test_a_team_is_taken_at_once_when_its_switch_comes_up() -> None:
    world = World(people=1)
    new_engine(world)
    unreachable(world)
    world.time.pass_s(4.0)
    assert not world.shop.may_dial("team")
    del world.switch.live_legs
    world.dialer.on_switch(world.switch, "up")
    assert world.shop.may_dial("team")


def test_why_a_team_cannot_be_taken_is_said_once_however_long_it_lasts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World(people=1)
    new_engine(world)
    unreachable(world)
    world.time.pass_s(60.0)
    assert caplog.text.count("team not taken yet") == 1


def test_no_call_is_launched_while_live_calls_are_being_adopted() -> None:
    world = World(people=1)
    world.log_in()
    new_engine(world)
    world.dialer.states["c1"] = CampaignState.RUNNING

    def live_legs() -> list[object]:
        world.dialer.set_state("c1", CampaignState.RUNNING, {})
        world.time.pass_s(0.5)
        assert not world.shop.may_dial("team")
        assert world.dialed == []
        return []

    world.switch.live_legs = live_legs  # type: ignore[method-assign, assignment]
    world.dialer.on_switch(world.switch, "up")
    world.time.pass_s(0.5)
    assert len(world.dialed) == 1


def test_a_restarted_switch_ends_even_the_youngest_call() -> None:
    world = World(people=1)
    world.log_in()
    world.run()
    world.fact(f.LegCreated, world.dialed[0])
    world.switch.alive.clear()
    world.dialer.on_switch(world.switch, "down")
    world.dialer.on_switch(world.switch, "restarted")
    assert [cdr["disposition"] for cdr in world.cdrs()] == ["unknown"]
    assert world.dialer.calls.lives == {}


def test_a_reconnect_leaves_the_youngest_calls_to_their_events() -> None:
    world = World(people=1)
    world.log_in()
    world.run()
    world.switch.alive.clear()
    world.dialer.on_switch(world.switch, "down")
    world.dialer.on_switch(world.switch, "up")
    assert world.cdrs() == []
    assert list(world.dialer.calls.lives) == world.dialed


def live(leg_id: str, bridged_to: str = "", **variables: str) -> LiveLeg:
    return LiveLeg(leg_id, True, bridged_to, 1.0, 2.0, {"prozvon_team": "team", **variables})


def test_an_answer_lost_in_a_gap_is_caught_up_when_the_switch_is_back() -> None:
    world = World(people=1)
    agent_leg = world.log_in()
    world.run()
    call = world.dialed[0]
    world.fact(f.LegRinging, call)
    world.switch.legs = [live(call), live(agent_leg, prozvon_agent="a1")]
    world.dialer.on_switch(world.switch, "up")
    assert world.switch.said("bridge") == [("bridge", agent_leg, call)]
    world.dialer.on_switch(world.switch, "up")
    assert len(world.switch.said("bridge")) == 1, "said twice"


def test_an_agent_whose_answer_was_lost_in_a_gap_is_there() -> None:
    world = World(people=1)
    world.dialer.desk.login("a1")
    leg = world.switch.said("call_agent")[-1][1]
    world.switch.legs = [live(leg, prozvon_agent="a1")]
    world.dialer.on_switch(world.switch, "gap")
    world.time.pass_s(1.0)  # it may still be on its way to the park
    assert world.agent() == "paused"


class Book:
    """An intent log that remembers everything as open, as after a crash."""

    def __init__(self) -> None:
        self.open: dict[str, OpenAttempt] = {}

    def append(self, intent: Intent, token: int) -> None:
        self.open[intent.attempt_id] = OpenAttempt(intent, token)

    def settled(self, attempt_id: str) -> None:
        self.open.pop(attempt_id, None)

    def open_attempts(self) -> list[OpenAttempt]:
        return list(self.open.values())


def next_engine(world: World, book: Book) -> Dialer:
    new_engine(world)
    world.dialer.stop()
    dialer = Dialer(world.shop, world.rules, "engine-2", NoRobots, intents=book)
    dialer.start()
    return dialer


def test_an_attempt_that_disturbed_nobody_is_not_settled_again_from_the_intent_log() -> None:
    world, book = World(people=1), Book()
    world.log_in()
    world.run()
    call = world.dialed[0]
    book.append(world.dialer.calls.lives[call].intent, 1)
    world.fact(f.LegCreated, call)
    world.fact(f.LegEnded, call, cause="NORMAL_TEMPORARY_FAILURE", q850=41, sip_code=503)
    assert [cdr["disposition"] for cdr in world.cdrs()] == ["congestion"]
    assert world.store.history("p1").touches == ()

    next_engine(world, book)
    world.time.pass_s(30.0)
    assert len(world.cdrs()) == 1
    assert book.open == {}


def test_an_attempt_made_while_the_clock_was_wrong_is_not_settled_a_second_time() -> None:
    world, book = World(people=1), Book()
    world.log_in()
    world.run()
    call = world.dialed[0]
    intent = world.dialer.calls.lives[call].intent
    book.append(replace(intent, made_at_s=intent.made_at_s + 3_600.0), 1)
    world.fact(f.LegCreated, call)
    world.fact(f.LegEnded, call, cause="NORMAL_TEMPORARY_FAILURE", q850=41, sip_code=503)
    next_engine(world, book)
    world.time.pass_s(30.0)
    assert [cdr["disposition"] for cdr in world.cdrs()] == ["congestion"]


def test_a_leg_that_the_switch_makes_late_is_adopted_as_soon_as_it_is_there() -> None:
    world, book = World(people=1), Book()
    world.log_in()
    world.run()
    call = world.dialed[0]
    again = next_engine(world, book)
    assert again.calls.lives == {}
    world.switch.legs = [live(call)]
    again.on_fact(f.LegCreated(call, world.time.now))
    assert list(again.calls.lives) == [call]
    world.time.pass_s(15.0)
    assert "unknown" not in [cdr["disposition"] for cdr in world.cdrs()]


@pytest.mark.parametrize("over", [False, True])
def test_a_talk_that_was_adopted_can_be_noted_before_and_after_its_end(over: bool) -> None:
    (world, leg, call), book = talking(people=1), Book()
    world.switch.legs = [live(call, leg), live(leg, call, prozvon_agent="a1")]
    again = next_engine(world, book)
    assert again.agents.lives["a1"].state is AgentState.TALKING
    if over:
        again.on_fact(f.LegEnded(call, world.time.now, ended_by="them"))
        assert again.agents.lives["a1"].state is AgentState.WRAP_UP
    assert again.desk.dispose("a1", "promise_to_pay", 0.0, "") == call


def test_an_agent_whose_talk_ended_between_two_engines_is_free_though_the_leg_names_the_person() -> None:
    (world, leg, call), book = talking(people=1), Book()
    world.switch.legs = [live(leg, call, prozvon_agent="a1", prozvon_wish="ready")]
    again = next_engine(world, book)
    assert again.agents.lives["a1"].state is AgentState.READY
    assert again.agents.lives["a1"].attempt_id == ""


def test_a_machine_that_waits_for_its_message_is_left_to_its_net_by_the_next_engine() -> None:
    world, book = World(people=1), Book()
    agent_leg = world.log_in()
    world.run()
    call = world.dialed[0]
    book.append(world.dialer.calls.lives[call].intent, 1)
    world.switch.legs = [live(call, prozvon_amd="machine"), live(agent_leg, prozvon_agent="a1")]
    dialer = next_engine(world, book)
    assert dialer.calls.lives[call].state is State.CLOSING
    world.time.pass_s(5.0)
    assert world.switch.said("bridge") == [], "no agent is joined to a machine"
    dialer.on_fact(f.LegEnded(call, world.time.now, ended_by="us", answered_at_s=2.0))
    assert [cdr["disposition"] for cdr in world.cdrs()] == ["machine"]


def test_a_person_on_hold_is_on_hold_again_and_their_agent_can_take_them_back() -> None:
    world, book = World(people=1, agents=2), Book()
    leg, other = world.log_in(), world.log_in("a2")
    world.run()
    call = world.dialed[0]
    world.fact(f.LegAnswered, call)
    world.fact(f.LegBridged, call, peer_id=leg)
    world.dialer.desk.hold("a1", True)
    (marked,) = [
        order[2] for order in world.switch.said("set_variables") if order[1] == call and "held" in str(order)
    ]
    world.switch.legs = [
        live(call, **marked, prozvon_talked="a1"),
        live(leg, prozvon_agent="a1", prozvon_wish="ready"),
        live(other, prozvon_agent="a2", prozvon_wish="ready"),
    ]
    world.switch.orders.clear()
    again = next_engine(world, book)
    world.dialer = again
    assert again.agents.lives["a1"].state is AgentState.TALKING
    assert again.agents.lives["a2"].state is AgentState.READY
    assert str(again.calls.lives[call].state) == "held"
    assert world.switch.said("bridge") == [], "nobody joins them behind the agent's back"
    again.desk.hold("a1", False)
    assert world.switch.said("bridge") == [("bridge", leg, call)]
    world.fact(f.LegBridged, call, peer_id=leg)
    assert ("set_variables", call, {"prozvon_held": ""}) in world.switch.orders


def test_a_held_person_whose_agent_is_gone_is_served_by_another() -> None:
    world, book = World(people=1, agents=2), Book()
    leg, other = world.log_in(), world.log_in("a2")
    world.run()
    call = world.dialed[0]
    world.fact(f.LegAnswered, call)
    world.fact(f.LegBridged, call, peer_id=leg)
    world.dialer.desk.hold("a1", True)
    world.switch.legs = [
        live(call, prozvon_held="a1", prozvon_talked="a1"),
        live(other, prozvon_agent="a2", prozvon_wish="ready"),
    ]
    world.switch.orders.clear()
    next_engine(world, book)
    assert world.switch.said("bridge") == [("bridge", other, call)]


RECORDS = {
    "busy": (f.LegEnded("", 0.0, "USER_BUSY", 17, 486, "them", 1.0, 0.0, 3.0), 0.0, {}),
    "talked": (
        f.LegEnded("", 0.0, "NORMAL_CLEARING", 16, 200, "them", 1.0, 2.0, 9.0), 2.5, {"prozvon_talked": "a1"}
    ),
    "machine": (
        f.LegEnded("", 0.0, "NORMAL_CLEARING", 16, 200, "us", 1.0, 2.0, 9.0), 0.0, {"prozvon_amd": "machine"}
    ),
    "unknown": (f.LegEnded("", 0.0, "NORMAL_CLEARING", 16, 200, "them", 1.0, 2.0, 9.0), 0.0, {}),
}  # fmt: skip


@pytest.mark.parametrize("end", RECORDS)
def test_what_a_call_came_to_that_ended_between_two_engines_is_read_in_the_switchs_own_records(
    end: str,
) -> None:
    """Answered, and nobody marked whether the person was served: that stays unknown."""
    world = World(people=1)
    world.log_in()
    world.run()
    (call,) = world.dialed
    ended, bridged_at_s, told = RECORDS[end]
    world.switch.records[call] = LegRecord(replace(ended, leg_id=call), bridged_at_s, told)
    dialer = next_engine(world, Book())
    world.time.pass_s(11.0)
    assert [(cdr["attempt_id"], cdr["disposition"]) for cdr in world.cdrs()] == [(call, end)]
    assert dialer.gateways.lines["gw"].in_use == 0
    assert world.shop.store.open_attempts("team") == []


def test_a_leg_that_the_sweep_misses_ends_as_the_switch_wrote_it_down() -> None:
    world = World(people=1)
    world.log_in()
    world.run()
    (call,) = world.dialed
    world.time.pass_s(6.0)
    world.switch.alive.discard(call)
    world.switch.records[call] = LegRecord(replace(RECORDS["busy"][0], leg_id=call), 0.0, {})
    world.dialer.sweeper.sweep(world.switch)
    assert [cdr["disposition"] for cdr in world.cdrs()] == ["busy"]
