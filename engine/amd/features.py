"""Where somebody speaks, and its timing in ten numbers: a look back over everything heard so far, every
100 ms. Pure.

Activity is judged against the loudest speech so far and the quietest of the line, both known better with
every look, so that a television in the room stops being speech once somebody near the telephone speaks.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.amd.audio import FRAME_S
from engine.amd.frames import FLOOR_DBFS
from engine.amd.hearing import Ear, Floats

SHORTEST = 3  # frames: what is active for less in all is a click
CLICK = 2
GAP = 7  # frames: a pause shorter than this is inside a word
BELOW_PEAK_DB = 17.0
CLEAR_DB = 5.0
MIDWAY = 0.42  # speech is at least so far up from the noise to the peak


@dataclass(slots=True)
class Speech:
    """Activity so far, in frames. `begins`, `ends`: of each stretch of speech; `active`: for each frame.
    `noise_dbfs`: of the line; not sought where there is no voice."""

    active: npt.NDArray[np.bool_]
    begins: list[int]
    ends: list[int]
    peak_dbfs: float
    noise_dbfs: float


def speech_of(ear: Ear, upto: int) -> Speech:
    """Where in the first `upto` frames somebody speaks."""
    level, vad, clear = ear.level[:upto], ear.activity[:upto], ~ear.tonal[:upto]
    strong = level[(vad == 2) & clear]
    if len(strong) < SHORTEST:
        return Speech(np.zeros(upto, np.bool_), [], [], FLOOR_DBFS, FLOOR_DBFS)
    plain = level[clear]
    noise = _ranked(plain, len(plain) // 10)
    peak = _ranked(strong, max(0, len(strong) - 1 - max(2, len(strong) // 20)))
    if peak - noise < CLEAR_DB:  # a steady noise that sounds like a voice to a detector of voices
        return Speech(np.zeros(upto, np.bool_), [], [], FLOOR_DBFS, noise)
    least = max(peak - BELOW_PEAK_DB, noise + min(14.0, MIDWAY * (peak - noise)))
    active = (vad > 0) & (level >= least) & clear
    begins, ends = list[int](), list[int]()
    edges = _runs_of(active)
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        if ends and begin - ends[-1] < GAP:  # a pause inside a word
            ends[-1] = end
        elif end - begin >= CLICK or (ends and begin - ends[-1] < 3 * GAP):
            begins.append(begin)
            ends.append(end)
    if begins and int(np.count_nonzero(active[begins[0] : ends[0]])) < SHORTEST and len(begins) > 1:
        begins, ends = begins[1:], ends[1:]
    return Speech(active, begins, ends, peak, noise)


TIMING = ("since_s", "quiet_s", "voiced_s", "longest_gap_s", "first_s", "spurts", "tones_s", "progress")
NAMES = (*TIMING, "peak_dbfs", "noise_dbfs")


def features(speech: Speech, tones_s: float, progress: bool) -> Floats:
    """In the order of NAMES. There must have been speech. `tones_s`: how long there were tones; `progress`:
    was one of them of a call's progress?"""
    upto, begins, ends = len(speech.active), speech.begins, speech.ends
    gaps = [after - end for end, after in zip(ends[:-1], begins[1:], strict=True)]
    values = (
        (upto - begins[0]) * FRAME_S,
        (upto - ends[-1]) * FRAME_S,
        int(np.count_nonzero(speech.active)) * FRAME_S,
        max(gaps, default=0) * FRAME_S,
        (ends[0] - begins[0]) * FRAME_S,
        len(begins),
        tones_s,
        float(progress),
        speech.peak_dbfs,
        max(-75.0, speech.noise_dbfs),
    )
    return np.array(values, np.float32)


def _ranked(values: Floats, rank: int) -> float:
    """The value of this rank from the least; `values` are put in another order."""
    values.partition(rank)
    return float(values[rank])


def _runs_of(flags: npt.NDArray[np.bool_]) -> list[int]:
    """Where stretches of True begin and end, in turns."""
    padded = np.zeros(len(flags) + 2, np.bool_)
    padded[1:-1] = flags
    edges: list[int] = (padded[1:] != padded[:-1]).nonzero()[0].tolist()
    return edges
