"""How a leg is asked for: ids of our own, variables, and what the switch refuses before any call."""

from uuid import uuid4

import pytest

from tests.contracts.switch.calls import Calls


def test_the_leg_and_the_job_carry_the_ids_we_gave(calls: Calls) -> None:
    uuid, job = str(uuid4()), str(uuid4())
    endpoint = f"sofia/gateway/trunk/{calls.switch.number_for('answered')}"
    calls.esl.bgapi(f"originate {{origination_uuid={uuid},ignore_early_media=true}}{endpoint} &park()", job)
    created = calls.esl.wait_event("CHANNEL_CREATE", uuid)
    assert created["Channel-Call-UUID"] == uuid
    assert calls.esl.wait_job(job) == f"+OK {uuid}\n"


def test_an_id_that_is_alive_is_refused_and_its_call_goes_on(calls: Calls) -> None:
    uuid, _ = calls.parked()
    since = len(calls.esl.events)
    _, job = calls.dial(f"sofia/gateway/trunk/{calls.switch.number_for('answered')}", uuid=uuid)
    assert calls.esl.wait_job(job) == "-ERR DESTINATION_OUT_OF_ORDER\n"
    assert [e["Event-Name"] for e in calls.esl.events[since:] if e.get("Unique-ID") == uuid] == []
    assert calls.esl.api(f"uuid_exists {uuid}") == "true"


def test_an_id_whose_call_is_over_may_be_dialed_again(calls: Calls) -> None:
    """The switch keeps no memory: at most once is the engine's to keep."""
    uuid, job = calls.dial_number("busy")
    calls.esl.wait_event("CHANNEL_DESTROY", uuid)
    calls.esl.wait_job(job)
    _, again = calls.dial(f"sofia/gateway/trunk/{calls.switch.number_for('answered')}", uuid=uuid)
    assert calls.esl.wait_job(again) == f"+OK {uuid}\n"


@pytest.mark.parametrize(
    ("endpoint", "answer"),
    [
        ("sofia/gateway/nosuch/48600000001", "-ERR INVALID_GATEWAY\n"),
        ("sofia/nosuch/48600000001@127.0.0.1", "-ERR INVALID_PROFILE\n"),
    ],
)
def test_a_gateway_or_profile_that_is_not_there_is_refused_and_only_a_destroyed_leg_tells(
    calls: Calls, endpoint: str, answer: str
) -> None:
    since = len(calls.esl.events)
    uuid, job = calls.dial(endpoint)
    assert calls.esl.wait_job(job) == answer
    names = [e["Event-Name"] for e in calls.esl.stream(0.3, since) if e.get("Unique-ID") == uuid]
    assert names == ["CHANNEL_DESTROY"]


def test_a_phone_that_is_not_registered_is_refused_without_a_channel(calls: Calls) -> None:
    since = len(calls.esl.events)
    uuid, job = calls.dial(f"user/{calls.switch.unregistered}")
    assert calls.esl.wait_job(job) == "-ERR USER_NOT_REGISTERED\n"
    names = [e["Event-Name"] for e in calls.esl.stream(0.3, since) if e.get("Unique-ID") == uuid]
    assert names == []


def test_an_extension_that_is_not_in_the_directory_is_refused_without_a_channel(calls: Calls) -> None:
    uuid, job = calls.dial("user/nosuch")
    assert calls.esl.wait_job(job) == "-ERR SUBSCRIBER_ABSENT\n"
    assert uuid not in [e.get("Unique-ID") for e in calls.esl.events]


def test_variables_of_the_dial_string_are_on_the_leg_and_in_its_events(calls: Calls) -> None:
    uuid, _ = calls.parked("prozvon_campaign=autumn,origination_caller_id_number=48221002030")
    assert calls.esl.api(f"uuid_getvar {uuid} prozvon_campaign") == "autumn"
    answer = calls.esl.wait_event("CHANNEL_ANSWER", uuid)
    assert answer["variable_prozvon_campaign"] == "autumn"
    assert answer["Caller-Caller-ID-Number"] == "48221002030"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (r"'one\, two and three'", "one, two and three"),
        (r"one\,two", "one,two"),
        ("'Иван Петров (отдел)'", "Иван Петров (отдел)"),
        ("one;two", "one;two"),
        ("'one, two'", "one"),  # a comma splits even between quotes
    ],
)
def test_a_value_with_spaces_is_quoted_and_a_comma_escaped(calls: Calls, written: str, value: str) -> None:
    uuid, _ = calls.parked(f"prozvon_note={written},prozvon_after=1")
    assert calls.esl.api(f"uuid_getvar {uuid} prozvon_note") == value
    assert calls.esl.api(f"uuid_getvar {uuid} prozvon_after") == "1"


def test_an_application_that_does_not_exist_ends_the_answered_call(calls: Calls) -> None:
    uuid, job = calls.dial_number("answered", app="&nosuchapp()")
    assert calls.esl.wait_job(job) == f"+OK {uuid}\n"
    assert calls.ended(uuid)["Hangup-Cause"] == "DESTINATION_OUT_OF_ORDER"


def test_a_malformed_originate_is_told_its_usage(calls: Calls) -> None:
    assert calls.esl.wait_job(calls.esl.bgapi("originate")).startswith("-USAGE: <call url> ")
