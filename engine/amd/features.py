"""What the model is told, every 100 ms: a look back over everything heard so far, as some seventy numbers.
Pure.

Activity is judged against the loudest speech so far and the quietest of the line, both known better with
every look, so that a television in the room stops being speech once somebody near the telephone speaks.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from engine.amd.audio import FRAME_S
from engine.amd.hearing import BANDS, Ear
from engine.amd.shapes import Floats, contour, likeness, mean_of, nearness, share_of

SHORTEST = 3  # frames: what is active for less in all is a click
CLICK = 2
GAP = 7  # frames: a pause shorter than this is inside a word
BELOW_PEAK_DB = 17.0
CONTOUR = 40  # frames
CLEAR_DB = 5.0
MIDWAY = 0.42  # speech is at least so far up from the noise to the peak


@dataclass(slots=True)
class Speech:
    """Activity so far, in frames. `begins`, `ends`: of each stretch of speech; `active`: for each frame."""

    active: npt.NDArray[np.bool_]
    begins: list[int]
    ends: list[int]
    peak_dbfs: float
    noise_dbfs: float


def speech_of(ear: Ear, upto: int) -> Speech:
    """Where in the first `upto` frames somebody speaks."""
    level, vad, tone = ear.level[:upto], ear.vad[:upto], ear.tone[:upto]
    plain = level[~tone]
    noise = float(np.partition(plain, len(plain) // 10)[len(plain) // 10]) if len(plain) else -60.0
    voiced = vad > 0
    strong = level[(vad == 2) & ~tone]
    if len(strong) < SHORTEST:
        return Speech(np.zeros(upto, np.bool_), [], [], -90.0, noise)
    rank = max(0, len(strong) - 1 - max(2, len(strong) // 20))
    peak = float(np.partition(strong, rank)[rank])
    if peak - noise < CLEAR_DB:  # a steady noise that sounds like a voice to a detector of voices
        return Speech(np.zeros(upto, np.bool_), [], [], -90.0, noise)
    least = max(peak - BELOW_PEAK_DB, noise + min(14.0, MIDWAY * (peak - noise)))
    active = voiced & (level >= least) & ~tone
    begins, ends = list[int](), list[int]()
    edges = _edges(active).tolist()
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


def features(ear: Ear, speech: Speech, tones_s: float, progress: bool) -> Floats:
    """In the order of NAMES, at the end of the last block. There must have been speech."""
    upto = len(speech.active)
    begins, ends = speech.begins, speech.ends
    start, last_begin, last_end = begins[0], begins[-1], ends[-1]
    lengths = [end - begin for begin, end in zip(begins, ends, strict=True)]
    gaps = [after - end for end, after in zip(ends[:-1], begins[1:], strict=True)]
    active, level, vad = speech.active, ear.level[:upto], ear.vad[:upto]
    since = upto - start
    inside = np.flatnonzero(active)
    levels = level[inside]
    mean_level, level_spread = _moments(levels)
    quiet = ~active
    quiet[max(0, last_begin - 2) : last_end + 5] = False
    silent = level[quiet & ~ear.tone[:upto]]
    before = level[: max(1, start - 2)]
    after_level = level[last_end + 5 :]
    bands = ear.bands[:upto]
    spoken_bands = bands[inside]
    mean_bands = np.add.reduce(spoken_bands) / len(inside)
    square_bands = np.add.reduce(spoken_bands * spoken_bands) / len(inside)
    band_spread = float(np.add.reduce(np.sqrt(np.maximum(square_bands - mean_bands**2, 0.0)))) / BANDS
    periodic = (ear.periodic[:upto] > 0.55) & active
    pitched = np.flatnonzero(periodic)
    syllables, dip = _syllables(_smooth(level[max(0, start - 3) : last_end + 3]), speech.peak_dbfs)
    syllables_last = syllables
    if last_begin != start:
        syllables_last, _ = _syllables(
            _smooth(level[max(0, last_begin - 3) : last_end + 3]), speech.peak_dbfs
        )
    talk = bands[start:last_end]
    steps = np.abs(talk[1:] - talk[:-1])
    flux = mean_of(steps.ravel())
    flux_last = mean_of(steps[-14:].ravel())
    edge = level[last_end - 2 : last_end + 4].tolist()
    peak, noise = speech.peak_dbfs, speech.noise_dbfs
    strict, perhaps = vad == 2, vad > 0
    pitch = _pitch(ear.pitch, pitched, last_begin)
    values = [
        upto * FRAME_S,
        start * FRAME_S,
        since * FRAME_S,
        len(inside) * FRAME_S,
        (upto - last_end) * FRAME_S,
        len(begins),
        lengths[0] * FRAME_S,
        lengths[-1] * FRAME_S,
        max(lengths) * FRAME_S,
        (gaps[0] if gaps else 0) * FRAME_S,
        (max(gaps) if gaps else 0) * FRAME_S,
        (lengths[1] if len(lengths) > 1 else 0) * FRAME_S,
        share_of(active[start:]),
        share_of(active[-50:]),
        share_of(active[-100:]),
        share_of(perhaps[start:]),
        share_of(strict[start:]),
        share_of(perhaps[:start]),
        share_of(perhaps[-25:]),
        max(-75.0, noise),
        peak,
        min(60.0, peak - noise),
        max(-60.0, mean_of(before) - peak),
        max(-60.0, mean_of(after_level) - peak) if len(after_level) else 0.0,
        max(-60.0, mean_of(level[-5:]) - peak),
        _moments(silent)[1] if len(silent) > 4 else 0.0,
        share_of(before < -72.0),
        share_of(level[start:] < -72.0),
        level_spread,
        edge[0] - edge[-1] if edge else 0.0,
        float(level[min(start + 3, upto - 1)] - level[max(0, start - 2)]),
        mean_of(level[last_end + 2 : last_end + 10]) - noise if upto > last_end + 3 else 0.0,
        syllables,
        syllables / max(0.2, (last_end - start) * FRAME_S),
        syllables_last,
        dip,
        len(pitched) / len(inside),
        *pitch,
        flux,
        flux_last,
        band_spread,
        *likeness(bands, begins, ends),
        float(np.maximum.reduce(level[last_begin:last_end]) - np.maximum.reduce(level[start : ends[0]])),
        _tilt(bands, quiet),
        tones_s,
        float(progress),
        mean_of(level[max(start, last_end - 10) : last_end]) - mean_level,
        _longest_run(periodic) * FRAME_S,
        *(mean_bands - np.add.reduce(mean_bands) / BANDS),
        *nearness(level, vad, start, peak),
        *contour(ear, start, min(start + CONTOUR, last_end), mean_level, mean_bands, pitch[0]),
        *contour(ear, max(start, last_end - CONTOUR), last_end, mean_level, mean_bands, pitch[0]),
    ]
    return np.array(values, np.float32)


def _moments(values: Floats) -> tuple[float, float]:
    """Mean and standard deviation."""
    if not len(values):
        return 0.0, 0.0
    mean = mean_of(values)
    away = values - mean
    return mean, sqrt(float(away @ away) / len(values))


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
        _moments(values)[1],
        mean_of(end[-4:]) - median,
        min(4.0, max(-4.0, slope)),
        mean_of(values[:6]) - median,
        mean_of(np.abs(values[1:] - values[:-1])),
    )


def _tilt(bands: Floats, quiet: npt.NDArray[np.bool_]) -> float:
    """Low against high bands of what is heard when nobody speaks, dB."""
    heard = bands[quiet]
    if len(heard) <= 3:
        return 0.0
    mean = (np.add.reduce(heard) / len(heard)).tolist()
    return float(sum(mean[:3]) / 3 - sum(mean[6:]) / (BANDS - 6))


def _longest_run(flags: npt.NDArray[np.bool_]) -> int:
    edges = _edges(flags)
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0


def _edges(flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """Where stretches of True begin and end, in turns."""
    padded = np.zeros(len(flags) + 2, np.bool_)
    padded[1:-1] = flags
    return np.flatnonzero(padded[1:] != padded[:-1])
