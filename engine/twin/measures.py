"""From what was counted to figures with confidence intervals. Pure.

One run gives its intervals as batches, several runs give one batch each. A figure is a ratio of two sums, so
its interval is that of a ratio estimator: with r = Σy/Σx over k batches,
s² = Σ(y - r·x)² / (k - 1), half width = t(k - 1) · sqrt(k · s²) / Σx   (Cochran, Sampling Techniques, §6)
Neighbouring batches of one run are not independent; several runs are: ask for them where it matters.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from engine.twin.book import Sums

# Student's t, 97.5 %, by degrees of freedom; above 30 by the expansion in 1/df
_T = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value and the half width of its 95 % interval; inf where one batch alone tells nothing."""

    value: float
    half: float

    @property
    def low(self) -> float:
        return self.value - self.half

    @property
    def high(self) -> float:
        return self.value + self.half

    def holds(self, value: float) -> bool:
        """Is the value within the interval?"""
        return self.low <= value <= self.high


def student_t(freedom: int) -> float:
    """The 97.5 % point of Student's distribution."""
    if freedom < 1:
        return math.inf
    if freedom <= len(_T):
        return _T[freedom - 1]
    return _Z + (_Z**3 + _Z) / (4 * freedom) + (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / (96 * freedom**2)


def ratio(pairs: Sequence[tuple[float, float]]) -> Figure:
    """Σy/Σx of (y, x) batches; batches in which there was nothing to count are left out."""
    told = [(y, x) for y, x in pairs if x > 0.0]
    below = sum(x for _, x in told)
    if not told or below <= 0.0:
        return Figure(0.0, math.inf)
    r, k = sum(y for y, _ in told) / below, len(told)
    if k < 2:
        return Figure(r, math.inf)
    spread = sum((y - r * x) ** 2 for y, x in told) / (k - 1)
    return Figure(r, student_t(k - 1) * math.sqrt(k * spread) / below)


MEASURES: dict[str, tuple[str, Callable[[Sums], tuple[float, float]]]] = {
    "occupancy": ("talk and wrap-up ÷ staffed time", lambda s: (s.talk_s + s.wrap_s, s.staffed_s)),
    "abandonment": ("missed ÷ live answers", lambda s: (s.abandoned + s.hung_up, s.live)),
    "wait_s": ("answer to operator, mean of the talks, seconds", lambda s: (s.wait_s, s.talked)),
    "talks_per_operator_h": (
        "talks with people, per operator and hour",
        lambda s: (3600.0 * s.talked, s.staffed_s),
    ),
    "trunk_use": ("channels in use ÷ channels of the contract", lambda s: (s.channel_s, s.contract_s)),
    "channels": ("channels in use", lambda s: (s.channel_s, s.contract_s)),
    "launched_per_talk": ("calls launched for each talk", lambda s: (s.launched, s.talked)),
    "cancelled": ("calls given up while they ring ÷ launched", lambda s: (s.cancelled, s.launched)),
}


def figures(batches: Iterable[Sums], channels: int) -> dict[str, Figure]:
    """Every measure over the batches. `channels`: of the trunk's contract."""
    pages = list(batches)
    found = {name: ratio([count(page) for page in pages]) for name, (_, count) in MEASURES.items()}
    used = found["trunk_use"]
    found["channels"] = Figure(used.value * channels, used.half * channels)
    return found


def total(pages: Iterable[Sums]) -> Sums:
    """One interval out of many."""
    found = Sums()
    for page in pages:
        found.add(page)
    return found
