"""What is known of the speech itself: its levels, colour, melody and syllables. Pure.

This is most of what a look costs, and in a pause, where there is a look each 100 ms, none of it changes: so
it is kept until the speech does.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from engine.amd.audio import FRAME_S
from engine.amd.hearing import BANDS, Ear
from engine.amd.shapes import Floats, Parts, contour, likeness, mean_of, parts_of, runs_of, share_of

CONTOUR = 40  # frames
PITCHED = 0.55
_FOLLOWED = 4  # frames after the speech that are looked at with it

Key = tuple[bytes, int, int, float, int]


@dataclass(frozen=True, slots=True)
class Spoken:
    """Features, named as in `features.NAMES`; rows of them where several stand together there.

    `talked`: active frames since the first stretch began. `key`: of what speech this is told; `first`: which
    stretch is taken apart first; `two`: where the first two stretches are, and how alike.
    """

    key: Key
    first: tuple[tuple[int, int], Parts | None]
    two: tuple[list[int], tuple[float, float]]
    talked: int
    active: int
    before_dbfs: float
    digital_before: float
    level_spread_db: float
    edges_db: tuple[float, float]
    rhythm: tuple[float, float, float, float]
    melody: tuple[float, ...]
    changes_db: tuple[float, float, float]
    level_step_db: float
    end_level_db: float
    longest_vowel_s: float
    colour: Floats
    contours: tuple[float, ...]


def spoken_of(
    ear: Ear,
    active: npt.NDArray[np.bool_],
    begins: list[int],
    ends: list[int],
    peak_dbfs: float,
    known: Spoken | None,
) -> Spoken:
    """`known`: what it was at the look before; the same object comes back while nothing changed. There must
    have been speech."""
    upto = len(active)
    inside = np.flatnonzero(active)
    start, last_begin, last_end = begins[0], begins[-1], ends[-1]
    key = (inside.tobytes(), start, last_begin, peak_dbfs, min(upto - last_end, _FOLLOWED))
    if known is not None and known.key == key:
        return known
    level, bands = ear.level[:upto], ear.bands[:upto]
    mean_level, level_spread = moments(level[inside])
    before = level[: max(1, start - 2)]
    spoken_bands = bands[inside]
    mean_bands = np.add.reduce(spoken_bands) / len(inside)
    square_bands = np.add.reduce(spoken_bands * spoken_bands) / len(inside)
    band_spread = float(np.add.reduce(np.sqrt(np.maximum(square_bands - mean_bands**2, 0.0)))) / BANDS
    periodic = (ear.periodic[:upto] > PITCHED) & active
    pitched = np.flatnonzero(periodic)
    talk = bands[start:last_end]
    steps = np.abs(talk[1:] - talk[:-1])
    edge = level[last_end - 2 : last_end + 4].tolist()
    pitch = _pitch(ear.pitch, pitched, last_begin)
    head, tail = (start, min(start + CONTOUR, last_end)), (max(start, last_end - CONTOUR), last_end)
    is_known = known is not None and known.first[0] == head
    first = known.first if known is not None and is_known else (head, parts_of(ear, *head))
    where = [*begins[:2], *ends[:2]]
    two = known.two if known is not None and known.two[0] == where else (where, likeness(bands, begins, ends))
    last_parts = first[1] if tail == head else parts_of(ear, *tail)
    return Spoken(
        key,
        first,
        two,
        talked=int(np.count_nonzero(active[start:])),
        active=len(inside),
        before_dbfs=mean_of(before),
        digital_before=share_of(before < -72.0),
        level_spread_db=level_spread,
        edges_db=(
            edge[0] - edge[-1] if edge else 0.0,
            float(level[min(start + 3, upto - 1)] - level[max(0, start - 2)]),
        ),
        rhythm=_rhythm(level, start, last_begin, last_end, peak_dbfs),
        melody=(len(pitched) / len(inside), *pitch),
        changes_db=(mean_of(steps.ravel()), mean_of(steps[-14:].ravel()), band_spread),
        level_step_db=float(
            np.maximum.reduce(level[last_begin:last_end]) - np.maximum.reduce(level[start : ends[0]])
        ),
        end_level_db=mean_of(level[max(start, last_end - 10) : last_end]) - mean_level,
        longest_vowel_s=_longest_run(periodic) * FRAME_S,
        colour=mean_bands - np.add.reduce(mean_bands) / BANDS,
        contours=(
            *contour(first[1], mean_level, mean_bands, pitch[0]),
            *contour(last_parts, mean_level, mean_bands, pitch[0]),
        ),
    )


def moments(values: Floats) -> tuple[float, float]:
    """Mean and standard deviation."""
    if not len(values):
        return 0.0, 0.0
    mean = mean_of(values)
    away = values - mean
    return mean, sqrt(float(away @ away) / len(values))


def _rhythm(
    level: Floats, start: int, last_begin: int, last_end: int, peak_dbfs: float
) -> tuple[float, float, float, float]:
    """Syllables, how many a second, those of the last stretch, depth of the dips between them in dB."""
    count, dip = _syllables(_smooth(level[max(0, start - 3) : last_end + 3]), peak_dbfs)
    last = count
    if last_begin != start:
        last, _ = _syllables(_smooth(level[max(0, last_begin - 3) : last_end + 3]), peak_dbfs)
    return count, count / max(0.2, (last_end - start) * FRAME_S), last, dip


def _smooth(level: Floats) -> Floats:
    return 0.25 * (level[:-2] + level[2:]) + 0.5 * level[1:-1] if len(level) >= 3 else level


def _syllables(level: Floats, peak_dbfs: float) -> tuple[int, float]:
    """(peaks of loudness that stand 3 dB clear of the dips beside them, mean depth of those dips in dB)."""
    count, depth = 0, 0.0
    low = high = float(level[0]) if len(level) else 0.0
    rising = True
    for value in level.tolist():
        if rising:
            if value > high:
                high = value
            elif value < high - 3.0:
                if high > peak_dbfs - 18.0:
                    count += 1
                low, rising = value, False
        elif value < low:
            low = value
        elif value > low + 3.0:
            depth += high - low
            high, rising = value, True
    return count, depth / max(1, count)


def _pitch(track: Floats, pitched: npt.NDArray[np.intp], last_begin: int) -> tuple[float, ...]:
    """Median (octaves over 70 Hz), spread, end of the last stretch against the median, its slope (octaves a
    second), the beginning against the median, and how much it moves from frame to frame."""
    if len(pitched) < 4:
        return 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    values = track[pitched]
    median = float(np.partition(values, len(values) // 2)[len(values) // 2])
    near = np.abs(values - median) < 0.7  # octave errors are no melody
    pitched, values = pitched[near], values[near]
    if len(values) < 4:
        return median, 0.0, 0.0, 0.0, 0.0, 0.0
    last = int(np.searchsorted(pitched, last_begin))
    last = 0 if last >= len(values) else last
    end, where = values[last:][-12:], pitched[last:][-12:]
    slope = 0.0
    if len(end) >= 4:
        x = (where - mean_of(where)) * FRAME_S
        slope = float(x @ end) / (float(x @ x) + 1e-6)
    return (
        median,
        moments(values)[1],
        mean_of(end[-4:]) - median,
        min(4.0, max(-4.0, slope)),
        mean_of(values[:6]) - median,
        mean_of(np.abs(values[1:] - values[:-1])),
    )


def _longest_run(flags: npt.NDArray[np.bool_]) -> int:
    edges = runs_of(flags)
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0
