"""Tones and their meaning: fax, special information tones, ring-back, busy, keys, the beep of a machine.
Pure.

Here are their names, lengths and frequencies; `tracker.py` follows them frame by frame.
"""

from dataclasses import dataclass
from enum import Enum

_DTMF_ROWS, _DTMF_COLUMNS = (697.0, 770.0, 852.0, 941.0), (1209.0, 1336.0, 1477.0, 1633.0)


class ToneKind(Enum):
    """What a tone means on an answered call."""

    FAX_ANSWERS = "ced"  # 2100 Hz: a fax or modem picked up
    FAX_CALLS = "cng"  # 1100 Hz, half a second every 3.5 s
    SIT = "sit"  # three rising tones before a network announcement
    PROGRESS = "progress"  # ring-back, busy or dial tone, or what is left of it: which one is not known yet
    RINGBACK = "ringback"  # it rings again, or still
    BUSY = "busy"  # progress tone in the cadence of busy or congestion
    DIAL = "dial"  # progress tone without an end
    KEY = "dtmf"  # a key was pressed, or a machine plays one
    BEEP = "beep"  # none of those: what a machine makes before it records


@dataclass(frozen=True, slots=True)
class Tone:
    """A tone that has been recognised. `began_ms`, `ended_ms`: since the first frame, -1 while it sounds.
    `hz`: its (stronger) frequency. `name`: which of the special information tones (`SIT_NAMES`)."""

    kind: ToneKind
    began_ms: int
    hz: float
    ended_ms: int = -1
    name: str = ""


@dataclass(frozen=True, slots=True)
class ToneLimits:
    """`pure_low`: least share of a frame's power in the peak, or in both, of a beep below 660 Hz, where
    voices hum (others: spectrum.PURE). `wander_hz`: how far a tone may move between frames. `gap_ms`: a tone
    may be missing so long (lost packets) and goes on. `under_speech_db`: a beep is at most so much quieter
    than the speech before it. `rise_db`: and so much louder than what was before it; `flat_db`: and never
    changes its level by more. Lengths in milliseconds."""

    pure_low: float = 0.985
    wander_hz: float = 14.0
    gap_ms: int = 40
    ced_ms: int = 400
    cng_ms: tuple[int, int] = (400, 620)
    sit_ms: tuple[int, int] = (140, 460)
    beep_ms: int = 140
    beep_after_speech_ms: int = 80
    under_speech_db: float = 20.0
    rise_db: float = 6.0
    flat_db: float = 4.0
    progress_ms: int = 140
    busy_on_ms: tuple[int, int] = (140, 620)
    busy_times: int = 3
    ringback_on_ms: tuple[int, int] = (260, 2_400)
    dial_ms: int = 2_600
    key_ms: int = 40


# 1000 is the beep that machines like best, so the first band ends below it.
SIT_HZ = ((895.0, 995.0), (1340.0, 1460.0), (1740.0, 1840.0))
SIT_NAMES = {"LL": "intercept", "HL": "vacant", "LH": "reorder", "HH": "no circuit"}
"""By the first two tones, low or high (Telcordia GR-1162); those of ITU-T E.180 (950, 1400, 1800) have none.
"""
PROGRESS_HZ = (340.0, 500.0)
BEEP_HZ = (500.0, 2600.0)
RINGS_HZ = (405.0, 434.0)  # what rings in most of the world: told as a beep when it has ended, short


def is_ced(hz: float) -> bool:
    return abs(hz - 2100.0) <= 25.0


def is_cng(hz: float) -> bool:
    return abs(hz - 1100.0) <= 38.0


def is_key(low: float, high: float) -> bool:
    return _near(low, _DTMF_ROWS) and _near(high, _DTMF_COLUMNS)


def _near(hz: float, known: tuple[float, ...]) -> bool:
    return any(abs(hz - one) <= 0.022 * one for one in known)
