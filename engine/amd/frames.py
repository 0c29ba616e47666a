"""Frames, and what each tells by itself: how loud it is, and which tones are in it. Pure.

This depends on nothing that was heard before, so the frames of many calls are computed together.
"""

from collections.abc import Sequence
from math import log10
from typing import NamedTuple

import numpy as np

from engine.amd.audio import FRAME_BYTES, FRAME_SAMPLES
from engine.amd.spectrum import NO_PEAKS, Peaks, Samples, peaks_of

FLOOR_DBFS = -90.0
LEAST_TONE_DBFS = -48.0  # what is quieter is no tone
_PCM = np.dtype("<i2")
_FULL_POWER = FRAME_SAMPLES * 32_768.0**2


class Frame(NamedTuple):
    """20 ms of one call. `pcm`: 320 bytes. `level_dbfs`: -90 for silence."""

    pcm: bytes
    level_dbfs: float
    peaks: Peaks


def frames_of(pcms: Sequence[bytes]) -> list[Frame]:
    """`pcms`: whole frames, of as many calls as there are. ValueError: one has not 320 bytes."""
    for pcm in pcms:
        if len(pcm) != FRAME_BYTES:
            raise ValueError(f"a frame has {FRAME_BYTES} bytes, not {len(pcm)}")
    samples = np.frombuffer(b"".join(pcms), _PCM).astype(np.float32).reshape(-1, FRAME_SAMPLES)
    powers = np.vecdot(samples, samples).tolist()
    levels = [
        10.0 * log10(power / _FULL_POWER) if power > 1e-9 * _FULL_POWER else FLOOR_DBFS for power in powers
    ]
    return list(map(Frame, pcms, levels, _peaks_of(samples, levels)))


def _peaks_of(samples: Samples, levels: list[float]) -> list[Peaks]:
    """Sought only where it is loud enough for a tone."""
    if min(levels, default=0.0) > LEAST_TONE_DBFS:
        return peaks_of(samples)
    peaks = [NO_PEAKS] * len(levels)
    loud = [number for number, level in enumerate(levels) if level > LEAST_TONE_DBFS]
    if loud:
        for number, found in zip(loud, peaks_of(samples[loud]), strict=True):
            peaks[number] = found
    return peaks
