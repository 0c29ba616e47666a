"""What a fork hears before and after the answer, by RTP and by file, and what is kept of it."""

import json
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.amd.audio import Law, encode
from engine.amd.fingerprint import take_print
from engine.media import shelf
from engine.media.ears import Folders, cost_of
from engine.media.listener import Listener
from tests.amd import openings
from tests.amd.openings import pcm, silence, tone, voice
from tests.amd.test_fingerprint import words
from tests.media.caller import calling, listening, packets
from tests.media.engine_side import Reader

OFF = words(1)


@pytest.fixture(scope="module")
def listener(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listener]:
    home = tmp_path_factory.mktemp("media")
    (home / "taps").mkdir()
    shelf.put(home / "prints", take_print("off", "unreachable", pcm(OFF)))
    folders = Folders(home / "prints", home / "evidence", home / "taps")
    with listening(folders=folders) as found:
        yield found


@pytest.fixture
def engine(listener: Listener) -> Iterator[Reader]:
    reader = Reader(listener.control.address)
    yield reader
    reader.close()


def until(true: Callable[[], object]) -> None:
    limit_s = time.monotonic() + 5
    while not true():
        assert time.monotonic() < limit_s
        time.sleep(0.005)


def test_while_it_rings_the_network_is_heard_and_no_verdict_is_given(
    listener: Listener, engine: Reader
) -> None:
    with calling(listener) as call:
        call.begin(listen="early")
        call.send(*packets(pcm(tone(425, 1.0), silence(1.0), 0.3 * OFF)))
        told = engine.line()
        assert (told["event"], told["means"], told["fork_id"]) == (
            "announcement",
            "unreachable",
            call.fork_id,
        )
        assert told["details"]["name"] == "off"
        call.end()
    assert engine.line()["event"] == "ended"


def test_after_the_answer_the_same_fork_tells_who_picked_up(listener: Listener, engine: Reader) -> None:
    with calling(listener) as call:
        call.begin(listen="early")
        ring = packets(pcm(tone(425, 1.0), silence(1.0)))
        call.send(*ring)
        until(lambda: listener.forks[call.call_id].receiver.packets == len(ring))
        engine.tell({"do": "answered", "fork_id": call.fork_id})
        call.settle()
        call.send(*packets(openings.person(), first=len(ring)))
        told = engine.wait("verdict")
        assert told["verdict"] == "person"
        assert told["at_ms"] < 3_000, "counted from the answer"
        call.end()


def test_an_answer_that_overtakes_its_fork_is_remembered(listener: Listener, engine: Reader) -> None:
    with calling(listener) as call:
        engine.tell({"do": "answered", "fork_id": call.fork_id})
        call.settle()
        call.begin(listen="early")
        call.send(*packets(openings.person())[:200])
        assert engine.wait("verdict")["verdict"] == "person"
        call.end()


def test_after_the_verdict_the_beep_is_told_and_takes_a_person_back(
    listener: Listener, engine: Reader
) -> None:
    with calling(listener) as call:
        call.begin()
        call.send(*packets(pcm(silence(0.4), voice(0.7), silence(2.5), tone(1_000, 0.5), silence(1.0))))
        assert engine.wait("verdict")["verdict"] == "person"
        told = engine.wait("revised")
        assert (told["verdict"], told["details"]["revises"]) == ("machine", "person")
        call.end()


def test_the_sound_of_a_sampled_call_is_kept_from_the_answer_on(listener: Listener, engine: Reader) -> None:
    with calling(listener, "attempt-kept") as call:
        call.begin(listen="keep")
        call.send(*packets(openings.person())[:200])
        told = engine.wait("verdict")
        call.end()
    kept = Path(engine.wait("ended")["kept"])
    until(kept.exists)
    with wave.open(str(kept)) as file:
        assert told["at_ms"] * 8 <= file.getnframes() <= 200 * 160
        heard = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert kept.name == "attempt-kept.wav"
    assert kept.stat().st_mode & 0o077 == 0
    assert abs(heard.astype(int)).max() > 3_000


def test_nothing_is_kept_of_a_call_that_was_not_sampled_or_cannot_name_a_file(
    listener: Listener, engine: Reader
) -> None:
    for attempt, listen in (("attempt-plain", ""), ("../escape", "keep")):
        with calling(listener, attempt) as call:
            call.begin(listen=listen)
            call.send(*packets(openings.person())[:100])
            call.end()
        assert "kept" not in engine.wait("ended")


@pytest.mark.parametrize("law", Law)
def test_a_file_that_the_switch_writes_is_heard_as_it_grows_and_taken_away(
    listener: Listener, engine: Reader, law: Law
) -> None:
    folder = listener.ears._folder
    assert folder is not None
    name = f"call-{law.value}"
    engine.tell({"do": "tap", "fork_id": name, "attempt_id": "a1", "name": name, "law": law.value})
    sound = encode(openings.machine(), law)
    with (folder / f"{name}-in.{law.value}").open("wb", buffering=0) as file:
        (folder / f"{name}-out.{law.value}").touch()
        for at in range(0, len(sound), 1_600):
            file.write(sound[at : at + 1_600])
            time.sleep(0.002)
        told = engine.wait("verdict")
    assert (told["verdict"], told["fork_id"], told["attempt_id"]) == ("machine", name, "a1")
    engine.tell({"do": "close", "fork_id": name})
    assert engine.wait("ended")["packets"] > 50
    assert not list(folder.iterdir())


def test_a_file_that_stops_growing_is_silence(listener: Listener, engine: Reader) -> None:
    folder = listener.ears._folder
    assert folder is not None
    engine.tell({"do": "tap", "fork_id": "s", "attempt_id": "a1", "name": "s", "law": "PCMU"})
    (folder / "s-in.PCMU").write_bytes(encode(pcm(silence(0.3), voice(0.7)), Law.PCMU))
    assert engine.wait("verdict")["verdict"] == "person"
    engine.tell({"do": "close", "fork_id": "s"})
    engine.wait("ended")


@pytest.mark.parametrize(
    "command",
    [
        {},
        {"do": "dance"},
        {"do": "tap", "fork_id": "x", "name": "../../etc/passwd", "law": "PCMU"},
        {"do": "tap", "fork_id": "x", "name": "x", "law": "G729"},
        {"do": "tap", "fork_id": "x"},
        {"do": "close", "fork_id": "nobody"},
    ],
)
def test_a_strange_command_is_counted_and_changes_nothing(
    listener: Listener, engine: Reader, command: dict[str, str]
) -> None:
    before = listener.counts.get("strange_commands", 0)
    engine.tell(command)
    until(lambda: listener.counts.get("strange_commands", 0) > before)
    assert not listener.ears.taps


def test_whoever_sends_no_commands_at_all_is_cut_off(listener: Listener) -> None:
    stranger = Reader(listener.control.address)
    stranger.send(b"GET / HTTP/1.1\r\n\r\n")
    assert stranger.is_cut_off()
    stranger.close()
    endless = Reader(listener.control.address)
    endless.send(b'"' * 70_000)
    assert endless.is_cut_off()
    endless.close()
    fine = Reader(listener.control.address)
    fine.tell({"do": "answered", "fork_id": json.dumps({})})
    fine.close()


@pytest.mark.parametrize(
    ("wanted", "cost"),
    [(["cost=20"], 20.0), ([], 10.0), (["cost=x"], 10.0), (["cost=0"], 1.0), (["cost=nan"], 1.0)],
)
def test_the_cost_of_an_error_comes_with_the_call(wanted: list[str], cost: float) -> None:
    assert cost_of(wanted) == cost


def test_a_likely_person_is_told_once_and_before_the_verdict(listener: Listener, engine: Reader) -> None:
    with calling(listener) as call:
        call.begin(listen="likely")
        call.send(*packets(openings.person())[:250])
        events = [engine.line()["event"]]
        while events[-1] != "verdict":
            events.append(engine.line()["event"])
        assert events.count("likely") <= 1
        call.end()
    assert engine.wait("ended")
