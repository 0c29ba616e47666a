"""All calls that are heard, by fork or by file, and what the engine asks about them."""

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.amd.audio import Law
from engine.amd.classifier import Detector, Params
from engine.amd.decision import STANDARD_RATIO, Costs
from engine.amd.early import EarlyEar
from engine.media.ear import Ear, Line, hear
from engine.media.fork import Fork
from engine.media.shelf import Shelf
from engine.media.tap import Tap
from engine.media.tape import Writer

log = logging.getLogger("prozvon.media")

MOST_ANSWERS = 10_000  # answers told of calls whose forks have not come yet


@dataclass(frozen=True, slots=True)
class Folders:
    """Of the known announcements, of the sound kept as evidence, of the files that the switch writes calls
    into; None: without."""

    fingerprints: Path | None = None
    evidence: Path | None = None
    taps: Path | None = None


def standard_detector(cost: float) -> Detector:
    """`cost`: how many machines passed on are as bad as one person lost."""
    return Detector(Params(costs=Costs(lost_person=cost)))


def cost_of(wanted: list[str]) -> float:
    """From a word like `cost=20`; the standard one where there is none, or nonsense."""
    told = next((word.removeprefix("cost=") for word in wanted if word.startswith("cost=")), "")
    try:
        return min(1_000.0, max(1.0, float(told)))
    except ValueError:
        return STANDARD_RATIO


class Ears:
    """`say`: a line to the engine. `taps`: calls heard by file, by fork id; forks are the listener's own."""

    def __init__(
        self, folders: Folders, detector: Callable[[float], Detector], say: Callable[[Line], None]
    ) -> None:
        self._detector, self._tell, self._folder = detector, say, folders.taps
        self._shelf = Shelf(folders.fingerprints)
        self._writer = Writer(folders.evidence) if folders.evidence else None
        self._answered: dict[str, None] = {}
        self._ears: dict[str, Ear] = {}
        self.taps: dict[str, Tap] = {}
        self._arrived: list[Fork | Tap] = []  # with something to hear, in turn
        self.counts: dict[str, int] = {}

    def open(self, fork_id: str, attempt_id: str, wanted: list[str]) -> Ear:
        """`wanted`: `early`, it rings still; `keep`, its sound is evidence; `likely`, tell it when a person
        is. Its answer may have been told
        already, while the fork was on its way."""
        tape = self._writer.tape(attempt_id) if self._writer and "keep" in wanted else None
        cost = cost_of(wanted)
        rings = "early" in wanted and fork_id not in self._answered
        early = EarlyEar(self._shelf.book(time.monotonic())) if rings else None
        self._answered.pop(fork_id, None)
        ear = self._ears[fork_id] = Ear(lambda: self._detector(cost), early, tape, "likely" in wanted)
        return ear

    def add(self, call: Fork | Tap, pcm: bytes) -> None:
        """Sound of one call; it is heard at the end of the turn, with that of the others."""
        if pcm and call.ear.add(pcm):
            self._arrived.append(call)

    def hear(self) -> None:
        """All that has arrived: a frame of every call, and as long as there are more, another one. One broken
        call must not silence the others; it is told loudly."""
        calls, self._arrived = self._arrived, []
        while calls:
            for call, said in zip(calls, self._heard(calls), strict=True):
                if isinstance(said, Exception):
                    self._fail(said)
                elif said:
                    self._say(call, said)
            calls = [call for call in calls if call.ear.waiting]

    def _heard(self, calls: list[Fork | Tap]) -> list[list[Line] | Exception]:
        try:
            return hear([call.ear for call in calls])
        except Exception as error:  # of none of them alone: this frame of all is lost
            self._fail(error)
            return [[]] * len(calls)

    def _fail(self, error: Exception) -> None:
        self.count("failures")
        log.error("listening failed", exc_info=error)

    def _say(self, call: Fork | Tap, lines: list[Line]) -> None:
        for line in lines:
            self.count(str(line.get("verdict", line["event"])))
            self._tell({"fork_id": call.fork_id, "attempt_id": call.attempt_id} | line)

    def tick(self, now_s: float) -> None:
        for tap in list(self.taps.values()):
            self.add(tap, tap.tick(now_s))
            if tap.is_silent(now_s):
                self._close_tap(tap, "silent")

    def close(self) -> None:
        for tap in list(self.taps.values()):
            self._close_tap(tap, "stopped")
        if self._writer is not None:
            self._writer.finish(2.0)

    def ended(self, call: Fork | Tap, why: str) -> None:
        self.hear()  # its last word
        self._ears.pop(call.fork_id, None)
        kept = call.ear.close()
        self.count(why)
        line = {"event": "ended", "fork_id": call.fork_id, "attempt_id": call.attempt_id, "why": why}
        self._tell(line | call.counts() | ({"kept": str(kept)} if kept else {}))

    # --- commands of the engine ----------------------------------------------------------------------

    def command(self, command: dict[str, Any]) -> None:
        """`answered`: the call of this fork was. `tap`: hear a file. `close`: hear it no more."""
        self.hear()  # what came before it
        what, fork_id = command.get("do"), str(command.get("fork_id", ""))
        if what == "answered":
            ear = self._ears.get(fork_id)
            if ear is not None:
                ear.answered()
            else:
                self._answered[fork_id] = None
                if len(self._answered) > MOST_ANSWERS:
                    del self._answered[next(iter(self._answered))]
        elif what == "tap" and fork_id not in self._ears:
            self._tap(fork_id, command)
        elif what == "close" and fork_id in self.taps:
            self._close_tap(self.taps[fork_id], "ended")
        else:
            self.count("strange_commands")

    def _tap(self, fork_id: str, command: dict[str, Any]) -> None:
        """Only files of our folder, and by a plain name: whoever speaks to us cannot have others read."""
        name, law = str(command.get("name", "")), str(command.get("law", ""))
        if self._folder is None or law not in Law.__members__ or not re.fullmatch(r"[\w-]{1,64}", name):
            self.count("strange_commands")
            return
        attempt_id = str(command.get("attempt_id", ""))
        ear = self.open(fork_id, attempt_id, str(command.get("listen", "")).split())
        path, now_s = str(self._folder / name), time.monotonic()
        self.taps[fork_id] = Tap(fork_id, attempt_id, path, Law[law], ear, now_s)
        self.count("taken")

    def _close_tap(self, tap: Tap, why: str) -> None:
        if self.taps.pop(tap.fork_id, None) is not None:
            tap.close()
            self.ended(tap, why)

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1
