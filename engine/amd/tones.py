"""Single tones and their meaning: fax, special information tones, busy, the beep of a machine. Pure.

One short spectrum per frame tells whether the frame is a tone and of which frequency; what a run of such
frames means is told by its frequency, its length and what came before.
"""

from dataclasses import dataclass
from enum import Enum
from math import sqrt

import numpy as np
import numpy.typing as npt

from engine.amd.audio import FRAME_MS, FRAME_SAMPLES, RATE

Samples = npt.NDArray[np.float32]

FFT = 256
BIN_HZ = RATE / FFT
_ANGLES = 2 * np.pi * np.outer(np.arange(FFT // 2 + 1), np.arange(FRAME_SAMPLES)) / FFT
# Cosine rows, then sine rows, windowed: for one short frame a product is half the price of an FFT's call.
_SPECTRUM = (np.concatenate([np.cos(_ANGLES), np.sin(_ANGLES)]) * np.hanning(FRAME_SAMPLES)).astype(
    np.float32
)
_LOBE = 3  # bins either side of a peak that belong to it under this window
_LOW_BIN = 10  # 312 Hz: below it there are hum and voices, no tones


class ToneKind(Enum):
    """What a tone means on an answered call."""

    FAX_ANSWERS = "ced"  # 2100 Hz: a fax or modem picked up
    FAX_CALLS = "cng"  # 1100 Hz, half a second every 3.5 s
    SIT = "sit"  # three rising tones before a network announcement
    PROGRESS = "progress"  # ring-back or busy tone, or what is left of it
    BUSY = "busy"  # progress tone in the cadence of busy or congestion
    BEEP = "beep"  # none of those: what a machine makes before it records


@dataclass(frozen=True, slots=True)
class Tone:
    """A tone that has just been recognised. `began_ms`: since the first frame. `hz`: its frequency."""

    kind: ToneKind
    began_ms: int
    hz: float


@dataclass(frozen=True, slots=True)
class ToneLimits:
    """`pure`: least share of a frame's power in one peak. `wander_hz`: how far a tone may move between
    frames. Lengths in milliseconds."""

    pure: float = 0.93
    wander_hz: float = 14.0
    least_dbfs: float = -48.0
    ced_ms: int = 400
    cng_ms: tuple[int, int] = (400, 620)
    sit_ms: tuple[int, int] = (140, 460)
    beep_ms: int = 140
    progress_ms: int = 140
    busy_on_ms: tuple[int, int] = (140, 620)
    busy_times: int = 3


SIT_HZ = ((895.0, 995.0), (1340.0, 1460.0), (1740.0, 1840.0))  # 1000 is the beep that machines like best
PROGRESS_HZ = (340.0, 500.0)
BEEP_HZ = (500.0, 2600.0)


def _is_ced(hz: float) -> bool:
    return abs(hz - 2100.0) <= 25.0


def _is_cng(hz: float) -> bool:
    return abs(hz - 1100.0) <= 38.0


def pitch(samples: Samples) -> tuple[float, float]:
    """(frequency of the strongest peak in Hz, share of the power in it 0..1) of one frame."""
    parts = _SPECTRUM @ samples
    parts *= parts
    power = parts[: FFT // 2 + 1] + parts[FFT // 2 + 1 :]
    peak = int(power[_LOW_BIN : FFT // 2 - _LOBE].argmax()) + _LOW_BIN
    total = float(power.sum())
    if total <= 0.0:
        return 0.0, 0.0
    around = power[peak - _LOBE : peak + _LOBE + 1].tolist()
    left, top, right = (sqrt(value) for value in around[_LOBE - 1 : _LOBE + 2])
    bend = left - 2.0 * top + right
    offset = 0.5 * (left - right) / bend if bend else 0.0
    return (peak + offset) * BIN_HZ, sum(around) / total


class ToneTracker:
    """Feed it every frame in order. `in_tone`: the frame just fed belongs to a tone, so it is no voice."""

    def __init__(self, limits: ToneLimits | None = None) -> None:
        self._limits = limits or ToneLimits()
        self._at_ms = 0
        self._hz = 0.0
        self._run_ms = 0
        self._told = False
        self._sit = 0  # how many of the three have been heard
        self._sit_ended_ms = 0
        self._short_tones: list[int] = []  # when the last tones of busy's length ended
        self.in_tone = False

    def push(self, samples: Samples, level_dbfs: float) -> Tone | None:
        """What was recognised with this frame, at most once for each tone."""
        limits = self._limits
        self._at_ms += FRAME_MS
        hz, share = pitch(samples) if level_dbfs > limits.least_dbfs else (0.0, 0.0)
        goes_on = share >= limits.pure and (not self._run_ms or abs(hz - self._hz) <= limits.wander_hz)
        if goes_on:
            self._hz = hz if not self._run_ms else self._hz + (hz - self._hz) * 0.3
            self._run_ms += FRAME_MS
            self.in_tone = self._run_ms >= 3 * FRAME_MS
            return self._lasting()
        ended = self._ended() if self._run_ms else None
        self.in_tone, self._told, self._run_ms, self._hz = False, False, 0, 0.0
        if share >= limits.pure:
            self._hz, self._run_ms = hz, FRAME_MS
        return ended

    def _lasting(self) -> Tone | None:
        """What the tone that still sounds is for certain."""
        limits, hz, run_ms = self._limits, self._hz, self._run_ms
        if self._told:
            return None
        if _is_ced(hz):
            return self._tell(ToneKind.FAX_ANSWERS) if run_ms >= limits.ced_ms else None
        if PROGRESS_HZ[0] < hz < PROGRESS_HZ[1]:
            return self._tell(ToneKind.PROGRESS) if run_ms >= limits.progress_ms else None
        if _is_cng(hz) and run_ms <= limits.cng_ms[1]:
            return None  # a calling fax stops within this: `_ended` tells them apart
        if self._may_be_sit(hz) and run_ms <= limits.sit_ms[1]:
            return None
        if BEEP_HZ[0] <= hz <= BEEP_HZ[1] and run_ms >= limits.beep_ms:
            return self._tell(ToneKind.BEEP)
        return None

    def _ended(self) -> Tone | None:
        """What the tone that has just ended was, if that was not told while it sounded."""
        limits, hz, run_ms = self._limits, self._hz, self._run_ms
        if PROGRESS_HZ[0] < hz < PROGRESS_HZ[1]:
            return self._count_busy(run_ms)
        if self._told or _is_ced(hz):
            return None
        if limits.sit_ms[0] <= run_ms <= limits.sit_ms[1] and self._may_be_sit(hz):
            self._sit += 1
            self._sit_ended_ms = self._at_ms
            return self._tell(ToneKind.SIT) if self._sit == len(SIT_HZ) else None
        if _is_cng(hz) and limits.cng_ms[0] <= run_ms <= limits.cng_ms[1]:
            return self._tell(ToneKind.FAX_CALLS)
        if BEEP_HZ[0] <= hz <= BEEP_HZ[1] and run_ms >= limits.beep_ms:
            return self._tell(ToneKind.BEEP)
        return None

    def _may_be_sit(self, hz: float) -> bool:
        """Is this the next of the three, soon enough after the one before?"""
        if self._sit and self._at_ms - self._sit_ended_ms > 600:
            self._sit = 0
        low, high = SIT_HZ[self._sit % len(SIT_HZ)]
        return low <= hz <= high

    def _count_busy(self, run_ms: int) -> Tone | None:
        shortest, longest = self._limits.busy_on_ms
        if run_ms > longest:
            self._short_tones.clear()
        if not shortest <= run_ms <= longest:
            return None
        recent = [at_ms for at_ms in self._short_tones if self._at_ms - at_ms < 3_000]
        self._short_tones = [*recent, self._at_ms]
        if len(self._short_tones) < self._limits.busy_times:
            return None
        return self._tell(ToneKind.BUSY)

    def _tell(self, kind: ToneKind) -> Tone:
        self._told = True
        return Tone(kind, self._at_ms - self._run_ms, round(self._hz, 1))
