"""The detector as evaluators of labelled openings want it: a word when it decides, 'beep' with its pitch."""

from engine.amd.classifier import Detector, Params
from engine.amd.heard import Beep, Verdict

DEADLINE_MS = 6_000
_TONES = ("busy", "ringback", "dial")


def label_of(verdict: Verdict) -> str:
    """In the words of the corpus. Undecided at the deadline is a person: the engine connects them."""
    first = verdict.why.split(" ")[0]
    if first in _TONES:
        return "tone"
    if first in ("sit", "dtmf"):
        return first
    return {"person": "human", "unsure": "human"}.get(verdict.what, verdict.what)


class Adapter:
    """`feed(pcm)`: None, or a list of labels (human, machine, fax, sit, tone, silence) and ('beep', hz)."""

    def __init__(self) -> None:
        self._detector = Detector(Params(deadline_ms=DEADLINE_MS))

    def feed(self, pcm: bytes) -> list[str | tuple[str, float]] | None:
        told = list[str | tuple[str, float]]()
        for one in self._detector.listen(pcm):
            if isinstance(one, Beep):
                if one.ended_ms < 0 or not self._sounding:
                    told.append(("beep", one.hz))
                self._sounding = one.ended_ms < 0
            elif not one.revises:
                told.append(label_of(one))
        return told or None

    _sounding = False


factory = Adapter
