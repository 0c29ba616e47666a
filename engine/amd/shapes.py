"""Shapes of speech: how near, how it begins and ends, how alike two stretches of it are. Pure."""

from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.amd.audio import FRAME_S
from engine.amd.hearing import BANDS, Ear

Floats = npt.NDArray[np.float32]
NEAR_DB = 11.0
_PARTS = 6


@dataclass(frozen=True, slots=True)
class Parts:
    """Of each part its mean level in dBFS, mean bands in dB, and mean pitch in octaves where it has one."""

    levels: tuple[float, ...]
    bands: Floats
    pitches: tuple[float | None, ...]


def mean_of(values: npt.NDArray[Any]) -> float:
    """numpy's own costs five times as much on so few values."""
    return float(np.add.reduce(values)) / len(values) if len(values) else 0.0


def share_of(flags: npt.NDArray[np.bool_]) -> float:
    return int(np.count_nonzero(flags)) / len(flags) if len(flags) else 0.0


def runs_of(flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """Where stretches of True begin and end, in turns."""
    padded = np.zeros(len(flags) + 2, np.bool_)
    padded[1:-1] = flags
    return np.flatnonzero(padded[1:] != padded[:-1])


def nearness(level: Floats, vad: npt.NDArray[np.int8], start: int, peak_dbfs: float) -> tuple[float, ...]:
    """Speech as loud as the loudest, and how loud it has been since it began: where there are voices behind
    the voice, these tell them apart."""
    since = level[start:]
    near = (since >= peak_dbfs - NEAR_DB) & (vad[start:] > 0)
    last = np.flatnonzero(near[1:] & near[:-1])
    quiet = len(since) - (int(last[-1]) + 2) if len(last) else len(since)
    ordered = np.sort(since) - peak_dbfs
    one, two = np.sort(since[-50:]) - peak_dbfs, np.sort(since[-100:]) - peak_dbfs
    picked = (
        *(float(ordered[int(q * (len(ordered) - 1))]) for q in (0.1, 0.25, 0.5, 0.75)),
        float(one[len(one) // 2]),
        float(one[int(0.9 * (len(one) - 1))]),
        float(two[len(two) // 2]),
    )
    return (
        int(np.count_nonzero(near)) * FRAME_S,
        quiet * FRAME_S,
        share_of(near),
        share_of(near[-50:]),
        share_of(near[-100:]),
        *(max(-50.0, value) for value in picked),
    )


def parts_of(ear: Ear, begin: int, end: int) -> Parts | None:
    """A stretch in four parts. None where it is too short."""
    if end - begin < 8:
        return None
    edges = [part * (end - begin) // 4 for part in range(5)]
    counts = [high - low for low, high in pairwise(edges)]
    pitch, voiced = ear.pitch[begin:end], ear.periodic[begin:end] > 0.55
    heard = [pitch[low:high][voiced[low:high]] for low, high in pairwise(edges)]
    level = ear.level[begin:end]
    sums = np.empty((len(counts), BANDS), np.float32)
    for row, (low, high) in zip(sums, pairwise(edges), strict=True):
        np.add.reduce(ear.bands[begin + low : begin + high], out=row)
    return Parts(
        tuple(mean_of(level[low:high]) for low, high in pairwise(edges)),
        sums / _column(counts),
        tuple(mean_of(one) if len(one) else None for one in heard),
    )


def contour(parts: Parts | None, mean_level: float, mean_bands: Floats, pitch: float) -> tuple[float, ...]:
    """Loudness, colour and melody of a stretch of speech in four parts, against the whole."""
    if parts is None:
        return (0.0,) * 20
    out = list[float]()
    colours = (parts.bands - mean_bands).tolist()
    for level, bands, heard in zip(parts.levels, colours, parts.pitches, strict=True):
        out += [
            level - mean_level,
            sum(bands[:3]) / 3,
            sum(bands[3:7]) / 4,
            sum(bands[7:]) / 3,
            0.0 if heard is None else max(-1.0, min(1.0, heard - pitch)),
        ]
    return tuple(out)


def likeness(bands: Floats, begins: list[int], ends: list[int]) -> tuple[float, float]:
    """How alike the first two stretches are: correlation of their spectra over time, ratio of lengths. People
    say the same "hello" again."""
    if len(begins) < 2:
        return 0.0, 0.0
    lengths = (ends[0] - begins[0], ends[1] - begins[1])
    ratio = min(lengths) / max(lengths)
    if min(lengths) < _PARTS:
        return 0.0, ratio
    one, two = (_profile(bands[begin:end]) for begin, end in zip(begins[:2], ends[:2], strict=True))
    return float(one @ two) / (sqrt(float(one @ one) * float(two @ two)) + 1e-6), ratio


def _profile(bands: Floats) -> Floats:
    """The spectrum in six parts of a stretch, without its mean."""
    edges = [part * len(bands) // _PARTS for part in range(_PARTS + 1)]
    sums = np.add.reduceat(bands, edges[:-1])
    parts = (sums / _column([after - edge for edge, after in pairwise(edges)])).ravel()
    return np.asarray(parts - mean_of(parts), np.float32)


def _column(counts: list[int]) -> Floats:
    return np.array(counts, np.float32)[:, None]
