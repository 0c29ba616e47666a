"""What is heard on one call, frame by frame: level, voice activity, tone at once; bands and pitch, which
cost most, when they are asked for (`measuring.py`). Pure; kept whole until the verdict.

The ear measures; it decides nothing. `features.py` looks back over all of it every 100 ms: what was taken for
speech a second ago may be the television once somebody near has spoken.
"""

import numpy as np
import numpy.typing as npt
import webrtcvad

from engine.amd.audio import FRAME_BYTES, FRAME_SAMPLES, RATE
from engine.amd.frames import FLOOR_DBFS, Frame

Floats = npt.NDArray[np.float32]

MOST_FRAMES = 600
BLOCK = 5  # frames between two looks
MOST_WAITING = 10  # blocks that may wait to be measured: together they cost a third less than one by one
FINE = 20  # bands, even on the scale of the ear
MEASURES = (
    *(f"band{number}" for number in range(FINE)),
    "level",
    "under_top",
    "periodic",
    "pitch",
    "vad",
    "tone",
)
LEVEL, UNDER_TOP, PERIODIC, PITCH, VAD, TONE = range(FINE, len(MEASURES))
LEAD = 2  # neutral rows before the first frame, for whoever sees each frame with those before it
NEUTRAL = np.array([*[45.0] * FINE, -45.0, 0.0, 0.0, 1.0, 1.0, 0.0], np.float32)  # a frame that tells nothing
_voice = webrtcvad._webrtcvad.process  # the function itself: the wrapper's checks cost half as much again
_LEAST_TOP_DBFS = -60.0
_LONGEST = RATE / 70.0  # samples of the lowest pitch
_SAME_OCTAVES = 0.12


class Ear:
    """Feed it every frame. `sound`: what is known of each frame, (LEAD + MOST_FRAMES, MEASURES), in the
    units of the names below; the LEAD rows before the first frame are neutral. `level`, `activity` (of a
    voice: 0 none, 1 perhaps, 2 by the strictest), `tonal`: of each frame, as known now; in `sound` they stay
    as they were when their block ended. `voice`: is the frame voiced? Sought while `seeking`, and only where
    there is activity.

    bands dB · level dBFS · under_top dB over the loudest speech so far, −45..15 · periodic 0..1 · pitch
    octaves over 70 Hz · vad 0..2 · tone 0 or 1
    """

    def __init__(self) -> None:
        self._vads = (webrtcvad.Vad(1)._vad, webrtcvad.Vad(3)._vad)
        self._pcm = [bytes(FRAME_BYTES)]  # the frame before the block, and those of the block so far
        self.waiting: list[bytes] = []  # blocks that were not measured yet, each with the frame before it
        self._no_voice_before = 0
        self._top_dbfs = _LEAST_TOP_DBFS
        self.frames = 0
        self.measured = 0  # frames that have bands and pitch
        self.level = np.full(MOST_FRAMES, FLOOR_DBFS, np.float32)
        self.activity = np.zeros(MOST_FRAMES, np.int8)
        self.tonal = np.zeros(MOST_FRAMES, np.bool_)
        self.voice = np.zeros(MOST_FRAMES, np.bool_)
        self.sound = np.zeros((LEAD + MOST_FRAMES, len(MEASURES)), np.float32)
        self.sound[:LEAD] = NEUTRAL
        self.seeking = True

    @property
    def is_behind(self) -> bool:
        """As much waits to be measured as should."""
        return len(self.waiting) >= MOST_WAITING

    def push(self, frame: Frame, in_tone: bool) -> bool:
        """One frame. True when a block is complete, so that there is something new to look at."""
        at = self.frames
        if at >= MOST_FRAMES:
            return False
        self.level[at] = level = frame.level_dbfs
        if in_tone:
            self.tonal[max(0, at - 2) : at + 1] = True
        elif at < self._no_voice_before:
            self.tonal[at] = True
        elif level > -60.0 and _voice(self._vads[0], RATE, frame.pcm, FRAME_SAMPLES):
            self.activity[at] = 2 if _voice(self._vads[1], RATE, frame.pcm, FRAME_SAMPLES) else 1
        self._pcm.append(frame.pcm)
        self.frames = at + 1
        if self.frames % BLOCK:
            return False
        self._end_block(slice(at + 1 - BLOCK, at + 1))
        return True

    def _end_block(self, block: slice) -> None:
        self.waiting.append(b"".join(self._pcm))
        del self._pcm[:-1]
        rows = self.sound[LEAD + block.start : LEAD + block.stop]
        rows[:, VAD], rows[:, TONE] = self.activity[block], self.tonal[block]

    def learn(self, bands: Floats, melody: Floats, voiced: npt.NDArray[np.bool_]) -> None:
        """What was measured of all that waited, a row for each frame. `melody`: periodicity and pitch."""
        begin, end = self.measured, self.measured + len(bands)
        rows, level = self.sound[LEAD + begin : LEAD + end], self.level[begin:end]
        loud = np.where((rows[:, VAD] == 2.0) & (rows[:, TONE] == 0.0), level, self._top_dbfs)
        top = np.maximum.accumulate(np.maximum(loud, self._top_dbfs))
        self._top_dbfs = float(top[-1])
        rows[:, :FINE], rows[:, PERIODIC : PITCH + 1], rows[:, LEVEL] = bands, melody, level
        rows[:, UNDER_TOP] = np.minimum(np.maximum(level - top, -45.0), 15.0)
        if self.seeking:
            self.voice[begin:end] = voiced & (rows[:, VAD] > 0.0)
        self.measured = end
        self.waiting.clear()

    def is_tone(self, begin: int, length: int) -> None:
        """So many frames from there on are a key, whatever they sound like at their edges."""
        self._no_voice_before = min(MOST_FRAMES, begin + length)
        self.tonal[max(0, begin) : self._no_voice_before] = True
        self.activity[max(0, begin) : self._no_voice_before] = 0

    def is_voice(self, pcm: bytes) -> bool:
        """What the strictest of the two says of one frame."""
        voice: bool = _voice(self._vads[1], RATE, pcm, FRAME_SAMPLES)
        return voice

    def is_spoken(self, active: npt.NDArray[np.bool_]) -> bool:
        """Is there a voice among the frames that are True? Two of them running, of about one pitch, and a
        pitch that is not the same all the time: clicks, breath, wind and a noisy line have none, hum and buzz
        do not move."""
        voice = active & self.voice[: len(active)]
        pitch = self.sound[LEAD : LEAD + len(active), PITCH]
        beside = np.abs(pitch[1:] - pitch[:-1]) < _SAME_OCTAVES
        if not (voice[1:] & voice[:-1] & beside).any():
            return False
        lags = np.rint(_LONGEST * np.exp2(-pitch[voice]))
        return bool(lags.max() - lags.min() > 1.0)
