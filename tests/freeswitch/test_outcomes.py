"""What the real switch makes of each answer of the carrier."""

from uuid import uuid4

import pytest

from tests.freeswitch.carrier import Carrier
from tests.freeswitch.esl import Esl

pytestmark = pytest.mark.freeswitch

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


def dial(esl: Esl, number: str, variables: str = "", app: str = "&park()") -> tuple[str, str]:
    uuid = str(uuid4())
    wanted = ",".join(filter(None, [f"origination_uuid={uuid},ignore_early_media=true", variables]))
    return uuid, esl.bgapi(f"originate {{{wanted}}}sofia/gateway/trunk/{number} {app}")


@pytest.mark.parametrize(("outcome", "cause", "q850", "sip"), REFUSED)
def test_a_refusal_of_the_carrier_is_named_by_cause_q850_and_sip_code(
    esl: Esl, carrier: Carrier, outcome: str, cause: str, q850: str, sip: str
) -> None:
    uuid, job = dial(esl, carrier.number_for(outcome))
    end = esl.wait_event("CHANNEL_HANGUP_COMPLETE", uuid)
    assert (end["Hangup-Cause"], end["variable_hangup_cause_q850"]) == (cause, q850)
    assert end["variable_proto_specific_hangup_cause"] == sip
    assert esl.wait_job(job) == f"-ERR {cause}\n"


def test_nobody_picks_up_and_the_switch_gives_up_in_time(esl: Esl, carrier: Carrier) -> None:
    uuid, job = dial(esl, carrier.number_for("no_answer"), "originate_timeout=3")
    end = esl.wait_event("CHANNEL_HANGUP_COMPLETE", uuid)
    assert end["Hangup-Cause"] == "NO_ANSWER"
    assert esl.wait_job(job) == "-ERR NO_ANSWER\n"


def test_a_person_answers_and_hangs_up(esl: Esl, carrier: Carrier) -> None:
    uuid, job = dial(esl, carrier.number_for("hangs_up"))
    esl.wait_event("CHANNEL_ANSWER", uuid)
    assert esl.wait_job(job) == f"+OK {uuid}\n"
    end = esl.wait_event("CHANNEL_HANGUP_COMPLETE", uuid)
    assert end["Hangup-Cause"] == "NORMAL_CLEARING"
    assert end["variable_sip_hangup_disposition"] == "recv_bye"


def test_a_slow_person_answers_after_two_seconds(esl: Esl, carrier: Carrier) -> None:
    uuid, _ = dial(esl, carrier.number_for("slow"))
    rang = esl.wait_event("CHANNEL_PROGRESS", uuid)
    answered = esl.wait_event("CHANNEL_ANSWER", uuid)
    waited_us = int(answered["Event-Date-Timestamp"]) - int(rang["Event-Date-Timestamp"])
    assert 1_900_000 < waited_us < 2_600_000
