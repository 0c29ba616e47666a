"""What the model is told, every 100 ms: a look back over everything heard so far, as some seventy numbers.
Pure.

Activity is judged against the loudest speech so far and the quietest of the line, both known better with
every look, so that a television in the room stops being speech once somebody near the telephone speaks.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.amd.audio import FRAME_S
from engine.amd.hearing import BANDS, FLOOR_DBFS, Ear
from engine.amd.shapes import Floats, mean_of, nearness, runs_of, share_of
from engine.amd.spoken import Spoken, moments, spoken_of

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
    level, vad, tone = ear.level[:upto], ear.activity[:upto], ear.tonal[:upto]
    strong = level[(vad == 2) & ~tone]
    if len(strong) < SHORTEST:
        return Speech(np.zeros(upto, np.bool_), [], [], FLOOR_DBFS, FLOOR_DBFS)
    plain = level[~tone]
    noise = float(np.partition(plain, len(plain) // 10)[len(plain) // 10])
    rank = max(0, len(strong) - 1 - max(2, len(strong) // 20))
    peak = float(np.partition(strong, rank)[rank])
    if peak - noise < CLEAR_DB:  # a steady noise that sounds like a voice to a detector of voices
        return Speech(np.zeros(upto, np.bool_), [], [], FLOOR_DBFS, noise)
    least = max(peak - BELOW_PEAK_DB, noise + min(14.0, MIDWAY * (peak - noise)))
    active = (vad > 0) & (level >= least) & ~tone
    begins, ends = list[int](), list[int]()
    edges = runs_of(active).tolist()
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        if ends and begin - ends[-1] < GAP:  # a pause inside a word
            ends[-1] = end
        elif end - begin >= CLICK or (ends and begin - ends[-1] < 3 * GAP):
            begins.append(begin)
            ends.append(end)
    if begins and int(np.count_nonzero(active[begins[0] : ends[0]])) < SHORTEST and len(begins) > 1:
        begins, ends = begins[1:], ends[1:]
    return Speech(active, begins, ends, peak, noise)


_CONTOUR = ("level", "low", "middle", "high", "pitch")

NAMES = (
    "at_s",
    "start_s",
    "since_s",
    "voiced_s",
    "quiet_s",
    "spurts",
    "first_s",
    "last_s",
    "longest_s",
    "first_gap_s",
    "longest_gap_s",
    "second_s",
    "active_share",
    "active_1s",
    "active_2s",
    "vad_share",
    "strict_share",
    "vad_before",
    "vad_05s",
    "noise_dbfs",
    "peak_dbfs",
    "snr_db",
    "before_db",
    "after_db",
    "now_db",
    "noise_spread_db",
    "digital_before",
    "digital_since",
    "level_spread_db",
    "fall_db",
    "rise_db",
    "tail_db",
    "syllables",
    "syllable_rate",
    "syllables_last",
    "dip_db",
    "pitched_share",
    "pitch_octaves",
    "pitch_spread",
    "pitch_end",
    "pitch_slope",
    "pitch_start",
    "pitch_moves",
    "flux_db",
    "flux_last_db",
    "band_spread_db",
    "spurt_likeness",
    "spurt_length_ratio",
    "level_step_db",
    "noise_tilt_db",
    "tones_s",
    "progress",
    "end_level_db",
    "longest_vowel_s",
    *(f"band{number}_db" for number in range(BANDS)),
    "near_s",
    "near_quiet_s",
    "near_share",
    "near_1s",
    "near_2s",
    "level_q10",
    "level_q25",
    "level_q50",
    "level_q75",
    "level_1s_q50",
    "level_1s_q90",
    "level_2s_q50",
    *(f"{where}_{what}{part}" for where in ("first", "end") for part in range(4) for what in _CONTOUR),
)


def features(
    ear: Ear, speech: Speech, tones_s: float, progress: bool, known: Spoken | None = None
) -> tuple[Floats, Spoken]:
    """(in the order of NAMES, what to hand in as `known` the next time), at the end of the last block. There
    must have been speech."""
    upto = len(speech.active)
    begins, ends = speech.begins, speech.ends
    peak, noise = speech.peak_dbfs, speech.noise_dbfs
    spoken = spoken_of(ear, speech.active, begins, ends, peak, known)
    start, last_begin, last_end = begins[0], begins[-1], ends[-1]
    lengths = [end - begin for begin, end in zip(begins, ends, strict=True)]
    gaps = [after - end for end, after in zip(ends[:-1], begins[1:], strict=True)]
    active, level, vad = speech.active, ear.level[:upto], ear.activity[:upto]
    since = upto - start
    quiet = ~active
    quiet[max(0, last_begin - 2) : last_end + 5] = False
    silent = level[quiet & ~ear.tonal[:upto]]
    after_level = level[last_end + 5 :]
    strict, perhaps = vad == 2, vad > 0
    values = [
        upto * FRAME_S,
        start * FRAME_S,
        since * FRAME_S,
        spoken.active * FRAME_S,
        (upto - last_end) * FRAME_S,
        len(begins),
        lengths[0] * FRAME_S,
        lengths[-1] * FRAME_S,
        max(lengths) * FRAME_S,
        (gaps[0] if gaps else 0) * FRAME_S,
        (max(gaps) if gaps else 0) * FRAME_S,
        (lengths[1] if len(lengths) > 1 else 0) * FRAME_S,
        spoken.talked / since,
        share_of(active[-50:]),
        share_of(active[-100:]),
        share_of(perhaps[start:]),
        share_of(strict[start:]),
        share_of(perhaps[:start]),
        share_of(perhaps[-25:]),
        max(-75.0, noise),
        peak,
        min(60.0, peak - noise),
        max(-60.0, spoken.before_dbfs - peak),
        max(-60.0, mean_of(after_level) - peak) if len(after_level) else 0.0,
        max(-60.0, mean_of(level[-5:]) - peak),
        moments(silent)[1] if len(silent) > 4 else 0.0,
        spoken.digital_before,
        share_of(level[start:] < -72.0),
        spoken.level_spread_db,
        *spoken.edges_db,
        mean_of(level[last_end + 2 : last_end + 10]) - noise if upto > last_end + 3 else 0.0,
        *spoken.rhythm,
        *spoken.melody,
        *spoken.changes_db,
        *spoken.two[1],
        spoken.level_step_db,
        _tilt(ear.bands[:upto], quiet),
        tones_s,
        float(progress),
        spoken.end_level_db,
        spoken.longest_vowel_s,
        *spoken.colour,
        *nearness(level, vad, start, peak),
        *spoken.contours,
    ]
    return np.array(values, np.float32), spoken


def _tilt(bands: Floats, quiet: npt.NDArray[np.bool_]) -> float:
    """Low against high bands of what is heard when nobody speaks, dB."""
    heard = bands[quiet]
    if len(heard) <= 3:
        return 0.0
    mean = (np.add.reduce(heard) / len(heard)).tolist()
    return float(sum(mean[:3]) / 3 - sum(mean[6:]) / (BANDS - 6))
