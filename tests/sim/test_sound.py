"""What is recorded, forked and played: files that hold what was heard, packets that arrive in time."""

import wave
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from gevent.socket import AF_INET, SOCK_DGRAM, socket

from engine.sim import sounds
from engine.sim.population import parse_population
from engine.sim.server import VirtualSwitch
from engine.sim.sip import ok, parse_sip
from engine.sim.soundfiles import duration_s
from tests.sim.client import TestClient
from tests.sim.lab import CALM, Lab
from tests.sim.test_sequences import AGENT


def read(path: Path) -> tuple[np.ndarray, float]:
    """Samples by channel, and the length in seconds."""
    with wave.open(str(path)) as file:
        frames = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return frames.reshape(-1, file.getnchannels()).T, file.getnframes() / file.getframerate()


def loudest_hz(samples: np.ndarray) -> int:
    if not samples.any():
        return 0
    return int(np.argmax(np.abs(np.fft.rfft(samples))) * 8000 / len(samples) + 0.5)


def test_a_stereo_recording_has_the_person_left_and_the_agent_right(tmp_path: Path) -> None:
    lab, path = Lab(), tmp_path / "talk.wav"
    lab.parked("agent", "user/1001", AGENT)
    lab.parked("person", variables="park_after_bridge=true")
    assert lab.api(f"uuid_record person start {path} 0 {{RECORD_STEREO=true}}") == "+OK Success\n"
    assert path.exists()
    lab.run(1.0)
    lab.api("uuid_bridge agent person")
    lab.run(2.03)
    assert lab.api(f"uuid_record person mask {path}") == "+OK Success\n"
    lab.run(1.0)
    lab.api(f"uuid_record person unmask {path}")
    lab.run(1.0)
    assert lab.api(f"uuid_record person stop {path}") == "+OK Success\n"
    (left, right), seconds = read(path)
    assert seconds == pytest.approx(5.03, abs=0.01)
    at = [
        slice(int(start * 8000), int(stop * 8000)) for start, stop in ((0, 1), (1.1, 3), (3.1, 4), (4.1, 5))
    ]
    assert [loudest_hz(left[part]) for part in at] == [1000, 1000, 0, 1000]
    assert [loudest_hz(right[part]) for part in at] == [0, 700, 0, 700]
    stop = lab.of("person", "RECORD_STOP")[0]
    assert (stop["Record-File-Path"], stop["variable_record_ms"]) == (str(path), "5030")


def test_a_pause_cuts_the_time_out_and_the_agents_leg_is_seen_from_its_side(tmp_path: Path) -> None:
    lab, path = Lab(), tmp_path / "talk.wav"
    lab.parked("agent", "user/1001", AGENT)
    lab.parked("person")
    lab.api("uuid_bridge agent person")
    lab.run(0.5)
    lab.api(f"uuid_record agent start {path} 0 {{RECORD_STEREO=true}}")
    lab.run(1.0)
    lab.api(f"uuid_record agent pause {path}")
    lab.run(3.0)
    lab.api(f"uuid_record agent resume {path}")
    lab.run(1.0)
    lab.api(f"uuid_record agent stop {path}")
    (left, right), seconds = read(path)
    assert seconds == pytest.approx(2.0, abs=0.01)
    assert (loudest_hz(left), loudest_hz(right)) == (700, 1000)


def test_a_hang_up_ends_the_recording_before_the_leg_is_reported(tmp_path: Path) -> None:
    lab, path = Lab(), tmp_path / "new" / "place.wav"
    lab.parked("person")
    lab.api(f"uuid_record person start {path}")
    lab.run(0.5)
    lab.api("uuid_kill person")
    lab.run(0.1)
    names = lab.names_of("person")
    assert names.index("RECORD_STOP") < names.index("CHANNEL_HANGUP_COMPLETE")
    assert read(path)[1] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("path", ["/proc/nosuch/x.wav", "/tmp/x.mp3"])
def test_a_file_that_cannot_be_written_is_refused(path: str) -> None:
    lab = Lab()
    lab.parked("person")
    assert lab.api(f"uuid_record person start {path}") == "-ERR Cannot record session!\n"
    assert "RECORD_START" not in lab.names_of("person")


@pytest.mark.parametrize(
    ("target", "seconds"),
    [
        ("silence_stream://4500,1400", 4.5),
        ("tone_stream://%(1000,4000,425);loops=3", 15.0),
        ("tone_stream://%(150,0,1400)", 0.15),
        ("file_string:///a.wav!silence_stream://500", 2.5),
        ("/a.wav", 2.0),
        ("/nosuch.wav", None),
        ("nonsense://x", None),
        ("silence_stream://-1", 86_400.0),
    ],
)
def test_what_is_played_takes_its_time(target: str, seconds: float | None) -> None:
    assert duration_s(target, {"/a.wav": 2.0}) == seconds


def test_a_wav_on_this_machine_is_measured_and_an_empty_one_is_no_sound(tmp_path: Path) -> None:
    real, empty = tmp_path / "real.wav", tmp_path / "empty.wav"
    with wave.open(str(real), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(2 * 24_000))
    empty.write_bytes(b"")
    assert duration_s(str(real), {}) == 1.5
    assert duration_s(str(empty), {}) is None


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
def test_g711_is_near_what_went_in_and_silence_is_its_own_byte(codec: str) -> None:
    assert set(sounds.encode(np.zeros(160), codec)) == {0xFF if codec == "PCMU" else 0xD5}
    ramp = np.linspace(-32000, 32000, 999)
    levels = sounds.encode(ramp, codec)
    assert len(set(levels)) > 100
    assert sounds.encode(-ramp[::-1], codec)[0] == levels[0]


# --- forks over the network --------------------------------------------------------------------------


class Ear:
    """A SIP listener: answers every call and counts the packets that come."""

    def __init__(self, status: str = "200 OK") -> None:
        self.sip, self.rtp = socket(AF_INET, SOCK_DGRAM), socket(AF_INET, SOCK_DGRAM)
        for sock in (self.sip, self.rtp):
            sock.bind(("127.0.0.1", 0))
            sock.settimeout(5)
        self.status = status
        self.place = f"127.0.0.1:{self.sip.getsockname()[1]}"

    def request(self, method: str) -> tuple[dict[str, str], str]:
        """Wait for a request of this kind and answer it."""
        while True:
            data, peer = self.sip.recvfrom(8192)
            message = parse_sip(data)
            assert message is not None
            if message.method == "INVITE":
                self._take(message, peer)
            elif message.method != "ACK":
                self.sip.sendto(ok(message), peer)
            if message.method == method:
                return message.headers, message.body

    def _take(self, message: object, peer: tuple[str, int]) -> None:
        port = self.rtp.getsockname()[1]
        sdp = f"v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio {port} RTP/AVP 0\r\n"
        reply = ok(message).decode().replace("200 OK", self.status).replace("Content-Length: 0\r\n\r\n", "")
        reply = reply.replace("\r\nCall-ID", ";tag=ear\r\nCall-ID", 1)
        contact = f"Contact: <sip:ear@{self.place}>\r\n"
        self.sip.sendto(f"{reply}{contact}Content-Length: {len(sdp)}\r\n\r\n{sdp}".encode(), peer)

    def packets(self, count: int) -> list[bytes]:
        return [self.rtp.recv(2048) for _ in range(count)]


@pytest.fixture
def client() -> Iterator[TestClient]:
    file = "numbers: {'2': {fate: voicemail}, '8': {fate: answer, codec: PCMA}}\n"
    switch = VirtualSwitch(parse_population(CALM + file))
    switch.start()
    one = TestClient(switch.port)
    one.command("event json CHANNEL_PARK CHANNEL_ANSWER CHANNEL_HANGUP_COMPLETE BACKGROUND_JOB")
    yield one
    switch.stop()


def fork(client: TestClient, ear: Ear, number: str = "2") -> None:
    client.bgapi(f"originate {{origination_uuid=call}}sofia/gateway/trunk/{number} &park()")
    client.wait("CHANNEL_PARK", "call")
    variables = "origination_uuid=fork,absolute_codec_string=PCMU,sip_h_X-Prozvon-Attempt=call"
    client.bgapi(f"originate {{{variables}}}sofia/media/amd@{ear.place} '&native_eavesdrop(call read)'")


def test_a_fork_is_a_sip_call_with_our_headers_and_real_packets(client: TestClient) -> None:
    ear = Ear()
    fork(client, ear)
    headers, body = ear.request("INVITE")
    assert headers["x-prozvon-attempt"] == "call"
    assert "RTP/AVP 0" in body
    ear.request("ACK")
    packets = ear.packets(60)
    assert {len(packet) for packet in packets} == {172}
    sequence = [int.from_bytes(packet[2:4], "big") for packet in packets]
    assert [(b - a) % 65_536 for a, b in pairwise(sequence)] == [1] * 59
    stamps = [int.from_bytes(packet[4:8], "big") for packet in packets]
    assert (stamps[-1] - stamps[0]) % (1 << 32) == 59 * 160
    assert packets[0][1] == 0
    assert len({packet[12:] for packet in packets}) > 20  # the machine speaks its greeting


def test_the_fork_ends_with_the_call_and_not_the_other_way_round(client: TestClient) -> None:
    ear = Ear()
    fork(client, ear)
    ear.request("ACK")
    ear.packets(2)
    client.api("uuid_kill call")
    assert client.wait("CHANNEL_HANGUP_COMPLETE", "fork")["Hangup-Cause"] == "NORMAL_CLEARING"
    ear.request("BYE")


def test_a_listener_that_hangs_up_does_not_disturb_the_call(client: TestClient) -> None:
    ear = Ear()
    fork(client, ear)
    ear.request("ACK")
    client.api("uuid_kill fork")
    ear.request("BYE")
    client.wait("CHANNEL_HANGUP_COMPLETE", "fork")
    assert client.api("uuid_exists call") == "true"


def test_the_other_codec_gives_no_packet_and_ends_the_fork_at_once(client: TestClient) -> None:
    ear = Ear()
    fork(client, ear, number="8")
    ear.request("ACK")
    assert client.wait("CHANNEL_HANGUP_COMPLETE", "fork")["Hangup-Cause"] == "NORMAL_CLEARING"
    ear.rtp.settimeout(0.1)
    with pytest.raises(TimeoutError):
        ear.packets(1)


@pytest.mark.parametrize("status", ["503 Service Unavailable", "nobody"])
def test_a_listener_that_refuses_or_is_not_there_is_an_error_and_the_call_lives(
    client: TestClient, status: str
) -> None:
    ear = Ear(status)
    if status == "nobody":
        ear.sip.close()
    fork(client, ear)
    if status != "nobody":
        ear.request("INVITE")
    job = client.collect(lambda event: event.get("_body", "").startswith("-ERR"))[-1]
    assert job["_body"] == "-ERR NORMAL_TEMPORARY_FAILURE\n"
    assert client.api("uuid_exists call") == "true"


def test_a_native_recording_grows_as_it_is_heard(client: TestClient, tmp_path: Path) -> None:
    client.bgapi("originate {origination_uuid=call}sofia/gateway/trunk/2 &park()")
    client.wait("CHANNEL_PARK", "call")
    client.command("event json RECORD_STOP")
    path = tmp_path / "call"
    options = "{enable_file_write_buffering=false,RECORD_READ_ONLY=true}"
    assert client.api(f"uuid_record call start {path} 0 {options}") == "+OK Success\n"
    client.execute("call", "playback", "tone_stream://%(400,0,500)", "step")
    client.command("event json CHANNEL_EXECUTE_COMPLETE")
    client.wait("CHANNEL_EXECUTE_COMPLETE", "call")
    assert 1_600 <= (tmp_path / "call-in.PCMU").stat().st_size <= 6_400
    client.api(f"uuid_record call stop {path}")
    assert client.wait("RECORD_STOP", "call")["Record-File-Path"] == str(path)
    assert (tmp_path / "call-out.PCMU").stat().st_size == (tmp_path / "call-in.PCMU").stat().st_size
