"""The errors of the detector on labelled call openings: accuracy, confusion, delays, beeps, with intervals.

A corpus is a folder with `labels.csv` and sounds in `g711/` (bare payload) or `wav/`. Columns that are read:
file, label, subtype, lang, source, engine, speech_start_s, greeting_end_s, beep_s, beep_end_s. Openings just
written by `openings.py` are measured by the same code.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np

from engine.amd.audio import FRAME_BYTES
from engine.amd.classifier import Detector
from engine.amd.heard import Beep, Verdict
from engine.domain.errors import ConfigError

NO_PERSON = ("machine", "announcement", "sit", "fax", "tone", "dtmf")
_TONES = ("busy", "ringback", "dial")
_LATE_S = 1.0  # a beep may be told so long after its end
_NEAR_S = 0.12


@dataclass(frozen=True, slots=True)
class Case:
    """One opening and what is true of it. Times in seconds from the answer, None for never."""

    label: str
    subtype: str
    lang: str
    source: str
    pcm: bytes
    speech_start_s: float | None = None
    greeting_end_s: float | None = None
    beep_s: float | None = None
    beep_end_s: float | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the detector said of a case.

    `what`: a label, or "undecided". `at_s`: when; the deadline if never. `beeps_s`: when beeps were told,
    `ends_s`: when their ends. `machine`: the probability it said, or -1.
    """

    case: Case
    what: str
    at_s: float
    beeps_s: tuple[float, ...] = ()
    ends_s: tuple[float, ...] = ()
    machine: float = -1.0
    revised_s: float | None = None


def label_of(verdict: Verdict) -> str:
    """In the words of a corpus. Undecided at the deadline is a person: the engine connects them."""
    first = verdict.why.split(" ")[0]
    if first in _TONES:
        return "tone"
    if first in ("sit", "dtmf"):
        return first
    return {"person": "human", "unsure": "human"}.get(verdict.what, verdict.what)


def read_corpus(folder: Path, read: Callable[[Path], bytes]) -> Iterator[Case]:
    """ConfigError: no labels, or a sound is missing."""
    labels = folder / "labels.csv"
    try:
        lines = labels.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        fix = "A corpus is a folder with labels.csv and sounds in g711/ or wav/."
        raise ConfigError(f"no corpus here: {error.strerror}", str(labels), fix) from error
    for number, row in enumerate(csv.DictReader(lines), 2):
        name = row.get("file") or ""
        found = next(
            (path for path in (folder / "g711" / name, folder / "wav" / name) if path.is_file()), None
        )
        if found is None:
            raise ConfigError(f"there is no sound '{name}'", f"{labels}:{number}", "Put it in g711/ or wav/.")
        yield Case(
            row["label"],
            row.get("subtype") or "",
            row.get("lang") or "",
            row.get("source") or "",
            read(found),
            _seconds(row.get("speech_start_s")),
            _seconds(row.get("greeting_end_s")),
            _seconds(row.get("beep_s")),
            _seconds(row.get("beep_end_s")),
            name,
        )


def _seconds(text: str | None) -> float | None:
    return float(text) if text else None


def run(case: Case, detector: Detector, deadline_s: float) -> Outcome:
    """Feed it all, also after the verdict."""
    what, at_s, machine, revised_s = "undecided", deadline_s, -1.0, None
    began, beeps, ends = set[int](), list[float](), list[float]()
    for at in range(0, len(case.pcm) - FRAME_BYTES + 1, FRAME_BYTES):
        now_s = (at + FRAME_BYTES) / 16_000
        for told in detector.listen(case.pcm[at : at + FRAME_BYTES]):
            if isinstance(told, Beep):
                if told.began_ms not in began:
                    began.add(told.began_ms)
                    beeps.append(now_s)
                if told.ended_ms >= 0:
                    ends.append(now_s)
            elif told.revises:
                revised_s = now_s
            elif now_s <= deadline_s + 1e-6:
                what, at_s, machine = label_of(told), now_s, told.machine
    return Outcome(case, what, at_s, tuple(beeps), tuple(ends), machine, revised_s)


def wilson(wrong: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927), in percent."""
    if not of:
        return 0.0, 100.0
    p, under = wrong / of, 1 + z * z / of
    middle, half = p + z * z / 2 / of, z * sqrt(p * (1 - p) / of + z * z / 4 / of / of)
    return round(100 * (middle - half) / under, 2), round(100 * (middle + half) / under, 2)


@dataclass(slots=True)
class Share:
    """So many of so many."""

    count: int = 0
    of: int = 0

    def add(self, yes: bool) -> None:
        self.of += 1
        self.count += yes

    def told(self) -> dict[str, Any]:
        percent = round(100 * self.count / self.of, 2) if self.of else None
        return {
            "count": self.count,
            "of": self.of,
            "percent": percent,
            "wilson95": wilson(self.count, self.of),
        }


@dataclass(slots=True)
class Tally:
    """All outcomes, counted as they come."""

    accuracy: Share = field(default_factory=Share)
    people_lost: Share = field(default_factory=Share)
    machines_passed: Share = field(default_factory=Share)
    undecided: Share = field(default_factory=Share)
    others_right: Share = field(default_factory=Share)
    others_no_person: Share = field(default_factory=Share)
    beeps_found: Share = field(default_factory=Share)
    beeps_in_time: Share = field(default_factory=Share)
    beeps_ended_in_time: Share = field(default_factory=Share)
    beeps_too_early: Share = field(default_factory=Share)
    beeps_on_people: Share = field(default_factory=Share)
    revised_rightly: Share = field(default_factory=Share)
    revised_wrongly: Share = field(default_factory=Share)
    confusion: dict[str, Counter[str]] = field(default_factory=dict)
    parts: dict[str, Share] = field(default_factory=dict)
    people_after_greeting_s: list[float] = field(default_factory=list)
    machines_after_speech_s: list[float] = field(default_factory=list)
    at_s: dict[str, list[float]] = field(default_factory=lambda: {"human": [], "machine": []})
    said: list[tuple[float, bool]] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        case = outcome.case
        self.confusion.setdefault(case.label, Counter())[outcome.what] += 1
        no_person = outcome.what in NO_PERSON
        if case.label in ("human", "machine"):
            right = outcome.what == "human" if case.label == "human" else no_person
            self.accuracy.add(right)
            self.undecided.add(outcome.what in ("undecided", "silence"))
            for part in (f"{case.label}/{case.subtype}", f"lang {case.lang}", _voices(case)):
                self.parts.setdefault(part, Share()).add(right)
            self.at_s[case.label].append(outcome.at_s)
            if outcome.machine >= 0.0:
                self.said.append((outcome.machine, case.label == "machine"))
        elif case.label != "silence":
            self.others_right.add(outcome.what == case.label or (case.label == "dtmf" and no_person))
            self.others_no_person.add(no_person)
        if case.label == "human":
            self.people_lost.add(no_person)
            self.beeps_on_people.add(bool(outcome.beeps_s))
            if outcome.what == "human":
                self.revised_wrongly.add(outcome.revised_s is not None)
            if case.greeting_end_s is not None:
                self.people_after_greeting_s.append(outcome.at_s - case.greeting_end_s)
        if case.label == "machine":
            self.machines_passed.add(outcome.what == "human")
            if outcome.what == "human":
                self.revised_rightly.add(outcome.revised_s is not None)
            if case.speech_start_s is not None:
                self.machines_after_speech_s.append(outcome.at_s - case.speech_start_s)
        if case.beep_s is not None and case.beep_end_s is not None:
            begin, end = case.beep_s, case.beep_end_s
            self.beeps_found.add(any(begin <= at <= end + _LATE_S for at in outcome.beeps_s))
            self.beeps_in_time.add(any(abs(at - begin) <= _NEAR_S for at in outcome.beeps_s))
            self.beeps_ended_in_time.add(any(abs(at - end) <= _NEAR_S for at in outcome.ends_s))
            self.beeps_too_early.add(any(at < begin for at in outcome.beeps_s))

    def report(self) -> dict[str, Any]:
        """Ready for JSON."""
        shares = {
            name: value.told() for name in self.__slots__ if isinstance(value := getattr(self, name), Share)
        }
        return {
            "openings": sum(sum(row.values()) for row in self.confusion.values()),
            **shares,
            "people_after_greeting_s": quantiles(self.people_after_greeting_s),
            "machines_after_speech_s": quantiles(self.machines_after_speech_s),
            "confusion": {label: dict(row) for label, row in sorted(self.confusion.items())},
            "parts": {part: share.told() for part, share in sorted(self.parts.items())},
            "decided_by": latency_curve(self.at_s),
            "calibration": calibration(self.said),
        }


def _voices(case: Case) -> str:
    return f"{case.label} by {case.source.partition(':')[0] or 'nobody'}"


def quantiles(values: list[float]) -> dict[str, float | None]:
    if not values:
        return {"median": None, "p90": None, "p95": None}
    median, p90, p95 = (round(float(value), 3) for value in np.percentile(values, [50, 90, 95]))
    return {"median": median, "p90": p90, "p95": p95}


def latency_curve(at_s: Mapping[str, list[float]]) -> list[dict[str, float]]:
    """Share of people and of machines decided by so many seconds after the answer, percent."""
    steps = [0.5 * number for number in range(1, 15)]
    return [
        {"at_s": step}
        | {
            label: round(100 * sum(at <= step for at in all_) / len(all_), 1)
            for label, all_ in at_s.items()
            if all_
        }
        for step in steps
    ]


def calibration(said: list[tuple[float, bool]]) -> list[dict[str, float]]:
    """Where the detector said so much, how many were machines: by tenths, at the moment of the decision."""
    found = list[dict[str, float]]()
    for tenth in range(10):
        inside = [(p, truth) for p, truth in said if tenth <= min(9.999, p * 10) < tenth + 1]
        if inside:
            mean = sum(p for p, _ in inside) / len(inside)
            share = sum(truth for _, truth in inside) / len(inside)
            found.append({"said": round(mean, 3), "were": round(share, 3), "openings": len(inside)})
    return found


def measure(
    cases: Iterable[Case], make: Callable[[], Detector], deadline_s: float
) -> tuple[Tally, list[Outcome]]:
    """Every case through a fresh detector. The outcomes come without their sound."""
    tally, outcomes = Tally(), list[Outcome]()
    for case in cases:
        outcome = run(case, make(), deadline_s)
        tally.add(outcome)
        outcomes.append(outcome)
    return tally, outcomes
