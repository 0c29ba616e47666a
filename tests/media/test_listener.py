"""The media process in a thread, called by SIP and fed with RTP as the switch would."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.amd.audio import Law
from engine.media.listener import Listener, Places
from tests.amd import openings
from tests.media.caller import calling, listening, packets
from tests.media.engine_side import Reader


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    with listening() as found:
        yield found


@pytest.fixture
def engine(listener: Listener) -> Iterator[Reader]:
    reader = Reader(listener.control.address)
    yield reader
    reader.close()


FATES = {
    "person": openings.person(),
    "machine": openings.machine(),
    "fax": openings.fax(),
    "announcement": openings.announcement(),
}

AT_ONCE = 250
"""Packets that a socket's buffer holds should the listener not run meanwhile: 5 s of sound."""


@pytest.mark.parametrize("law", Law)
@pytest.mark.parametrize("fate", FATES)
def test_a_call_is_heard_and_the_verdict_names_its_attempt(
    listener: Listener, engine: Reader, fate: str, law: Law
) -> None:
    with calling(listener, f"attempt-{fate}") as call:
        assert call.begin(f"{law.payload_type} 101") == 200
        call.send(*packets(FATES[fate], law)[:AT_ONCE])
        told = engine.wait("verdict")
        assert (told["verdict"], told["attempt_id"], told["fork_id"]) == (
            fate,
            f"attempt-{fate}",
            call.fork_id,
        )
        assert 500 < told["at_ms"] < 5_000
        assert call.end() == 200
    ended = engine.wait("ended")
    assert (ended["why"], ended["lost"], ended["junk"]) == ("ended", 0, 0)


@pytest.mark.parametrize("ms", [10, 30, 60])
def test_packets_of_any_usual_length_are_understood(listener: Listener, engine: Reader, ms: int) -> None:
    with calling(listener) as call:
        call.begin()
        call.send(*packets(FATES["machine"], ms=ms))
        assert engine.wait("verdict")["verdict"] == "machine"
        call.end()


def test_a_person_whose_silence_is_not_sent_is_still_heard_to_pause(
    listener: Listener, engine: Reader
) -> None:
    with calling(listener) as call:
        call.begin()
        call.send(*packets(openings.pcm(openings.silence(0.3), openings.voice(0.7))))  # and then nothing
        told = engine.wait("verdict")
        assert told["verdict"] == "person"
        call.end()


def test_junk_between_the_packets_changes_nothing(listener: Listener, engine: Reader) -> None:
    with calling(listener) as call:
        call.begin()
        mixed = [junk for one in packets(FATES["person"]) for junk in (b"\x80", bytes(40), one[:12], one)]
        call.send(*mixed)
        assert engine.wait("verdict")["verdict"] == "person"
        call.end()
    assert engine.wait("ended")["junk"] > 100


def test_a_fork_without_our_codec_is_refused(listener: Listener) -> None:
    with calling(listener) as call:
        assert call.begin("9 18") == 488
        assert not [fork for fork in listener.forks.values() if fork.dialog.call_id == call.call_id]


def test_an_invitation_said_twice_is_one_call(listener: Listener) -> None:
    with calling(listener) as call:
        call.begin()
        first = call.answer
        calls = len(listener.forks)
        assert call.ask("INVITE", 1) == 200
        assert (call.answer, len(listener.forks)) == (first, calls)
        call.end()


def test_who_asks_how_we_are_is_told(listener: Listener) -> None:
    with calling(listener) as call:
        assert call.ask("OPTIONS") == 200
        assert call.ask("SUBSCRIBE") == 405
        assert call.ask("BYE") == 481


def test_a_full_listener_refuses_and_takes_calls_again_when_one_ends() -> None:
    with (
        listening(rtp_ports=4) as small,
        calling(small) as one,
        calling(small) as two,
        calling(small) as three,
    ):
        assert [one.begin(), two.begin(), three.begin()] == [200, 200, 503]
        assert one.end() == 200
        assert three.ask("INVITE", 2, "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 9 RTP/AVP 8\r\n") == 200


def test_a_call_that_sends_nothing_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.media.fork.SILENT_S", 0.2)
    with listening() as found, calling(found) as call:
        reader = Reader(found.control.address)
        call.begin()
        goodbye = call.sip.recv(8_192).decode()
        assert goodbye.startswith("BYE sip:switch@")
        assert reader.wait("ended")["why"] == "silent"
        assert not found.forks
        reader.close()


def test_when_it_is_stopped_every_call_is_ended_and_every_port_given_back(tmp_path: Path) -> None:
    path = str(tmp_path / "control")
    with listening() as found, calling(found) as call:
        call.begin()
        ports = [call.media[1], found.sip_port]
        found.stop()
        assert call.sip.recv(8_192).startswith(b"BYE ")
    for port in ports:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", port))
    unix = Listener(Places("127.0.0.1", 0, 0, 1), path)
    assert (tmp_path / "control").stat().st_mode & 0o077 == 0
    unix.stop()
    unix.serve()
    assert not (tmp_path / "control").exists()
