"""The short spectrum of frames, and the one or two tones that are strongest in each. Pure."""

from math import sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.amd.audio import FRAME_SAMPLES, RATE

Samples = npt.NDArray[np.float32]

FFT = 256
BIN_HZ = RATE / FFT
_BINS = FFT // 2 + 1
_ANGLES = 2 * np.pi * np.outer(np.arange(FRAME_SAMPLES), np.arange(_BINS)) / FFT
# Cosines, then sines, windowed: of frames so short a product is cheaper than an FFT.
_SPECTRUM = (np.hstack([np.cos(_ANGLES), np.sin(_ANGLES)]) * np.hanning(FRAME_SAMPLES)[:, None]).astype(
    np.float32
)
_LOBE = 3  # bins either side of a peak that belong to it under this window
_LOBE_BINS = 2 * _LOBE + 1
_LOW_BIN = 10  # 312 Hz: below it there are hum and voices, no tones
_TOP_BIN = _BINS - 1 - _LOBE
_HUM_BINS = 7  # below 220 Hz
_WITHOUT_HUM = (np.arange(_BINS) >= _HUM_BINS).astype(np.float32)  # hum and traffic do not make a tone impure
_SOME = 0.35  # least share of a peak that may be a tone's

PURE = 0.93
LOW_HZ = 660.0  # no tone of a call's progress is higher; below it voices hum


class Peaks(NamedTuple):
    """Of one frame: the stronger and the weaker tone in Hz, 0.0 for none, and the share of the power in them,
    0..1. A second one is sought only where the first does not hold PURE of the power alone."""

    hz: float = 0.0
    second_hz: float = 0.0
    share: float = 0.0


NO_PEAKS = Peaks()


def peaks_of(samples: Samples) -> list[Peaks]:
    """Of each frame. `samples`: (frames, 160)."""
    parts = samples.dot(_SPECTRUM)
    parts *= parts
    power = parts[:, :_BINS]
    power += parts[:, _BINS:]
    totals = power.dot(_WITHOUT_HUM).tolist()
    tops = power[:, _LOW_BIN:_TOP_BIN].argmax(axis=1).tolist()
    return list(map(_peaks, power, totals, tops))


def _peaks(power: Samples, total: float, top: int) -> Peaks:
    """`power`: in each bin, changed. `top`: the strongest bin, from _LOW_BIN on."""
    inside = _LOBE <= top < _TOP_BIN - _LOW_BIN - _LOBE  # no neighbour is stronger
    if total <= 0.0 or (inside and _LOBE_BINS * power.item(top + _LOW_BIN) < _SOME * total):
        return NO_PEAKS
    around = _around(power, top)
    share = sum(around) / total
    if share < _SOME:
        return NO_PEAKS
    hz, second_hz = _hz(around, top), 0.0
    if share < PURE:
        power[top + _LOW_BIN - _LOBE : top + _LOW_BIN + _LOBE + 1] = 0.0
        second = int(power[_LOW_BIN:_TOP_BIN].argmax())
        around = _around(power, second)
        second_hz, other = _hz(around, second), sum(around) / total
        share = share + other if other > 0.08 else 0.0
    if hz < LOW_HZ and share >= PURE and float(np.add.reduce(power[:_HUM_BINS])) > total:
        share = 0.0  # where the mains hum, their overtones are no tone of the network
    return Peaks(hz, second_hz, share)


def _around(power: Samples, top: int) -> list[float]:
    """The bins of a peak."""
    around: list[float] = power[top + _LOW_BIN - _LOBE : top + _LOW_BIN + _LOBE + 1].tolist()
    return around


def _hz(around: list[float], top: int) -> float:
    """Where between the bins the peak is."""
    left, middle, right = sqrt(around[_LOBE - 1]), sqrt(around[_LOBE]), sqrt(around[_LOBE + 1])
    bend = left - 2.0 * middle + right
    return (top + _LOW_BIN + (0.5 * (left - right) / bend if bend else 0.0)) * BIN_HZ
