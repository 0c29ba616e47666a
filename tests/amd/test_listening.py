"""What is put off to save work says the same as what is done at once."""

from pathlib import Path

import numpy as np
import pytest

from engine.amd import measuring
from engine.amd.audio import FRAME_BYTES, FRAME_MS
from engine.amd.classifier import Detector
from engine.amd.features import NAMES
from engine.amd.frames import frames_of
from engine.amd.hearing import BLOCK, MOST_WAITING, Ear
from engine.amd.listening import Listening, listen
from engine.amd.network import standard
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


def frames_in(pcm: bytes) -> list[bytes]:
    end = min(len(pcm), UNTIL_FRAME * FRAME_BYTES) - FRAME_BYTES + 1
    return [pcm[at : at + FRAME_BYTES] for at in range(0, end, FRAME_BYTES)]


def test_measuring_late_and_together_says_the_same(cases: list[measure.Case]):
    looks = 0
    for case in cases:
        lazy, eager = (Listening(ToneLimits(), standard()) for _ in range(2))
        eager.always = True
        for frame in frames_of(frames_in(case.pcm)):
            listen([lazy], [frame])
            listen([eager], [frame])
            if not lazy.looked:
                continue
            assert eager.looked
            assert (lazy.told is None) == (eager.told is None), case.name
            if lazy.told is not None and eager.told is not None:
                assert np.array_equal(lazy.told, eager.told), case.name
                assert lazy.logit == pytest.approx(eager.logit, abs=1e-3), case.name
                looks += 1
    assert looks > 300


def test_the_timing_of_two_words_is_told_in_seconds():
    listening = Listening(ToneLimits())
    silence, voice = openings.silence, openings.voice
    for frame in frames_in(openings.pcm(silence(0.5), voice(0.8), silence(0.6), voice(0.5), silence(0.6))):
        listen([listening], frames_of([frame]))
    assert listening.told is not None
    told = dict(zip(NAMES, listening.told.tolist(), strict=True))
    expected = {"since_s": 2.5, "quiet_s": 0.6, "voiced_s": 1.3, "longest_gap_s": 0.6, "first_s": 0.8}
    assert {name: told[name] for name in expected} == pytest.approx(expected, abs=0.15)
    assert (told["spurts"], told["tones_s"], told["progress"]) == (2.0, 0.0, 0.0)
    assert -40.0 < told["peak_dbfs"] < 0.0
    assert told["noise_dbfs"] == -75.0


def test_what_waits_with_an_ear_is_measured_when_it_is_enough():
    ear = Ear()
    (frame,) = frames_of([bytes(FRAME_BYTES)])
    for _ in range(MOST_WAITING * BLOCK + 1):
        ear.push(frame, False)
    assert ear.is_behind
    measuring.measure([ear])
    assert (ear.measured, ear.frames, ear.is_behind) == (
        MOST_WAITING * BLOCK,
        MOST_WAITING * BLOCK + 1,
        False,
    )


def test_after_the_verdict_nothing_is_measured_and_tones_are_followed_on():
    detector = Detector()
    for frame in frames_in(openings.person()):
        detector.feed(frame)
    listening, verdict = detector._listening, detector.verdict
    assert verdict is not None
    assert listening.ear.frames * FRAME_MS == verdict.at_ms
    for frame in frames_in(openings.pcm(openings.tone(1_000, 0.5))):
        detector.listen(frame)
    assert listening.ear.frames * FRAME_MS == verdict.at_ms
    assert listening.tones.in_tone
