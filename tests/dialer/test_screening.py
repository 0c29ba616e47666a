"""A call that AMD judges before anybody talks, with nothing real around it."""

from dataclasses import replace
from typing import Any

import pytest

from engine.dialer.life import CallLife
from engine.domain import facts as f
from engine.domain.agent import PauseWanted
from engine.domain.campaign import Abandonment, Amd, Mode
from tests.dialer.world import World


class Ears:
    """A screener that says nothing by itself and remembers whom it was asked to hear."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.heard_early: list[str] = []
        self.stopped: list[str] = []

    def early(self, life: CallLife) -> None:
        self.heard_early.append(life.leg_id)

    def start(self, life: CallLife) -> None:
        self.heard.append(life.leg_id)

    def stop(self, life: CallLife) -> None:
        self.stopped.append(life.leg_id)


def screened(limits: Abandonment | None = None, **terms: Any) -> tuple[World, Ears, str, str]:
    """An answered call under screening: the world, the ears, the agent's leg, the call's."""
    ears = Ears()
    world = World(screening=True, screener=ears, **terms)
    if limits:
        world.shop.campaigns["c1"] = replace(world.campaign, abandonment=limits)
    agent_leg = world.log_in()
    world.run()
    (call,) = world.dialed
    world.fact(f.LegAnswered, call, codec="PCMA")
    return world, ears, agent_leg, call


def test_the_net_is_extended_before_anything_else_is_asked_of_the_switch():
    world, ears, _, call = screened()
    assert ears.heard == [call]
    verbs = [order[0] for order in world.switch.orders if order[1] == call]
    assert verbs == ["dial", "extend_net"]
    assert world.switch.said("dial")[0][2].net.extendable


@pytest.mark.parametrize("screening_s", [1.0, 3.0, 6.0])
@pytest.mark.parametrize("limit_s", [0.6, 1.0, 2.0, 3.0])
def test_the_net_never_speaks_before_we_could_and_still_speaks_in_time(screening_s: float, limit_s: float):
    limits = Abandonment(answer_limit_s=limit_s, max_screening_s=screening_s, notice="/prompts/notice.wav")
    world, *_ = screened(limits)
    world.dialer.desk.say("a1", PauseWanted)
    ours_s = 0.0
    while not world.switch.said("notice"):  # AMD never decides, nobody is free: the latest we ever speak
        world.time.pass_s(0.01)
        ours_s += 0.01
        assert ours_s < 20
    (_, _, by_ms), dialed = world.switch.said("extend_net")[0], world.switch.said("dial")[0][2]
    net_s = (dialed.net.after_ms + by_ms) / 1000
    assert screening_s < ours_s <= net_s <= screening_s + limit_s


def test_a_person_goes_to_the_agent_the_instant_amd_says_so():
    world, ears, agent_leg, call = screened()
    assert world.switch.said("bridge") == []
    world.time.pass_s(1.4)
    world.fact(f.PersonDetected, call)
    assert world.switch.said("bridge") == [("bridge", agent_leg, call)]
    world.fact(f.LegBridged, call, peer_id=agent_leg)
    world.time.pass_s(20)
    world.fact(f.LegEnded, call, ended_by="them")
    assert ears.stopped == [call]
    assert world.cdrs()[0]["amd"] == "person"


@pytest.mark.parametrize("kind", ["machine", "fax", "announcement"])
def test_no_agent_ever_hears_a_machine(kind: str):
    world, ears, _, call = screened()
    world.time.pass_s(2.0)
    world.dialer.on_fact(f.MachineDetected(call, world.time.now, kind))
    assert world.switch.said("bridge") == []
    assert world.switch.said("hang_up")[-1][1] == call
    world.fact(f.LegEnded, call, ended_by="us")
    assert ears.stopped == [call]
    assert world.cdrs()[0]["amd"] == kind
    assert world.agent() == "ready"


def test_where_amd_is_silent_the_person_is_served_at_the_deadline():
    world, _, agent_leg, call = screened()
    world.time.pass_s(2.99)
    assert world.switch.said("bridge") == []
    world.time.pass_s(0.02)
    assert world.switch.said("bridge") == [("bridge", agent_leg, call)]
    world.dialer.on_fact(
        f.MachineDetected(call, world.time.now)
    )  # too late to take the person away from the agent
    world.fact(f.LegBridged, call, peer_id=agent_leg)
    world.fact(f.LegEnded, call, ended_by="them")
    assert [one["agent"] for one in world.told if one["kind"] == "machine_after_all"] == ["a1"]
    assert world.cdrs()[0]["amd"] == "machine_after_all"
    assert world.cdrs()[0]["disposition"] == "talked"


def test_a_person_who_hangs_up_under_screening_leaves_no_fork_behind():
    world, ears, _, call = screened()
    world.fact(f.LegEnded, call, ended_by="them")
    assert ears.stopped == [call]
    assert world.agent() == "ready"


def test_a_campaign_without_screening_asks_nobody():
    world, ears = World(), Ears()
    world.log_in()
    world.run()
    world.fact(f.LegAnswered, world.dialed[0])
    assert ears.heard == []
    assert world.switch.said("extend_net") == []


def test_where_the_limit_runs_from_the_answer_amd_leaves_time_for_the_bridge():
    limits = Abandonment(
        clock="answer", answer_limit_s=2.0, max_screening_s=4.0, notice="/prompts/notice.wav"
    )
    world, _, agent_leg, call = screened(limits)
    world.time.pass_s(1.19)
    assert world.switch.said("bridge") == []
    world.time.pass_s(0.02)
    assert world.switch.said("bridge") == [("bridge", agent_leg, call)]
    assert world.switch.said("extend_net")[0][2] == 0


# --- a machine, and what is said to it ------------------------------------------------------------------


MESSAGE = "/prompts/message.wav"


def mailbox(**terms: Any) -> tuple[World, Ears, str]:
    """AMD has just said "machine" of a call that is to be left a message."""
    world, ears, _, call = screened(machine_message=MESSAGE, **terms)
    world.time.pass_s(1.5)
    world.fact(f.MachineDetected, call)
    return world, ears, call


def test_nothing_is_said_to_a_machine_before_its_beep_is_over_and_the_net_is_armed_anew():
    world, _, call = mailbox(amd=Amd(beep_wait_s=30.0))
    assert world.switch.said("rearm_net") == [("rearm_net", call, "", 35.0, MESSAGE)]
    world.time.pass_s(12.0)
    assert world.switch.said("notice") == []
    world.fact(f.BeepEnded, call)
    assert world.switch.said("notice") == [("notice", call, MESSAGE)]
    world.fact(f.LegEnded, call, ended_by="us")
    assert (world.cdrs()[0]["disposition"], world.cdrs()[0]["amd"]) == ("machine", "machine")
    assert world.agent() == "ready"


def test_a_machine_without_a_beep_gets_the_message_late():
    world, _, call = mailbox(amd=Amd(beep_wait_s=30.0))
    world.time.pass_s(29.9)
    assert world.switch.said("notice") == []
    world.time.pass_s(0.2)
    assert world.switch.said("notice") == [("notice", call, MESSAGE)]
    world.fact(f.BeepEnded, call)
    assert len(world.switch.said("notice")) == 1


def test_a_beep_that_was_over_with_the_verdict_is_not_waited_for_again():
    world, _, _, call = screened(machine_message=MESSAGE)
    world.time.pass_s(1.0)
    world.fact(f.BeepEnded, call)
    world.time.pass_s(0.3)
    world.fact(f.MachineDetected, call)
    assert world.switch.said("rearm_net") == []
    assert world.switch.said("notice") == [("notice", call, MESSAGE)]


def test_a_person_who_picks_up_while_the_machine_speaks_is_served():
    world, _, call = mailbox()
    world.time.pass_s(1.0)
    world.fact(f.PersonDetected, call)
    assert [order[2] for order in world.switch.said("bridge")] == [call]


@pytest.mark.parametrize("kind", ["fax", "announcement"])
def test_no_message_is_left_to_what_cannot_hear_it(kind: str):
    world, _, _, call = screened(machine_message=MESSAGE)
    world.dialer.on_fact(f.MachineDetected(call, world.time.now, kind))
    assert world.switch.said("notice") == world.switch.said("rearm_net") == []
    assert world.switch.said("hang_up")[-1][1] == call


def test_whoever_waits_and_turns_out_a_machine_is_left_the_message_and_is_not_abandoned():
    world, _, _, call = screened(machine_message=MESSAGE)
    world.dialer.desk.say("a1", PauseWanted)
    world.fact(f.PersonDetected, call)
    world.time.pass_s(0.5)
    world.fact(f.MachineDetected, call)
    world.time.pass_s(5.0)
    world.fact(f.BeepEnded, call)
    world.fact(f.LegEnded, call, ended_by="us")
    assert (world.cdrs()[0]["disposition"], world.cdrs()[0]["amd"]) == ("machine", "machine_after_all")


def test_an_agent_who_talks_with_a_machine_after_all_is_told_and_keeps_the_call():
    world, _, agent_leg, call = screened()
    world.fact(f.PersonDetected, call)
    world.fact(f.LegBridged, call, peer_id=agent_leg)
    world.time.pass_s(2.0)
    world.fact(f.MachineDetected, call)
    told = [one for one in world.told if one["kind"] == "machine_after_all"]
    assert [(one["agent"], one["attempt"]) for one in told] == [("a1", call)]
    assert world.switch.said("hang_up") == []
    assert world.agent() == "talking"


def test_whoever_is_likely_a_person_is_joined_before_the_verdict():
    world, _, agent_leg, call = screened(amd=Amd(join="likely"))
    world.time.pass_s(0.7)
    assert world.switch.said("bridge") == []
    world.fact(f.PersonLikely, call)
    assert world.switch.said("bridge") == [("bridge", agent_leg, call)]
    world.fact(f.LegBridged, call, peer_id=agent_leg)
    world.fact(f.PersonDetected, call)
    world.fact(f.LegEnded, call, ended_by="them")
    assert world.cdrs()[0]["amd"] == "person"


def test_joined_at_the_answer_nobody_waits_for_amd_and_the_agent_is_told_of_machines():
    world, ears, agent_leg, call = screened(amd=Amd(join="answer"))
    assert ears.heard == [call]
    assert world.switch.said("bridge") == [("bridge", agent_leg, call)]
    assert world.switch.said("extend_net") == []
    world.fact(f.LegBridged, call, peer_id=agent_leg)
    world.fact(f.MachineDetected, call)
    assert [one["agent"] for one in world.told if one["kind"] == "machine_after_all"] == ["a1"]
    world.fact(f.LegEnded, call, ended_by="us")
    assert world.cdrs()[0]["amd"] == "machine_after_all"


# --- a question to whom nothing is certain of -------------------------------------------------------------


def test_whoever_says_nothing_is_asked_and_the_net_still_speaks_when_it_would_have():
    world, _, _, call = screened(amd=Amd(ask="/prompts/hello.wav", ask_after_s=1.8))
    world.time.pass_s(1.75)
    assert world.switch.said("rearm_net") == []
    world.time.pass_s(0.1)
    (order,) = world.switch.said("rearm_net")
    assert order[:3] == ("rearm_net", call, "/prompts/hello.wav")
    assert order[4] == "/prompts/notice.wav"
    assert 1.8 + order[3] == pytest.approx(3.0 + 2.0, abs=0.01)
    world.time.pass_s(1.2)
    assert len(world.switch.said("bridge")) == 1, "undecided is a person"


def test_a_person_who_was_judged_is_not_asked():
    world, _, _, call = screened(amd=Amd(ask="/prompts/hello.wav", ask_after_s=1.8))
    world.time.pass_s(1.0)
    world.fact(f.PersonDetected, call)
    world.time.pass_s(5.0)
    asked = [order for order in world.switch.said("rearm_net") if order[2]]
    assert asked == []


# --- before the answer ------------------------------------------------------------------------------------


def ringing(**amd: Any) -> tuple[World, Ears, str]:
    ears = Ears()
    world = World(screener=ears, amd=Amd(**amd))
    world.log_in()
    world.run()
    (call,) = world.dialed
    world.fact(f.LegCreated, call)
    world.fact(f.LegEarlyMedia, call, codec="PCMA")
    return world, ears, call


@pytest.mark.parametrize(
    ("means", "disposition"),
    [
        ("unreachable", "unreachable"),
        ("dead_number", "dead_number"),
        ("busy", "busy"),
        ("voicemail", "machine"),
    ],
)
def test_an_announcement_ends_the_ringing_as_what_it_means(means: str, disposition: str):
    world, ears, call = ringing(early=True)
    assert ears.heard_early == [call]
    world.time.pass_s(2.0)
    world.fact(f.AnnouncementHeard, call, means=means, name="operator-1")
    assert world.switch.said("hang_up") == [("hang_up", call, "ORIGINATOR_CANCEL")]
    world.fact(f.LegEnded, call, cause="ORIGINATOR_CANCEL", ended_by="us")
    assert (world.cdrs()[0]["disposition"], world.cdrs()[0]["amd"]) == (disposition, "announcement")
    assert ears.stopped == [call]


def test_an_announcement_that_crosses_the_answer_takes_nobody_away():
    world, _, call = ringing(early=True)
    world.fact(f.LegAnswered, call)
    world.fact(f.AnnouncementHeard, call, means="unreachable")
    assert world.switch.said("hang_up") == []
    assert len(world.switch.said("bridge")) == 1


def test_early_sound_is_not_listened_to_where_the_campaign_does_not_want_it():
    _, ears, _ = ringing()
    assert ears.heard_early == []


def test_who_is_answered_and_not_screened_is_listened_to_no_more():
    world, ears, call = ringing(early=True)
    world.fact(f.LegAnswered, call)
    assert ears.stopped == [call]
    assert ears.heard == []


# --- audits and what they cost ----------------------------------------------------------------------------


def test_an_audited_machine_goes_to_a_free_agent_whose_note_says_what_it_was():
    world, _, agent_leg, call = screened(amd=Amd(audit_share=1.0), machine_message=MESSAGE)
    world.fact(f.MachineDetected, call)
    assert world.switch.said("bridge") == [("bridge", agent_leg, call)]
    card = next(one["card"] for one in world.told if one["kind"] == "card")
    assert card["audit"] is True
    world.fact(f.LegBridged, call, peer_id=agent_leg)
    world.fact(f.LegEnded, call, ended_by="them")
    world.dialer.desk.dispose("a1", "promise_to_pay", 0.0, "")
    figures = world.dialer.calls.amd.figures(world.campaign)
    assert (figures["audits"], figures["wrong"], figures["machines"]) == (1, 1, 0)
    world.dialer.desk.dispose("a1", "machine", 0.0, "it was a mailbox")
    figures = world.dialer.calls.amd.figures(world.campaign)
    assert (figures["audits"], figures["wrong"]) == (1, 0), "what is said again replaces what was said"


def test_no_machine_is_audited_while_no_agent_is_free():
    world, _, _, call = screened(amd=Amd(audit_share=1.0))
    world.dialer.desk.say("a1", PauseWanted)
    world.fact(f.MachineDetected, call)
    world.time.pass_s(10.0)
    assert world.switch.said("notice") == []
    world.fact(f.LegEnded, call, ended_by="us")
    assert world.cdrs()[0]["disposition"] == "machine"


def test_a_robot_hears_no_audits_and_stops_talking_to_a_machine():
    ears = Ears()
    world = World(
        mode=Mode.ROBOT, screening=True, screener=ears, machine_message=MESSAGE, amd=Amd(audit_share=1.0)
    )
    world.run()
    (call,) = world.dialed
    world.fact(f.LegAnswered, call)
    world.fact(f.PersonDetected, call)
    assert world.dialer.calls.lives[call].state.name == "ROBOT"
    world.fact(f.MachineDetected, call)
    assert world.switch.said("rearm_net")[0][4] == MESSAGE
    world.fact(f.BeepEnded, call)
    world.fact(f.LegEnded, call, ended_by="us")
    assert world.cdrs()[0]["disposition"] == "machine"


def test_amd_that_has_been_switched_off_judges_nobody():
    ears = Ears()
    world = World(screening=True, screener=ears)
    world.dialer.calls.amd._page("c1").off = "too many people lost"
    world.log_in()
    world.run()
    world.fact(f.LegAnswered, world.dialed[0])
    assert ears.heard == []
    assert len(world.switch.said("bridge")) == 1
    world.dialer.calls.amd.allow("c1")
    assert not world.dialer.calls.amd.is_off(world.campaign)


def test_pacing_learns_of_a_machine_at_the_verdict_and_of_its_audit_nothing():
    told: list[Any] = []
    world, _, agent_leg, call = screened(amd=Amd(audit_share=1.0))
    world.dialer.calls.listeners.append(lambda life, _: told.append((life.state.name, life.told_pacing)))
    world.fact(f.MachineDetected, call)
    world.fact(f.LegBridged, call, peer_id=agent_leg)
    world.fact(f.LegEnded, call, ended_by="them")
    assert told[0] == ("MAILBOX", True)
    assert all(known for _, known in told), "nothing of the audit was told as a person's"
