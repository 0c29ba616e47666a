"""Agents, their phones, and what they ask for in a talk: stories with nothing real around them."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from engine.control import Refused
from engine.domain import facts as f
from engine.domain.agent import Agent, LogoutWanted, PauseWanted, ReadyWanted
from engine.domain.campaign import Mode
from tests.dialer.world import World, talking

ANY_CALL = SimpleNamespace(
    leg_id="leg", switch="sw1", campaign=SimpleNamespace(team="team", skills=frozenset(), wrap_up_s=0.0)
)


def on_demand(world: World) -> None:
    world.dialer.agents.lives["a1"].agent = Agent("a1", "team", "1001", standing=False)


def say(world: World, wish: type) -> None:
    world.dialer.desk.say("a1", wish)


def test_who_has_been_ready_for_longest_is_next_and_a_short_rest_costs_the_place():
    world = World(agents=3)
    for agent_id in ("a1", "a2", "a3"):
        world.log_in(agent_id)
        world.time.pass_s(1.0)
    world.dialer.desk.say("a1", PauseWanted)
    world.dialer.desk.say("a1", ReadyWanted)
    served = [world.dialer.agents.free_for(ANY_CALL)]
    world.dialer.agents.promise(served[0], ANY_CALL)
    served.append(world.dialer.agents.free_for(ANY_CALL))
    assert [life.agent.agent_id for life in served] == ["a2", "a3"]


def test_only_an_agent_of_the_team_with_every_skill_and_on_the_same_switch_is_free_for_a_call():
    world = World(agents=3)
    for agent_id in ("a1", "a2", "a3"):
        world.log_in(agent_id)
    lives = world.dialer.agents.lives
    wanted = SimpleNamespace(campaign=replace(world.campaign, skills=frozenset({"pl"})), switch="sw1")
    assert world.dialer.agents.free_for(wanted) is None
    lives["a2"].agent = replace(lives["a2"].agent, skills=frozenset({"pl"}), team="others")
    assert world.dialer.agents.free_for(wanted) is None
    lives["a3"].agent = replace(lives["a3"].agent, skills=frozenset({"pl", "cards"}))
    assert world.dialer.agents.free_for(wanted) is lives["a3"]
    lives["a3"].switch = "sw2"
    assert world.dialer.agents.free_for(wanted) is None


# --- coming and going ------------------------------------------------------------------------------


def test_pause_and_logout_in_a_talk_wait_for_its_end():
    for wish, after in ((PauseWanted, "paused"), (LogoutWanted, "offline")):
        world, _, call = talking()
        say(world, wish)
        assert world.agent() == "talking"
        world.fact(f.LegEnded, call, ended_by="them")
        assert world.agent() == "wrap_up"
        world.time.pass_s(11)
        assert world.agent() == after


def test_who_is_ready_again_before_the_talk_ends_is_not_paused_after_it():
    world, _, call = talking()
    say(world, PauseWanted)
    say(world, ReadyWanted)
    world.fact(f.LegEnded, call, ended_by="them")
    world.time.pass_s(11)
    assert world.agent() == "ready"


def test_logging_in_again_straight_after_logging_out_raises_a_new_leg():
    world = World()
    first = world.log_in()
    say(world, LogoutWanted)
    second = world.log_in()
    assert second != first
    world.fact(f.LegEnded, first, cause="NORMAL_CLEARING", ended_by="us")  # the old news comes late
    assert world.agent() == "ready"


# --- phones ----------------------------------------------------------------------------------------


def test_a_phone_that_refuses_leaves_the_agent_offline_with_the_reason():
    world = World()
    world.dialer.desk.login("a1")
    leg = world.switch.said("call_agent")[0][1]
    world.fact(f.LegEnded, leg, cause="USER_BUSY")
    assert world.agent() == "offline"
    assert world.dialer.agents.lives["a1"].why == "phone not reached: USER_BUSY"
    world.time.pass_s(60)
    assert len(world.switch.said("call_agent")) == 1


def test_a_leg_lost_by_the_network_is_called_again_and_the_agent_is_ready_as_before():
    world = World()
    leg = world.log_in()
    world.fact(f.LegEnded, leg, cause="MEDIA_TIMEOUT")
    assert world.agent() == "offline"
    assert "MEDIA_TIMEOUT" in world.dialer.agents.lives["a1"].why
    world.time.pass_s(2.1)
    again = world.switch.said("call_agent")[-1][1]
    assert again != leg
    world.fact(f.LegAnswered, again)
    assert world.agent() == "ready"


def test_a_paused_agents_lost_leg_comes_back_paused():
    world = World()
    leg = world.log_in()
    say(world, PauseWanted)
    world.fact(f.LegEnded, leg, cause="LOST_EVENT")
    world.time.pass_s(2.1)
    world.fact(f.LegAnswered, world.switch.said("call_agent")[-1][1])
    assert world.agent() == "paused"


def test_a_phone_that_stays_away_is_called_three_times_and_no_more():
    world = World()
    world.fact(f.LegEnded, world.log_in(), cause="MEDIA_TIMEOUT")
    for pause_s in (2.1, 5.1, 15.1):
        world.time.pass_s(pause_s)
        world.fact(f.LegEnded, world.switch.said("call_agent")[-1][1], cause="USER_NOT_REGISTERED")
    world.time.pass_s(600)
    assert len(world.switch.said("call_agent")) == 1 + 3
    assert world.dialer.agents.lives["a1"].why == "phone not reached: USER_NOT_REGISTERED"


def test_a_leg_that_keeps_dying_is_not_called_for_ever_and_one_that_stood_is_called_anew():
    world = World()
    world.fact(f.LegEnded, world.log_in(), cause="MEDIA_TIMEOUT")
    for _ in range(5):
        world.time.pass_s(20)
        if world.agent() == "calling":
            leg = world.switch.said("call_agent")[-1][1]
            world.fact(f.LegAnswered, leg)
            world.fact(f.LegEnded, leg, cause="MEDIA_TIMEOUT")
    assert len(world.switch.said("call_agent")) == 1 + 3
    leg = world.log_in()
    world.time.pass_s(61)
    world.fact(f.LegEnded, leg, cause="MEDIA_TIMEOUT")
    world.time.pass_s(2.1)
    assert world.agent() == "calling"


def test_who_logs_out_while_their_phone_is_away_is_not_called():
    world = World()
    world.fact(f.LegEnded, world.log_in(), cause="MEDIA_TIMEOUT")
    say(world, LogoutWanted)
    world.time.pass_s(60)
    assert len(world.switch.said("call_agent")) == 1


def test_an_agent_who_hangs_up_the_phone_in_a_talk_ends_the_talk():
    world, leg, call = talking(agents=2)
    world.log_in("a2")
    world.fact(f.LegEnded, leg, cause="NORMAL_CLEARING", ended_by="them")
    assert world.switch.said("hang_up")[-1][1] == call
    assert world.agent() == "offline"
    assert world.dialer.agents.lives["a1"].why == "hung up the phone"
    world.fact(f.LegEnded, call, ended_by="us")
    assert world.cdrs()[0]["disposition"] == "talked"
    assert world.agent("a2") == "ready"


def test_nobody_is_bridged_to_a_leg_before_it_is_parked():
    world = World()
    on_demand(world)
    world.dialer.desk.login("a1")
    say(world, ReadyWanted)
    world.run()
    (call,) = world.dialed
    world.fact(f.LegAnswered, call)
    leg = world.switch.said("call_agent")[0][1]
    world.dialer.on_fact(f.LegAnswered(leg, world.time.now))
    assert world.switch.said("bridge") == []
    world.time.pass_s(0.61)  # the news of the park is lost
    assert world.switch.said("bridge") == [("bridge", leg, call)]


# --- on demand -------------------------------------------------------------------------------------


def test_an_agent_on_demand_is_called_for_the_contact_and_let_go_after_the_talk():
    world = World()
    on_demand(world)
    world.dialer.desk.login("a1")
    say(world, ReadyWanted)
    assert world.switch.said("call_agent") == []
    world.run()
    (call,) = world.dialed
    world.fact(f.LegAnswered, call)
    leg = world.switch.said("call_agent")[0][1]
    assert world.switch.said("bridge") == []
    world.fact(f.LegAnswered, leg)
    assert world.switch.said("bridge") == [("bridge", leg, call)]
    world.fact(f.LegBridged, call, peer_id=leg)
    world.fact(f.LegEnded, call, ended_by="them")
    assert world.agent() == "wrap_up"
    assert world.switch.said("hang_up")[-1][1] == leg
    world.fact(f.LegEnded, leg, ended_by="us")
    world.time.pass_s(11)
    assert world.agent() == "ready"


def test_an_agent_on_demand_who_hangs_up_ends_the_talk_and_has_wrap_up():
    world = World()
    on_demand(world)
    world.dialer.desk.login("a1")
    say(world, ReadyWanted)
    world.run()
    (call,) = world.dialed
    world.fact(f.LegAnswered, call)
    leg = world.switch.said("call_agent")[0][1]
    world.fact(f.LegAnswered, leg)
    world.fact(f.LegBridged, call, peer_id=leg)
    world.fact(f.LegEnded, leg, cause="NORMAL_CLEARING", ended_by="them")
    assert world.switch.said("hang_up")[-1][1] == call
    world.fact(f.LegEnded, call, ended_by="us")
    assert world.agent() == "wrap_up"


def test_an_agent_on_demand_who_does_not_pick_up_goes_offline_and_another_is_tried():
    world = World(agents=2)
    on_demand(world)
    world.dialer.desk.login("a1")
    say(world, ReadyWanted)
    world.run()
    (call,) = world.dialed
    world.fact(f.LegAnswered, call)
    world.fact(f.LegEnded, world.switch.said("call_agent")[0][1], cause="CALL_REJECTED")
    assert world.agent() == "offline"
    assert world.dialer.agents.lives["a1"].why == "phone not reached: CALL_REJECTED"
    second = world.log_in("a2")
    assert world.switch.said("bridge")[-1] == ("bridge", second, call)


# --- manual ----------------------------------------------------------------------------------------


def test_a_manual_call_of_a_robots_campaign_is_for_the_agent_and_says_so_in_its_cdr():
    world = World(mode=Mode.ROBOT)
    leg = world.log_in()
    attempt = world.dialer.desk.dial("a1", world.campaign, world.store.find_contact("k1"))
    world.fact(f.LegAnswered, attempt)
    assert world.switch.said("bridge") == [("bridge", leg, attempt)]
    world.fact(f.LegBridged, attempt, peer_id=leg)
    world.fact(f.LegEnded, attempt, ended_by="them")
    (cdr,) = world.cdrs()
    assert (cdr["mode"], cdr["disposition"], cdr["agent_id"]) == ("manual", "talked", "a1")


def test_a_manual_call_nobody_takes_leaves_a_paused_agent_paused():
    world = World(mode=Mode.MANUAL)
    world.log_in()
    say(world, PauseWanted)
    attempt = world.dialer.desk.dial("a1", world.campaign, world.store.find_contact("k1"))
    world.fact(f.LegEnded, attempt, cause="NO_ANSWER", ended_by="us")
    assert world.agent() == "paused"


# --- transfers -------------------------------------------------------------------------------------


def test_a_transfer_takes_a_channel_of_the_trunk_and_gives_it_back_at_the_end():
    world, _, call = talking()
    line = world.dialer.gateways.lines["gw"]
    assert line.in_use == 1
    world.dialer.desk.transfer("a1", "+48221112233")
    assert line.in_use == 2
    world.fact(f.LegEnded, call, ended_by="them")
    assert line.in_use == 0


def test_a_transfer_to_an_extension_needs_no_trunk():
    world, _, call = talking()
    world.dialer.desk.transfer("a1", "1002")
    assert world.switch.said("transfer")[0][1:4] == (call, "1002", "")
    assert world.dialer.gateways.lines["gw"].in_use == 1


def consulting() -> tuple[World, str, str, str]:
    world, leg, call = talking(agents=2)
    world.dialer.desk.consult("a1", "+48221112233")
    third = world.dialed[-1]
    assert third != call
    assert world.switch.said("hold")[0][1] == call
    return world, leg, call, third


def test_an_attended_transfer_joins_the_person_with_whom_the_agent_spoke_to():
    world, leg, call, third = consulting()
    world.fact(f.LegAnswered, third)
    assert world.switch.said("bridge")[-1] == ("bridge", leg, third)
    with pytest.raises(Refused, match="nobody has answered"):
        world.dialer.desk.consult("a1", "")  # the bridge is on its way: a second one would overtake it
    world.fact(f.LegBridged, third, peer_id=leg)
    world.dialer.desk.consult("a1", "")
    assert world.switch.said("bridge")[-1] == ("bridge", third, call)
    assert world.agent() == "wrap_up"
    world.fact(f.LegEnded, call, ended_by="them")
    assert world.switch.said("hang_up")[-1][1] == third
    world.fact(f.LegEnded, third, ended_by="us")
    assert world.dialer.gateways.lines["gw"].in_use == 0


def test_a_transfer_cannot_be_completed_before_anybody_answered():
    world, *_ = consulting()
    with pytest.raises(Refused, match="nobody has answered"):
        world.dialer.desk.consult("a1", "")


def test_a_third_party_that_refuses_gives_the_person_back_to_the_agent():
    world, leg, call, third = consulting()
    world.fact(f.LegEnded, third, cause="USER_BUSY")
    assert world.switch.said("bridge")[-1] == ("bridge", leg, call)
    world.fact(f.LegBridged, call, peer_id=leg)
    assert world.agent() == "talking"


def test_a_third_party_who_cannot_be_joined_is_let_go_and_the_person_comes_back():
    world, leg, call, third = consulting()
    world.fact(f.LegAnswered, third)
    world.time.pass_s(1.0)
    tried = [order for order in world.switch.orders if order[0].startswith("bridge") and order[2] == third]
    assert tried == [("bridge", leg, third)] + [("bridge_again", leg, third)] * 2
    assert world.switch.said("hang_up")[-1][1] == third
    world.fact(f.LegEnded, third, ended_by="us")
    assert world.switch.said("bridge")[-1] == ("bridge", leg, call)


def test_a_call_that_was_handed_over_can_still_be_ended():
    world, _, call = talking()
    world.dialer.desk.transfer("a1", "1002")
    world.dialer.calls.post(f.EndWanted(call, world.time.now))
    assert world.switch.said("hang_up")[-1][1] == call


def test_taking_the_person_back_lets_the_third_party_go():
    world, leg, call, third = consulting()
    world.fact(f.LegAnswered, third)
    world.dialer.desk.hold("a1", False)
    assert world.switch.said("hang_up")[-1][1] == third
    world.fact(f.LegEnded, third, ended_by="us")
    assert world.switch.said("bridge")[-1] == ("bridge", leg, call)


def test_a_person_who_hangs_up_during_a_consultation_frees_everybody():
    world, _, call, third = consulting()
    world.fact(f.LegAnswered, third)
    world.fact(f.LegEnded, call, ended_by="them")
    assert world.agent() == "wrap_up"
    assert world.switch.said("hang_up")[-1][1] == third
    world.fact(f.LegEnded, third, ended_by="us")
    assert world.dialer.consultations.by_leg == {}


def test_an_agent_whose_phone_dies_during_a_consultation_is_replaced_for_the_person():
    world, leg, call, third = consulting()
    world.fact(f.LegAnswered, third)
    second = world.log_in("a2")
    world.fact(f.LegEnded, leg, cause="MEDIA_TIMEOUT")
    assert ("hang_up", third) in [order[:2] for order in world.switch.said("hang_up")]
    assert world.switch.said("bridge")[-1] == ("bridge", second, call)
    world.fact(f.LegEnded, third, ended_by="us")
    assert world.switch.said("bridge")[-1] == ("bridge", second, call)


# --- what is heard at the join -----------------------------------------------------------------------


def test_the_agent_hears_the_tone_and_the_name_and_both_hear_the_warning():
    world = World(record_warning="/p/warning.wav", whisper=True)
    world.dialer.launcher.prepare = lambda campaign, contact: f"/p/{contact.name}.wav"
    leg = world.log_in()
    tone = world.dialer.agents.lives["a1"].agent.connect_tone
    world.run()
    (call,) = world.dialed
    world.fact(f.LegAnswered, call)
    heard = [sound for _, _, sound in world.switch.said("tell_agent")]
    assert heard == [tone, "/p/Person 1.wav", "/p/warning.wav"]
    assert world.switch.said("warn") == [("warn", call, "/p/warning.wav")]
    world.fact(f.LegBridged, call, peer_id=leg)
    world.dialer.desk.hold("a1", True)
    world.dialer.desk.hold("a1", False)
    assert len(world.switch.said("warn")) == 1
