"""Openings made by code, each with the verdict that anybody would give."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.amd.audio import FRAME_BYTES
from engine.amd.classifier import Detector, Params
from engine.amd.heard import Beep, Heard, Verdict
from tests.amd import openings
from tests.amd.openings import pcm, silence, tone, voice


def verdict_of(sound: bytes, params: Params | None = None) -> Verdict | None:
    detector = Detector(params)
    told = [
        v
        for at in range(0, len(sound) - FRAME_BYTES + 1, FRAME_BYTES)
        if (v := detector.feed(sound[at : at + FRAME_BYTES]))
    ]
    assert len(told) <= 1
    return told[0] if told else None


@pytest.mark.parametrize("pitch_hz", [100, 130, 180, 230])
@pytest.mark.parametrize("says_s", [0.5, 0.8, 1.2])
def test_a_short_greeting_and_a_pause_is_a_person(pitch_hz: float, says_s: float):
    told = verdict_of(openings.person(says_s=says_s, pitch_hz=pitch_hz))
    assert told is not None
    assert told.what == "person"
    greeting_ends_ms = 500 + says_s * 1_000
    assert greeting_ends_ms + 800 <= told.at_ms <= greeting_ends_ms + 1_500
    assert abs(told.speech_ms - 500) <= 60


def test_a_greeting_that_goes_on_is_a_machine_before_its_beep():
    told = verdict_of(openings.machine())
    assert told is not None
    assert (told.what, told.why) == ("machine", "it sounds like a machine")
    assert told.at_ms < 6_500
    assert told.machine > 0.8
    assert told.model


def test_a_fax_and_a_network_announcement_are_told_by_their_tones():
    fax, announcement = verdict_of(openings.fax()), verdict_of(openings.announcement())
    assert fax is not None
    assert (fax.what, fax.why) == ("fax", "ced")
    assert announcement is not None
    assert (announcement.what, announcement.why) == ("announcement", "sit")


def test_a_short_machine_that_beeps_in_time_is_a_machine():
    told = verdict_of(pcm(silence(0.4), voice(1.0), silence(0.3), tone(1_000, 0.5), silence(4.0)))
    assert told is not None
    assert (told.what, told.why, round(told.hz, -1)) == ("machine", "beep", 1_000)


def test_the_rest_of_the_ring_back_is_no_greeting():
    told = verdict_of(pcm(tone(425, 0.8), openings.silence(0.5), voice(0.7), silence(3.0)))
    assert told is not None
    assert (told.what, told.voiced_ms < 1_000) == ("person", True)


@pytest.mark.parametrize("level", [0.0, 0.0003, 0.02])
def test_silence_decides_nothing(level: float):
    assert verdict_of(pcm(silence(12.0, level=level))) is None


@pytest.mark.parametrize("level", [0.02, 0.1, 0.8])
def test_the_verdict_does_not_depend_on_how_loud_the_line_is(level: float):
    told = verdict_of(openings.person(level=level))
    assert told is not None
    assert told.what == "person"


def test_after_the_verdict_nothing_more_is_said():
    detector = Detector()
    sound = openings.machine()
    told = [
        detector.feed(sound[at : at + FRAME_BYTES])
        for at in range(0, len(sound) - FRAME_BYTES + 1, FRAME_BYTES)
    ]
    assert sum(v is not None for v in told) == 1
    assert detector.verdict is not None


def test_a_piece_that_is_no_frame_is_refused():
    with pytest.raises(ValueError, match="320 bytes"):
        Detector().feed(bytes(100))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["noise", "zeros", "tone", "voice", "clip"]), max_size=8), st.integers(0, 99))
def test_whatever_is_heard_there_is_one_verdict_at_most_and_it_is_dated_right(parts: list[str], seed: int):
    dice = np.random.default_rng(seed)
    makers = {
        "noise": lambda: dice.normal(0, 0.3, 8_000),
        "zeros": lambda: np.zeros(8_000),
        "tone": lambda: tone(dice.uniform(100, 3_900), 0.7),
        "voice": lambda: voice(0.9, seed=seed),
        "clip": lambda: np.sign(dice.normal(0, 1, 8_000)),
    }
    sound = pcm(*[makers[part]() for part in parts])
    told = verdict_of(sound)
    if told is not None:
        assert told.what in ("person", "machine", "fax", "announcement")
        assert 0 < told.at_ms <= len(sound) / 16
        assert told.speech_ms < told.at_ms


@pytest.mark.parametrize("smear_s", [0.0, 0.03])
def test_keys_are_pressed_by_nobody_however_their_edges_are_smeared(smear_s: float):
    keys = [
        part
        for low, high in [(697, 1209), (770, 1336), (852, 1477)]
        for part in (voice(smear_s + 0.001), (tone(low, 0.12, 0.1) + tone(high, 0.12, 0.1)), silence(0.3))
    ]
    told = verdict_of(pcm(silence(0.6), *keys, silence(5.0)), Params(deadline_ms=6_000))
    assert told is not None
    assert (told.what, told.why) == ("machine", "dtmf")


def all_heard(sound: bytes) -> list[Heard]:
    detector = Detector()
    frames = [sound[at : at + FRAME_BYTES] for at in range(0, len(sound) - FRAME_BYTES + 1, FRAME_BYTES)]
    return [told for frame in frames for told in detector.listen(frame)]


def test_a_machine_that_was_taken_for_a_person_is_told_by_its_beep():
    told = all_heard(pcm(silence(0.4), voice(0.7), silence(2.5), tone(1_000, 0.5), silence(1.0)))
    assert [(type(one), getattr(one, "what", ""), getattr(one, "revises", "")) for one in told[:3]] == [
        (Verdict, "person", ""),
        (Beep, "", ""),
        (Verdict, "machine", "person"),
    ]
    assert isinstance(told[1], Beep)
    assert abs(told[1].began_ms - 3_600) <= 40
