"""What is heard, frame by frame: level, voice activity, bands, pitch, tone. Pure; kept whole until the
verdict.

The ear measures; it decides nothing. `features.py` looks back over all of it every 100 ms: what was taken for
speech a second ago may be the television once somebody near has spoken.
"""

from math import log10
from typing import Any

import numpy as np
import numpy.typing as npt
import webrtcvad

from engine.amd.audio import FRAME_SAMPLES, RATE

Samples = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float32]

MOST_FRAMES = 600
BLOCK = 5  # frames between two looks
MOST_BEHIND = (
    5 * BLOCK
)  # frames that may wait to be measured: 25 together cost a third less than five times 5
FLOOR_DBFS = -90.0
_FULL_SCALE = 32_768.0**2
_FFT = 512
FINE = 20  # bands, even on the scale of the ear
_PITCH_HZ = (70.0, 400.0)
_LAGS = slice(int(RATE / _PITCH_HZ[1]), int(RATE / _PITCH_HZ[0]) + 1)
_LAG = np.arange(_LAGS.start, _LAGS.stop)
_LONGEST = RATE / _PITCH_HZ[0]  # samples
_WINDOW = np.hanning(2 * FRAME_SAMPLES).astype(np.float32)
_OCTAVES = np.log2(RATE / _LAG / _PITCH_HZ[0]).astype(np.float32)
_ABOVE_HUM = 16  # bins: from 250 Hz
_VOICED, _VOICED_ABOVE = 0.55, 0.55
_SAME_OCTAVES = 0.12
_AUTO = np.fft.irfft(np.abs(np.fft.rfft(_WINDOW, 1024)) ** 2)[_LAGS]  # what the window alone does to a lag
_AUTO = (_AUTO / float(_WINDOW @ _WINDOW)).astype(np.float32)
_HZ = np.fft.rfftfreq(_FFT, 1 / RATE)
_MEL_HZ = 700.0 * np.expm1(np.linspace(np.log1p(60.0 / 700.0), np.log1p(3_900.0 / 700.0), FINE + 2))
_RISE = (_HZ[:, None] - _MEL_HZ[:-2]) / (_MEL_HZ[1:-1] - _MEL_HZ[:-2])
_FALL = (_MEL_HZ[2:] - _HZ[:, None]) / (_MEL_HZ[2:] - _MEL_HZ[1:-1])
_BAND = np.clip(np.minimum(_RISE, _FALL), 0.0, 1.0).astype(np.float32)


def level_dbfs(samples: Samples) -> float:
    """Of one frame, -90 for silence."""
    power = float(samples @ samples) / len(samples) / _FULL_SCALE
    return 10.0 * log10(power) if power > 1e-9 else FLOOR_DBFS


class Ear:
    """Feed it every frame. Level and voice activity are known at once; pitch and bands, which cost most, when
    `catch_up` asks for them, in blocks of five frames. Frames past MOST_FRAMES are not kept.

    `seeking`: mark what sounds like a throat in `voice`; set it to False once that is known.
    """

    def __init__(self) -> None:
        self._vads = (webrtcvad.Vad(1), webrtcvad.Vad(3))
        self._sound = np.zeros(FRAME_SAMPLES * (MOST_BEHIND + 1), np.float32)  # from the last measured frame
        # Each frame with the one before it: a view that stays.
        self._windows = np.lib.stride_tricks.sliding_window_view(self._sound, 2 * FRAME_SAMPLES)[
            ::FRAME_SAMPLES
        ]
        self._no_voice_before = 0
        self.frames = 0
        self.measured = 0  # frames that have bands and pitch
        self.level = np.full(MOST_FRAMES, FLOOR_DBFS, np.float32)
        self.activity = np.zeros(MOST_FRAMES, np.int8)  # of a voice: 0 none, 1 perhaps, 2 by the strictest
        self.tonal = np.zeros(MOST_FRAMES, np.bool_)
        self.vad, self.tone = self.activity.copy(), self.tonal.copy()  # as they were when their block ended
        self.fine = np.zeros((MOST_FRAMES, FINE), np.float32)  # dB
        self.periodic = np.zeros(MOST_FRAMES, np.float32)  # 0..1
        self.pitch = np.zeros(MOST_FRAMES, np.float32)  # octaves over 70 Hz
        self.voice = np.zeros(MOST_FRAMES, np.bool_)
        self.seeking = True

    @property
    def is_behind(self) -> bool:
        """No frame more can wait to be measured."""
        return self.frames - self.measured >= MOST_BEHIND

    def push(self, pcm: bytes, samples: Samples, level: float, in_tone: bool) -> bool:
        """One frame. True when a block is complete, so that there is something new to look at. IndexError:
        nobody has let it catch up since it was behind."""
        at = self.frames
        if at >= MOST_FRAMES:
            return False
        self.level[at] = level
        if in_tone:
            self.tonal[max(0, at - 2) : at + 1] = True
        elif at < self._no_voice_before:
            self.tonal[at] = True
        elif level > -60.0 and self._vads[0].is_speech(pcm, RATE):
            self.activity[at] = 2 if self._vads[1].is_speech(pcm, RATE) else 1
        if at - self.measured >= MOST_BEHIND:
            raise IndexError(f"{MOST_BEHIND} frames wait to be measured already")
        place = (at - self.measured + 1) * FRAME_SAMPLES
        self._sound[place : place + FRAME_SAMPLES] = samples
        self.frames = at + 1
        if self.frames % BLOCK:
            return False
        block = slice(self.frames - BLOCK, self.frames)
        self.vad[block], self.tone[block] = self.activity[block], self.tonal[block]
        return True

    def is_tone(self, begin: int, length: int) -> None:
        """So many frames from there on are a key, whatever they sound like at their edges."""
        self._no_voice_before = min(MOST_FRAMES, begin + length)
        self.tonal[max(0, begin) : self._no_voice_before] = True
        self.activity[max(0, begin) : self._no_voice_before] = 0

    def is_voice(self, pcm: bytes) -> bool:
        """What the strictest of the two says of one frame."""
        voice: bool = self._vads[1].is_speech(pcm, RATE)
        return voice

    def catch_up(self) -> None:
        """Measure all whole blocks that wait, at once."""
        begin, rows = self.measured, (self.frames - self.measured) // BLOCK * BLOCK
        if rows:
            self._measure(slice(begin, begin + rows), self._windows[:rows])
            rest = self._sound[rows * FRAME_SAMPLES : (self.frames - begin + 1) * FRAME_SAMPLES]
            self._sound[: len(rest)] = rest.copy()
        self.measured += rows

    def _measure(self, to: slice, windows: Samples) -> None:
        """Pitch and bands, each frame seen with the one before it (40 ms)."""
        spectrum = np.fft.rfft(windows * _WINDOW, _FFT)
        power = spectrum.real**2 + spectrum.imag**2
        self.fine[to] = 10.0 * np.log10(power @ _BAND + 1e3)
        power[:, :5] = 0.0  # hum has a pitch too
        auto = np.fft.irfft(power)
        lags = auto[:, _LAGS] / ((auto[:, :1] + 1e3) * _AUTO)
        best = lags.argmax(axis=1)
        self.periodic[to] = lags[np.arange(len(best)), best]
        self.pitch[to] = _OCTAVES[best]
        if self.seeking:
            self._seek(to, power, best)

    def _seek(self, to: slice, power: npt.NDArray[Any], best: npt.NDArray[np.intp]) -> None:
        """Which frames are voiced: periodic, also without what is below 250 Hz, where wind and traffic are.
        What is best at the shortest lag only falls off slowly."""
        rows = np.flatnonzero((self.periodic[to] > _VOICED) & (self.vad[to] > 0) & (best > 1))
        if not len(rows):
            return
        above = power[rows]
        above[:, :_ABOVE_HUM] = 0.0
        auto, at = np.fft.irfft(above), best[rows]
        lags = auto[:, _LAGS] / ((auto[:, :1] + 1e3) * _AUTO)
        near = [lags[np.arange(len(rows)), np.minimum(at + by, len(_LAG) - 1)] for by in (-1, 0, 1)]
        self.voice[to.start + rows] = np.maximum.reduce(near) > _VOICED_ABOVE

    def is_spoken(self, active: npt.NDArray[np.bool_]) -> bool:
        """Is there a voice among the frames that are True? Two of them running, of about one pitch, and a
        pitch that is not the same all the time: clicks, breath, wind and a noisy line have none, hum and buzz
        do not move."""
        voice = active & self.voice[: len(active)]
        pitch = self.pitch[: len(active)]
        beside = np.abs(pitch[1:] - pitch[:-1]) < _SAME_OCTAVES
        if not (voice[1:] & voice[:-1] & beside).any():
            return False
        lags = np.rint(_LONGEST * np.exp2(-pitch[voice]))
        return bool(lags.max() - lags.min() > 1.0)
