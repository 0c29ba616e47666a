"""How soon agents who are busy will be free: hazards of talk and wrap-up, learned with censoring.

A duration is described by its rate of ending λ, constant within each of some eighty bins that grow
geometrically (the piecewise exponential model): λ_k = ends in bin k / seconds spent in bin k. Talks still
going on give their seconds and no end, which is what keeps the estimate honest while the long ones are not
over yet (Kaplan and Meier 1958 in continuous time). With Λ(t) = ∫λ, P(ends within x | lasted a) = 1 −
exp(Λ(a) − Λ(a+x)).
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

EDGES = np.concatenate(([0.0], 0.5 * 1.12 ** np.arange(80)))
"""Edges of the bins, seconds: 0, 0.5, 0.56, … about 3,900."""
WIDTHS = np.diff(EDGES)
KERNEL = np.array([0.25, 0.5, 0.25])
NEAR_S = 48
"""How far ahead agents are looked at, seconds; the tables have one column for each second."""
AHEAD_S = np.arange(NEAR_S + 1.0)
ROWS_S = np.concatenate(([0.0], 0.5 * 1.2 ** np.arange(48)))
"""Elapsed talk times for which the table is made; in between the lower row is taken."""


class Duration:
    """The distribution of one kind of duration. `guess_s`: mean believed before anything was seen, with the
    weight of `faith` observations. `memory`: observations after which an old one counts 1/e."""

    def __init__(self, guess_s: float, faith: float = 3.0, memory: float = 600.0) -> None:
        self.guess_s, self.faith, self.keep = guess_s, faith, 1.0 - 1.0 / memory
        self.ends = np.zeros(len(WIDTHS))
        self.seconds = np.zeros(len(WIDTHS))
        self.seen = 0.0

    def ended(self, lasted_s: float) -> None:
        at = min(int(np.searchsorted(EDGES, lasted_s, side="right")) - 1, len(WIDTHS) - 1)
        self.ends *= self.keep
        self.seconds *= self.keep
        self.seen = self.seen * self.keep + 1.0
        self.ends[at] += 1.0
        self.seconds += np.clip(lasted_s - EDGES[:-1], 0.0, WIDTHS)

    def cumulated(self, going_on_s: Array) -> Array:
        """Λ at EDGES, with what goes on now as censored observations (elapsed seconds)."""
        spent = self.seconds
        if len(going_on_s):
            spent = spent + np.clip(going_on_s[:, None] - EDGES[:-1], 0.0, WIDTHS).sum(axis=0)
        mean_s = (spent.sum() + self.faith * self.guess_s) / (self.ends.sum() + self.faith)
        ends, spent = np.convolve(self.ends, KERNEL, "same"), np.convolve(spent, KERNEL, "same")
        # each bin also believes a little in the constant rate 1/mean: as if `faith` ends had been seen there
        belief = 0.5 * self.faith * WIDTHS / (WIDTHS + 0.25 * mean_s)
        rate = (ends + belief) / (spent + belief * mean_s)
        return np.concatenate(([0.0], np.cumsum(rate * WIDTHS)))

    def save(self, name: str) -> dict[str, float]:
        kept = {f"{name}.e{k}": float(x) for k, x in enumerate(self.ends) if x > 1e-6}
        kept |= {f"{name}.s{k}": float(x) for k, x in enumerate(self.seconds) if x > 1e-6}
        return kept | {f"{name}.seen": self.seen}

    def load(self, name: str, learned: dict[str, float]) -> None:
        self.seen = learned.get(f"{name}.seen", 0.0)
        for k in range(len(WIDTHS)):
            self.ends[k] = learned.get(f"{name}.e{k}", 0.0)
            self.seconds[k] = learned.get(f"{name}.s{k}", 0.0)


class Handling:
    """Talk and wrap-up together, as tables of P(free within x) by elapsed time."""

    def __init__(self) -> None:
        self.talk, self.wrap = Duration(90.0), Duration(12.0)
        self.back, self.came = 20.0, 20.0  # wrap-ups after which the agent took calls again, of all
        self.dirty = 1_000
        self.made_s = -1e9
        self.talk_free = np.zeros((len(ROWS_S), NEAR_S + 1))
        self.wrap_free = np.zeros((len(ROWS_S), NEAR_S + 1))
        self.look_ahead(AHEAD_S[:1])

    def talk_ended(self, lasted_s: float) -> None:
        self.talk.ended(lasted_s)
        self.dirty += 1

    def wrap_ended(self, lasted_s: float, ready: bool) -> None:
        self.wrap.ended(lasted_s)
        self.came = self.came * 0.998 + 1.0
        self.back = self.back * 0.998 + float(ready)
        self.dirty += 1

    def refresh(self, now_s: float, talking_s: Array, wrapping_s: Array) -> None:
        """Make the tables anew when enough has been learned since; some 200 µs."""
        if self.dirty < 1 or now_s - self.made_s < min(10.0, 2.0 + 0.04 * self.talk.seen):
            return
        self.dirty, self.made_s = 0, now_s
        talk, wrap = self.talk.cumulated(talking_s), self.wrap.cumulated(wrapping_s)
        stays = self.back / self.came
        at_s = ROWS_S[:, None] + AHEAD_S[None, :]
        over = 1.0 - np.exp(
            np.minimum(0.0, np.interp(ROWS_S, EDGES, talk)[:, None] - np.interp(at_s, EDGES, talk))
        )
        wrap_at = np.interp(at_s, EDGES, wrap)
        self.wrap_free = stays * (1.0 - np.exp(np.minimum(0.0, wrap_at[:, :1] - wrap_at)))
        # the talk ends in second u (in its middle, on average), then the wrap-up takes at most x − u − ½
        half_s = np.maximum(0.0, AHEAD_S - 0.5)
        done = 1.0 - np.exp(-np.interp(half_s, EDGES, wrap))
        done[0] = 0.0
        later = AHEAD_S[None, :].astype(int) - np.arange(NEAR_S)[:, None]
        in_time = np.where(later > 0, done[np.clip(later, 0, NEAR_S)], 0.0)
        self.talk_free = stays * (np.diff(over, axis=1) @ in_time)
        self.look_ahead(self.ahead_s)

    def look_ahead(self, ahead_s: Array) -> None:
        """From now on `free_within` answers for these moments, seconds from the decision; growing or not."""
        self.ahead_s = ahead_s
        column = np.minimum(ahead_s, NEAR_S - 0.001)
        low = column.astype(np.intp)
        part = column - low
        self._free = np.concatenate(
            [t[:, low] * (1.0 - part) + t[:, low + 1] * part for t in (self.talk_free, self.wrap_free)]
        )

    def free_within(self, talking_s: Array, wrapping_s: Array) -> Array:
        """P(free within each moment of `look_ahead`), one row for each agent; those who talk come first."""
        elapsed = np.concatenate((talking_s, wrapping_s))
        rows = ROWS_S.searchsorted(elapsed, side="right") - 1
        rows[len(talking_s) :] += len(ROWS_S)
        return self._free.take(rows, axis=0)

    def save(self) -> dict[str, float]:
        self.dirty, self.made_s = self.dirty + 1, -1e9
        kept = {"back": self.back, "came": self.came}
        return kept | self.talk.save("talk") | self.wrap.save("wrap")

    def load(self, learned: dict[str, float]) -> None:
        self.back, self.came = learned["back"], learned["came"]
        self.talk.load("talk", learned)
        self.wrap.load("wrap", learned)
        self.dirty, self.made_s = 1, -1e9
