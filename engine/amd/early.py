"""What is heard before an answer: the network's announcements and tones, or just ringing. Pure.

ring-back … ring-back            nothing is said: it rings
"abonent jest poza zasięgiem …"  known by its fingerprint: what the recording was said to mean
♪♪♪ "the number you …"           special information tones: an announcement, and its fingerprint may tell more
▮▮▮▮ tone, quick or slow          congestion or busy
"""

from dataclasses import dataclass

import numpy as np

from engine.amd.audio import FRAME_MS
from engine.amd.fingerprint import Book, Match, Matcher
from engine.amd.frames import Frame, frames_of
from engine.amd.tones import ToneKind
from engine.amd.tracker import ToneTracker
from engine.domain.announcement import ends_the_call

SIT_MEANS = {"vacant": "dead_number", "reorder": "congestion", "no circuit": "congestion"}
"""What the three tones say by themselves (GR-1162), where no known words follow."""
QUICK_MS = 300  # a busy tone no longer than this is the congestion tone (ITU-T E.180: 0.2 to 0.3 s)
WORDS_AFTER_SIT_MS = 6_000  # so long the words after the information tones may tell more than the tones


@dataclass(frozen=True, slots=True)
class Announced:
    """`means`: one of domain.announcement.MEANINGS. `why`: fingerprint, sit, tone. `name`: the recording, or
    "". `at_ms`: since the first frame. `score`: of the match, 0 for tones."""

    means: str
    why: str
    at_ms: int
    name: str = ""
    score: float = 0.0


class EarlyEar:
    """One call that rings. Says at most one thing that ends the call, and each music it knows once."""

    def __init__(self, book: Book) -> None:
        self._matcher = Matcher(book)
        self._tones = ToneTracker()
        self._at_ms = 0
        self._sit_at_ms, self._sit = 0, ""
        self._music: set[str] = set()
        self.over = False

    def feed(self, pcm: bytes) -> Announced | None:
        """One frame of 320 bytes. ValueError: it is not a whole frame."""
        (frame,) = frames_of([pcm])
        return self.hear(frame)

    def hear(self, frame: Frame) -> Announced | None:
        """One frame."""
        if self.over:
            return None
        self._at_ms += FRAME_MS
        tone = self._tones.push(frame.level_dbfs, frame.peaks)
        match = self._matcher.push(np.frombuffer(frame.pcm, "<i2").astype(np.float32))
        if match is not None:
            return self._matched(match)
        if tone is not None and tone.kind is ToneKind.BUSY:
            lasted_ms = tone.ended_ms - tone.began_ms
            return self._end("congestion" if lasted_ms <= QUICK_MS else "busy", "tone")
        if tone is not None and tone.kind is ToneKind.SIT:
            self._sit_at_ms, self._sit = self._at_ms, tone.name
        if self._sit_at_ms and self._at_ms - self._sit_at_ms >= WORDS_AFTER_SIT_MS:
            return self._end(SIT_MEANS.get(self._sit, "announcement"), "sit", self._sit)
        return None

    def _matched(self, match: Match) -> Announced | None:
        if ends_the_call(match.means):
            return self._end(match.means, "fingerprint", match.name, match.score)
        if match.name in self._music:
            return None
        self._music.add(match.name)
        return Announced(match.means, "fingerprint", self._at_ms, match.name, match.score)

    def _end(self, means: str, why: str, name: str = "", score: float = 0.0) -> Announced:
        self.over = True
        return Announced(means, why, self._at_ms, name, score)
