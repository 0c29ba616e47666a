"""The short spectrum of one frame, and the strongest tone in it. Pure."""

from math import sqrt

import numpy as np
import numpy.typing as npt

from engine.amd.audio import FRAME_SAMPLES, RATE

Samples = npt.NDArray[np.float32]

FFT = 256
BIN_HZ = RATE / FFT
_ANGLES = 2 * np.pi * np.outer(np.arange(FFT // 2 + 1), np.arange(FRAME_SAMPLES)) / FFT
# Cosine rows, then sine rows, windowed: for one short frame a product is half the price of an FFT's call.
_SPECTRUM = (np.concatenate([np.cos(_ANGLES), np.sin(_ANGLES)]) * np.hanning(FRAME_SAMPLES)).astype(
    np.float32
)
LOBE = 3  # bins either side of a peak that belong to it under this window
_LOW_BIN = 10  # 312 Hz: below it there are hum and voices, no tones
_TOP_BIN = FFT // 2 - LOBE


def power_of(samples: Samples) -> Samples:
    """Power in each bin of one frame."""
    parts = _SPECTRUM.dot(samples)
    parts *= parts
    power: Samples = parts[: FFT // 2 + 1] + parts[FFT // 2 + 1 :]
    return power


def peak_of(power: Samples, total: float) -> tuple[float, float, int]:
    """(frequency of the strongest peak in Hz, share of `total` in it 0..1, its bin)."""
    peak = int(power[_LOW_BIN:_TOP_BIN].argmax()) + _LOW_BIN
    around = power[peak - LOBE : peak + LOBE + 1].tolist()
    left, top, right = (sqrt(value) for value in around[LOBE - 1 : LOBE + 2])
    bend = left - 2.0 * top + right
    offset = 0.5 * (left - right) / bend if bend else 0.0
    return (peak + offset) * BIN_HZ, sum(around) / total, peak
