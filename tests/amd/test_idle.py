"""Where nobody speaks there is no verdict; where somebody speaks, however low, there is."""

from pathlib import Path

import numpy as np
import pytest

from engine.amd.audio import FRAME_BYTES, Law, decode, encode
from engine.amd.classifier import Detector, Params
from engine.amd.heard import Verdict
from engine.app.recordings import read_recording
from engine.training import measure
from tests.amd import idle, openings

SHARE = Path(__file__).parent.parent / "data" / "amd"
LISTENED_S = 6.0


def verdict_of(sound: bytes, deadline_ms: int = 0) -> Verdict | None:
    detector = Detector(Params(deadline_ms=deadline_ms))
    whole = range(0, len(sound) - FRAME_BYTES + 1, FRAME_BYTES)
    return next((told for at in whole if (told := detector.feed(sound[at : at + FRAME_BYTES]))), None)


@pytest.mark.parametrize("kind", idle.KINDS)
def test_a_line_on_which_nobody_speaks_is_no_person_and_no_machine_at_any_level(kind: str):
    for seed, level_dbm0 in enumerate((-70.0, -57.0, -50.0, -45.0, -35.0, -25.0)):
        law = list(Law)[seed % 2]
        told = verdict_of(idle.line(kind, level_dbm0, LISTENED_S, law, seed))
        assert told is None, (level_dbm0, told)


@pytest.mark.parametrize("law", Law)
def test_a_codec_that_has_nothing_to_say_is_nobody(law: Law):
    assert verdict_of(idle.unused(LISTENED_S, law, seed=1)) is None


@pytest.mark.parametrize("kind", ["comfort noise in steps", "breath", "buzz"])
def test_noise_until_the_deadline_is_silence(kind: str):
    told = verdict_of(idle.line(kind, -40.0, LISTENED_S, Law.PCMA, seed=3), deadline_ms=4_000)
    assert told is not None
    assert (told.what, told.at_ms) == ("silence", 4_000)


def at_level(pcm: bytes, level_dbm0: float, law: Law) -> bytes:
    """So loud while it speaks, over an unused codec's idle noise."""
    sound = np.frombuffer(pcm, "<i2").astype(np.float64)
    frames = (sound[: len(sound) // 160 * 160].reshape(-1, 160) ** 2).mean(axis=1)
    loud = float(np.sqrt(frames[frames > frames.max() * 1e-3].mean()))
    said = sound * (10 ** ((level_dbm0 - 6.15) / 20) * 32_768 / loud)
    return decode(encode(np.clip(said, -32_768, 32_767).astype("<i2").tobytes(), law), law)


@pytest.mark.parametrize("level_dbm0", [-10.0, -25.0, -40.0])
def test_people_are_told_however_low_they_speak(level_dbm0: float):
    people = [one for one in measure.read_corpus(SHARE, read_recording) if one.label == "human"]
    told = [
        verdict_of(at_level(one.pcm, level_dbm0, list(Law)[number % 2])) for number, one in enumerate(people)
    ]
    assert {one.what for one in told if one} == {"person"}
    least = 6 if level_dbm0 > -40.0 else 5  # one of them may stay undecided, and is a person by the clock
    assert sum(one is not None for one in told) >= least


def test_who_speaks_after_a_noise_that_looked_like_speech_is_told_by_their_own_greeting():
    noise = idle.line("comfort noise in steps", -45.0, 4.0, Law.PCMA, seed=2)
    told = verdict_of(noise + openings.pcm(openings.voice(0.7), openings.silence(4.0)))
    assert told is not None
    assert told.what == "person"
    assert 4_700 < told.at_ms < 6_500
