"""What is listened for on one call: the network before the answer, who picked up after it.

Sound in, lines out: what the engine is told, without the names of fork and attempt. Events: `announcement`,
`verdict`, `revised` (takes the verdict before back), `likely` (a person is, before the verdict), `beep` (said
when it begins and when it is over).
"""

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engine.amd.audio import Framer
from engine.amd.classifier import Detector
from engine.amd.classifier import hear as hear_answered
from engine.amd.early import Announced, EarlyEar
from engine.amd.frames import Frame, frames_of
from engine.amd.heard import Beep, Heard
from engine.media.tape import Tape

Line = dict[str, Any]
LIKELY_PERSON = 0.2  # probability of a machine at which somebody may be joined before the verdict


class Ear:
    """One call. `early`: it rings still; None: it was answered already. `tape`: keeps its sound, if given.
    `likely`: tell it when a person is. `waiting`: frames that arrived and were not heard yet."""

    def __init__(
        self,
        detector: Callable[[], Detector],
        early: EarlyEar | None = None,
        tape: Tape | None = None,
        likely: bool = False,
    ) -> None:
        self._make, self._tape = detector, tape
        self.early, self.likely = early, likely
        self.detector: Detector | None = None if early else detector()
        self._framer = Framer()
        self.waiting: deque[bytes] = deque()

    def answered(self) -> None:
        """From here on it is the callee whom we hear. Twice is once."""
        if self.detector is None:
            self.early, self.detector, self._framer = None, self._make(), Framer()
            self.waiting.clear()

    def add(self, pcm: bytes) -> bool:
        """Sound arrived. True: now there is something to hear, and there was not before."""
        if self._tape is not None and self.detector is not None:
            self._tape.add(pcm)
        nothing = not self.waiting
        self.waiting += self._framer.push(pcm)
        return nothing and bool(self.waiting)

    def lines_of(self, told: Sequence[Heard]) -> list[Line]:
        """What the engine is told of what the detector says, usually nothing."""
        lines = [line_of(one) for one in told]
        if self.likely and self.detector is not None:
            lines += self._is_likely(self.detector)
        return lines

    def _is_likely(self, detector: Detector) -> list[Line]:
        """Once, before the verdict, when so little speaks for a machine."""
        if detector.verdict is not None:
            self.likely = False
        elif 0.0 <= detector.machine <= LIKELY_PERSON:
            self.likely = False
            return [{"event": "likely", "machine": round(detector.machine, 4)}]
        return []

    def close(self) -> Path | None:
        """The end. Where the sound was kept, if it was."""
        return self._tape.close() if self._tape is not None else None


def line_of(heard: Heard) -> Line:
    if isinstance(heard, Beep):
        times = {"began_ms": heard.began_ms, "ended_ms": heard.ended_ms, "at_ms": heard.at_ms}
        return {"event": "beep", "hz": heard.hz} | times
    event = "revised" if heard.revises else "verdict"
    return {"event": event, "verdict": heard.what, "at_ms": heard.at_ms, "details": heard.details()}


def line_of_network(one: Announced) -> Line:
    details = {"why": one.why, "name": one.name, "score": one.score}
    return {"event": "announcement", "means": one.means, "at_ms": one.at_ms, "details": details}


def hear(ears: Sequence[Ear]) -> list[list[Line] | Exception]:
    """The first frame that waits with each, all together: what is to be said of each, or what went wrong with
    it alone."""
    frames = frames_of([ear.waiting.popleft() for ear in ears])
    said: list[list[Line] | Exception] = [[]] * len(ears)
    detectors, theirs = list[Detector](), list[int]()
    for number, ear in enumerate(ears):
        if ear.detector is not None:
            detectors.append(ear.detector)
            theirs.append(number)
        elif ear.early is not None:
            said[number] = _hear_early(ear.early, frames[number])
    all_told = hear_answered(detectors, [frames[number] for number in theirs])
    for number, told in zip(theirs, all_told, strict=True):
        if told or ears[number].likely:
            said[number] = told if isinstance(told, Exception) else ears[number].lines_of(told)
    return said


def _hear_early(early: EarlyEar, frame: Frame) -> list[Line] | Exception:
    try:
        announced = early.hear(frame)
    except Exception as error:
        return error
    return [line_of_network(announced)] if announced is not None else []
