"""Who picked up: 20 ms frames in, verdicts and beeps out. Pure: time is counted from the samples.

A person says a short greeting and then waits; a machine goes on. How likely it is a machine is told by a
trained network every 100 ms (`features.py`, `network.py`), what to make of it by the campaign's costs
(`decision.py`). Tones (fax, special information, busy, the beep of a mailbox) decide by themselves
(`tones.py`).

    ─ silence ─┤ "Hello?" ├── pause ──► person        ─┤ "You have reached the mailbox of… ──► machine
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp

from engine.amd.audio import FRAME_MS
from engine.amd.decision import LEAST_PAUSE_S, LINES, Costs, Lines, decide, likelier_machine
from engine.amd.features import NAMES
from engine.amd.frames import Frame, frames_of
from engine.amd.heard import Beep, Heard, Verdict
from engine.amd.listening import Listening, listen
from engine.amd.network import Network, standard
from engine.amd.tones import Tone, ToneKind, ToneLimits

_SINCE, _QUIET = NAMES.index("since_s"), NAMES.index("quiet_s")
_VOICED = NAMES.index("voiced_s")


@dataclass(frozen=True, slots=True)
class Params:
    """How one campaign listens.

    `costs`: what its errors cost. `deadline_ms`: when the detector itself says unsure or silence, 0 for
    never: then the engine's clock alone ends the screening. `answered`: False for early media, before
    anybody can have picked up: what speaks there is an announcement. `monologue_ms`: after "person", so much
    speech without a pause of `pause_ms` within `revise_ms` says machine after all.
    """

    costs: Costs = field(default_factory=Costs)
    deadline_ms: int = 0
    answered: bool = True
    monologue_ms: int = 5_000
    pause_ms: int = 700
    revise_ms: int = 20_000
    lines: Lines = LINES
    tones: ToneLimits = field(default_factory=ToneLimits)


_OF_TONE = {
    ToneKind.FAX_ANSWERS: "fax",
    ToneKind.FAX_CALLS: "fax",
    ToneKind.SIT: "announcement",
    ToneKind.BUSY: "announcement",
    ToneKind.RINGBACK: "announcement",
    ToneKind.DIAL: "announcement",
    ToneKind.BEEP: "machine",
}
_KEYS_ALONE_MS = 2_500
LEAST_SPOKEN_S = 0.095  # nobody says hello in less: a click, a cough


class Detector:
    """One call. Feed it every frame from the answer on.

    `verdict`: what it decided first; `revised`: what it said instead later. `machine`: the probability at the
    last look, -1 before anybody has spoken.
    """

    def __init__(self, params: Params | None = None, network: Network | None = None) -> None:
        self._params = params or Params()
        self._network = network or standard()
        self._listening = Listening(self._params.tones, self._network)
        self._at_ms = 0
        self._key_ms = -1  # when the last key was heard
        self._progress = False
        self._talk_ms = self._hush_ms = 0  # of the monologue after "person"
        self.machine = -1.0
        self.verdict: Verdict | None = None
        self.revised: Verdict | None = None

    @property
    def level_dbfs(self) -> float:
        """Of the frame just heard."""
        return self._listening.level_dbfs

    @property
    def in_tone(self) -> bool:
        """Does the frame just heard belong to a tone?"""
        return self._listening.tones.in_tone

    @property
    def speech(self) -> list[tuple[int, int]]:
        """Stretches of speech as known at the last look: frames, begin and end."""
        speech = self._listening.speech
        return list(zip(speech.begins, speech.ends, strict=True)) if speech is not None else []

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
        (told,) = hear([self], frames_of([pcm]))
        if isinstance(told, Exception):
            raise told
        return told

    def _tell(self, pcm: bytes) -> tuple[Heard, ...]:
        """What is to be said of the frame that was just listened to."""
        self._at_ms += FRAME_MS
        tone, verdict = self._listening.tone, self.verdict
        if tone is None:
            if verdict is None and not self._listening.looked and not self._is_timed:
                return ()
            if verdict is not None and verdict.what != "person":
                return ()
        told = self._of_tone(tone) if tone is not None else []
        if self.verdict is None:
            verdict = self._by_network() if self._listening.looked else None
            verdict = verdict or self._by_clock()
            return (*told, verdict) if verdict is not None else tuple(told)
        if self.verdict.what == "person" and self.revised is None and not told and self._monologue(pcm):
            told.append(self._revise("it goes on talking"))
        return tuple(told)

    def _of_tone(self, tone: Tone) -> list[Heard]:
        told = list[Heard]()
        if tone.kind is ToneKind.BEEP:
            told.append(Beep(tone.began_ms, tone.hz, self._at_ms, tone.ended_ms))
        elif tone.kind is ToneKind.KEY:
            self._key_ms = self._at_ms
        elif tone.kind is ToneKind.PROGRESS:
            self._progress = True
        if tone.kind not in _OF_TONE:
            return told
        if self.verdict is None:
            what = _OF_TONE[tone.kind] if self._params.answered else "announcement"
            told.append(self._decide(what, tone.kind.value, tone.hz, tone.name))
        elif told and self.verdict.what == "person" and self.revised is None:
            told.append(self._revise("beep", tone.hz))
        return told

    def _by_network(self) -> Verdict | None:
        features, logit = self._listening.told, self._listening.logit
        if features is None or logit is None:
            self.machine = -1.0
            return None
        self.machine = 1.0 / (1.0 + exp(-max(-30.0, min(30.0, logit))))
        params = self._params
        what = decide(logit, float(features[_SINCE]), float(features[_QUIET]), params.costs, params.lines)
        if what is None or (what == "person" and features[_VOICED] < LEAST_SPOKEN_S):
            return None
        if not params.answered:
            return self._decide("announcement", "somebody speaks before the answer")
        paused = float(features[_QUIET]) >= LEAST_PAUSE_S
        why = "a greeting, then a pause" if what == "person" and paused else f"it sounds like a {what}"
        return self._decide(what, why)

    @property
    def _is_timed(self) -> bool:
        """May the clock alone decide?"""
        return self._params.deadline_ms > 0 or self._key_ms >= 0

    def _by_clock(self) -> Verdict | None:
        """Keys and no voice; or the deadline."""
        speech = self._listening.speech
        silent = not (self._listening.spoken and speech is not None and speech.begins)
        if silent and 0 <= self._key_ms <= self._at_ms - _KEYS_ALONE_MS:
            return self._decide("machine", ToneKind.KEY.value)
        if not self._params.deadline_ms or self._at_ms < self._params.deadline_ms:
            return None
        if not silent:
            if self._key_ms >= 0:
                return self._decide("machine", ToneKind.KEY.value)
            logit, params = self._listening.logit, self._params
            if logit is not None and likelier_machine(logit, params.costs, params.lines):
                return self._decide("machine", "the likelier at the deadline")
            return self._decide("unsure", "undecided at the deadline")
        if self._progress:
            return self._decide("announcement", ToneKind.RINGBACK.value)
        return self._decide("silence", "nobody spoke")

    def _monologue(self, pcm: bytes) -> bool:
        params, verdict = self._params, self.verdict
        if verdict is None or self._at_ms > verdict.at_ms + params.revise_ms:
            return False
        if self._listening.is_speech(pcm):
            self._talk_ms += FRAME_MS
            self._hush_ms = 0
        else:
            self._hush_ms += FRAME_MS
            if self._hush_ms >= params.pause_ms:
                self._talk_ms = 0
        return self._talk_ms >= params.monologue_ms

    def _decide(self, what: str, why: str, hz: float = 0.0, name: str = "") -> Verdict:
        told, speech = self._listening.told, self._listening.speech
        spoken = told is not None and speech is not None
        speech_ms = speech.begins[0] * FRAME_MS if spoken and speech is not None else -1
        paused = spoken and told is not None and float(told[_QUIET]) > 0.1
        self.verdict = Verdict(
            what,
            f"{why} ({name})" if name else why,
            self._at_ms,
            speech_ms,
            round(float(told[_VOICED]) * 1000) if told is not None else 0,
            hz,
            speech.ends[-1] * FRAME_MS if paused and speech is not None else -1,
            self.machine,
            self._network.version if self.machine >= 0.0 else "",
            {name: round(float(value), 3) for name, value in zip(NAMES, told, strict=True)}
            if told is not None
            else {},
        )
        self._listening.rest()
        return self.verdict

    def _revise(self, why: str, hz: float = 0.0) -> Verdict:
        self.revised = Verdict("machine", why, self._at_ms, hz=hz, revises="person")
        return self.revised


def hear(detectors: Sequence[Detector], frames: Sequence[Frame]) -> list[tuple[Heard, ...] | Exception]:
    """One frame of each of many calls: what each says to it, or what went wrong with it alone.

    Costs far less than one after the other, and says the same: log-odds differ by the rounding of sums.
    """
    listen([detector._listening for detector in detectors], frames)
    told = list[tuple[Heard, ...] | Exception]()
    for detector, frame in zip(detectors, frames, strict=True):
        try:
            told.append(detector._listening.broken or detector._tell(frame.pcm))
        except Exception as error:
            told.append(error)
    return told
