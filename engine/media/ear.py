"""What is listened for on one call: the network before the answer, who picked up after it.

Sound in, lines out: what the engine is told, without the names of fork and attempt. Events: `announcement`,
`verdict`, `revised` (takes the verdict before back), `likely` (a person is, before the verdict), `beep` (said
when it begins and when it is over).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.amd.audio import Framer
from engine.amd.classifier import Detector
from engine.amd.early import EarlyEar
from engine.amd.heard import Beep, Heard
from engine.media.tape import Tape

Line = dict[str, Any]
LIKELY_PERSON = 0.2  # probability of a machine at which somebody may be joined before the verdict


class Ear:
    """One call. `early`: it rings still; None: it was answered already. `tape`: keeps its sound, if given.
    `likely`: tell it when a person is."""

    def __init__(
        self,
        detector: Callable[[], Detector],
        early: EarlyEar | None = None,
        tape: Tape | None = None,
        likely: bool = False,
    ) -> None:
        self._make, self._early, self._tape, self._likely = detector, early, tape, likely
        self._detector: Detector | None = None if early else detector()
        self._framer = Framer()

    def answered(self) -> None:
        """From here on it is the callee whom we hear. Twice is once."""
        if self._detector is None:
            self._early, self._detector, self._framer = None, self._make(), Framer()

    def listen(self, pcm: bytes) -> list[Line]:
        """All that was recognised with this sound, usually nothing."""
        if self._detector is None:
            return self._listen_early(pcm)
        if self._tape is not None:
            self._tape.add(pcm)
        heard = self._detector.listen
        lines = [line_of(told) for frame in self._framer.push(pcm) for told in heard(frame)]
        return [*lines, *self._is_likely(self._detector)] if self._likely else lines

    def _is_likely(self, detector: Detector) -> list[Line]:
        """Once, before the verdict, when so little speaks for a machine."""
        if detector.verdict is not None:
            self._likely = False
        elif 0.0 <= detector.machine <= LIKELY_PERSON:
            self._likely = False
            return [{"event": "likely", "machine": round(detector.machine, 4)}]
        return []

    def _listen_early(self, pcm: bytes) -> list[Line]:
        assert self._early is not None
        told = [self._early.feed(frame) for frame in self._framer.push(pcm)]
        return [
            {"event": "announcement", "means": one.means, "at_ms": one.at_ms}
            | {"details": {"why": one.why, "name": one.name, "score": one.score}}
            for one in told
            if one is not None
        ]

    def close(self) -> Path | None:
        """The end. Where the sound was kept, if it was."""
        return self._tape.close() if self._tape is not None else None


def line_of(heard: Heard) -> Line:
    if isinstance(heard, Beep):
        times = {"began_ms": heard.began_ms, "ended_ms": heard.ended_ms, "at_ms": heard.at_ms}
        return {"event": "beep", "hz": heard.hz} | times
    event = "revised" if heard.revises else "verdict"
    return {"event": event, "verdict": heard.what, "at_ms": heard.at_ms, "details": heard.details()}
