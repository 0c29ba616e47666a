"""When things happen to a call, stage by stage: learned histograms and the distributions made of them.

Only calls that began long enough ago for all of their time to be over are counted: counted as they end, the
quick outcomes alone would speak for the first half minute, and after every change.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BIN_S = 0.25
BINS = 512
"""Histograms reach 128 s, in quarters of a second."""
DIALING, RINGING, EARLY, SCREENING = range(4)
SECONDS = 64
MEMORY = 3_000.0
"""Calls after which an old one counts 1/e."""
ROW = 3 * BINS
"""Length of one stage's row in the flat tables: past the histogram's end its last value goes on, so that an
age, a look ahead and a screening may be added up without asking."""
TIMES = (np.arange(BINS) + 0.5) * BIN_S


class Counts:
    """A weighted histogram that forgets slowly: each new observation weighs a little more than the last."""

    def __init__(self, *shape: int) -> None:
        self.sums, self.weight = np.zeros(shape), 1.0

    def add(self, *where: int) -> None:
        self.sums[where] += self.weight
        self.weight *= 1.0 + 1.0 / MEMORY
        if self.weight > 1e6:
            self.sums /= self.weight
            self.weight = 1.0

    def now(self) -> Array:
        return np.asarray(self.sums / self.weight)

    def save(self, name: str) -> dict[str, float]:
        flat = self.sums.ravel()
        return {f"{name}.{k}": float(flat[k]) for k in np.flatnonzero(flat)} | {f"{name}.weight": self.weight}

    def load(self, name: str, learned: dict[str, float]) -> None:
        self.weight = learned.get(f"{name}.weight", 1.0)
        flat = self.sums.reshape(-1)
        flat[:] = 0.0
        for key, value in learned.items():
            head, _, tail = key.rpartition(".")
            if head == name and tail != "weight":
                flat[int(tail)] = value


class Passed:
    """One stage that a call went through. Instants on the policy's clock, seconds."""

    __slots__ = ("entered_s", "left_s", "stage")

    def __init__(self, stage: int, entered_s: float, left_s: float) -> None:
        self.stage, self.entered_s, self.left_s = stage, entered_s, left_s


class Shapes:
    """F, G, N by stage (see `answers`), and what a pick-up tells of who picked up."""

    def __init__(self) -> None:
        self.counts = {
            "left_live": Counts(3, BINS),  # left the stage after t, and became a live answer
            "live_after": Counts(3, BINS),  # live so long after entering the stage
            "left_else": Counts(3, BINS),  # left the stage after t, and became none
            "fates": Counts(3, 2),  # entered the stage: became live, or not
            "verdicts": Counts(2, BINS),  # pick-up → verdict: person, machine
            "picked": Counts(3, 2, SECONDS),  # picked up in this second of the stage: person, machine
        }
        self.tables(30.0)

    def learn(self, passed: list[Passed], picked: tuple[int, int] | None, screened_s: float | None,
              live: bool, ended_s: float) -> None:  # fmt: skip
        """A finished call. `picked`: stage and second of its pick-up; `screened_s`: how long AMD took."""
        counts, other = self.counts, 0 if live else 1
        for one in passed:
            counts["left_live" if live else "left_else"].add(one.stage, bin_of(one.left_s - one.entered_s))
            counts["fates"].add(one.stage, other)
            if live:
                counts["live_after"].add(one.stage, bin_of(ended_s - one.entered_s))
        if screened_s is not None:
            counts["verdicts"].add(other, bin_of(screened_s))
        if picked is not None:
            counts["picked"].add(picked[0], other, picked[1])

    def tables(self, ring_time_s: float) -> None:
        """Make the distributions anew; before much is seen they are a guess worth some calls. ~0.3 ms."""
        counts = {name: one.now() for name, one in self.counts.items()}
        guess = np.asarray(TIMES**2 * np.exp(-TIMES / 3.0), np.float64)
        guess /= guess.sum()
        other = np.full(BINS, 1e-4)
        other[TIMES < 3.0] = 0.15 / np.count_nonzero(TIMES < 3.0)
        other[int(ring_time_s / BIN_S) :] = 0.85 / BINS
        other /= other.sum()
        self.F = np.cumsum(shares(counts["live_after"], 3, 6.0 * guess), axis=1)
        self.G = 1.0 - np.cumsum(shares(counts["left_live"], 2, 4.0 * guess), axis=1)
        self.N = 1.0 - np.cumsum(shares(counts["left_else"], 1, 4.0 * other), axis=1)
        self.flat_F, self.flat_G, self.flat_N = flat(self.F), flat(self.G) + 1e-9, flat(self.N) + 1e-6
        self.fate = counts["fates"]
        self.answers = counts["live_after"].sum(axis=1)  # from which F is known, by stage
        seen = self.fate.sum(axis=1)
        self.base = RINGING if seen[RINGING] > max(8.0, 0.3 * seen[DIALING]) else DIALING
        verdicts = shares(counts["verdicts"], 1, 0.25 * np.exp(-TIMES / 2.0))
        self.verdict_later = 1.0 - np.cumsum(verdicts, axis=1)
        self.screening_s = float(verdicts[0] @ TIMES) if counts["verdicts"].any() else 0.0
        self.screening_bins = int(self.screening_s / BIN_S)
        picked = counts["picked"]
        total = picked.sum(axis=(0, 2)) + 0.5
        self.person = (picked[:, 0] + 1.5 * total[0] / total.sum()) / (picked.sum(axis=1) + 1.5)

    def save(self) -> dict[str, float]:
        return {key: value for name, one in self.counts.items() for key, value in one.save(name).items()}

    def load(self, learned: dict[str, float]) -> None:
        for name, one in self.counts.items():
            one.load(name, learned)


def smooth(counts: Array, width: int) -> Array:
    """Each row spread over a triangle that reaches `width` − 1 bins to either side; nothing is lost at the
    left end."""
    bins = counts.shape[1]
    wide = np.concatenate((counts[:, width - 1 :: -1], counts, np.zeros((len(counts), width))), axis=1)
    out = counts / width
    for off in range(1, width):
        part = (width - off) / width**2
        out += part * (wide[:, width - off : width - off + bins] + wide[:, width + off : width + off + bins])
    return out


def shares(counts: Array, width: int, guess: Array) -> Array:
    spread = smooth(counts, width) + guess
    return np.asarray(spread / spread.sum(axis=1, keepdims=True))


def flat(table: Array) -> Array:
    return np.pad(table, ((0, 0), (0, ROW - BINS)), mode="edge").ravel()


def bin_of(duration_s: float) -> int:
    return max(0, min(BINS - 1, int(duration_s / BIN_S)))
