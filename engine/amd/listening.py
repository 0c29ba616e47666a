"""Ear, tones, features and network together: frames in, what is known of each call out. Pure; training runs
this code too.

    one frame of each call ─ tones, voice activity ─┬─────────────────────────────────────────► tone
                                                    └ each 100 ms: speech ─ bands, pitch ─ look ─► log-odds
    together: frames.py      alone                         alone   together      alone  together
"""

from collections.abc import Callable, Sequence

import numpy as np

from engine.amd.audio import FRAME_MS, FRAME_S
from engine.amd.features import BELOW_PEAK_DB, Speech, features, speech_of
from engine.amd.frames import FLOOR_DBFS, Frame
from engine.amd.hearing import BLOCK, Ear, Floats
from engine.amd.measuring import measure
from engine.amd.network import Follower, Network, follow, logits
from engine.amd.tones import Tone, ToneKind, ToneLimits
from engine.amd.tracker import ToneTracker

PAUSE, FIRST = 12, 50  # frames
KEY = 10  # frames: about so long is a key, with what is smeared before it
SPOKEN_S = 0.28  # less speech than this may be a click on the line
_RESIDUE = (ToneKind.PROGRESS, ToneKind.RINGBACK, ToneKind.BUSY, ToneKind.DIAL)


class Listening:
    """One call; `listen` gives it its frames. `network`: what follows it; None: only ear and features.

    With the last frame: `tone`, recognised with it; `looked`: was there a look back? `broken`: what went
    wrong. After the last look: `told`: features, None before anybody has spoken; `logit`: log-odds of a
    machine, None where there is nothing told or nobody follows; `spoken`: a voice was heard, once and for
    all. `always`: set it to True, and no look is left out, nothing put off. After `rest` only the tones are
    followed on.
    """

    def __init__(self, limits: ToneLimits, network: Network | None = None) -> None:
        self.ear = Ear()
        self.follower = Follower(network, self.ear) if network is not None else None
        self.tones = ToneTracker(limits)
        self.speech: Speech | None = None
        self.told: Floats | None = None
        self.logit: float | None = None
        self.tone: Tone | None = None
        self.looking = True
        self.looked = self.spoken = self.always = False
        self.broken: Exception | None = None
        self.level_dbfs = FLOOR_DBFS
        self._speech_dbfs = FLOOR_DBFS
        self._progress = False

    def push(self, frame: Frame) -> bool:
        """The part of a frame that is this call's alone. True: a block is complete, look back."""
        self.looked, self.level_dbfs = False, frame.level_dbfs
        self.tone = tone = self.tones.push(frame.level_dbfs, frame.peaks, self._speech_dbfs)
        if tone is not None and tone.kind in _RESIDUE:
            self._progress = True
        if tone is not None and tone.kind is ToneKind.KEY:
            self.ear.is_tone(tone.began_ms // FRAME_MS - 3, KEY)
        return self.looking and self.ear.push(frame, self.tones.in_tone)

    def seek(self) -> bool:
        """Where is speech? True: what waits must be measured now. That is not needed before somebody speaks,
        and costs less together."""
        self.speech = speech_of(self.ear, self.ear.frames)
        wanted = self.speech.begins and (not self.spoken or self._is_telling(self.speech))
        return bool(wanted) or self.always or self.ear.is_behind

    def judge(self) -> bool:
        """With everything measured that is needed: what it tells. True: there is something for the network
        to say."""
        speech = self.speech
        assert speech is not None
        if not speech.begins:
            self._speech_dbfs = FLOOR_DBFS
            return self._tell(None)
        if not self.spoken:
            self.spoken = self.ear.is_spoken(speech.active)
            self.ear.seeking = not self.spoken
        voiced_s = int(np.count_nonzero(speech.active)) * FRAME_S
        self._speech_dbfs = speech.peak_dbfs if voiced_s >= SPOKEN_S else FLOOR_DBFS
        if not self.spoken:  # a noise that looks like speech: it tells nothing of who is there
            return self._tell(None)
        if not self._is_telling(speech):
            return False
        return self._tell(features(speech, self.tones.tonal_ms / 1000, self._progress))

    def _tell(self, told: Floats | None) -> bool:
        self.looked, self.told, self.logit = True, told, None
        return told is not None

    def _is_telling(self, speech: Speech) -> bool:
        """False where there is nothing to decide: the first second of speech before it pauses; and, since
        little changes, at every other block while they talk on."""
        frames = self.ear.frames
        talks = frames - speech.ends[-1] < PAUSE
        return self.always or not (talks and (frames - speech.begins[0] < FIRST or frames // BLOCK % 2))

    def rest(self) -> None:
        """It is decided: no more looks."""
        self.looking = False

    def is_speech(self, pcm: bytes) -> bool:
        """Of the frame just pushed, while resting: as loud as the greeting was, and a voice."""
        loud = self.level_dbfs > max(-50.0, self._speech_dbfs - BELOW_PEAK_DB)
        return loud and not self.tones.in_tone and self.ear.is_voice(pcm)


def listen(calls: Sequence[Listening], frames: Sequence[Frame]) -> None:
    """One frame more of each. A call that breaks is left where it broke; the others do not notice."""
    complete = list[Listening]()
    for call, frame in zip(calls, frames, strict=True):
        call.broken = None
        try:
            if call.push(frame):
                complete.append(call)
        except Exception as error:
            call.broken = error
    if not complete:
        return
    if due := _where(Listening.seek, complete):
        measure([call.ear for call in due])
        follow([call.follower for call in due if call.follower is not None])
    telling = [
        (call, follower, told)
        for call in _where(Listening.judge, complete)
        if (follower := call.follower) is not None and (told := call.told) is not None
    ]
    if telling:
        said = logits([follower for _, follower, _ in telling], [told for _, _, told in telling])
        for (call, _, _), logit in zip(telling, said, strict=True):
            call.logit = logit


def _where(step: Callable[[Listening], bool], calls: Sequence[Listening]) -> list[Listening]:
    """Take the step with each that is whole: those for whom it is True."""
    found = list[Listening]()
    for call in calls:
        if call.broken is None:
            try:
                if step(call):
                    found.append(call)
            except Exception as error:
                call.broken = error
    return found
