"""Calls that come in: served by whoever listens, by the dialplan when nobody does."""

import socket
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.freeswitch.audio import tone_seconds
from tests.freeswitch.esl import Esl
from tests.freeswitch.farend import FarEnd
from tests.freeswitch.switch import CLOSED_HZ, PROMPT_HZ, FreeSwitch

pytestmark = pytest.mark.freeswitch

OUR_NUMBER, CALLER = "48221002030", "48600999001"


@pytest.fixture
def caller() -> Iterator[FarEnd]:
    person = FarEnd(tone_hz=1000.0)
    yield person
    person.close()


@pytest.fixture
def engine(freeswitch: FreeSwitch) -> Iterator[socket.socket]:
    """Somebody who listens where the engine would."""
    listener = socket.create_server(("127.0.0.1", freeswitch.inbound_port))
    listener.settimeout(5)
    yield listener
    listener.close()


def test_nobody_listens_and_the_dialplan_answers_and_says_so(
    esl: Esl, freeswitch: FreeSwitch, caller: FarEnd
) -> None:
    call = caller.call(OUR_NUMBER, f"127.0.0.1:{freeswitch.trunk_port}", CALLER)
    assert call.answered.wait(3)
    assert call.ended.wait(6)
    assert tone_seconds(call.sound, CLOSED_HZ) > 1.8


def test_the_engine_listens_and_the_call_is_its_own_to_answer(
    esl: Esl, freeswitch: FreeSwitch, caller: FarEnd, engine: socket.socket
) -> None:
    call = caller.call(OUR_NUMBER, f"127.0.0.1:{freeswitch.trunk_port}", CALLER)
    accepted, _ = engine.accept()
    session = Esl(accepted)
    session.send("connect")
    headers, _ = session.read_frame(5)
    assert headers["Caller-Caller-ID-Number"] == CALLER
    assert headers["Caller-Destination-Number"] == OUR_NUMBER
    assert headers["Answer-State"] == "ringing"
    deadline = time.monotonic() + 2
    while call.status != 180:
        assert time.monotonic() < deadline, f"it does not ring: {call.status}"
        time.sleep(0.01)
    assert not call.answered.is_set()
    uuid = headers["Unique-ID"]
    assert session.command("linger 5")["Reply-Text"].startswith("+OK")
    session.execute(uuid, "answer")
    session.execute(uuid, "playback", str(freeswitch.media_dir / "prompt.wav"))
    esl.wait_event("PLAYBACK_STOP", uuid)
    session.execute(uuid, "hangup")
    assert call.ended.wait(5)
    assert tone_seconds(call.sound, PROMPT_HZ) > 2.5
    session.close()


def test_the_engine_dies_in_mid_call_and_the_call_ends_rather_than_fall_silent(
    esl: Esl, freeswitch: FreeSwitch, caller: FarEnd, engine: socket.socket
) -> None:
    call = caller.call(OUR_NUMBER, f"127.0.0.1:{freeswitch.trunk_port}", CALLER)
    accepted, _ = engine.accept()
    session = Esl(accepted)
    session.send("connect")
    uuid = session.read_frame(5)[0]["Unique-ID"]
    session.execute(uuid, "answer")
    assert call.answered.wait(3)
    session.close()
    assert call.ended.wait(5)


def test_a_fork_of_the_audio_reaches_the_media_process_over_its_own_profile(
    esl: Esl, freeswitch: FreeSwitch, caller: FarEnd
) -> None:
    listener = FarEnd()
    uuid, fork = str(uuid4()), str(uuid4())
    carrier = f"sofia/external/{CALLER}@127.0.0.1:{caller.port}"
    esl.bgapi(f"originate {{origination_uuid={uuid},absolute_codec_string=PCMA}}{carrier} &park()")
    esl.wait_event("CHANNEL_ANSWER", uuid)
    to = f"{{origination_uuid={fork},absolute_codec_string=PCMA}}sofia/media/amd@127.0.0.1:{listener.port}"
    esl.bgapi(f"originate {to} '&native_eavesdrop({uuid} read)'")
    heard = listener.wait_call()
    deadline = time.monotonic() + 5
    while tone_seconds(heard.sound, 1000.0) < 1.0:
        assert time.monotonic() < deadline, f"only {len(heard.heard)} packets came"
        time.sleep(0.05)
    listener.close()


def test_a_stranger_on_the_trunk_port_cannot_reach_the_dialplan_of_the_agents(
    freeswitch: FreeSwitch, caller: FarEnd
) -> None:
    call = caller.call("9196", f"127.0.0.1:{freeswitch.agents_port}", "1001")
    assert call.ended.wait(5)
    assert call.status in (401, 407)


def test_the_directory_forbids_empty_passwords(freeswitch: FreeSwitch) -> None:
    with freeswitch.connect() as esl:
        assert esl.api("user_data 1001@127.0.0.1 param allow-empty-password") == "false"
