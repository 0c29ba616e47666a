"""Samples: from what a synthesiser gives to what a telephone line takes."""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]  # mono, full scale is 1.0

LEVEL_DBFS = -18.0  # RMS of speech: as loud as a person, with room for its peaks
PEAK_DBFS = -1.0
_QUIET_DBFS = -50.0
_EDGE_S = 0.05  # silence left at both ends
_STOP_DB = 70.0  # what must not fold back into the telephone band


def resample(samples: Samples, rate: int, to_rate: int) -> Samples:
    """Windowed sinc: flat to 85 % of the band that both rates carry, what would fold back 70 dB down.

    `rate`, `to_rate`: Hz. No delay; the length becomes ceil(len · to_rate / rate). Any `down` samples become
    `up` others in the same way, 441 become 160 for 22,050 → 8,000: so it is one product of matrices.
    """
    if rate == to_rate or not len(samples):
        return samples
    up, down, filters = _filters(rate, to_rate)
    half = (len(filters) - down) // 2
    wanted = -(-len(samples) * up // down)
    blocks = -(-wanted // up)
    padded = np.zeros(blocks * down + 2 * half, np.float32)
    padded[half : half + len(samples)] = samples
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(filters))[::down]
    return (windows @ filters).reshape(-1)[:wanted]


@lru_cache(maxsize=4)
def _filters(rate: int, to_rate: int) -> tuple[int, int, Samples]:
    """up, down, and a column of taps for each of the `up` samples that come out of a block of `down`."""
    step = math.gcd(rate, to_rate)
    up, down = to_rate // step, rate // step
    nyquist = min(rate, to_rate) / 2
    width = 0.15 * nyquist  # transition band, Hz
    half = math.ceil((_STOP_DB - 8) / (2.285 * 2 * math.pi * width / rate) / 2)
    beta = 0.1102 * (_STOP_DB - 8.7)  # Kaiser's
    cutoff = 2 * (nyquist - width / 2) / rate  # of the input's own half rate
    offsets = np.arange(-half, down + half)[:, None] - np.arange(up)[None, :] * down / up
    inside = np.clip(1 - (offsets / half) ** 2, 0, None)
    taps = cutoff * np.sinc(cutoff * offsets) * np.i0(beta * np.sqrt(inside)) * (inside > 0)
    taps /= taps.sum(axis=0, keepdims=True)  # a constant stays the same constant in every column
    return up, down, taps.astype(np.float32)


def normalise(samples: Samples) -> Samples:
    """8 kHz speech at -18 dBFS RMS, no peak above -1 dBFS, ends trimmed to 50 ms. Silence stays silent."""
    loud = np.flatnonzero(np.abs(samples) > _ratio(_QUIET_DBFS))
    if not len(loud):
        return samples
    edge = int(_EDGE_S * 8_000)
    trimmed = samples[max(0, loud[0] - edge) : loud[-1] + edge + 1]
    peak = float(np.abs(trimmed).max())
    return trimmed * np.float32(min(_ratio(LEVEL_DBFS) / speech_rms(trimmed), _ratio(PEAK_DBFS) / peak))


def speech_rms(samples: Samples, frame: int = 160) -> float:
    """RMS over the frames that carry speech: pauses must not make a text louder. Full scale 1.0."""
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame)
    energy = (frames.astype(np.float64) ** 2).mean(axis=1) if len(frames) else np.array([0.0])
    speaking = energy[energy > _ratio(_QUIET_DBFS) ** 2]
    return float(np.sqrt(speaking.mean())) if len(speaking) else float(np.sqrt((samples**2).mean()))


def pcm16(samples: Samples) -> bytes:
    """Little-endian 16-bit PCM; beyond full scale is clipped."""
    return (np.clip(samples, -1, 1) * 32_767).round().astype("<i2").tobytes()


def from_pcm16(chunks: Sequence[bytes]) -> Samples:
    return np.frombuffer(b"".join(chunks), "<i2").astype(np.float32) / np.float32(32_768)


def _ratio(decibels: float) -> float:
    return float(10 ** (decibels / 20))
