"""The life of one call, told as stories, with nothing real around it."""

from engine.domain import facts as f
from engine.domain.agent import LogoutWanted, PauseWanted
from engine.domain.campaign import Mode
from engine.domain.errors import SwitchGone
from tests.dialer.world import World, talking


def test_a_person_answers_and_hears_an_agent_at_once():
    world = World()
    agent_leg = world.log_in()
    world.run()
    (call,) = world.dialed
    world.fact(f.LegRinging, call)
    world.fact(f.LegAnswered, call)
    # the bridge was ordered in the same instant, agent first, with no timer and no store between
    assert world.switch.said("bridge") == [("bridge", agent_leg, call)]
    world.fact(f.LegBridged, call, peer_id=agent_leg)
    assert world.agent() == "talking"
    world.time.pass_s(30)
    world.fact(f.LegEnded, call, cause="NORMAL_CLEARING", ended_by="them")
    assert world.agent() == "wrap_up"
    (cdr,) = world.cdrs()
    assert (cdr["disposition"], cdr["agent_id"]) == ("talked", "a1")
    assert cdr["recording"].startswith("/rec/")
    world.time.pass_s(11)
    assert world.agent() == "ready"


def test_no_agent_ready_and_nothing_is_dialed():
    world = World(people=5)
    world.run()
    world.time.pass_s(10)
    assert world.dialed == []
    assert "hard stop" in world.dialer.pacer.decisions["c1"].reason


def test_an_agent_who_pauses_while_it_rings_leaves_the_person_with_an_identified_notice():
    world = World()
    world.log_in()
    world.run()
    (call,) = world.dialed
    world.dialer.desk.say("a1", PauseWanted)
    world.fact(f.LegAnswered, call)
    assert world.switch.said("bridge") == []
    world.time.pass_s(1.69)
    assert world.switch.said("notice") == []
    world.time.pass_s(0.02)
    assert world.switch.said("notice") == [("notice", call, "/prompts/notice.wav")]
    world.fact(f.LegEnded, call, ended_by="us")
    assert world.cdrs()[0]["disposition"] == "abandoned"


def abandoned() -> tuple[World, str]:
    world = World()
    world.log_in()
    world.run()
    (call,) = world.dialed
    world.dialer.desk.say("a1", PauseWanted)
    world.fact(f.LegAnswered, call)
    world.time.pass_s(1.75)
    return world, call


def test_a_notice_that_nobody_heard_of_is_ordered_again_until_somebody_does():
    world, call = abandoned()
    world.switch.notice = lost  # with the link
    world.time.pass_s(1.0)
    del world.switch.notice
    world.time.pass_s(1.0)
    assert len(world.switch.said("notice")) == 2
    world.fact(f.StepStarted, call, application="playback", argument="/prompts/notice.wav")
    world.time.pass_s(20.0)
    assert len(world.switch.said("notice")) == 2
    assert world.cdrs() == []


def lost(*_: object) -> None:
    raise SwitchGone("the link to the switch is down", "sw1")


def test_a_notice_that_is_heard_is_not_begun_again():
    world, call = abandoned()
    world.fact(f.StepStarted, call, application="playback", argument="/prompts/notice.wav")
    world.time.pass_s(20.0)
    assert len(world.switch.said("notice")) == 1


def test_a_notice_that_nobody_ever_hears_of_is_given_up():
    world, _ = abandoned()
    world.time.pass_s(30.0)
    assert len(world.switch.said("notice")) == 10


def test_an_agent_who_comes_back_in_time_gets_the_person_who_waits():
    world = World()
    agent_leg = world.log_in()
    world.run()
    (call,) = world.dialed
    world.dialer.desk.say("a1", PauseWanted)
    world.fact(f.LegAnswered, call)
    world.time.pass_s(0.5)
    from engine.domain.agent import ReadyWanted

    world.dialer.desk.say("a1", ReadyWanted)
    assert world.switch.said("bridge") == [("bridge", agent_leg, call)]
    world.fact(f.LegBridged, call, peer_id=agent_leg)
    world.time.pass_s(5)
    assert world.switch.said("notice") == []


def test_one_agent_is_never_promised_to_two_calls():
    world = World(people=4, agents=2)
    world.log_in("a1")
    world.log_in("a2")
    world.run()
    assert len(world.dialed) == 2
    world.dialer.desk.say("a2", LogoutWanted)
    for call in world.dialed:
        world.fact(f.LegAnswered, call)
    assert len(world.switch.said("bridge")) == 1


def test_a_bridge_without_proof_is_ordered_again_and_then_another_agent_is_found():
    world = World(people=1, agents=2)
    first = world.log_in("a1")
    second = world.log_in("a2")
    world.run()
    call = world.dialed[0]
    world.fact(f.LegAnswered, call)
    world.time.pass_s(1.0)
    # The same order again would kill the person: the second and the third name the person first.
    tried = [order for order in world.switch.orders if order[0].startswith("bridge")]
    assert tried[:3] == [("bridge", first, call)] + [("bridge_again", first, call)] * 2
    assert tried[3] == ("bridge", second, call)
    assert world.agent("a1") == "offline"


def test_a_person_may_be_put_on_hold_and_brought_back_any_number_of_times():
    world, agent_leg, call = talking()
    for times in range(2, 7):
        world.dialer.desk.hold("a1", True)
        world.time.pass_s(5)
        world.dialer.desk.hold("a1", False)
        assert len(world.switch.said("bridge")) == times
        world.fact(f.LegBridged, call, peer_id=agent_leg)
        assert world.agent() == "talking"
    assert world.switch.said("bridge_again") == []


def test_a_person_who_hangs_up_in_the_middle_of_the_bridge_frees_the_agent():
    world = World()
    world.log_in()
    world.run()
    (call,) = world.dialed
    world.fact(f.LegAnswered, call)
    assert world.agent() == "reserved"
    world.fact(f.LegEnded, call, ended_by="them")
    assert world.agent() == "ready"
    assert world.cdrs()[0]["disposition"] == "hung_up"


def test_a_busy_number_goes_back_to_the_queue_and_the_agent_gets_the_next():
    world = World(people=2)
    world.log_in()
    world.run()
    (first,) = world.dialed
    world.fact(f.LegEnded, first, cause="USER_BUSY", q850=17, sip_code=486, ended_by="them")
    world.time.pass_s(0.2)
    assert len(world.dialed) == 2
    assert world.cdrs()[0]["disposition"] == "busy"
    assert world.store.queue_sizes("c1", world.time.wall_s()).later == 1


def test_the_agents_phone_dies_in_the_talk_and_another_agent_takes_the_person():
    world = World(people=1, agents=2)
    first = world.log_in("a1")
    world.run()
    (call,) = world.dialed
    world.fact(f.LegAnswered, call)
    world.fact(f.LegBridged, call, peer_id=first)
    second = world.log_in("a2")
    world.fact(f.LegEnded, first, cause="MEDIA_TIMEOUT")
    assert world.switch.said("bridge")[-1] == ("bridge", second, call)
    assert world.agent("a1") == "offline"


def test_a_switch_that_never_answers_for_a_leg_does_not_hold_the_agent_for_ever():
    world = World()
    world.log_in()
    world.run()
    (call,) = world.dialed
    world.fact(f.LegAnswered, call)
    world.switch.alive.discard(call)  # it ended, and the news was lost
    world.time.pass_s(120)
    assert call not in world.dialer.calls.lives
    assert world.cdrs()[0]["cause"] == "LOST_EVENT"


def test_ringing_longer_than_the_campaign_lets_it_is_given_up():
    world = World(ring_time_s=20.0)
    world.log_in()
    world.run()
    (call,) = world.dialed
    world.fact(f.LegRinging, call)
    world.time.pass_s(22.1)
    assert world.switch.said("hang_up") == [("hang_up", call, "NO_ANSWER")]


def test_a_refused_originate_gives_the_reservation_back():
    world = World()
    world.log_in()
    world.run()
    (call,) = world.dialed
    world.fact(f.OriginateRefused, call, text="-ERR DESTINATION_OUT_OF_ORDER")
    assert world.cdrs()[0]["disposition"] == "switch_busy"
    assert world.store.history("p1").touches == ()


def test_preview_shows_the_card_first_and_dials_only_on_accept():
    world = World(mode=Mode.PREVIEW)
    agent_leg = world.log_in()
    world.run()
    assert world.agent() == "preview"
    assert world.dialed == []
    assert world.dialer.desk.card("a1")["name"] == "Person 1"
    attempt = world.dialer.desk.accept("a1")
    assert world.dialed == [attempt]
    assert world.agent() == "reserved"
    world.fact(f.LegAnswered, attempt)
    assert world.switch.said("bridge") == [("bridge", agent_leg, attempt)]


def test_a_preview_that_is_not_answered_in_time_returns_the_contact_and_pauses_the_agent():
    world = World(mode=Mode.PREVIEW)
    world.log_in()
    world.run()
    world.time.pass_s(31)
    assert world.agent() == "paused"
    assert world.store.queue_sizes("c1", world.time.wall_s()).due == 1


def test_hold_and_back_goes_through_a_new_bridge():
    world, agent_leg, call = talking()
    world.dialer.desk.hold("a1", True)
    assert world.switch.said("hold")[0][1] == call
    world.dialer.desk.hold("a1", False)
    assert len(world.switch.said("bridge")) == 2
    world.fact(f.LegBridged, call, peer_id=agent_leg)
    assert world.agent() == "talking"


def test_a_blind_transfer_frees_the_agent():
    world = World()
    agent_leg = world.log_in()
    world.run()
    (call,) = world.dialed
    world.fact(f.LegAnswered, call)
    world.fact(f.LegBridged, call, peer_id=agent_leg)
    world.dialer.desk.transfer("a1", "+48221112233")
    assert world.switch.said("transfer")[0][1:3] == (call, "+48221112233")
    assert world.agent() == "wrap_up"


def test_a_person_whose_agent_cannot_be_joined_waits_no_longer_than_the_limit_in_all():
    world = World(people=1, agents=1)
    world.log_in("a1")
    world.run()
    (call,) = world.dialed
    world.fact(f.LegAnswered, call)
    world.time.pass_s(1.0)  # three bridges without proof: the agent's leg is given up
    assert world.agent("a1") == "offline"
    world.time.pass_s(0.69)
    assert world.switch.said("notice") == []
    world.time.pass_s(0.05)
    assert len(world.switch.said("notice")) == 1
