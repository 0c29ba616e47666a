"""Tones made by code, clean and in noise, and what is none."""

import numpy as np
import pytest

from engine.amd.frames import Frame, frames_of
from engine.amd.tones import Tone, ToneKind
from engine.amd.tracker import ToneTracker
from tests.amd.openings import Sound, silence, tone, voice


def frames(sound: Sound) -> list[Frame]:
    whole = (sound[: len(sound) // 160 * 160] * 32_767).astype("<i2").reshape(-1, 160)
    return frames_of([row.tobytes() for row in whole])


def heard(*parts: Sound, noise: float = 0.0003) -> list[Tone]:
    sound = np.concatenate(parts)
    sound = sound + np.random.default_rng(3).normal(0, noise, len(sound))
    tracker, found = ToneTracker(), list[Tone]()
    for frame in frames(sound):
        told = tracker.push(frame.level_dbfs, frame.peaks)
        last = found[-1] if found else None
        ends = told and last and told.kind is last.kind is ToneKind.BEEP and told.began_ms == last.began_ms
        if told and not ends:  # the end of a beep that was told is no second one
            found.append(told)
    return found


@pytest.mark.parametrize("noise", [0.0003, 0.01])
@pytest.mark.parametrize(
    ("hz", "kind"), [(2_100, ToneKind.FAX_ANSWERS), (1_000, ToneKind.BEEP), (440, ToneKind.PROGRESS)]
)
def test_a_lasting_tone_is_told_once_and_by_its_frequency(hz: float, kind: ToneKind, noise: float):
    (told,) = heard(silence(0.5), tone(hz, 1.5), silence(0.5), noise=noise)
    assert (told.kind, abs(told.hz - hz) < 8, abs(told.began_ms - 500) <= 40) == (kind, True, True)


@pytest.mark.parametrize("hz", [520, 620, 800, 1_000, 1_300, 1_700, 2_000])
@pytest.mark.parametrize("seconds", [0.2, 0.5, 1.0])
def test_the_beep_of_a_machine_is_found_wherever_it_lies(hz: float, seconds: float):
    found = heard(silence(0.3), voice(2.0), silence(0.4), tone(hz, seconds), silence(0.5))
    assert [told.kind for told in found] == [ToneKind.BEEP]


def test_a_calling_fax_is_told_from_a_long_beep_of_its_frequency():
    calling = heard(silence(0.5), tone(1_100, 0.5), silence(3.0), tone(1_100, 0.5), silence(0.2))
    assert [told.kind for told in calling] == [ToneKind.FAX_CALLS, ToneKind.FAX_CALLS]
    assert [told.kind for told in heard(silence(0.5), tone(1_100, 1.2))] == [ToneKind.BEEP]


def test_three_rising_tones_are_special_information_and_two_are_not():
    tones = [tone(hz, 0.33) for hz in (950.0, 1_400.0, 1_777.0)]
    assert [told.kind for told in heard(silence(0.2), *tones, silence(0.5))] == [ToneKind.SIT]
    assert ToneKind.SIT not in [told.kind for told in heard(silence(0.2), *tones[:2], silence(0.5))]


def test_busy_is_told_by_its_cadence_and_ring_back_is_not_busy():
    busy = [part for _ in range(4) for part in (tone(425, 0.5), silence(0.5))]
    assert ToneKind.BUSY in [told.kind for told in heard(*busy)]
    ring_back = [part for _ in range(2) for part in (tone(425, 1.0), silence(4.0))]
    assert {told.kind for told in heard(*ring_back)} == {ToneKind.PROGRESS, ToneKind.RINGBACK}


@pytest.mark.parametrize("pitch_hz", [90, 130, 180, 240])
def test_no_voice_is_taken_for_a_tone(pitch_hz: float):
    assert heard(silence(0.2), voice(8.0, pitch_hz=pitch_hz), silence(1.0)) == []


def test_noise_and_digital_silence_are_no_tones():
    assert heard(silence(5.0, level=0.05)) == []
    assert heard(np.zeros(16_000), noise=0.0) == []


def test_the_beep_is_told_when_it_begins_and_when_it_is_over():
    sound = np.concatenate([silence(0.5), tone(1_400, 0.4), silence(0.5)])
    tracker, told = ToneTracker(), list[tuple[int, Tone]]()
    for number, frame in enumerate(frames(sound), 1):
        one = tracker.push(frame.level_dbfs, frame.peaks, speech_dbfs=-20.0)
        told += [(number * 20, one)] if one else []
    (began_at, beep), (ended_at, over) = told
    assert (beep.kind, beep.ended_ms, over.kind) == (ToneKind.BEEP, -1, ToneKind.BEEP)
    assert abs(beep.began_ms - 500) <= 20
    assert began_at - 500 <= 120
    assert abs(over.ended_ms - 900) <= 20
    assert ended_at - 900 <= 120


@pytest.mark.parametrize(
    ("tones", "name"),
    [
        (((913.8, 0.274), (1370.6, 0.274), (1776.7, 0.38)), "intercept"),
        (((985.2, 0.38), (1370.6, 0.274), (1776.7, 0.38)), "vacant"),
        (((913.8, 0.274), (1428.5, 0.38), (1776.7, 0.38)), "reorder"),
        (((985.2, 0.38), (1428.5, 0.38), (1776.7, 0.38)), "no circuit"),
        (((950.0, 0.33), (1400.0, 0.33), (1800.0, 0.33)), ""),
    ],
)
def test_which_of_the_information_tones_it_was_is_told(tones: tuple[tuple[float, float], ...], name: str):
    (told,) = heard(silence(0.3), *[tone(hz, seconds) for hz, seconds in tones], silence(0.5))
    assert (told.kind, told.name) == (ToneKind.SIT, name)


@pytest.mark.parametrize("pair", [(697, 1209), (941, 1336), (852, 1477)])
def test_a_key_is_a_key_and_no_beep(pair: tuple[int, int]):
    both = tone(pair[0], 0.1, 0.1) + tone(pair[1], 0.1, 0.1)
    assert [told.kind for told in heard(silence(0.4), both, silence(0.4))] == [ToneKind.KEY]


@pytest.mark.parametrize("ratio", [1.25, 4 / 3, 1.5])
def test_after_speech_two_tones_at_once_are_a_beep_too(ratio: float):
    both = tone(1_000, 0.5, 0.1) + tone(1_000 * ratio, 0.5, 0.1)
    sound = np.concatenate([silence(0.4), both, silence(0.4)])
    tracker = ToneTracker()
    told = [tracker.push(frame.level_dbfs, frame.peaks, -20.0) for frame in frames(sound)]
    assert ToneKind.BEEP in [one.kind for one in told if one]


@pytest.mark.parametrize("pitch_hz", [430, 500, 560, 620])
def test_a_voice_that_hums_is_no_beep(pitch_hz: float):
    at = np.arange(3_200) / 8_000
    swell = 0.2 * (0.55 + 0.45 * np.sin(2 * np.pi * 6 * at))
    hum = swell * np.sin(2 * np.pi * pitch_hz * at + 4 * np.sin(2 * np.pi * 5 * at))
    hum += 0.25 * swell * np.sin(4 * np.pi * pitch_hz * at)
    assert ToneKind.BEEP not in [told.kind for told in heard(silence(0.3), hum, silence(0.5))]


@pytest.mark.parametrize("hz", [440, 480])
@pytest.mark.parametrize("seconds", [0.2, 0.5, 1.0])
def test_a_low_tone_that_stays_alone_is_a_beep_and_one_that_comes_again_is_not(hz: float, seconds: float):
    alone = heard(silence(1.0), tone(hz, seconds), silence(1.5))
    assert [told.kind for told in alone] == [ToneKind.PROGRESS, ToneKind.BEEP]
    assert (abs(alone[-1].began_ms - 1_000) <= 40, abs(alone[-1].ended_ms - 1_000 * (1 + seconds)) <= 40) == (
        True,
        True,
    )
    busy = [part for _ in range(4) for part in (tone(hz, seconds), silence(0.5))]
    assert ToneKind.BEEP not in [told.kind for told in heard(silence(1.0), *busy)]


@pytest.mark.parametrize(
    "rings", [[tone(440, 0.6)], [silence(1.0), tone(425, 1.0)], [silence(1.0), tone(440, 1.5)]]
)
def test_what_is_left_of_the_ringing_is_no_beep(rings: list[Sound]):
    assert ToneKind.BEEP not in [told.kind for told in heard(*rings, silence(3.0))]


def test_a_tone_that_was_there_from_the_start_is_no_beep_and_one_out_of_quiet_is():
    assert heard(tone(1_000, 0.6), silence(1.0)) == []
    assert [told.kind for told in heard(silence(0.5), tone(1_000, 0.6), silence(1.0))] == [ToneKind.BEEP]


@pytest.mark.parametrize(("hz", "other"), [(800.0, 1_000.0), (950.0, 1_425.0), (1_000.0, 1_333.0)])
def test_two_tones_at_once_are_a_beep_also_where_nobody_spoke_unless_it_began_with_them(
    hz: float, other: float
):
    both = (tone(hz, 0.5) + tone(other, 0.5)) / 2
    (told,) = heard(silence(0.6), both, silence(1.0))
    assert (told.kind, abs(told.began_ms - 600) <= 40) == (ToneKind.BEEP, True)
    assert heard(silence(0.1), both, silence(1.0)) == []


@pytest.mark.parametrize("hz", [913.8, 950.0, 985.2])
def test_an_information_tone_that_stays_alone_is_a_beep(hz: float):
    (told,) = heard(silence(0.5), tone(hz, 0.3), silence(1.0))
    assert (told.kind, abs(told.began_ms - 500) <= 40) == (ToneKind.BEEP, True)
    assert abs(told.ended_ms - 800) <= 40
    two = heard(silence(0.5), tone(hz, 0.3), tone(1_400.0, 0.3), silence(1.0))
    assert ToneKind.BEEP not in [told.kind for told in two]
