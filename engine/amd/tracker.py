"""Following tones frame by frame, until it is certain what they mean. Pure.

Whether a frame is a tone, or two at once, and of which frequency, is told by its spectrum (`spectrum.py`);
what a run of such frames means by frequency, length, cadence, and by whether somebody has spoken before.
"""

from collections import deque
from itertools import islice

from engine.amd.audio import FRAME_MS
from engine.amd.spectrum import LOW_HZ, PURE, Peaks
from engine.amd.tones import (
    BEEP_HZ,
    PROGRESS_HZ,
    RINGS_HZ,
    SIT_HZ,
    SIT_NAMES,
    Tone,
    ToneKind,
    ToneLimits,
    is_ced,
    is_cng,
    is_key,
)

_FIRST_MS = 100  # no machine beeps at once, and what was before is not known yet
_FIRST_CHORD_MS = 300  # music is what begins with chords
_LOW_BEEP_MS = 1_100
_ALONE_MS = 700  # nothing rings or is busy with so long a pause after so short a tone


class ToneTracker:
    """Feed it every frame in order. `in_tone`: the frame just fed belongs to a tone, so it is no voice."""

    def __init__(self, limits: ToneLimits | None = None) -> None:
        self._limits = limits or ToneLimits()
        self._at_ms = 0
        self._hz = self._last_hz = self._second_hz = 0.0
        self._began_ms = self._ended_ms = 0
        self._run_ms = self._missing_ms = self._dual_ms = 0
        self._rise_db = self._share = 0.0
        self._range = [0.0, 0.0, 0.0, 0.0]  # of the run: least and most Hz, least and most dBFS
        self._levels = deque([-90.0] * 7, 7)  # of the last frames, dBFS
        self._fax_hz = 0.0
        self._told: ToneKind | None = None
        self._sit = ""  # L or H for each of the three that have been heard
        self._sit_ended_ms = 0
        self._progress: list[tuple[int, int, float]] = []  # begin, end, Hz of the last progress tones
        self._lone: Tone | None = None  # a beep, if it stays alone
        self.in_tone = False
        self.tonal_ms = 0  # all tones so far

    def push(self, level_dbfs: float, peaks: Peaks, speech_dbfs: float = -90.0) -> Tone | None:
        """What was recognised with this frame, at most once for each tone, and for a beep its end.

        `speech_dbfs`: how loud the speech before was, -90 for nobody has spoken.
        """
        self._at_ms += FRAME_MS
        self._levels.append(level_dbfs)
        hz, second_hz, share = peaks
        pure = share >= PURE
        if not self._run_ms:
            if not pure:  # as nearly always
                return self._alone() if self._lone is not None else None
        elif pure and self._same(hz, second_hz):
            self._goes_on(hz, second_hz, level_dbfs, share)
            return self._lasting(level_dbfs, speech_dbfs)
        elif not pure and self._missing_ms < self._limits.gap_ms:
            self._missing_ms += FRAME_MS
            return None
        ended = self._ended(speech_dbfs) if self._run_ms else self._alone()
        self.in_tone, self._told, self._run_ms, self._missing_ms, self._hz = False, None, 0, 0, 0.0
        if pure:
            self._hz, self._last_hz, self._second_hz, self._run_ms = hz, hz, second_hz, FRAME_MS
            self._dual_ms = FRAME_MS if second_hz else 0
            # The last frame before may hold the beginning; where voices hum, it was quiet for longer.
            self._rise_db = level_dbfs - max(islice(self._levels, 0 if hz < LOW_HZ else 3, 5))
            self._began_ms, self._ended_ms = self._at_ms - FRAME_MS, self._at_ms
        return ended

    def _goes_on(self, hz: float, second_hz: float, level_dbfs: float, share: float) -> None:
        first = self._run_ms == FRAME_MS  # the frame before was perhaps only half a tone
        self._run_ms += FRAME_MS + self._missing_ms
        self._missing_ms = 0
        self._ended_ms = self._at_ms
        if second_hz:
            self._dual_ms += FRAME_MS
            if abs(second_hz - self._hz) < abs(hz - self._hz):
                hz, second_hz = second_hz, hz
            self._second_hz = second_hz
        self._share = share if first else min(self._share, share)
        low_hz, high_hz, low_dbfs, high_dbfs = self._range
        self._range = [
            hz if first else min(low_hz, hz),
            hz if first else max(high_hz, hz),
            level_dbfs if first else min(low_dbfs, level_dbfs),
            level_dbfs if first else max(high_dbfs, level_dbfs),
        ]
        self._hz += (hz - self._hz) * 0.3
        self._last_hz = hz
        self.in_tone = self._run_ms >= 3 * FRAME_MS
        self.tonal_ms += FRAME_MS

    def _same(self, hz: float, second_hz: float) -> bool:
        wander = self._limits.wander_hz
        if PROGRESS_HZ[0] < hz < LOW_HZ and PROGRESS_HZ[0] < self._hz < LOW_HZ:
            both = self._second_hz and self._second_hz < LOW_HZ
            wander = 170.0 if both or (second_hz and second_hz < LOW_HZ) else 30.0  # 440 + 480 beat
        if abs(hz - self._last_hz) <= wander:
            return True
        return bool(second_hz) and abs(second_hz - self._hz) <= wander  # the weaker one is now the stronger

    @property
    def _is_dual(self) -> bool:
        """Two tones for most of the run: the edge of a single one looks like two."""
        return self._dual_ms * 2 > self._run_ms and self._second_hz > 0.0

    @property
    def _is_key(self) -> bool:
        if not self._is_dual:
            return False
        low, high = sorted((self._hz, self._second_hz))
        return is_key(low, high)

    def _lasting(self, level_dbfs: float, speech_dbfs: float) -> Tone | None:
        """What the tone that still sounds is for certain."""
        limits, hz, run_ms = self._limits, self._hz, self._run_ms
        if self._is_key:
            return self._tell(ToneKind.KEY) if self._told is None and run_ms >= limits.key_ms else None
        if self._is_progress(speech_dbfs):
            if run_ms >= limits.dial_ms and self._told is not ToneKind.DIAL:
                return self._tell(ToneKind.DIAL)
            return (
                self._tell(ToneKind.PROGRESS) if self._told is None and run_ms >= limits.progress_ms else None
            )
        if self._told is not None:
            return None
        if is_ced(hz) and not self._is_dual:
            return self._tell(ToneKind.FAX_ANSWERS) if run_ms >= limits.ced_ms else None
        if speech_dbfs > -90.0:
            return self._tell(ToneKind.BEEP) if self._is_beep(level_dbfs, speech_dbfs) else None
        if self._is_dual:
            return self._tell(ToneKind.BEEP) if self._is_chord else None
        if is_cng(hz) and run_ms <= limits.cng_ms[1]:
            return None  # a calling fax stops within this: `_ended` tells them apart
        if self._may_be_sit(hz) and run_ms <= limits.sit_ms[1]:
            return None
        if self._is_fresh and BEEP_HZ[0] <= hz <= BEEP_HZ[1] and run_ms >= limits.beep_ms:
            return self._tell(ToneKind.BEEP)
        return None

    @property
    def _is_clean(self) -> bool:
        """Where voices hum: hardly anything but the tone; of two, both clearly apart."""
        apart = not self._is_dual or abs(self._hz - self._second_hz) >= 60.0
        return apart and self._share >= self._limits.pure_low

    @property
    def _is_chord(self) -> bool:
        """Two tones at once before any word: out of quiet, apart, and as steady as no string is."""
        low = min(self._hz, self._second_hz)
        steady = self._is_steady and self._began_ms >= _FIRST_CHORD_MS
        return steady and BEEP_HZ[0] <= low <= BEEP_HZ[1] and self._run_ms >= self._limits.beep_ms

    @property
    def _is_fresh(self) -> bool:
        """Of a tone before any word: it came out of quiet, so it is no music from the start."""
        if self._hz < LOW_HZ:
            return self._is_steady
        return self._began_ms >= _FIRST_MS and self._rise_db >= self._limits.rise_db

    @property
    def _is_steady(self) -> bool:
        low_hz, high_hz, low_dbfs, high_dbfs = self._range
        out_of_quiet = self._rise_db >= self._limits.rise_db
        return out_of_quiet and self._is_clean and high_hz - low_hz <= 40.0 and high_dbfs - low_dbfs <= 2.0

    def _is_progress(self, speech_dbfs: float) -> bool:
        """Nobody has spoken yet, or it rang like this before."""
        hz, other = self._hz, self._second_hz if self._is_dual else self._hz
        if not (PROGRESS_HZ[0] < hz < LOW_HZ and PROGRESS_HZ[0] < other < LOW_HZ):
            return False
        if not self._is_dual and hz > PROGRESS_HZ[1]:
            return False
        return speech_dbfs <= -90.0 or any(abs(hz - before) <= 8.0 for _, _, before in self._progress)

    def _is_beep(self, level_dbfs: float, speech_dbfs: float) -> bool:
        """After speech: out of quiet (a tune goes from note to note), loud enough, long enough."""
        limits, hz = self._limits, self._hz
        if level_dbfs < speech_dbfs - limits.under_speech_db or self._rise_db < limits.rise_db:
            return False
        if abs(hz - self._fax_hz) < 40.0:  # the fax again
            return False
        low_hz, high_hz, low_dbfs, high_dbfs = self._range
        if high_dbfs - low_dbfs > limits.flat_db * (1 if hz < LOW_HZ else 2):
            return False  # a voice that hums, a string that was plucked
        if hz < LOW_HZ and not self._is_clean:
            return False
        wanders_hz = high_hz - low_hz
        # Some beeps tremble, but voices do that down there: it takes long to be sure.
        trembles = wanders_hz <= 40.0 and high_dbfs - low_dbfs <= 0.6 and self._run_ms >= 120
        if wanders_hz > (5.0 if hz < LOW_HZ else 60.0) and not self._is_dual and not trembles:
            return False
        low = min(hz, self._second_hz) if self._is_dual else hz
        if not RINGS_HZ[1] <= low <= BEEP_HZ[1]:
            return False
        # Where voices hum, and of two tones, it takes longer to be sure.
        unsure = low < 650.0 or self._is_dual
        return self._run_ms >= limits.beep_after_speech_ms + (FRAME_MS if unsure else 0)

    def _ended(self, speech_dbfs: float) -> Tone | None:
        """What the tone that has just ended was, if that was not told while it sounded."""
        limits, hz, run_ms = self._limits, self._hz, self._run_ms
        spoken = speech_dbfs > -90.0
        if self._told is ToneKind.BEEP:
            return self._tell(ToneKind.BEEP, self._ended_ms)
        if self._told in (ToneKind.KEY, ToneKind.FAX_ANSWERS) or self._is_key:
            return None
        if self._is_progress(speech_dbfs):
            return self._count_progress(run_ms)
        if self._is_dual or is_ced(hz):
            return None
        if limits.sit_ms[0] <= run_ms <= limits.sit_ms[1] and self._may_be_sit(hz):
            return self._count_sit(hz, spoken)
        if spoken:
            rings = RINGS_HZ[0] < hz < RINGS_HZ[1] and 140 <= run_ms <= 1_000
            low_hz, high_hz, _, _ = self._range
            loud = self._rise_db >= limits.rise_db and high_hz - low_hz < 5.0
            return self._tell(ToneKind.BEEP, self._ended_ms) if rings and loud else None
        if is_cng(hz) and limits.cng_ms[0] <= run_ms <= limits.cng_ms[1]:
            return self._tell(ToneKind.FAX_CALLS)
        if self._is_fresh and BEEP_HZ[0] <= hz <= BEEP_HZ[1] and run_ms >= limits.beep_ms:
            return self._tell(ToneKind.BEEP, self._ended_ms)
        return None

    def _alone(self) -> Tone | None:
        """A short tone after which nothing came: no ringing, no busy tone, no other information tone, so a
        beep."""
        lone = self._lone
        if lone is None or self._at_ms - lone.ended_ms < _ALONE_MS:
            return None
        self._lone = None
        return lone

    def _may_be_sit(self, hz: float) -> bool:
        """Is this the next of the three, soon enough after the one before?"""
        if self._sit and self._at_ms - self._sit_ended_ms > 600:
            self._sit = ""
        low, high = SIT_HZ[len(self._sit) % len(SIT_HZ)]
        return low <= hz <= high

    def _count_sit(self, hz: float, spoken: bool) -> Tone | None:
        border_hz = 949.5 if not self._sit else 1_399.5
        clear = abs(hz - border_hz) > 12.0  # 950 and 1400 are neither
        self._sit += ("H" if hz > border_hz else "L") if clear else "?"
        self._sit_ended_ms = self._at_ms
        first = len(self._sit) == 1
        self._lone = self._whole(ToneKind.BEEP) if first and not spoken and self._is_fresh else None
        if len(self._sit) < len(SIT_HZ):
            return None
        name = SIT_NAMES.get(self._sit[:2], "")
        self._sit = ""
        return self._tell(ToneKind.SIT, self._ended_ms, name)

    def _count_progress(self, run_ms: int) -> Tone | None:
        """Told by their cadence: three short ones in three seconds are busy, two longer ones are ringing."""
        limits = self._limits
        short = limits.progress_ms <= run_ms <= _LOW_BEEP_MS and not self._is_dual
        fresh = not self._progress and self._began_ms >= 300 and self._is_steady
        alone = short and fresh and RINGS_HZ[1] < self._hz
        self._lone = self._whole(ToneKind.BEEP) if alone else None
        before = [one for one in self._progress if self._began_ms - one[1] < 6_500]
        self._progress = [*before, (self._began_ms, self._ended_ms, self._hz)][-6:]
        lengths = [end - begin for begin, end, _ in self._progress]
        gaps = [after[0] - one[1] for one, after in zip(self._progress, self._progress[1:], strict=False)]
        times = limits.busy_times
        shortest, longest = limits.busy_on_ms
        if len(lengths) >= times and all(shortest <= one <= longest for one in lengths[-times:]):
            even = max(gaps[1 - times :]) <= 1.6 * min(gaps[1 - times :]) + 2 * FRAME_MS
            if even and max(gaps[1 - times :]) <= 900:
                return self._tell(ToneKind.BUSY, self._ended_ms)
        shortest, longest = limits.ringback_on_ms
        if len(lengths) >= 2 and gaps[-1] >= 1_400 and all(shortest <= n <= longest for n in lengths[-2:]):
            return self._tell(ToneKind.RINGBACK, self._ended_ms)
        return None

    def _whole(self, kind: ToneKind) -> Tone:
        """The tone that has just ended."""
        return Tone(kind, self._began_ms, round(self._hz, 1), self._ended_ms)

    def _tell(self, kind: ToneKind, ended_ms: int = -1, name: str = "") -> Tone:
        self._told = kind
        if kind in (ToneKind.FAX_ANSWERS, ToneKind.FAX_CALLS):
            self._fax_hz = self._hz
        return Tone(kind, self._began_ms, round(self._hz, 1), ended_ms, name)
