"""From a synthesiser's samples to a telephone line's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.speech.sound import from_pcm16, normalise, pcm16, resample, speech_rms


def tone(hz: float, rate: int, seconds: float = 1.0, level: float = 0.5):
    return (level * np.sin(2 * np.pi * hz * np.arange(int(rate * seconds)) / rate)).astype(np.float32)


def decibels(ratio: float) -> float:
    return 20 * float(np.log10(ratio + 1e-12))


def rms(samples) -> float:
    return float(np.sqrt((samples.astype(np.float64) ** 2).mean()))


@pytest.mark.parametrize("hz", [100, 300, 1000, 2000, 3000, 3400])
def test_the_telephone_band_passes_unchanged(hz: int):
    out = resample(tone(hz, 22_050), 22_050, 8_000)[400:-400]
    assert abs(decibels(rms(out) / rms(tone(hz, 8_000)))) < 0.1


@pytest.mark.parametrize("hz", [4_100, 4_600, 6_000, 8_000, 10_000])
def test_what_would_fold_back_into_the_band_is_gone(hz: int):
    out = resample(tone(hz, 22_050), 22_050, 8_000)[400:-400]
    assert decibels(rms(out) / rms(tone(1000, 8_000))) < -65


def test_a_tone_keeps_its_pitch_and_its_place_in_time():
    out = resample(tone(1000, 22_050), 22_050, 8_000)
    assert np.abs(out[400:-400] - tone(1000, 8_000)[400:-400]).max() < 0.002


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 3000), st.sampled_from([8_000, 11_025, 16_000, 22_050, 24_000, 48_000]))
def test_the_length_follows_the_rates(count: int, rate: int):
    out = resample(np.ones(count, np.float32), rate, 8_000)
    assert len(out) == -(-count * 8_000 // rate)


@pytest.mark.parametrize("level", [0.001, 0.01, 0.3, 0.99])
def test_speech_comes_out_at_minus_eighteen_decibels_however_loud_it_went_in(level: float):
    out = normalise(tone(400, 8_000, level=level))
    if level < 0.01:
        assert len(out)  # quieter than -50 dBFS: taken for silence, left alone
    else:
        assert abs(decibels(speech_rms(out)) + 18) < 0.1


def test_peaks_are_never_clipped():
    clicks = tone(400, 8_000, level=0.02)
    clicks[::400] = 0.9
    out = normalise(clicks)
    assert decibels(float(np.abs(out).max())) < -0.9


def test_pauses_do_not_make_a_text_louder():
    speech, pause = tone(400, 8_000), np.zeros(16_000, np.float32)
    alone = normalise(speech)
    spaced = normalise(np.concatenate([speech, pause, speech]))
    assert abs(decibels(float(np.abs(spaced).max()) / float(np.abs(alone).max()))) < 0.2


def test_silence_around_a_text_is_cut_to_its_edges():
    pause = np.zeros(8_000, np.float32)
    out = normalise(np.concatenate([pause, tone(400, 8_000), pause]))
    assert 8_000 <= len(out) <= 8_000 + 2 * 400 + 2


def test_silence_stays_silence():
    assert not normalise(np.zeros(800, np.float32)).any()
    assert len(resample(np.zeros(0, np.float32), 22_050, 8_000)) == 0


def test_samples_survive_the_way_to_bytes_and_back():
    samples = tone(400, 8_000)
    assert np.abs(from_pcm16([pcm16(samples)]) - samples).max() < 1e-4
    assert len(pcm16(np.array([2.0, -2.0], np.float32))) == 4
