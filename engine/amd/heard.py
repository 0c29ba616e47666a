"""What the detector says: verdicts, which may be taken back, and beeps. Times count from the first frame."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who picked up.

    `what`: person, machine, fax, announcement; with a deadline of the detector's own also unsure (somebody
    spoke) and silence (nobody did).
    `why`: the tone that decided (ced, cng, sit, busy, ringback, beep), or the rule in words.
    `at_ms`: when it was said. `speech_ms`, `greeting_ms`: when speech began and when the greeting ended, -1
    for not yet. `voiced_ms`: speech until the decision. `hz`: the tone's frequency, 0 for none.
    `machine`: calibrated probability 0..1 that it is no person, -1 where a tone decided. `model`: the version
    of the weights. `features`: what the model was told, by name, in its units.
    `revises`: the verdict that this one takes back, empty for the first.
    """

    what: str
    why: str
    at_ms: int
    speech_ms: int = -1
    voiced_ms: int = 0
    hz: float = 0.0
    greeting_ms: int = -1
    machine: float = -1.0
    model: str = ""
    features: Mapping[str, float] = field(default_factory=dict)
    revises: str = ""

    def details(self) -> dict[str, Any]:
        """What is kept beside the verdict as evidence: plain values, ready for JSON."""
        found: dict[str, Any] = {"why": self.why, "speech_ms": self.speech_ms, "voiced_ms": self.voiced_ms}
        if self.hz:
            found["hz"] = self.hz
        if self.greeting_ms >= 0:
            found["greeting_ms"] = self.greeting_ms
        if self.machine >= 0.0:
            found |= {"machine": round(self.machine, 4), "model": self.model, "features": dict(self.features)}
        if self.revises:
            found["revises"] = self.revises
        return found


@dataclass(frozen=True, slots=True)
class Beep:
    """The tone after which a machine records. `at_ms`: when it was said.

    Said twice: when it is recognised (`ended_ms` is -1) and when it is over.
    """

    began_ms: int
    hz: float
    at_ms: int
    ended_ms: int = -1


Heard = Verdict | Beep
