"""The Event Socket itself, inbound and outbound."""

import socket
import time
from uuid import UUID

import pytest

from tests.contracts.switch.calls import Calls
from tests.contracts.switch.switches import Switch
from tests.freeswitch.esl import Esl, EslError


def test_a_wrong_password_is_refused(switch: Switch) -> None:
    with pytest.raises(EslError, match=r"auth refused: -ERR invalid"):
        switch.connect("guess")


def test_two_connections_see_the_same_events_each_once(switch: Switch, calls: Calls) -> None:
    with switch.connect() as other:
        other.subscribe("CHANNEL_ANSWER")
        person, _ = calls.parked()
        answer = other.wait_event("CHANNEL_ANSWER", person)
        assert answer["Event-Sequence"] == calls.esl.wait_event("CHANNEL_ANSWER", person)["Event-Sequence"]
        other.quiet(lambda e: e.get("Unique-ID") == person, for_s=0.2)


def test_only_what_was_asked_for_is_sent(switch: Switch, calls: Calls) -> None:
    with switch.connect() as other:
        other.subscribe("CHANNEL_HANGUP_COMPLETE")
        uuid, _ = calls.dial_number("busy")
        other.wait_event("CHANNEL_HANGUP_COMPLETE", uuid)
        assert {e["Event-Name"] for e in other.events} == {"CHANNEL_HANGUP_COMPLETE"}


def test_the_sequence_numbers_grow_and_name_one_life_of_the_switch(calls: Calls) -> None:
    person, _ = calls.parked()
    own = [e for e in calls.esl.events if e.get("Unique-ID") == person]
    numbers = [int(e["Event-Sequence"]) for e in own]
    assert len(set(numbers)) == len(numbers)
    assert len({e["Core-UUID"] for e in own}) == 1
    UUID(own[0]["Core-UUID"])
    assert abs(int(own[0]["Event-Date-Timestamp"]) / 1e6 - time.time()) < 30


def test_a_job_ends_with_an_event_of_its_own_id_and_the_reply_as_body(calls: Calls) -> None:
    job = calls.esl.bgapi("uuid_exists 00000000-0000-4000-8000-000000000000")
    assert calls.esl.wait_job(job) == "false"


def test_a_job_without_an_id_of_ours_gets_one(calls: Calls) -> None:
    reply = calls.esl.command("bgapi status")
    assert reply["Reply-Text"] == f"+OK Job-UUID: {reply['Job-UUID']}"
    assert "is ready" in calls.esl.wait_job(reply["Job-UUID"])


def test_the_switch_beats_and_tells_how_many_calls_it_has(switch: Switch) -> None:
    with switch.connect() as esl:
        esl.subscribe("HEARTBEAT")
        beat = esl.wait(lambda e: e["Event-Name"] == "HEARTBEAT", "HEARTBEAT", timeout_s=22)
        assert int(beat["Session-Count"]) >= 0
        assert int(beat["Max-Sessions"]) > 0
        assert "Up-Time" in beat


def test_a_polite_client_is_told_goodbye(switch: Switch) -> None:
    esl = switch.connect()
    assert esl.command("exit")["Reply-Text"] == "+OK bye"
    headers, _ = esl.read_frame(3)
    assert headers["Content-Type"] == "text/disconnect-notice"
    with pytest.raises(EslError, match="closed"):
        esl.read_frame(3)
    esl.close()


def test_an_unknown_command_is_refused_and_the_connection_lives(switch: Switch) -> None:
    with switch.connect() as esl:
        assert esl.command("sing a song")["Reply-Text"] == "-ERR command not found"
        assert esl.api("uuid_exists nobody") == "false"


def test_the_call_survives_the_client_that_made_it(switch: Switch, calls: Calls) -> None:
    maker = switch.connect()
    person = switch.person(calls.esl, "11111111-2222-4333-8444-555555555555")
    maker.bgapi(
        "originate {origination_uuid=11111111-2222-4333-8444-555555555555,prozvon_campaign=autumn}"
        f"{person.endpoint} &park()"
    )
    calls.esl.wait_event("CHANNEL_PARK", "11111111-2222-4333-8444-555555555555")
    maker.close()
    adopted = "11111111-2222-4333-8444-555555555555"
    assert calls.esl.api(f"uuid_getvar {adopted} prozvon_campaign") == "autumn"
    step = calls.esl.execute(adopted, "sleep", "50")
    calls.esl.wait(lambda e: e.get("Application-UUID") == step and "COMPLETE" in e["Event-Name"])


def test_a_call_that_comes_in_is_handed_to_who_listens_and_ends_when_they_die(
    switch: Switch, calls: Calls
) -> None:
    listener = socket.create_server(("127.0.0.1", switch.inbound_port))
    listener.settimeout(5)
    switch.call_in("48600999002", "48221002030")
    accepted, _ = listener.accept()
    session = Esl(accepted)
    session.send("connect")
    headers, _ = session.read_frame(5)
    uuid = headers["Unique-ID"]
    assert headers["Control"] == "full"
    assert headers["Caller-Destination-Number"] == "48221002030"
    assert headers["Caller-Caller-ID-Number"] == "48600999002"
    assert headers["Call-Direction"] == "inbound"
    assert session.command("linger 5")["Reply-Text"] == "+OK will linger 5 seconds"
    assert session.command("myevents json")["Reply-Text"] == "+OK Events Enabled"
    step = session.execute(uuid, "answer")
    session.wait(lambda e: e.get("Application-UUID") == step and "COMPLETE" in e["Event-Name"])
    session.execute(uuid, "playback", str(calls.prompt()))
    calls.esl.wait_event("PLAYBACK_START", uuid)
    session.close()
    assert calls.ended(uuid)["Hangup-Cause"] == "NORMAL_CLEARING"
    listener.close()
