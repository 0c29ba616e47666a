"""Who picked up: 20 ms frames in, one verdict out. Pure: time is counted from the samples.

A person says a short greeting and then waits; a machine goes on. Tones (fax, special information, busy, the
beep of a mailbox) decide by themselves.

    ─ silence ─┤ "Hello?" ├── pause ──► person        ─┤ "You have reached the mailbox of… ──► machine
"""

from dataclasses import dataclass, field
from math import log10

import numpy as np
import webrtcvad

from engine.amd.audio import FRAME_BYTES, FRAME_MS, RATE
from engine.amd.heard import Beep, Heard, Verdict
from engine.amd.tones import ToneKind, ToneLimits, ToneTracker

_FULL_SCALE = 32_768.0**2
_FLOOR_DBFS = -90.0


@dataclass(frozen=True, slots=True)
class Params:
    """The greeting rule. Lengths in milliseconds of sound, levels in dB.

    A frame is speech when webrtcvad says so, it is at most `below_peak_db` under the loudest speech so far
    and at least `over_noise_db` over the noise; a word begins after `onset_ms` of it and ends after `gap_ms`
    without. `machine_voiced_ms` of speech, or speech for `dense` of `machine_span_ms` since it began: a
    machine. A pause: a person, of `pause_ms`, or of `long_pause_ms` where the greeting was shorter than
    `short_ms` (a syllable may be a cough) or longer than `normal_ms` (a mailbox draws breath).
    """

    vad_mode: int = 3
    below_peak_db: float = 15.0
    over_noise_db: float = 12.0
    onset_ms: int = 80
    gap_ms: int = 260
    machine_voiced_ms: int = 1_800
    machine_span_ms: int = 3_400
    dense: float = 0.7
    pause_ms: int = 900
    long_pause_ms: int = 1_300
    short_ms: int = 400
    normal_ms: int = 900
    tones: ToneLimits = field(default_factory=ToneLimits)


class Greeting:
    """The rule alone: told for each frame its level and whether it may be speech, it answers person, machine
    or None."""

    def __init__(self, params: Params) -> None:
        self._params = params
        self._noise_dbfs, self._peak_dbfs = -30.0, _FLOOR_DBFS
        self._at_ms = self._run_ms = self._quiet_ms = 0
        self._in_word = False
        self.speech_ms, self.voiced_ms = -1, 0

    def push(self, level_dbfs: float, voiced: bool) -> str | None:
        params = self._params
        self._at_ms += FRAME_MS
        if self._is_speech(level_dbfs, voiced):
            self._speech()
        else:
            self._run_ms = 0
            self._quiet_ms += FRAME_MS
            if self._quiet_ms >= params.gap_ms:
                self._in_word = False
        if self.speech_ms < 0:
            return None
        span_ms = self._at_ms - self.speech_ms
        if self.voiced_ms >= params.machine_voiced_ms:
            return "machine"
        if span_ms >= params.machine_span_ms and self.voiced_ms >= params.dense * span_ms:
            return "machine"
        usual = params.short_ms <= self.voiced_ms < params.normal_ms
        return "person" if self._quiet_ms >= (params.pause_ms if usual else params.long_pause_ms) else None

    def _is_speech(self, level_dbfs: float, voiced: bool) -> bool:
        """Also learns the noise (falls at once, rises 2 dB a second) and the peak of speech."""
        params = self._params
        if level_dbfs > -80.0:  # digital silence says nothing about the noise of the line
            self._noise_dbfs = min(level_dbfs, self._noise_dbfs + 0.04)
        if not voiced:
            return False
        if level_dbfs > self._peak_dbfs:
            rise = level_dbfs - self._peak_dbfs
            self._peak_dbfs += rise if self._peak_dbfs <= -80.0 else 0.5 * rise
        near_peak = level_dbfs > self._peak_dbfs - params.below_peak_db
        return near_peak and level_dbfs > self._noise_dbfs + params.over_noise_db

    def _speech(self) -> None:
        self._run_ms += FRAME_MS
        if self._in_word:
            self.voiced_ms += FRAME_MS
            self._quiet_ms = 0
        elif self._run_ms >= self._params.onset_ms:
            self._in_word = True
            self.voiced_ms += self._run_ms
            self._quiet_ms = 0
            if self.speech_ms < 0:
                self.speech_ms = self._at_ms - self._run_ms


_OF_TONE = {
    ToneKind.FAX_ANSWERS: "fax",
    ToneKind.FAX_CALLS: "fax",
    ToneKind.SIT: "announcement",
    ToneKind.BUSY: "announcement",
    ToneKind.BEEP: "machine",
}


class Detector:
    """One call. Feed it every frame from the answer on.

    `verdict`: what it decided first; `revised`: what it said instead later.
    """

    def __init__(self, params: Params | None = None) -> None:
        self._params = params or Params()
        self._vad = webrtcvad.Vad(self._params.vad_mode)
        self._tones = ToneTracker(self._params.tones)
        self._greeting = Greeting(self._params)
        self._at_ms = 0
        self.verdict: Verdict | None = None
        self.revised: Verdict | None = None

    def feed(self, pcm: bytes) -> Verdict | None:
        """One frame of 320 bytes. The first verdict, with the frame that decides; None before and after.

        ValueError: it is not a whole frame.
        """
        return next((told for told in self.listen(pcm) if told is self.verdict), None)

    def listen(self, pcm: bytes) -> tuple[Heard, ...]:
        """One frame of 320 bytes; all that was recognised with it, usually nothing.

        Goes on after the verdict, with the beeps and with the verdict that takes the first one back.

        ValueError: it is not a whole frame.
        """
        if len(pcm) != FRAME_BYTES:
            raise ValueError(f"a frame has {FRAME_BYTES} bytes, not {len(pcm)}")
        self._at_ms += FRAME_MS
        samples = np.frombuffer(pcm, "<i2").astype(np.float32)
        power = float(samples @ samples) / len(samples) / _FULL_SCALE
        level_dbfs = 10.0 * log10(power) if power > 1e-9 else _FLOOR_DBFS
        tone = self._tones.push(samples, level_dbfs)
        told = list[Heard]()
        if tone is not None and tone.kind is ToneKind.BEEP:
            told.append(Beep(tone.began_ms, tone.hz, self._at_ms))
        if self.verdict is not None:
            if told and self.verdict.what == "person" and not self.revised:
                told.append(self._revise("beep"))
            return tuple(told)
        voiced = not self._tones.in_tone and level_dbfs > -60.0 and self._vad.is_speech(pcm, RATE)
        heard = self._greeting.push(level_dbfs, voiced)
        if tone is not None and tone.kind in _OF_TONE:
            told.append(self._decide(_OF_TONE[tone.kind], tone.kind.value, tone.hz))
        elif heard == "machine":
            told.append(self._decide("machine", "it goes on talking"))
        elif heard == "person":
            told.append(self._decide("person", "a short greeting, then a pause"))
        return tuple(told)

    def _decide(self, what: str, why: str, hz: float = 0.0) -> Verdict:
        greeting = self._greeting
        self.verdict = Verdict(what, why, self._at_ms, greeting.speech_ms, greeting.voiced_ms, hz)
        return self.verdict

    def _revise(self, why: str) -> Verdict:
        self.revised = Verdict("machine", why, self._at_ms, revises="person")
        return self.revised
