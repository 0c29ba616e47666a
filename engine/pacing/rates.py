"""The answer probability of each class of calls now, and how sure we are of it.

It moves: with the hour, the segment of the list, the trunk. So it is a hidden quantity p(t), filtered on a
grid in log-odds: in each step of three seconds it may drift a little or, rarely, jump anywhere (the hidden
Markov model of Shiryaev's disorder problem); what is observed are cohorts. Of `n` calls that began to ring
in the same three seconds, after `age` seconds each has shown itself with probability p·F(age), F being the
distribution of the time to a live answer: y ~ Binomial(n, p·F(age)). A cohort speaks as soon as its first
calls are answered, and without the bias towards quick outcomes that counting finished calls has.

F is itself learned, from some `known` live answers, so F(age) is uncertain by (1−F)/(known·F) of its square,
and all young cohorts share that error. Of what n calls can say of log p, whose variance is 1/(n·p·F), only
1/(1 + n·p·(1−F)/known) remains: a thousand calls launched at once, silent in their third second, else prove
that nobody answers any more, when all they prove is that nobody answers so soon.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

STEP_S = 3.0
COHORTS = 14
"""Cohorts that may still change, in steps; older ones are settled."""

POINT = 0.07
ODDS = np.arange(-4.6, 3.0, POINT)
P = 1.0 / (1.0 + np.exp(-ODDS))
P2 = P * P
LOG_P = np.log(P)
LEVELS = 129
LOG_SILENT = np.log1p(-np.linspace(0.0, 0.9999, LEVELS)[:, None] * P)
"""log(1 − p·F) by F in LEVELS steps, by p."""
JUMP = STEP_S / 1_200.0
"""A jump once in twenty minutes is expected, per class."""
DRIFT = 0.004**2 * STEP_S / POINT**2
"""Drift of the log-odds: 0.004 per root second (0.24 in an hour), as a chance to move by one point."""


def _bell(middle: float, spread: float) -> Array:
    bell = np.exp(-0.5 * ((ODDS - middle) / spread) ** 2)
    return np.asarray(bell / bell.sum())


START = _bell(-0.3, 1.0)
ANYWHERE = _bell(-0.8, 1.2)
LOG_ANYWHERE, LOG_JUMP = np.log(ANYWHERE), float(np.log(JUMP))


class Rates:
    """One filter for each class. Times in seconds on the policy's clock."""

    def __init__(self, classes: int) -> None:
        self.settled = np.tile(START, (classes, 1))
        self.begun = np.zeros((classes, COHORTS))
        self.live = np.zeros((classes, COHORTS))
        self.since = np.zeros((classes, COHORTS))  # sum of the instants at which they began
        self.first_step = -COHORTS
        self.begun_at_all = False
        self.mean = np.full(classes, float(START @ P))
        self.relative = np.full(classes, 0.5)  # standard deviation of p over its mean
        self.posterior = self.settled.copy()

    def _at(self, at_s: float) -> int:
        """The cohort of this instant, or -1 when it is settled already."""
        step = int(at_s // STEP_S)
        if not self.begun_at_all:
            self.begun_at_all, self.first_step = True, step - COHORTS + 1
        if step < self.first_step:  # loaded from an earlier life, whose clock was ahead of ours
            self._settle(self.first_step + COHORTS)
            self.first_step = step - COHORTS + 1
        if step - self.first_step >= COHORTS:
            self._settle(step - COHORTS + 1)
        return step - self.first_step

    def begin(self, row: int, at_s: float) -> None:
        at = self._at(at_s)
        if at >= 0:
            self.begun[row, at] += 1.0
            self.since[row, at] += at_s

    def begin_like(self, row: int) -> None:
        """A class nobody has seen yet: half like those before it, half like anything."""
        self.settled[row] = 0.5 * self.settled[:row].mean(axis=0) + 0.5 * START

    def take_back(self, row: int, at_s: float) -> None:
        """The call that began then says nothing about its person: the trunk refused it."""
        at = int(at_s // STEP_S) - self.first_step
        if 0 <= at < COHORTS and self.begun[row, at] > 0.0:
            self.begun[row, at] -= 1.0
            self.since[row, at] -= at_s

    def answered(self, row: int, began_s: float) -> None:
        at = int(began_s // STEP_S) - self.first_step
        if 0 <= at < COHORTS:
            self.live[row, at] = min(self.live[row, at] + 1.0, self.begun[row, at])

    def _settle(self, first_step: int) -> None:
        """Cohorts before `first_step` say nothing new any more: into the belief with them."""
        steps = first_step - self.first_step
        for k in range(min(steps, COHORTS)):
            moved = self._moved(self.settled)
            if self.begun[:, k].any():
                spoken = self._spoken(slice(k, k + 1), np.array([LEVELS - 1]))[:, 0]
                moved *= np.exp(spoken - spoken.max(axis=1, keepdims=True))
                moved /= moved.sum(axis=1, keepdims=True)
            self.settled = moved
        for _ in range(COHORTS, min(steps, 400)):  # nothing was heard: only the drift
            self.settled = self._moved(self.settled)
        keep = max(0, COHORTS - steps)
        for array in (self.begun, self.live, self.since):
            array[:, :keep] = array[:, COHORTS - keep :].copy() if keep else array[:, :0]
            array[:, keep:] = 0.0
        self.first_step = first_step

    def _spoken(self, which: slice, level: NDArray[np.intp]) -> Array:
        """log P(seen | p), shape (classes, cohorts, grid). `level`: F(age) of each cohort, of LEVELS."""
        live, silent = self.live[:, which, None], (self.begun - self.live)[:, which, None]
        return np.asarray(live * LOG_P + silent * LOG_SILENT[level])

    @staticmethod
    def _moved(belief: Array) -> Array:
        moved = belief * (1.0 - JUMP - DRIFT)
        moved[:, 1:] += 0.5 * DRIFT * belief[:, :-1]
        moved[:, :-1] += 0.5 * DRIFT * belief[:, 1:]
        moved += JUMP * ANYWHERE
        return moved

    def refresh(self, now_s: float, shown_by: Array, bin_s: float, rows: int, known: float) -> None:
        """Mean and spread of the first `rows` classes now. `shown_by`: F at the ends of bins of `bin_s`
        seconds, learned from `known` live answers.

        Among the cohorts that still speak at most one jump is considered, before any of them: the belief is
        the sum over its place. While F is mostly a guess, what they say weighs less altogether.
        """
        self._at(now_s)
        ends_s = np.arange(len(shown_by) + 1) * bin_s
        begun, live, belief = self.begun[:rows], self.live[:rows], self.settled[:rows]
        used = begun > 0.0
        if used.any():
            ages_s = now_s - self.since[:rows] / np.maximum(begun, 1.0)
            shown = np.interp(ages_s, ends_s, np.concatenate(((0.0,), shown_by)))
            calls = begun.sum(axis=1) * self.mean[:rows] / (known + 1.0)
            weight = (known + 1.0) / (known + 10.0) / (1.0 + calls[:, None] * (1.0 - shown))
            spoken = LOG_SILENT[(shown * (LEVELS - 1) + 0.5).astype(np.intp)]
            spoken *= (weight * (begun - live))[..., None]
            spoken += (weight * live)[..., None] * LOG_P
            heard = np.add.accumulate(spoken, axis=1)
            whole = heard[:, -1]
            before = heard - spoken
            top = before.max(axis=2)
            told = np.matmul(np.exp(before - top[..., None]), belief[..., None])[..., 0]
            evidence = np.where(used, np.log(told) + top + LOG_JUMP, -np.inf)
            before -= evidence[..., None]
            logs = whole[:, None] - before
            logs += LOG_ANYWHERE
            stay = whole + np.log(belief + 1e-300)
            most = np.maximum(logs.max(axis=(1, 2)), stay.max(axis=1))[:, None]
            logs -= most[..., None]
            belief = np.exp(logs, out=logs).sum(axis=1) + np.exp(stay - most)
            belief /= belief.sum(axis=1, keepdims=True)
        self.posterior[:rows] = belief
        self.mean[:rows] = mean = belief @ P
        self.relative[:rows] = np.sqrt(np.maximum(belief @ P2 - mean * mean, 0.0)) / mean

    def interval(self, row: int, mass: float = 0.9) -> tuple[float, float]:
        """Where p lies with probability `mass`."""
        below = np.cumsum(self.posterior[row])
        low, high = np.searchsorted(below, ((1.0 - mass) / 2.0, (1.0 + mass) / 2.0))
        return float(P[low]), float(P[min(high, len(P) - 1)])

    def save(self, rows: int) -> dict[str, float]:
        """Belief of the first `rows` classes as they stand, cohorts included."""
        kept = {"first_step": float(self.first_step), "begun_at_all": float(self.begun_at_all)}
        for name, array in (
            ("settled", self.settled), ("begun", self.begun), ("live", self.live), ("since", self.since)
        ):  # fmt: skip
            for row in range(min(rows, len(array))):
                kept |= {f"{name}.{row}.{k}": float(array[row, k]) for k in np.flatnonzero(array[row])}
        return kept

    def load(self, learned: dict[str, float]) -> None:
        self.first_step = int(learned["first_step"])
        self.begun_at_all = bool(learned["begun_at_all"])
        fresh: set[tuple[str, int]] = set()
        for key, value in learned.items():
            name, *where = key.split(".")
            if name in ("settled", "begun", "live", "since"):
                row, k = int(where[0]), int(where[1])
                array: Array = getattr(self, name)
                if (name, row) not in fresh:
                    fresh.add((name, row))
                    array[row] = 0.0
                array[row, k] = value
        untold = (self.begun > 0.0) & (self.since == 0.0)  # kept by a version that did not know
        middle_s = (self.first_step + np.arange(COHORTS) + 0.5) * STEP_S
        self.since += np.where(untold, self.begun * middle_s, 0.0)
