"""What the network answers, and what the switch tells of it."""

import pytest

from tests.contracts.switch.calls import Calls

REFUSED = [
    ("busy", "USER_BUSY", "17", "sip:486"),
    ("dead", "UNALLOCATED_NUMBER", "1", "sip:404"),
    ("rejected", "CALL_REJECTED", "21", "sip:603"),
    ("forbidden", "CALL_REJECTED", "21", "sip:403"),
    ("congestion", "NORMAL_TEMPORARY_FAILURE", "41", "sip:503"),
    ("unreachable", "NO_USER_RESPONSE", "18", "sip:480"),
    ("announcement", "SUBSCRIBER_ABSENT", "20", "sip:480"),
    ("changed", "NUMBER_CHANGED", "22", "sip:410"),
    ("malformed", "INVALID_NUMBER_FORMAT", "28", "sip:484"),
]
BEFORE = ["CHANNEL_OUTGOING", "CHANNEL_CREATE", "CHANNEL_ORIGINATE"]
AFTER = ["CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE", "CHANNEL_DESTROY"]


@pytest.mark.parametrize(("outcome", "cause", "q850", "sip"), REFUSED)
def test_a_refusal_has_its_cause_q850_sip_code_events_and_job_text(
    calls: Calls, outcome: str, cause: str, q850: str, sip: str
) -> None:
    uuid, job = calls.dial_number(outcome)
    end = calls.ended(uuid)
    calls.esl.wait_event("CHANNEL_DESTROY", uuid)
    assert end["Hangup-Cause"] == end["variable_hangup_cause"] == cause
    assert end["variable_hangup_cause_q850"] == q850
    assert end["variable_proto_specific_hangup_cause"] == sip
    assert end["variable_sip_term_status"] == sip.removeprefix("sip:")
    assert end["Answer-State"] == "hangup"
    assert end["Caller-Channel-Answered-Time"] == "0"
    early = ["CHANNEL_PROGRESS_MEDIA"] * (outcome == "announcement")
    assert calls.esl.names_of(uuid) == BEFORE + early + AFTER
    assert calls.esl.wait_job(job) == f"-ERR {cause}\n"


def test_q850_and_sip_code_are_told_at_hangup_complete_and_not_before(calls: Calls) -> None:
    uuid, _ = calls.dial_number("busy")
    calls.ended(uuid)
    first = calls.esl.wait_event("CHANNEL_HANGUP", uuid)
    assert first["Hangup-Cause"] == "USER_BUSY"
    assert "variable_hangup_cause_q850" not in first


def test_a_person_answers_and_hangs_up(calls: Calls) -> None:
    uuid, job = calls.dial_number("hangs_up")
    answer = calls.esl.wait_event("CHANNEL_ANSWER", uuid)
    assert answer["Answer-State"] == "answered"
    assert answer["Call-Direction"] == "outbound"
    assert int(answer["Caller-Channel-Answered-Time"]) >= int(answer["Caller-Channel-Created-Time"]) > 1e15
    assert calls.esl.wait_job(job) == f"+OK {uuid}\n"
    end = calls.ended(uuid)
    calls.esl.wait_event("CHANNEL_DESTROY", uuid)
    assert (end["Hangup-Cause"], end["variable_hangup_cause_q850"]) == ("NORMAL_CLEARING", "16")
    assert end["variable_sip_hangup_disposition"] == "recv_bye"
    names = [name for name in calls.esl.names_of(uuid) if "EXECUTE" not in name]
    assert names[:5] == [*BEFORE, "CHANNEL_PROGRESS", "CHANNEL_ANSWER"]
    assert names[5] == "CHANNEL_PARK"
    assert [name for name in names[6:] if name != "CHANNEL_UNPARK"] == AFTER


def test_we_hang_up_an_answered_call(calls: Calls) -> None:
    uuid, _ = calls.parked()
    assert calls.esl.api(f"uuid_kill {uuid}") == "+OK\n"
    end = calls.ended(uuid)
    assert end["Hangup-Cause"] == "NORMAL_CLEARING"
    assert end["variable_sip_hangup_disposition"] == "send_bye"


def test_nobody_picks_up_within_the_ring_time(calls: Calls) -> None:
    """Whole seconds are counted: the end may come up to one second early."""
    uuid, job = calls.dial_number("no_answer", "originate_timeout=3")
    rings = calls.esl.wait_event("CHANNEL_PROGRESS", uuid)
    end = calls.ended(uuid)
    assert (end["Hangup-Cause"], end["variable_hangup_cause_q850"]) == ("NO_ANSWER", "19")
    assert end["variable_sip_hangup_disposition"] == "send_cancel"
    assert 1.8e6 < int(end["Event-Date-Timestamp"]) - int(rings["Event-Date-Timestamp"]) < 3.4e6
    assert calls.esl.wait_job(job) == "-ERR NO_ANSWER\n"


def test_we_give_up_a_ringing_call(calls: Calls) -> None:
    uuid, job = calls.dial_number("no_answer")
    calls.esl.wait_event("CHANNEL_PROGRESS", uuid)
    assert calls.esl.api(f"uuid_kill {uuid} ORIGINATOR_CANCEL") == "+OK\n"
    end = calls.ended(uuid)
    assert (end["Hangup-Cause"], end["variable_hangup_cause_q850"]) == ("ORIGINATOR_CANCEL", "16")
    assert end["variable_sip_hangup_disposition"] == "send_cancel"
    assert calls.esl.wait_job(job) == "-ERR ORIGINATOR_CANCEL\n"


def test_early_media_is_told_and_the_job_waits_for_the_end(calls: Calls) -> None:
    uuid, job = calls.dial_number("announcement")
    early = calls.esl.wait_event("CHANNEL_PROGRESS_MEDIA", uuid)
    assert early["Answer-State"] == "early"
    assert "CHANNEL_ANSWER" not in calls.esl.names_of(uuid)
    assert calls.ended(uuid)["variable_endpoint_disposition"] == "EARLY MEDIA"
    assert calls.esl.wait_job(job) == "-ERR SUBSCRIBER_ABSENT\n"
