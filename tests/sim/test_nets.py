"""The safety net under an answered person: when it speaks, what lengthens it, what takes it away."""

import pytest

from tests.sim.lab import CALM, Lab
from tests.sim.test_sequences import AGENT

NET = "'sleep:1800,playback:/abandon.wav,hangup:NORMAL_CLEARING' inline"
LONGER = "'sleep:1800,sleep:${net_more},playback:/abandon.wav,hangup:NORMAL_CLEARING' inline"


@pytest.fixture
def lab() -> Lab:
    lab = Lab(f"{CALM}files: {{/abandon.wav: 2.0}}")
    lab.parked("agent", "user/1001", AGENT)
    return lab


def answered(lab: Lab, net: str = NET) -> float:
    """A person in the net; the instant of the answer."""
    lab.originate("person", f"sofia/gateway/trunk/48600 {net}", "park_after_bridge=true")
    lab.run_until("person", "CHANNEL_ANSWER")
    return lab.when("person", "CHANNEL_ANSWER")


def ms_of(lab: Lab, name: str, since_s: float) -> float:
    return (lab.when("person", name) - since_s) * 1000


def test_left_alone_the_person_hears_the_message_within_two_seconds_and_then_it_ends(lab: Lab) -> None:
    since_s = answered(lab)
    lab.run(5.0)
    assert 1_800 <= ms_of(lab, "PLAYBACK_START", since_s) <= 1_870
    assert 3_800 <= ms_of(lab, "CHANNEL_HANGUP", since_s) <= 3_900
    assert lab.of("person", "CHANNEL_HANGUP")[0]["Hangup-Cause"] == "NORMAL_CLEARING"


def test_a_variable_lengthens_it_from_the_answer_on(lab: Lab) -> None:
    since_s = answered(lab, LONGER)
    lab.run(0.9)
    assert lab.api("uuid_setvar person net_more 2700") == "+OK\n"
    lab.run(5.0)
    assert 4_500 <= ms_of(lab, "PLAYBACK_START", since_s) <= 4_600


def test_a_lengthening_that_comes_too_late_does_nothing(lab: Lab) -> None:
    since_s = answered(lab, LONGER)
    lab.run(1.85)
    assert lab.api("uuid_setvar person net_more 2700") == "+OK\n"
    lab.run(1.0)
    assert ms_of(lab, "PLAYBACK_START", since_s) < 1_900


@pytest.mark.parametrize("after_s", [0.0, 0.5, 1.5, 1.75, 1.9, 2.5])
def test_a_bridge_at_any_moment_takes_the_person_out_of_it_for_good(lab: Lab, after_s: float) -> None:
    answered(lab)
    lab.run(after_s)
    lab.api("uuid_bridge agent person")
    lab.run_until("agent", "CHANNEL_BRIDGE")
    lab.forget()
    lab.run(6.0)
    assert lab.names_of("person") == []
    lab.api("uuid_kill agent")
    lab.run(6.0)
    assert lab.names_of("person")[-1] == "CHANNEL_PARK"


def test_a_bare_message_runs_nested_and_the_net_goes_on_afterwards(lab: Lab) -> None:
    answered(lab)
    lab.run(0.1)
    lab.execute("person", "playback", "tone_stream://%(500,0,440)")
    lab.run(5.0)
    assert "CHANNEL_HANGUP" in lab.names_of("person")


def test_a_park_first_takes_the_net_away(lab: Lab) -> None:
    answered(lab)
    lab.run(0.1)
    lab.api("uuid_park person")
    lab.run(5.0)
    assert "CHANNEL_HANGUP" not in lab.names_of("person")


def test_a_net_whose_message_is_missing_ends_in_silence(lab: Lab) -> None:
    since_s = answered(lab, NET.replace("abandon", "nosuch"))
    lab.run(5.0)
    assert 1_800 <= ms_of(lab, "CHANNEL_HANGUP", since_s) <= 1_900
    assert "PLAYBACK_START" not in lab.names_of("person")


def test_the_net_of_the_dialplan_speaks_after_an_agent_is_lost(lab: Lab) -> None:
    lab.parked("person", variables="transfer_after_bridge=abandon:XML:default,abandon_message=/abandon.wav")
    lab.api("uuid_bridge agent person")
    lab.run(1.0)
    lab.api("uuid_kill agent")
    lost_s = lab.clock.now_s()
    lab.run(5.0)
    assert 1_800 <= ms_of(lab, "PLAYBACK_START", lost_s) <= 1_900
    assert lab.of("person", "PLAYBACK_START")[0]["Playback-File-Path"] == "/abandon.wav"


def test_a_last_stop_is_renewed_and_taken_back(lab: Lab) -> None:
    lab.parked("person")
    assert lab.api("sched_hangup +5 person ALLOTTED_TIMEOUT") == "+OK\n"
    lab.run(4.0)
    assert lab.api("sched_del person") == "+OK Deleted: 1\n"
    lab.api("sched_hangup +5 person ALLOTTED_TIMEOUT")
    lab.run(4.0)
    assert "CHANNEL_HANGUP" not in lab.names_of("person")
    lab.run(1.1)
    assert lab.of("person", "CHANNEL_HANGUP")[0]["Hangup-Cause"] == "ALLOTTED_TIMEOUT"


def test_what_the_dial_string_orders_on_answer_is_done(lab: Lab) -> None:
    lab.parked("person", variables="execute_on_answer='sched_hangup +3 ALLOTTED_TIMEOUT'")
    lab.run(3.1)
    assert lab.of("person", "CHANNEL_HANGUP")[0]["Hangup-Cause"] == "ALLOTTED_TIMEOUT"
