"""A prompt is checked before a switch is asked to play it: the switch would hang up in silence."""

import threading
import wave
from pathlib import Path

import pytest

from engine.domain.errors import ConfigError
from engine.speech import wav


def write(path: Path, rate: int = 8_000, channels: int = 1, width: int = 2, frames: int = 800) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(bytes(frames * channels * width))
    return path


def test_a_file_we_wrote_is_good_and_knows_its_length(tmp_path: Path):
    path = tmp_path / "a" / "b.wav"
    wav.write(path, bytes(2 * 4_000))
    assert wav.check(path) == 0.5
    assert wav.length_s(path) == 0.5
    assert path.stat().st_mode & 0o444 == 0o444
    assert wav.length_s(tmp_path / "gone.wav") == 0.0


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"rate": 16_000}, "16000 Hz"),
        ({"channels": 2}, "2 channels"),
        ({"width": 1}, "8 bit"),
        ({"frames": 0}, "is empty"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_the_command_that_mends_it(tmp_path: Path, wrong, told: str):
    with pytest.raises(ConfigError, match=told):
        wav.check(write(tmp_path / "x.wav", **wrong))


def test_what_is_no_file_of_sound_is_refused(tmp_path: Path):
    (tmp_path / "empty.wav").touch()
    (tmp_path / "garbage.wav").write_bytes(b"RIFF of something else entirely" * 9)
    (tmp_path / "folder.wav").mkdir()
    write(tmp_path / "whole.wav")
    (tmp_path / "cut.wav").write_bytes((tmp_path / "whole.wav").read_bytes()[:30])
    for name, told in {
        "empty": "not a wav",
        "garbage": "not a wav",
        "cut": "not a wav",
        "folder": "not a folder",
        "none": "no such prompt",
    }.items():
        with pytest.raises(ConfigError, match=told):
            wav.check(tmp_path / f"{name}.wav")


def test_a_file_whose_samples_were_lost_is_empty(tmp_path: Path):
    whole = write(tmp_path / "whole.wav").read_bytes()
    (tmp_path / "cut.wav").write_bytes(whole[:44])
    with pytest.raises(ConfigError, match="empty"):
        wav.check(tmp_path / "cut.wav")


def test_a_reader_sees_the_whole_file_or_none_whoever_writes(tmp_path: Path):
    path, wrong, going = tmp_path / "x.wav", [], threading.Event()

    def keep_writing() -> None:
        for _ in range(60):
            wav.write(path, bytes(16_000))
        going.set()

    writers = [threading.Thread(target=keep_writing) for _ in range(3)]
    for writer in writers:
        writer.start()
    while not going.is_set():
        try:
            wav.check(path)
        except ConfigError as error:
            if "no such prompt" not in str(error):
                wrong.append(str(error))
    for writer in writers:
        writer.join(timeout=30)
    assert not wrong
    assert [each.name for each in tmp_path.iterdir()] == ["x.wav"]
