"""Many calls heard together say what each says alone, however their frames are dealt into turns."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.amd import listening
from engine.amd.audio import FRAME_BYTES, Law, decode, encode
from engine.amd.classifier import Detector, Params, hear
from engine.amd.early import EarlyEar
from engine.amd.fingerprint import Book
from engine.amd.frames import frames_of
from engine.amd.heard import Beep, Heard, Verdict
from engine.amd.hearing import Ear
from engine.amd.tracker import ToneTracker
from tests.amd import openings
from tests.amd.openings import pcm, silence, tone, voice

KEYS = [tone(697, 0.1, 0.1) + tone(1_209, 0.1, 0.1), silence(0.2)] * 2
SOUNDS = {
    "person": openings.person(),
    "quiet line": openings.person(says_s=0.5, level=0.02, pitch_hz=230),
    "noisy": pcm(silence(1.0, level=0.01), silence(1.2, level=0.01) + voice(1.2), silence(2.0, level=0.01)),
    "machine": openings.machine(),
    "beep": pcm(silence(0.4), voice(0.7), silence(2.0), tone(1_000, 0.5), silence(1.0)),
    "fax": openings.fax(),
    "announcement": openings.announcement(),
    "keys": pcm(silence(0.5), *KEYS, voice(0.8), silence(2.0)),
    "music": pcm(*(tone(hz, 0.3) for hz in (440, 554, 659, 880) * 3)),
    "nobody": pcm(silence(4.0)),
    "digital silence": bytes(FRAME_BYTES * 200),
    "clipped": pcm(np.sign(np.random.default_rng(2).normal(0, 1, 16_000))),
}
PARAMS = Params(deadline_ms=4_000)
Told = list[tuple[int, Heard]]


def frames_in(sound: bytes) -> list[bytes]:
    heard = decode(encode(sound, Law.PCMA), Law.PCMA)[: 16_000 * 6]
    return [heard[at : at + FRAME_BYTES] for at in range(0, len(heard) - FRAME_BYTES + 1, FRAME_BYTES)]


def alone(name: str) -> Told:
    """(frame, what was told with it)."""
    detector = Detector(PARAMS)
    return [(n, one) for n, frame in enumerate(frames_in(SOUNDS[name])) for one in detector.listen(frame)]


ALONE = {name: alone(name) for name in SOUNDS}


def same(one: Heard, other: Heard) -> None:
    """All that is told, and probabilities to the rounding of sums."""
    if isinstance(one, Beep) or isinstance(other, Beep):
        assert one == other
        return
    told = [
        (v.what, v.why, v.at_ms, v.speech_ms, v.voiced_ms, v.greeting_ms, v.hz, v.revises)
        for v in (one, other)
    ]
    assert told[0] == told[1]
    assert one.machine == pytest.approx(other.machine, abs=1e-4)
    assert one.features == pytest.approx(other.features, abs=2e-3)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(sorted(SOUNDS)), min_size=1, max_size=9), st.integers(0, 10_000))
def test_however_frames_are_dealt_into_turns_each_call_is_told_what_it_is_told_alone(
    names: list[str], seed: int
):
    dice = np.random.default_rng(seed)
    detectors = [Detector(PARAMS) for _ in names]
    left = [frames_in(SOUNDS[name]) for name in names]
    heard, told = [0] * len(names), [Told() for _ in names]
    share = dice.uniform(0.2, 1.0)  # of the calls that take part in a turn
    while turn := [n for n in dice.permutation(len(names)).tolist() if heard[n] < len(left[n])]:
        turn = [n for n in turn if dice.random() < share] or turn[:1]
        said = hear([detectors[n] for n in turn], frames_of([left[n][heard[n]] for n in turn]))
        for n, one in zip(turn, said, strict=True):
            assert not isinstance(one, Exception)
            told[n] += [(heard[n], line) for line in one]
            heard[n] += 1
    for name, found in zip(names, told, strict=True):
        assert [at for at, _ in found] == [at for at, _ in ALONE[name]], name
        for (_, one), (_, other) in zip(found, ALONE[name], strict=True):
            same(one, other)


def test_the_sounds_of_this_file_are_worth_hearing():
    whats = {one.what for told in ALONE.values() for _, one in told if isinstance(one, Verdict)}
    assert whats >= {"person", "machine", "fax", "announcement", "silence"}
    assert any(isinstance(one, Beep) for told in ALONE.values() for _, one in told)


@pytest.mark.parametrize("spoilt", [(ToneTracker, "push"), (Ear, "is_spoken"), (Detector, "_by_network")])
def test_a_call_that_breaks_is_told_alone_and_the_others_do_not_notice(
    monkeypatch: pytest.MonkeyPatch, spoilt: tuple[type, str]
):
    kind, name = spoilt
    plain = getattr(kind, name)
    detectors = [Detector(PARAMS) for _ in range(3)]
    call = detectors[1]
    broken = {ToneTracker: call._listening.tones, Ear: call._listening.ear, Detector: call}[kind]

    def breaks(self: object, *args: object) -> object:
        if self is broken:
            raise ZeroDivisionError("broken")
        return plain(self, *args)

    monkeypatch.setattr(kind, name, breaks)
    told, failures = [Told() for _ in detectors], 0
    for n, frame in enumerate(frames_in(SOUNDS["person"])):
        for number, one in enumerate(hear(detectors, frames_of([frame] * 3))):
            if isinstance(one, Exception):
                assert number == 1
                failures += 1
            else:
                told[number] += [(n, line) for line in one]
    assert failures
    assert [at for at, _ in told[0]] == [at for at, _ in told[2]] != []
    for (_, one), (_, other) in zip(told[0], told[2], strict=True):
        same(one, other)
    assert [line.what for _, line in told[0] if isinstance(line, Verdict)] == ["person"]


def test_frames_that_are_none_are_refused_before_anybody_hears_them():
    with pytest.raises(ValueError, match="320 bytes, not 100"):
        frames_of([bytes(FRAME_BYTES), bytes(100)])
    assert frames_of([]) == []
    assert hear([], []) == []
    listening.listen([], [])


def test_one_who_is_called_and_one_who_rings_may_share_the_frames():
    (frame,) = frames_of([frames_in(SOUNDS["machine"])[30]])
    early, detector = EarlyEar(Book(())), Detector()
    assert early.hear(frame) is None
    assert hear([detector], [frame]) == [()]
    assert detector.level_dbfs == frame.level_dbfs > -40.0
