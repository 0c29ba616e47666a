import pytest

from engine.domain.facts import (
    CallIn,
    DigitPressed,
    LegAnswered,
    LegBridged,
    LegCreated,
    LegEarlyMedia,
    LegEnded,
    LegParked,
    LegRinging,
    LegUnbridged,
    StepDone,
    StepStarted,
)
from engine.switch.esl import EslCodec, parse_event
from engine.switch.vocabulary import MAPPINGS, SUBSCRIBED, call_in, facts_of
from tests.switch.recordings import EVENTS, OUTCOMES, json_frames, plain_frames


def story(case: str) -> list[object]:
    """The facts of a recorded case from the events we subscribe to."""
    events = [parse_event(frame) for frame in plain_frames(case)]
    return [fact for e in events if e["Event-Name"] in SUBSCRIBED for fact in facts_of(e, 7.0)]


def end(case: str) -> LegEnded:
    [ended] = [fact for fact in story(case) if isinstance(fact, LegEnded)]
    return ended


def test_an_answered_call_is_created_rings_answers_parks_and_ends():
    facts = story("answered")
    assert [type(fact) for fact in facts] == [
        LegCreated,
        LegRinging,
        LegAnswered,
        LegParked,
        LegEnded,
    ], "the park's end, of a leg that is gone, is no step that was done"
    assert {fact.leg_id for fact in facts} == {"1cbd0bb6-7b6e-4c99-b5b3-95d40b8c672d"}
    assert {fact.at_s for fact in facts} == {7.0}
    assert facts[2].codec == "PCMU"
    assert facts[-1] == LegEnded(
        "1cbd0bb6-7b6e-4c99-b5b3-95d40b8c672d",
        7.0,
        cause="NORMAL_CLEARING",
        q850=16,
        sip_code=200,
        ended_by="us",
        created_at_s=1795293207.593970,
        answered_at_s=1795293207.635121,
        ended_at_s=1795293209.153050,
    )


@pytest.mark.parametrize(
    ("case", "cause", "q850", "sip_code", "ended_by"),
    [
        ("busy_486", "USER_BUSY", 17, 486, "them"),
        ("code_600", "USER_BUSY", 17, 600, "them"),
        ("ring_then_486", "USER_BUSY", 17, 486, "them"),
        ("notfound_404", "UNALLOCATED_NUMBER", 1, 404, "them"),
        ("code_604", "NO_ROUTE_DESTINATION", 3, 604, "them"),
        ("code_410", "NUMBER_CHANGED", 22, 410, "them"),
        ("code_484", "INVALID_NUMBER_FORMAT", 28, 484, "them"),
        ("code_480", "NO_USER_RESPONSE", 18, 480, "them"),
        ("early_480_q850", "SUBSCRIBER_ABSENT", 20, 480, "them"),
        ("code_403", "CALL_REJECTED", 21, 403, "them"),
        ("rejected_603", "CALL_REJECTED", 21, 603, "them"),
        ("congestion_503", "NORMAL_TEMPORARY_FAILURE", 41, 503, "them"),
        ("code_500", "NORMAL_TEMPORARY_FAILURE", 41, 500, "them"),
        ("code_488", "INCOMPATIBLE_DESTINATION", 88, 488, "them"),
        ("code_408", "RECOVERY_ON_TIMER_EXPIRE", 102, 408, "them"),
        ("unreachable", "NORMAL_TEMPORARY_FAILURE", 41, 503, "them"),
        ("noanswer_timeout", "NO_ANSWER", 19, 487, "us"),
        ("cancelled_by_us", "ORIGINATOR_CANCEL", 16, 487, "us"),
    ],
)
def test_every_recorded_end_without_an_answer_tells_cause_code_and_side(
    case, cause, q850, sip_code, ended_by
):
    ended = end(case)
    assert (ended.cause, ended.q850, ended.sip_code, ended.ended_by) == (cause, q850, sip_code, ended_by)
    assert ended.answered_at_s == 0.0
    assert 0.0 < ended.created_at_s <= ended.ended_at_s


def test_early_media_tells_the_codec_a_fork_must_ask_for():
    [early] = [fact for fact in story("early_480_q850") if isinstance(fact, LegEarlyMedia)]
    assert early.codec == "PCMU"


@pytest.mark.parametrize("case", OUTCOMES)
def test_plain_and_json_events_give_the_same_facts(case):
    for one, other in zip(plain_frames(case), json_frames(case), strict=True):
        assert facts_of(parse_event(one), 1.0) == facts_of(parse_event(other), 1.0)


@pytest.mark.parametrize("case", OUTCOMES)
def test_every_recorded_case_begins_and_ends_once(case):
    facts = story(case)
    assert isinstance(facts[0], LegCreated)
    assert [isinstance(fact, LegEnded) for fact in facts].count(True) == 1


def test_a_bridge_is_told_to_both_legs():
    event = {
        "Event-Name": "CHANNEL_BRIDGE",
        "Unique-ID": "agent",
        "Other-Leg-Unique-ID": "person",
        "Bridge-A-Unique-ID": "agent",
        "Bridge-B-Unique-ID": "person",
    }
    assert facts_of(event, 1.0) == [
        LegBridged("agent", 1.0, peer_id="person"),
        LegBridged("person", 1.0, peer_id="agent"),
    ]


def test_the_end_of_a_bridge_is_told_to_both_even_when_the_other_leg_is_not_named():
    event = {
        "Event-Name": "CHANNEL_UNBRIDGE",
        "Unique-ID": "person",
        "Bridge-A-Unique-ID": "agent",
        "Bridge-B-Unique-ID": "person",
    }
    assert set(facts_of(event, 1.0)) == {
        LegUnbridged("agent", 1.0, peer_id="person"),
        LegUnbridged("person", 1.0, peer_id="agent"),
    }


def test_a_call_that_comes_in_and_parks_is_a_call_in():
    event = {
        "Event-Name": "CHANNEL_PARK",
        "Unique-ID": "leg",
        "Call-Direction": "inbound",
        "Caller-Caller-ID-Number": "+48600100200",
        "Caller-Destination-Number": "100",
    }
    assert facts_of(event, 1.0) == [
        CallIn("leg", 1.0, from_number="+48600100200", to_number="100"),
        LegParked("leg", 1.0),
    ]


def test_a_key_and_a_prompt_are_told():
    assert facts_of({"Event-Name": "DTMF", "Unique-ID": "leg", "DTMF-Digit": "#"}, 1.0) == [
        DigitPressed("leg", 1.0, digit="#")
    ]
    playing = {"Event-Name": "PLAYBACK_START", "Unique-ID": "leg", "Playback-File-Path": "/p/abandon.wav"}
    assert facts_of(playing, 1.0) == [
        StepStarted("leg", 1.0, application="playback", argument="/p/abandon.wav")
    ]


def test_the_end_of_a_prompt_tells_its_id_and_how_much_was_heard():
    done = {
        "Event-Name": "CHANNEL_EXECUTE_COMPLETE",
        "Unique-ID": "leg",
        "Application": "playback",
        "Application-Response": "FILE PLAYED",
        "Application-UUID": "step-1",
        "variable_playback_ms": "1240",
    }
    expected = StepDone(
        "leg", 1.0, step_id="step-1", application="playback", response="FILE PLAYED", played_ms=1240
    )
    assert facts_of(done, 1.0) == [expected]
    assert facts_of(done | {"Application": "park"}, 1.0)[0].played_ms == 0


def test_a_fork_of_the_sound_tells_no_facts():
    event = {"Event-Name": "CHANNEL_CREATE", "Unique-ID": "fork", "variable_prozvon_fork": "true"}
    assert facts_of(event, 1.0) == []


@pytest.mark.parametrize("event", [{}, {"Event-Name": "RE_SCHEDULE"}, {"Event-Name": "CHANNEL_ANSWER"}])
def test_other_events_and_events_of_no_leg_tell_nothing(event):
    assert facts_of(event, 1.0) == []


def test_numbers_that_are_no_numbers_are_zero():
    event = {
        "Event-Name": "CHANNEL_HANGUP_COMPLETE",
        "Unique-ID": "leg",
        "variable_hangup_cause_q850": "x",
        "variable_sip_term_status": "²",
        "variable_proto_specific_hangup_cause": "sip:",
        "variable_end_uepoch": "9" * 40,
    }
    assert facts_of(event, 1.0) == [LegEnded("leg", 1.0, cause="NONE", q850=0)]


def test_everything_subscribed_is_understood_and_everything_understood_but_the_noisy_is_subscribed():
    assert set(SUBSCRIBED) - set(MAPPINGS) == {"BACKGROUND_JOB", "HEARTBEAT"}
    assert set(MAPPINGS) - set(SUBSCRIBED) == {"CHANNEL_EXECUTE"}


def test_the_channel_data_of_a_recorded_session_is_a_call_in():
    raw = (EVENTS / "outbound_async_full.txt").read_bytes()
    head = raw.split(b"<<< 0.328\n", 1)[1].split(b"\n\n", 1)[0] + b"\n\n"
    [frame] = EslCodec().receive(head)
    assert call_in(frame.headers, 2.0) == CallIn(
        "ec375fc2-ad29-422a-be2f-a85d4f965d55", 2.0, from_number="4860", to_number="4860"
    )
