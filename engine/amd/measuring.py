"""Bands on the scale of the ear, and pitch: the part of hearing that costs most. Pure.

It is the same for every frame and looks at nothing but the frame and the one before it, so what waits with
many calls is measured together: a block of 100 ms is a row, whosever it is.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.amd.audio import FRAME_SAMPLES, RATE
from engine.amd.hearing import BLOCK, FINE, Ear, Floats

TOGETHER = 32  # blocks whose spectra stay near the processor
_FFT = 512
_PITCH_HZ = (70.0, 400.0)
_LAGS = np.arange(int(RATE / _PITCH_HZ[1]), int(RATE / _PITCH_HZ[0]) + 1)
_OCTAVES = np.log2(RATE / _LAGS / _PITCH_HZ[0]).astype(np.float32)
_WINDOW = np.hanning(2 * FRAME_SAMPLES).astype(np.float32)
_ANGLES = 2 * np.pi * np.outer(np.arange(FRAME_SAMPLES) + 0.5, np.arange(_FFT // 2 + 1)) / _FFT
_COSINES = (np.cos(_ANGLES) * _WINDOW[FRAME_SAMPLES:, None]).astype(np.float32)
_SINES = (np.sin(_ANGLES) * _WINDOW[FRAME_SAMPLES:, None]).astype(np.float32)
_HUM, _ABOVE_HUM = 5, 16  # bins: hum has a pitch too; from 250 Hz on neither wind nor traffic has any part
_VOICED = 0.55

_HZ = np.fft.rfftfreq(_FFT, 1 / RATE)
_MEL_HZ = 700.0 * np.expm1(np.linspace(np.log1p(60.0 / 700.0), np.log1p(3_900.0 / 700.0), FINE + 2))
_RISE = (_HZ[:, None] - _MEL_HZ[:-2]) / (_MEL_HZ[1:-1] - _MEL_HZ[:-2])
_FALL = (_MEL_HZ[2:] - _HZ[:, None]) / (_MEL_HZ[2:] - _MEL_HZ[1:-1])
_BANDS = np.clip(np.minimum(_RISE, _FALL), 0.0, 1.0)


def _lags() -> npt.NDArray[np.float64]:
    """From power to the sound's likeness to itself: unshifted, then at each lag over what the window alone
    does there. Of so few lags a product is cheaper than the FFT back."""
    shifts = np.array([0, *_LAGS])
    whole = np.cos(2 * np.pi * np.outer(np.arange(_FFT // 2 + 1), shifts) / _FFT) * 2 / _FFT
    whole[[0, -1]] /= 2
    window = np.fft.irfft(np.abs(np.fft.rfft(_WINDOW, 1024)) ** 2)[shifts] / float(_WINDOW @ _WINDOW)
    found: npt.NDArray[np.float64] = whole / window
    return found


def _without(bins: int, product: npt.NDArray[np.float64]) -> Floats:
    """The product, deaf to the lowest bins."""
    deaf: Floats = product.astype(np.float32)
    deaf[:bins] = 0.0
    return deaf


_BANDS_AND_LAGS = np.hstack([_BANDS.astype(np.float32), _without(_HUM, _lags())])
_LAGS_ABOVE = _without(_ABOVE_HUM, _lags())


def measure(ears: Sequence[Ear]) -> None:
    """Everything that waits with them."""
    blocks = [block for ear in ears for block in ear.waiting]
    if not blocks:
        return
    sound = np.frombuffer(b"".join(blocks), "<i2").reshape(len(blocks), 1 + BLOCK, FRAME_SAMPLES)
    sought = [ear.seeking for ear in ears for _ in ear.waiting]  # is it asked which frames are voiced?
    bands = np.empty((len(blocks) * BLOCK, FINE), np.float32)
    melody, voiced = np.empty((len(bands), 2), np.float32), np.zeros(len(bands), np.bool_)
    for at in range(0, len(blocks), TOGETHER):
        rows = slice(at * BLOCK, (at + TOGETHER) * BLOCK)
        power = _power_of(sound[at : at + TOGETHER].astype(np.float32))
        both = power.dot(_BANDS_AND_LAGS)
        bands[rows] = 10.0 * np.log10(both[:, :FINE] + 1e3)
        best = both[:, FINE + 1 :].argmax(axis=1)
        periodic = both[np.arange(len(both)), FINE + 1 + best] / (both[:, FINE] + 1e3)
        melody[rows, 0], melody[rows, 1] = periodic, _OCTAVES[best]
        if any(sought[at : at + TOGETHER]):
            # What is best at the shortest lag only falls off slowly.
            (likely,) = ((periodic > _VOICED) & (best > 1)).nonzero()
            voiced[rows.start + likely] = _is_voiced(power[likely], best[likely]) if len(likely) else False
    begin = 0
    for ear in ears:
        end = begin + len(ear.waiting) * BLOCK
        ear.learn(bands[begin:end], melody[begin:end], voiced[begin:end])
        begin = end


def _power_of(sound: Floats) -> Floats:
    """Power of each frame seen with the one before it, (frames, bins). `sound`: blocks with the frame before
    them, (blocks, 1 + BLOCK, 160). Seen from between the two, what is alike on both sides is all cosines,
    what differs is all sines: half the work, and less than an FFT's."""
    after, before = sound[:, 1:], sound[:, :-1, ::-1]
    power: Floats = (after + before).reshape(-1, FRAME_SAMPLES).dot(_COSINES)
    sines: Floats = (after - before).reshape(-1, FRAME_SAMPLES).dot(_SINES)
    power *= power
    sines *= sines
    power += sines
    return power


def _is_voiced(power: Floats, best: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Is it periodic at about its best lag (by number) also without what is below 250 Hz?"""
    likeness = power.dot(_LAGS_ABOVE)
    row, last = np.arange(len(best)), len(_LAGS)
    near = np.maximum.reduce([likeness[row, np.minimum(best + by, last)] for by in (0, 1, 2)])
    found: npt.NDArray[np.bool_] = near > _VOICED * (likeness[:, 0] + 1e3)
    return found
