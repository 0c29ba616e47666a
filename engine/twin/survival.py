"""Distributions from times of which some were cut short. Pure.

A talk that still goes on when the journal ends lasted at least so long; a call that was given up while it
rang might have been answered. Leaving such times out, or taking them as they stand, makes talks too short and
answers too rare; these estimators do neither: Kaplan, Meier 1958 for one kind of end, Aalen, Johansen 1978
for several.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

POINTS = 41  # quantiles kept of a distribution: steps of 2.5 %


class Time(NamedTuple):
    """`seconds` until the end named; "" as the name: it was cut short, and the end is not known."""

    seconds: float
    end: str


def incidence(times: Sequence[Time]) -> tuple[dict[str, float], dict[str, list[tuple[float, float]]]]:
    """By end: its probability, and (seconds, probability mass) of when it comes. The probabilities add up to
    1: what is never seen to end is shared out as the rest."""
    alive, at_risk = 1.0, len(times)
    mass: dict[str, list[tuple[float, float]]] = {}
    for seconds, group in groupby(sorted(times), key=lambda one: one.seconds):
        ends = [one.end for one in group]
        for end in sorted({end for end in ends if end}):
            mass.setdefault(end, []).append((seconds, alive * ends.count(end) / at_risk))
        alive *= 1.0 - sum(map(bool, ends)) / at_risk
        at_risk -= len(ends)
    seen = sum(part for parts in mass.values() for _, part in parts)
    if seen <= 0.0:
        return {}, {}
    scaled = {end: [(at, part / seen) for at, part in parts] for end, parts in mass.items()}
    return {end: sum(part for _, part in parts) for end, parts in scaled.items()}, scaled


def duration_mass(times: Sequence[Time]) -> list[tuple[float, float]]:
    """(seconds, mass) of one kind of end, whatever its name. Of times cut short after the last end that was
    seen, an exponential tail is assumed, with the rate of ends of the later half."""
    alive, at_risk = 1.0, len(times)
    mass: list[tuple[float, float]] = []
    for seconds, group in groupby(sorted(times), key=lambda one: one.seconds):
        ends = [bool(one.end) for one in group]
        if any(ends):
            mass.append((seconds, alive * sum(ends) / at_risk))
            alive *= 1.0 - sum(ends) / at_risk
        at_risk -= len(ends)
    if not mass or alive < 1e-9:
        return mass
    last_s, middle_s = mass[-1][0], mass[len(mass) // 2][0]
    exposed_s = sum(max(0.0, one.seconds - middle_s) for one in times)
    ended = sum(bool(one.end) and one.seconds > middle_s for one in times)
    mean_s = exposed_s / ended if ended else max(last_s, 1.0)
    steps = 20
    tail = [last_s - mean_s * math.log(1.0 - (n + 0.5) / steps) for n in range(steps)]
    return mass + [(at, alive / steps) for at in tail]


def quantiles(mass: Sequence[tuple[float, float]], points: int = POINTS) -> tuple[float, ...]:
    """Values at equal steps of probability. The last is set so that the mean of the upper end is kept: the
    longest talk of a day, joined by a straight line, would make the mean too long."""
    ordered = sorted(mass)
    total = math.fsum(part for _, part in ordered)
    if not ordered or total <= 0.0:
        return ()
    reached, sums = [], 0.0
    for _, part in ordered:
        sums += part / total
        reached.append(sums)

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, bisect_left(reached, share - 1e-12))][0]

    found = [at(n / (points - 1)) for n in range(points - 1)]
    found[0] = ordered[0][0]
    top_from, above, weight = 1.0 - 1.0 / (points - 1), 0.0, 0.0
    before = 0.0
    for (seconds, _), until in zip(ordered, reached, strict=True):
        part = max(0.0, until - max(before, top_from))
        above, weight, before = above + part * seconds, weight + part, until
    top = above / weight if weight else ordered[-1][0]
    return tuple(round(value, 3) for value in (*found, max(found[-1], 2.0 * top - found[-1])))
