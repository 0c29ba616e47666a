"""`prozvon amd fingerprint`: from a recording to an announcement that is known."""

import json
import wave
from pathlib import Path

import numpy as np
import pytest

from engine import cli
from engine.amd.audio import Law, encode
from engine.app.recordings import read_recording
from engine.domain.errors import ConfigError
from engine.media.shelf import Shelf
from tests.amd.openings import pcm, tone
from tests.amd.test_fingerprint import heard, words


def wav(path: Path, samples: bytes, rate: int = 8_000, channels: int = 1) -> str:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples)
    return str(path)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "config.yaml").write_text("store: {data_dir: kept}\n")
    monkeypatch.setenv("PROZVON_CONFIG", str(tmp_path / "config.yaml"))
    return tmp_path


def prozvon(*words_: str) -> int:
    return cli.main(["amd", "fingerprint", *words_])


def test_what_was_added_is_listed_matched_used_by_the_media_process_and_forgotten(
    home: Path, capsys: pytest.CaptureFixture[str]
):
    recording = wav(home / "off.wav", pcm(words(1)))
    shelf = Shelf(home / "kept" / "fingerprints")
    assert len(shelf.book(0.0)) == 0
    assert prozvon("add", recording, "--means", "unreachable") == 0
    assert len(shelf.book(1.0)) == 0, "it looks every five seconds"
    known = shelf.book(6.0)
    found = heard(pcm(0.3 * words(1)), known)
    assert found is not None
    assert found.means == "unreachable"
    capsys.readouterr()
    assert prozvon("match", recording, "--json") == 0
    assert json.loads(capsys.readouterr().out)["name"] == "off"
    assert prozvon("list", "--json") == 0
    assert [one["means"] for one in json.loads(capsys.readouterr().out)] == ["unreachable"]
    assert prozvon("remove", "off") == 0
    assert len(shelf.book(12.0)) == 0
    assert prozvon("match", recording) == 1


def test_a_recording_that_is_known_or_tells_nothing_is_refused_with_its_mending(
    home: Path, capsys: pytest.CaptureFixture[str]
):
    recording = wav(home / "off.wav", pcm(words(1)))
    ring = wav(home / "ring.wav", pcm(tone(425, 4.0)))
    assert prozvon("add", recording, "--means", "unreachable") == 0
    refused = {
        ("add", recording, "--means", "busy"): "there is a 'off'",
        ("add", recording, "--means", "busy", "--name", "other"): "known as 'off'",
        ("add", recording, "--means", "unreachabel", "--name", "x"): "Did you mean 'unreachable'",
        ("add", ring, "--means", "busy"): "tell this recording",
        ("add", str(home / "none.wav"), "--means", "busy"): "cannot be read",
        ("add", str(home / "config.yaml"), "--means", "busy"): "not a wav file",
        ("add", recording, "--means", "busy", "--name", "../x"): "cannot name",
        ("remove", "of"): "Did you mean 'off'",
    }
    for given, why in refused.items():
        assert prozvon(*given) == 2
        assert why in capsys.readouterr().err
    assert prozvon("add", recording, "--means", "busy", "--replace") == 0
    assert len(list((home / "kept" / "fingerprints").iterdir())) == 1


def test_a_broken_file_on_the_shelf_hides_no_other(home: Path):
    assert prozvon("add", wav(home / "off.wav", pcm(words(1))), "--means", "unreachable") == 0
    folder = home / "kept" / "fingerprints"
    (folder / "broken.print.json").write_text("{")
    (folder / "list.print.json").write_text("[]")
    (folder / "notes.txt").write_text("x")
    assert [one.name for one in Shelf(folder).book(0.0).prints] == ["off"]


def test_recordings_of_any_rate_of_two_channels_and_bare_g711_are_read(tmp_path: Path):
    sound = words(1, 3.0)
    plain = pcm(sound)
    twice = np.repeat(np.frombuffer(plain, "<i2"), 2)
    stereo = np.stack([np.frombuffer(plain, "<i2"), np.zeros(len(plain) // 2, "<i2")], axis=1)
    (tmp_path / "call-in.PCMA").write_bytes(encode(plain, Law.PCMA))
    assert read_recording(Path(wav(tmp_path / "8.wav", plain))) == plain
    assert read_recording(Path(wav(tmp_path / "s.wav", stereo.tobytes(), channels=2))) == plain
    assert len(read_recording(Path(wav(tmp_path / "16.wav", twice.tobytes(), rate=16_000)))) == len(plain)
    assert len(read_recording(tmp_path / "call-in.PCMA")) == len(plain)
    with wave.open(str(tmp_path / "b.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8_000)
        file.writeframes(b"12345678")
    with pytest.raises(ConfigError, match="8 bit"):
        read_recording(tmp_path / "b.wav")
