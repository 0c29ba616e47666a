"""Shapes of speech: how near, how it begins and ends, how alike two stretches of it are. Pure."""

from itertools import pairwise
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.amd.audio import FRAME_S
from engine.amd.hearing import Ear

Floats = npt.NDArray[np.float32]
Parts = tuple[tuple[float, Floats, float | None], ...]
NEAR_DB = 11.0
_PARTS = 6


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


def parts_of(ear: Ear, begin: int, end: int) -> Parts:
    """A stretch in four parts: of each its mean level, mean bands, and mean pitch where it has one. Nothing
    where it is too short."""
    if end - begin < 8:
        return ()
    edges = [begin + part * (end - begin) // 4 for part in range(5)]
    found = list[tuple[float, Floats, float | None]]()
    for low, high in pairwise(edges):
        heard = ear.pitch[low:high][ear.periodic[low:high] > 0.55]
        bands: Floats = np.add.reduce(ear.bands[low:high]) / (high - low)
        found.append((mean_of(ear.level[low:high]), bands, mean_of(heard) if len(heard) else None))
    return tuple(found)


def contour(parts: Parts, mean_level: float, mean_bands: Floats, pitch: float) -> tuple[float, ...]:
    """Loudness, colour and melody of a stretch of speech in four parts, against the whole."""
    if not parts:
        return (0.0,) * 20
    out = list[float]()
    for level, part_bands, heard in parts:
        bands = (part_bands - mean_bands).tolist()
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
