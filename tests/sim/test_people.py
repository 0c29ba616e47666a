"""People, machines and agents' phones: what they do as the call goes on."""

import json
from pathlib import Path

import pytest

from tests.sim.lab import Lab

PLAN = """
default: {setup_s: 0.1, ring_s: 2, greeting_s: 0.8, patience_s: 4, talk_s: 30, listen_s: 10}
files: {/hello.wav: 2.0}
numbers:
  "+48600000001": {fates: [no_answer, busy, answer]}
  "+48600000002": {fate: voicemail, voicemail_s: 6}
  "+48600000003": {fate: fax}
  "+48600000004": {fate: announcement, announcement_s: 3}
  "+48600000005":
    fate: answer
    presses:
      - {on_prompt: 1, digits: "1", after_s: 1}
      - {on_prompt: 2, digits: "42#", after_s: 0.5}
  "+48600000006": {fate: answer, presses: [{on_prompt: 0, digits: "7", after_s: 2}]}
agents:
  default: {answer_after_s: 0.5}
  "1002": {registered: false}
  "1003": {refuses: true}
  "1004": {ignores: true}
  "1005": {leaves_after_s: 60}
  "1006": {codec: PCMA}
"""


@pytest.fixture
def lab() -> Lab:
    return Lab(PLAN)


def dial(lab: Lab, uuid: str, number: str, variables: str = "") -> None:
    lab.originate(uuid, f"sofia/gateway/trunk/{number} &park()", variables)


def ended_s(lab: Lab, uuid: str, since: str = "CHANNEL_ANSWER") -> float:
    return lab.when(uuid, "CHANNEL_HANGUP") - lab.when(uuid, since)


def test_a_person_rings_answers_waits_and_loses_patience(lab: Lab) -> None:
    dial(lab, "call", "48600")
    lab.run(10.0)
    assert lab.when("call", "CHANNEL_PROGRESS") == pytest.approx(0.1)
    assert lab.when("call", "CHANNEL_ANSWER") == pytest.approx(2.1)
    assert ended_s(lab, "call") == pytest.approx(4.0, abs=0.1)
    end = lab.of("call", "CHANNEL_HANGUP_COMPLETE")[0]
    assert (end["variable_sip_hangup_disposition"], end["Hangup-Cause"]) == ("recv_bye", "NORMAL_CLEARING")


def test_a_person_who_is_talked_to_stays_for_the_talk_and_then_hangs_up(lab: Lab) -> None:
    lab.parked("agent", "user/1001", "park_after_bridge=true")
    dial(lab, "call", "48600")
    lab.run_until("call", "CHANNEL_PARK")
    lab.api("uuid_bridge agent call")
    lab.run(40.0)
    assert lab.when("call", "CHANNEL_HANGUP") - lab.when("agent", "CHANNEL_BRIDGE") == pytest.approx(30.0)


def test_a_person_listens_to_a_robot_only_so_long(lab: Lab) -> None:
    dial(lab, "call", "48600")
    lab.run_until("call", "CHANNEL_PARK")
    for _ in range(20):
        lab.execute("call", "playback", "/hello.wav", lock=True)
    lab.run(20.0)
    assert ended_s(lab, "call", "PLAYBACK_START") == pytest.approx(10.0)


def test_silence_after_a_prompt_wears_patience_out_again(lab: Lab) -> None:
    dial(lab, "call", "48600")
    lab.run_until("call", "CHANNEL_PARK")
    lab.run(3.0)
    lab.execute("call", "playback", "/hello.wav")
    lab.run(20.0)
    assert lab.when("call", "CHANNEL_HANGUP") - lab.when("call", "PLAYBACK_STOP") == pytest.approx(
        4.0, abs=0.1
    )


def test_call_after_call_a_planned_number_lives_its_plan(lab: Lab) -> None:
    for uuid, seconds in (("one", 30.0), ("two", 5.0), ("three", 10.0), ("four", 10.0)):
        dial(lab, uuid, "+48600000001", "originate_timeout=20")
        lab.run(seconds)
    causes = [lab.of(uuid, "CHANNEL_HANGUP")[0]["Hangup-Cause"] for uuid in ("one", "two", "three", "four")]
    assert causes == ["NO_ANSWER", "USER_BUSY", "NORMAL_CLEARING", "NORMAL_CLEARING"]
    assert lab.when("one", "CHANNEL_HANGUP") == pytest.approx(20.0)


def test_a_machine_answers_and_does_not_mind_silence(lab: Lab) -> None:
    dial(lab, "call", "48600000002")
    lab.run(60.0)
    assert ended_s(lab, "call") == pytest.approx(36.0, abs=0.1)


def test_a_fax_waits_a_while_and_gives_up(lab: Lab) -> None:
    dial(lab, "call", "48600000003")
    lab.run(60.0)
    assert ended_s(lab, "call") == pytest.approx(20.0, abs=0.1)


def test_the_network_speaks_and_then_says_the_subscriber_is_absent(lab: Lab) -> None:
    dial(lab, "call", "48600000004", "ignore_early_media=consume")
    lab.run(10.0)
    assert lab.of("call", "CHANNEL_PROGRESS_MEDIA")[0]["Answer-State"] == "early"
    assert lab.of("call", "CHANNEL_HANGUP")[0]["Hangup-Cause"] == "SUBSCRIBER_ABSENT"
    assert lab.jobs["call"] == "-ERR SUBSCRIBER_ABSENT\n"


def test_keys_are_pressed_after_the_prompt_they_answer(lab: Lab) -> None:
    dial(lab, "call", "48600000005")
    lab.run_until("call", "CHANNEL_PARK")
    lab.execute("call", "playback", "/hello.wav")
    lab.run(1.5)
    assert [event["DTMF-Digit"] for event in lab.of("call", "DTMF")] == ["1"]
    question = "1 2 1 3000 # /hello.wav silence_stream://100 answer \\d+ 1000"
    lab.execute("call", "play_and_get_digits", question, "asked", lock=True)
    done = lab.run_until("call", "CHANNEL_EXECUTE_COMPLETE", Application_UUID="asked")
    assert done["variable_answer"] == "42"


def test_a_key_may_come_without_any_prompt(lab: Lab) -> None:
    dial(lab, "call", "48600000006")
    lab.run(5.0)
    assert lab.when("call", "DTMF") - lab.when("call", "CHANNEL_ANSWER") == pytest.approx(2.0)


def test_a_wrong_key_leaves_the_variable_unset_and_says_which_it_was(lab: Lab) -> None:
    dial(lab, "call", "48600000005")
    lab.run_until("call", "CHANNEL_PARK")
    question = "1 1 1 3000 # /hello.wav silence_stream://100 answer [89] 1000"
    lab.execute("call", "play_and_get_digits", question, "asked", lock=True)
    done = lab.run_until("call", "CHANNEL_EXECUTE_COMPLETE", Application_UUID="asked")
    assert "variable_answer" not in done
    assert (done["variable_answer_invalid"], done["variable_read_result"]) == ("1", "success")


@pytest.mark.parametrize(
    ("extension", "job"),
    [
        ("1001", "+OK agent\n"),
        ("1002", "-ERR USER_NOT_REGISTERED\n"),
        ("1003", "-ERR USER_BUSY\n"),
        ("1004", "-ERR NO_ANSWER\n"),
    ],
)
def test_an_agents_phone_answers_or_does_not(lab: Lab, extension: str, job: str) -> None:
    lab.originate("agent", f"user/{extension} &park()", "originate_timeout=10")
    lab.run(11.0)
    assert lab.jobs["agent"] == job


def test_a_phone_is_lost_and_found_again(lab: Lab) -> None:
    assert lab.api("prozvon_phone 1001 unregister") == "+OK\n"
    lab.originate("one", "user/1001 &park()")
    lab.api("prozvon_phone 1001 register")
    lab.originate("two", "user/1001 &park()")
    lab.run(2.0)
    assert (lab.jobs["one"], lab.jobs["two"]) == ("-ERR USER_NOT_REGISTERED\n", "+OK two\n")


def test_an_agent_leaves_a_leg_that_is_an_hour_old(lab: Lab) -> None:
    lab.parked("agent", "user/1005")
    lab.run(61.0)
    assert ended_s(lab, "agent") == pytest.approx(60.0)


def test_the_far_end_of_any_leg_can_be_made_to_act(lab: Lab) -> None:
    dial(lab, "call", "48600")
    lab.run_until("call", "CHANNEL_PARK")
    assert lab.api("prozvon_callee call press 5*") == "+OK\n"
    lab.run(1.0)
    assert [event["DTMF-Digit"] for event in lab.of("call", "DTMF")] == ["5", "*"]
    assert lab.api("prozvon_callee call hangup") == "+OK\n"
    lab.run(0.1)
    assert lab.of("call", "CHANNEL_HANGUP_COMPLETE")[0]["variable_sip_hangup_disposition"] == "recv_bye"
    assert lab.api("prozvon_callee call hangup") == "-ERR No such channel!\n"


def test_codecs_that_do_not_meet_are_refused(lab: Lab) -> None:
    dial(lab, "call", "48600", "absolute_codec_string=PCMA")
    lab.run(1.0)
    assert lab.jobs["call"] == "-ERR INCOMPATIBLE_DESTINATION\n"
    leg = lab.parked("agent", "user/1006")
    assert lab.api("uuid_getvar agent rtp_use_codec_name") == leg.codec == "PCMA"


def test_the_switchs_own_book_has_every_call_and_how_it_ended(tmp_path: Path) -> None:
    book = tmp_path / "invites.jsonl"
    lab = Lab(PLAN, invites=book)
    dial(lab, "one", "+48600000001", "origination_caller_id_number=48221002030,originate_timeout=5")
    lab.originate("agent", "user/1001 &park()")
    lab.run(6.0)
    dial(lab, "two", "+48600000001")
    lab.run(5.0)
    lines = [json.loads(line) for line in book.read_text().splitlines()]
    told = [
        (line["what"], line["uuid"], line["number"], line.get("fate") or line.get("cause")) for line in lines
    ]
    number = "+48600000001"
    assert told == [
        ("invite", "one", number, "no_answer"),
        ("end", "one", number, "NO_ANSWER"),
        ("invite", "two", number, "busy"),
        ("end", "two", number, "USER_BUSY"),
    ]
    assert (lines[0]["gateway"], lines[0]["caller_id"], lines[0]["attempt"]) == ("trunk", "48221002030", 0)
    assert (lines[3]["sip"], lines[3]["answered_at_s"]) == (486, 0.0)


def test_the_book_tells_who_was_joined_to_whom_and_what_they_heard(tmp_path: Path) -> None:
    book = tmp_path / "invites.jsonl"
    lab = Lab(invites=book)
    lab.parked("agent", "user/1001", "park_after_bridge=true,uuid_bridge_park_on_cancel=true")
    lab.parked("person", variables="park_after_bridge=true")
    lab.api("uuid_bridge agent person")
    lab.run(1.0)
    lab.api("uuid_kill agent")
    lab.run(0.5)
    lab.api("uuid_transfer person playback:/sorry.wav inline")
    lab.core.population.file.files["/sorry.wav"] = 1.0
    lab.run(0.5)
    lab.api("uuid_kill person")
    lab.run(0.5)
    lines = [json.loads(line) for line in book.read_text().splitlines()]
    assert {line["uuid"] for line in lines} == {"person"}
    assert [line["what"] for line in lines] == ["invite", "answer", "bridge", "parted", "hears", "end"]
    assert [line["with"] for line in lines if "with" in line] == ["agent", "agent"]
    assert lines[4]["sound"] == "/sorry.wav"


def test_a_phone_that_vanishes_is_noticed_by_the_sound_it_no_longer_sends(lab: Lab) -> None:
    lab.parked("agent", "user/1001", "media_timeout=3000")
    assert lab.api("prozvon_callee agent vanish") == "+OK\n"
    lab.run(2.9)
    assert lab.api("uuid_exists agent") == "true"
    lab.run(0.2)
    assert lab.of("agent", "CHANNEL_HANGUP")[0]["Hangup-Cause"] == "MEDIA_TIMEOUT"


def test_a_caller_whom_nobody_answers_gives_up(lab: Lab) -> None:
    lab.core.socket_address = "127.0.0.1:1"
    lab.core.open_socket = lambda step: None
    caller = lab.core.call_in("+48600999888", "+48221110000").uuid
    lab.run(50.0)
    end = lab.of(caller, "CHANNEL_HANGUP_COMPLETE")[0]
    assert (end["Hangup-Cause"], end["variable_sip_hangup_disposition"]) == (
        "ORIGINATOR_CANCEL",
        "recv_cancel",
    )


def test_events_can_be_as_big_as_real_ones() -> None:
    def size(lab: Lab) -> int:
        lab.parked("call")
        lab.api("uuid_kill call")
        lab.run(0.1)
        return len(json.dumps(lab.of("call", "CHANNEL_HANGUP_COMPLETE")[0]))

    lean, big = Lab(PLAN), Lab(PLAN)
    big.core.life_size = True
    assert size(lean) < 6_000 < 7_000 < size(big) < 10_000
