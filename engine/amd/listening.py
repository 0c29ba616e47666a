"""Ear, tones and features together: frames in, what the model is told out. Pure; training runs this code
too.
"""

import numpy as np

from engine.amd.audio import FRAME_MS, FRAME_S
from engine.amd.features import BELOW_PEAK_DB, Speech, features, speech_of
from engine.amd.hearing import BLOCK, Ear, Floats, level_dbfs
from engine.amd.network import Follower
from engine.amd.tones import Tone, ToneKind, ToneLimits, ToneTracker

PAUSE, FIRST = 12, 50  # frames
KEY = 10  # frames: about so long is a key, with what is smeared before it
SPOKEN_S = 0.28  # less speech than this may be a click on the line
_RESIDUE = (ToneKind.PROGRESS, ToneKind.RINGBACK, ToneKind.BUSY, ToneKind.DIAL)


class Listening:
    """`follower`: a network that hears every block. `told`: the features after the last look, None before
    anybody has spoken; `spoken`: a voice was heard, once and for all. `always`: set it to True, and
    no look is left out. After `rest` only the tones are followed on.
    """

    def __init__(self, limits: ToneLimits, follower: Follower | None = None) -> None:
        self._follower = follower
        self.ear = Ear()
        self.tones = ToneTracker(limits)
        self.speech: Speech | None = None
        self.told: Floats | None = None
        self.looking = True
        self.spoken = False
        self.always = False
        self.level_dbfs = -90.0
        self._speech_dbfs = -90.0
        self._progress = False

    def push(self, pcm: bytes) -> tuple[Tone | None, bool]:
        """(a tone that was recognised with this frame, was there a new look?)."""
        samples = np.frombuffer(pcm, "<i2").astype(np.float32)
        self.level_dbfs = level = level_dbfs(samples)
        tone = self.tones.push(samples, level, self._speech_dbfs)
        if tone is not None and tone.kind in _RESIDUE:
            self._progress = True
        if tone is not None and tone.kind is ToneKind.KEY:
            self.ear.is_tone(tone.began_ms // FRAME_MS - 3, KEY)
        if not self.looking or not self.ear.push(pcm, samples, level, self.tones.in_tone):
            return tone, False
        if self._follower is None or self.ear.is_behind:
            self._measure()
        return tone, self._look()

    def rest(self) -> None:
        """It is decided: no more looks."""
        self.looking = False

    def is_speech(self, pcm: bytes) -> bool:
        """Of the frame just pushed, while resting: as loud as the greeting was, and a voice."""
        loud = self.level_dbfs > max(-50.0, self._speech_dbfs - BELOW_PEAK_DB)
        return loud and not self.tones.in_tone and self.ear.is_voice(pcm)

    def _measure(self) -> None:
        """What waits is not needed before somebody speaks, and costs less together."""
        self.ear.catch_up()
        if self._follower is not None:
            self._follower.hear(self.ear)

    def _look(self) -> bool:
        """False where there is nothing to decide: the first second of speech before it pauses; and, since
        little changes, at every other block while they talk on."""
        frames = self.ear.frames
        speech = self.speech = speech_of(self.ear, frames)
        if not speech.begins:
            self.told = None
            self._speech_dbfs = -90.0
            return True
        if not self.spoken:
            self._measure()
            self.spoken = self.ear.is_spoken(speech.active)
            self.ear.seeking = not self.spoken
        voiced_s = int(np.count_nonzero(speech.active)) * FRAME_S
        self._speech_dbfs = speech.peak_dbfs if voiced_s >= SPOKEN_S else -90.0
        if not self.spoken:  # a noise that looks like speech: it tells nothing of who is there
            self.told = None
            return True
        talks = frames - speech.ends[-1] < PAUSE
        if not self.always and talks and (frames - speech.begins[0] < FIRST or frames // BLOCK % 2):
            return False
        self._measure()
        tones_s = self.tones.tonal_ms / 1000
        self.told = features(speech, tones_s, self._progress)
        return True
