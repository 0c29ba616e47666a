"""What would have been decided on openings of voices held out, by log-odds that a network said at every look;
and the lines that decide best there.

The engine's own rule (`decide`) for thousands of openings at once: the same looks, in order, beeps first.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.amd.classifier import LEAST_SPOKEN_S
from engine.amd.decision import LEAST_PAUSE_S, LINES, Lines
from engine.amd.features import NAMES
from engine.amd.hearing import Floats
from engine.amd.listening import FIRST, PAUSE
from engine.training.measure import quantiles, wilson
from engine.training.rows import BLOCK_S, BLOCKS, Rows

DEADLINE_S = 6.0
_SINCE, _QUIET, _VOICED = NAMES.index("since_s"), NAMES.index("quiet_s"), NAMES.index("voiced_s")
_FRAME_S = 0.02
_NEVER = 1e9

Flags = npt.NDArray[np.bool_]
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Prices:
    """What is weighed when lines are fitted: an error on a person and on a machine; a second of a person's
    wait after the greeting and of a machine's since it speaks; a second of the median over `median_s`."""

    lost: float = 10.0
    passed: float = 1.0
    person_s: float = 0.1
    machine_s: float = 0.05
    median: float = 0.0
    median_s: float = 0.6


class Trial:
    """Openings of people and machines, and what was said of them. `logits`: (openings, BLOCKS), of all
    rows."""

    def __init__(self, rows: Rows, logits: Floats) -> None:
        which = np.flatnonzero(rows.counted)
        features = rows.features[which]
        self.person = rows.machine[which] < 0.5
        self.logits = logits[which]
        self._since, self._quiet = features[:, :, _SINCE], features[:, :, _QUIET]
        self._beep_s = np.minimum(rows.beep_s[which], _NEVER)
        self._start_s, self._end_s = rows.start_s[which], rows.end_s[which]
        self._at_s = np.arange(1, BLOCKS + 1) * BLOCK_S
        paused = self._quiet > (PAUSE - 0.5) * _FRAME_S
        late = (self._since > (FIRST - 0.5) * _FRAME_S) & (np.arange(1, BLOCKS + 1) % 2 == 0)
        spoken = features[:, :, _VOICED] > 0.0
        self._looks = spoken & (paused | late) & (self._at_s < self._beep_s[:, None])
        self._looks &= self._at_s <= DEADLINE_S + 1e-6
        self._paused, self._spoke = self._quiet >= LEAST_PAUSE_S, features[:, :, _VOICED] >= LEAST_SPOKEN_S
        self._spoken = self._looks.any(axis=1)
        last = BLOCKS - 1 - self._looks[:, ::-1].argmax(axis=1)
        self._last = np.where(self._spoken, self.logits[np.arange(len(last)), last], -np.inf)

    def part(self, which: Flags) -> "Trial":
        """Some of the openings."""
        other = object.__new__(Trial)
        for name, value in vars(self).items():
            setattr(other, name, value if name == "_at_s" else value[which])
        return other

    def decide(self, lines: Lines = LINES, shift: float = 0.0) -> tuple[Flags, Floats]:
        """(was it called a machine, when) for each opening; undecided at the deadline is a person, if anybody
        spoke. `shift`: of both lines, as other costs have it."""
        asked = _along(lines.person, self._quiet) + shift
        enough = _along(lines.machine, self._since) + shift
        machine = self._looks & (self.logits >= enough)
        person = self._paused & (self.logits <= asked)
        person |= self.logits <= _along(lines.surely, self._since) + shift
        told = machine | (self._looks & self._spoke & person)
        first, every = told.argmax(axis=1), np.arange(len(told))
        decided = told.any(axis=1)
        beeped = self._beep_s <= DEADLINE_S
        at_last = beeped | (self._last >= lines.deadline + shift)
        at_s = np.where(decided, self._at_s[first], np.minimum(self._beep_s, DEADLINE_S))
        return np.where(decided, machine[every, first], at_last), at_s.astype(np.float32)

    def report(self, lines: Lines = LINES, shift: float = 0.0) -> dict[str, Any]:
        """Shares in percent with Wilson's intervals, delays in seconds."""
        machine, at_s = self.decide(lines, shift)
        people, machines = int(self.person.sum()), int((~self.person).sum())
        called_person = ~machine & self._spoken
        lost, passed = int((machine & self.person).sum()), int((called_person & ~self.person).sum())
        right = int((called_person & self.person).sum() + (machine & ~self.person).sum())
        after, since = self._waits(at_s)
        return {
            "right": _share(right, people + machines),
            "people_lost": _share(lost, people),
            "machines_passed": _share(passed, machines),
            "person_after_greeting_s": quantiles(after.tolist()),
            "machine_after_speech_s": quantiles(since.tolist()),
        }

    def price(self, lines: Lines, prices: Prices) -> float:
        """Of one person and one machine."""
        machine, at_s = self.decide(lines)
        after, since = self._waits(at_s)
        price = prices.lost * float(machine[self.person].mean())
        price += prices.passed * float((~machine & self._spoken)[~self.person].mean())
        price += prices.person_s * float(after.mean()) + prices.machine_s * float(since.mean())
        return price + prices.median * max(0.0, float(np.median(after)) - prices.median_s)

    def _waits(self, at_s: Floats) -> tuple[Floats, Floats]:
        after, since = (at_s - self._end_s)[self.person], (at_s - self._start_s)[~self.person]
        return after[~np.isnan(after)], since[~np.isnan(since)]


def _along(points: Points, where: Floats) -> npt.NDArray[np.float64]:
    """The line at every place: `decision.at`."""
    return np.interp(where, [x for x, _ in points], [y for _, y in points])


def _share(count: int, of: int) -> dict[str, Any]:
    percent = round(100 * count / of, 2) if of else None
    return {"count": count, "of": of, "percent": percent, "wilson95": wilson(count, of)}


def fit_lines(trial: Trial, prices: Prices, tries: int = 600, seed: int = 1, begin: Lines = LINES) -> Lines:
    """The lines of the least price: steps in the dark from `begin`, each kept if it costs less. Lines for a
    person only rise, with the pause and with the time; the one for a machine only falls."""
    dice = np.random.default_rng(seed)
    best, least = begin, trial.price(begin, prices)
    for number in range(tries):
        wide = 0.6 if number < tries // 2 else 0.25
        moved = dice.normal(0, wide / 2) * (dice.random() < 0.2)
        tried = Lines(
            person=_moved(best.person, dice, wide),
            machine=_moved(best.machine, dice, wide, falls=True),
            surely=_moved(best.surely, dice, wide),
            deadline=round(best.deadline + moved, 2),
        )
        price = trial.price(tried, prices)
        if price < least:
            best, least = tried, price
    return best


def _moved(points: Points, dice: np.random.Generator, wide: float, falls: bool = False) -> Points:
    values = np.array([y for _, y in points])
    values = values + dice.normal(0.0, wide, len(values)) * (dice.random(len(values)) < 0.35)
    values = np.minimum.accumulate(values) if falls else np.maximum.accumulate(values)
    return tuple((x, round(float(y), 2)) for (x, _), y in zip(points, values, strict=True))
