"""The virtual switch on a real socket: logging in, subscribing, jobs, both kinds of sessions, its end."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from gevent.socket import AF_INET, SOCK_STREAM, socket

from engine.sim.population import parse_population
from engine.sim.server import VirtualSwitch
from tests.sim.client import TestClient

POPULATION = """
default: {setup_s: 0.01, ring_s: 0.05, talk_s: 3600, listen_s: 3600, patience_s: 3600}
numbers: {"48601": {fate: busy}}
"""
COMMANDS = json.loads((Path(__file__).parents[1] / "data" / "freeswitch" / "replies.json").read_text())[
    "commands"
]


@pytest.fixture
def switch() -> Iterator[VirtualSwitch]:
    virtual = VirtualSwitch(parse_population(POPULATION), heartbeat_s=0.2)
    virtual.start()
    yield virtual
    virtual.stop()


@pytest.fixture
def client(switch: VirtualSwitch) -> Iterator[TestClient]:
    one = TestClient(switch.port)
    yield one
    one.close()


def park(client: TestClient, uuid: str) -> None:
    client.bgapi(f"originate {{origination_uuid={uuid}}}sofia/gateway/trunk/48600 &park()")
    client.wait("CHANNEL_PARK", uuid)


def test_the_right_password_is_accepted(client: TestClient) -> None:
    assert client.greeting["Reply-Text"] == "+OK accepted"


def test_nothing_is_done_before_the_password(switch: VirtualSwitch) -> None:
    stranger = TestClient(switch.port, "wrong")
    assert stranger.greeting["Reply-Text"] == "-ERR invalid"
    headers, body = stranger.packet()
    assert headers == {"Content-Type": "text/disconnect-notice", "Content-Length": "67"}
    assert body.startswith(b"Disconnected, goodbye.\n")
    with pytest.raises(EOFError):
        stranger.packet()


def test_every_command_answers_as_a_real_one_did(client: TestClient) -> None:
    for command, reply in COMMANDS:
        assert client.command(command)["Reply-Text"] == reply, command
    assert client.wait("text/disconnect-notice")["Content-Length"] == "67"


@pytest.mark.parametrize("form", ["json", "plain"])
def test_a_job_reports_under_the_id_we_gave_it(client: TestClient, form: str) -> None:
    client.command(f"event {form} BACKGROUND_JOB")
    assert client.bgapi("originate {x=Zażółć}sofia/gateway/trunk/48601 &park()", job="my-job") == "my-job"
    job = client.wait("BACKGROUND_JOB")
    assert job["Job-UUID"] == "my-job"
    assert job["Job-Command"] == "originate"
    assert job["Job-Command-Arg"] == "{x=Zażółć}sofia/gateway/trunk/48601 &park()"
    assert job["_body"] == "-ERR USER_BUSY\n"


def test_an_originate_by_api_holds_the_connection_up_until_its_outcome(client: TestClient) -> None:
    assert client.api("originate sofia/gateway/trunk/48601 &park()") == "-ERR USER_BUSY\n"


def test_only_what_was_asked_for_is_told_and_a_filter_narrows_it(client: TestClient) -> None:
    client.command("event json CHANNEL_CREATE CHANNEL_PARK")
    park(client, "one")
    client.command("filter Unique-ID three")
    client.bgapi("originate {origination_uuid=two}sofia/gateway/trunk/48600 &park()")
    client.bgapi("originate {origination_uuid=three}sofia/gateway/trunk/48600 &park()")
    seen = client.until("CHANNEL_PARK", "three")
    assert {event["Unique-ID"] for event in seen} == {"three"}
    assert [event["Event-Name"] for event in seen] == ["CHANNEL_CREATE", "CHANNEL_PARK"]


def test_hearts_beat_and_every_event_has_a_number_of_its_own(client: TestClient) -> None:
    client.command("event json HEARTBEAT")
    first, second = client.wait("HEARTBEAT"), client.wait("HEARTBEAT")
    assert first["Event-Info"] == "System Ready"
    assert int(second["Event-Sequence"]) > int(first["Event-Sequence"])
    assert first["Core-UUID"] == second["Core-UUID"]


def test_a_restart_shows_in_the_core_uuid(switch: VirtualSwitch, client: TestClient) -> None:
    client.command("event json HEARTBEAT")
    before = client.wait("HEARTBEAT")["Core-UUID"]
    switch.stop()
    again = VirtualSwitch(parse_population(POPULATION), heartbeat_s=0.1)
    again.start()
    client = TestClient(again.port)
    client.command("event json HEARTBEAT")
    assert client.wait("HEARTBEAT")["Core-UUID"] != before
    again.stop()


def test_a_call_survives_the_client_that_made_it(switch: VirtualSwitch, client: TestClient) -> None:
    client.command("event json CHANNEL_PARK")
    park(client, "orphan")
    client.close()
    heir = TestClient(switch.port)
    assert heir.api("uuid_exists orphan") == "true"
    heir.command("event json CHANNEL_EXECUTE_COMPLETE")
    assert heir.execute("orphan", "set", "a=b", "mine") == "+OK"
    assert heir.wait("CHANNEL_EXECUTE_COMPLETE")["Application-UUID"] == "mine"


def test_myevents_tells_one_leg_and_no_other(client: TestClient) -> None:
    client.command("event json CHANNEL_PARK")
    park(client, "mine")
    client.command("noevents")
    client.command("myevents mine")
    client.api("uuid_kill mine")
    names = [event["Event-Name"] for event in client.until("CHANNEL_DESTROY", "mine")]
    assert names[0] == "CHANNEL_HANGUP"


# --- outbound sessions -----------------------------------------------------------------------------


@pytest.fixture
def listener() -> Iterator[socket]:
    """Where the switch shall connect to."""
    server = socket(AF_INET, SOCK_STREAM)
    server.bind(("127.0.0.1", 0))
    server.listen(5)
    server.settimeout(5)
    yield server
    server.close()


def session(client: TestClient, listener: socket, uuid: str = "leg") -> TestClient:
    """A leg handed to us, and the connection it came by."""
    place = f"127.0.0.1:{listener.getsockname()[1]}"
    client.command("event json CHANNEL_ANSWER CHANNEL_HANGUP_COMPLETE")
    client.bgapi(
        f"originate {{origination_uuid={uuid}}}sofia/gateway/trunk/48600 '&socket({place} async full)'"
    )
    sock, _ = listener.accept()
    return TestClient(0, sock=sock)


def test_a_session_begins_with_the_whole_channel(client: TestClient, listener: socket) -> None:
    inside = session(client, listener)
    channel = inside.command("connect")
    assert channel["Event-Name"] == "CHANNEL_DATA"
    assert channel["Unique-ID"] == channel["Channel-Unique-ID"] == "leg"
    assert (channel["Control"], channel["Socket-Mode"]) == ("full", "async")
    assert channel["variable_socket_host"] == "127.0.0.1"
    assert channel["Reply-Text"] == "%2BOK%0A"


def test_a_session_is_told_of_its_leg_and_lingers_after_it(client: TestClient, listener: socket) -> None:
    inside = session(client, listener)
    inside.command("connect")
    assert inside.command("linger 1")["Reply-Text"] == "+OK will linger 1 seconds"
    assert inside.command("myevents")["Reply-Text"] == "+OK Events Enabled"
    inside.execute("", "playback", "tone_stream://%(10,0,500)", "step")
    assert inside.wait("CHANNEL_EXECUTE_COMPLETE", "leg")["Application-UUID"] == "step"
    inside.api("uuid_kill leg")
    inside.wait("CHANNEL_HANGUP_COMPLETE", "leg")
    lingering = inside.wait("text/disconnect-notice")
    assert (lingering["Content-Disposition"], lingering["Linger-Time"]) == ("linger", "1")
    goodbye = inside.wait("text/disconnect-notice")
    assert (goodbye["Content-Disposition"], goodbye["Content-Length"]) == ("disconnect", "67")


def test_a_leg_ends_with_the_session_that_owned_it(client: TestClient, listener: socket) -> None:
    inside = session(client, listener)
    inside.command("connect")
    inside.close()
    assert client.wait("CHANNEL_HANGUP_COMPLETE", "leg")["Hangup-Cause"] == "NORMAL_CLEARING"


def test_a_leg_whose_session_is_refused_is_hung_up_at_once(client: TestClient, listener: socket) -> None:
    place = f"127.0.0.1:{listener.getsockname()[1]}"
    listener.close()
    client.command("event json CHANNEL_ANSWER CHANNEL_HANGUP_COMPLETE")
    client.bgapi(f"originate {{origination_uuid=leg}}sofia/gateway/trunk/48600 '&socket({place} async full)'")
    client.wait("CHANNEL_ANSWER", "leg")
    assert client.wait("CHANNEL_HANGUP_COMPLETE", "leg")["Hangup-Cause"] == "NORMAL_CLEARING"


def test_a_call_that_comes_in_is_handed_to_the_client(
    client: TestClient, switch: VirtualSwitch, listener: socket
) -> None:
    switch.core.socket_address = f"127.0.0.1:{listener.getsockname()[1]}"
    caller = client.api("prozvon_call_in +48600111222 +48221110000").split()[1]
    inside = TestClient(0, sock=listener.accept()[0])
    channel = inside.command("connect")
    assert channel["Unique-ID"] == caller
    assert (channel["Call-Direction"], channel["Answer-State"]) == ("inbound", "ringing")
    assert channel["Caller-Destination-Number"] == "%2B48221110000"
    assert channel["Caller-Caller-ID-Number"] == "%2B48600111222"


# --- speed and the end ---------------------------------------------------------------------------


def test_a_fast_switch_rings_and_talks_faster() -> None:
    virtual = VirtualSwitch(parse_population("default: {setup_s: 1, ring_s: 20, patience_s: 40}"), speed=100)
    virtual.start()
    client = TestClient(virtual.port)
    client.command("event json CHANNEL_ANSWER CHANNEL_HANGUP_COMPLETE")
    client.bgapi("originate {origination_uuid=leg}sofia/gateway/trunk/1 &park()")
    end = client.wait("CHANNEL_HANGUP_COMPLETE", "leg", within_s=5)
    assert 0.35 < int(end["variable_billmsec"]) / 1000 < 1.5
    assert 0.18 < int(end["variable_answermsec"]) / 1000 < 1.0
    virtual.stop()


def test_a_port_that_is_taken_is_told_at_the_start(switch: VirtualSwitch) -> None:
    with pytest.raises(OSError, match="in use"):
        VirtualSwitch(port=switch.port).start()


def test_clients_are_cut_off_without_a_word_when_the_switch_stops(
    switch: VirtualSwitch, client: TestClient
) -> None:
    switch.stop()
    with pytest.raises((EOFError, ConnectionError)):
        client.packet()
