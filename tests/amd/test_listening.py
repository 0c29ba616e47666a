"""What is put off to save work says the same to the bit as what is done at once."""

from pathlib import Path

import numpy as np
import pytest

from engine.amd.audio import FRAME_BYTES, FRAME_MS, FRAME_SAMPLES
from engine.amd.classifier import Detector
from engine.amd.features import NAMES
from engine.amd.hearing import MOST_BEHIND, Ear
from engine.amd.listening import Listening
from engine.amd.network import Follower, standard
from engine.amd.tones import ToneLimits
from engine.app.recordings import read_recording
from engine.training import measure
from tests.amd import openings

SHARE = Path(__file__).parent.parent / "data" / "amd"
UNTIL_FRAME = 300


@pytest.fixture(scope="module")
def cases() -> list[measure.Case]:
    keys = openings.pcm(openings.silence(0.5), *_keys(), openings.voice(0.8), openings.silence(2.0))
    return [*measure.read_corpus(SHARE, read_recording), measure.Case("dtmf", "", "", "", keys, name="keys")]


def _keys() -> list[openings.Sound]:
    pairs = [(697, 1209), (770, 1336)]
    return [
        part
        for a, b in pairs
        for part in (openings.tone(a, 0.1) + openings.tone(b, 0.1), openings.silence(0.1))
    ]


def frames_of(pcm: bytes) -> list[bytes]:
    end = min(len(pcm), UNTIL_FRAME * FRAME_BYTES) - FRAME_BYTES + 1
    return [pcm[at : at + FRAME_BYTES] for at in range(0, end, FRAME_BYTES)]


class Eager(Listening):
    """Measures every block at once."""

    def push(self, pcm: bytes):
        found = super().push(pcm)
        self._measure()
        return found


def test_measuring_late_and_together_says_the_same(cases: list[measure.Case]):
    looks = 0
    for case in cases:
        late, at_once = Follower(standard()), Follower(standard())
        lazy, eager = Listening(ToneLimits(), late), Eager(ToneLimits(), at_once)
        for frame in frames_of(case.pcm):
            assert lazy.push(frame)[1] == eager.push(frame)[1], case.name
            assert (lazy.told is None) == (eager.told is None), case.name
            if lazy.told is not None and eager.told is not None and lazy.ear.measured == lazy.ear.frames:
                assert np.array_equal(lazy.told, eager.told), case.name
                assert late.logit(lazy.told) == at_once.logit(eager.told), case.name
                looks += 1
    assert looks > 300


def test_the_timing_of_two_words_is_told_in_seconds():
    listening = Listening(ToneLimits())
    silence, voice = openings.silence, openings.voice
    for frame in frames_of(openings.pcm(silence(0.5), voice(0.8), silence(0.6), voice(0.5), silence(0.6))):
        listening.push(frame)
    assert listening.told is not None
    told = dict(zip(NAMES, listening.told.tolist(), strict=True))
    expected = {"since_s": 2.5, "quiet_s": 0.6, "voiced_s": 1.3, "longest_gap_s": 0.6, "first_s": 0.8}
    assert {name: told[name] for name in expected} == pytest.approx(expected, abs=0.15)
    assert (told["spurts"], told["tones_s"], told["progress"]) == (2.0, 0.0, 0.0)
    assert -40.0 < told["peak_dbfs"] < 0.0
    assert told["noise_dbfs"] == -75.0


def test_an_ear_that_nobody_lets_catch_up_says_so():
    ear, nothing = Ear(), np.zeros(FRAME_SAMPLES, np.float32)
    for _ in range(MOST_BEHIND):
        ear.push(bytes(FRAME_BYTES), nothing, -90.0, False)
    assert ear.is_behind
    with pytest.raises(IndexError, match="25 frames"):
        ear.push(bytes(FRAME_BYTES), nothing, -90.0, False)
    ear.catch_up()
    ear.push(bytes(FRAME_BYTES), nothing, -90.0, False)
    assert (ear.measured, ear.frames) == (MOST_BEHIND, MOST_BEHIND + 1)


def test_after_the_verdict_nothing_is_measured_and_tones_are_followed_on():
    detector = Detector()
    for frame in frames_of(openings.person()):
        detector.feed(frame)
    listening, verdict = detector._listening, detector.verdict
    assert verdict is not None
    assert listening.ear.frames * FRAME_MS == verdict.at_ms
    for frame in frames_of(openings.pcm(openings.tone(1_000, 0.5))):
        detector.listen(frame)
    assert listening.ear.frames * FRAME_MS == verdict.at_ms
    assert listening.tones.in_tone
