"""The chance that the next live answer finds nobody: counts of answers against counts of free agents.

Both counts are sums of many independent yes/no events with different chances (Poisson-binomial). Each is
replaced by the binomial with the same mean and variance, n and p real (Ehm 1991 bounds the error by the
spread of the chances; it vanishes when they are equal, and when all are small). Its probabilities follow
from P(k+1)/P(k) = (n−k)/(k+1) · p/(1−p), so a whole grid of moments costs a handful of array operations.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SPREADS = np.array([-1.7320508, 0.0, 1.7320508])
WEIGHTS = np.array([1.0, 4.0, 1.0]) / 6.0
"""Gauss-Hermite with three points: what all calls in flight have in common, the uncertain answer rate."""

_PARTS = 1.0 / np.arange(1.0, 4001.0)


def binomial(mean: Array, variance: Array, size: int) -> Array:
    """P(0), P(1), … P(size−1) of the binomial with this mean and variance, along a new last axis."""
    mean = np.maximum(mean, 1e-9)
    rest = np.minimum(np.maximum(variance / mean, 1e-6), 1.0 - 1e-6)
    p = 1.0 - rest
    n = mean / p
    odds = p / rest
    found = np.empty((*mean.shape, size))
    found[..., 0] = np.exp(np.maximum(n * np.log(rest), -700.0))
    # P(k+1)/P(k) = odds·(n+1)/(k+1) − odds, none below nought
    ratios = np.multiply.outer(odds * (n + 1.0), _PARTS[: size - 1])
    ratios -= odds[..., None]
    np.maximum(ratios, 0.0, out=found[..., 1:])
    return np.multiply.accumulate(found, axis=-1, out=found)


def nobody(answers: Array, variance: Array, doubt: Array, taken: Array, spare: int) -> Array:
    """P(all who are free are taken) at each moment of a grid.

    `answers`, `variance`: of the live answers that come first, by moment; `doubt`: standard deviation of that
    mean that is common to all calls; `taken`: P(at most k of the agents who are busy now are free by then),
    by moment and k. `spare`: agents ready now less people who wait now. P(answers ≥ spare + free), averaged
    over the doubt.
    """
    known = np.maximum(answers, 1e-9)
    relative = doubt / known
    spread = np.log1p(relative * relative)
    means = known * np.exp(np.multiply.outer(SPREADS, np.sqrt(spread)) - 0.5 * spread)
    top = float(means.max())
    size = max(int(top + 5.0 * top**0.5 + 4.0), spare + 2, 2)
    coming = binomial(means, means * (variance / known), size)
    # reach[k]: P(spare + free ≤ k)
    most = taken.shape[-1] - 1
    if spare >= 0:
        reach = np.zeros((taken.shape[0], size))
        fits = min(size - spare, most + 1)
        reach[:, spare : spare + fits] = taken[:, :fits]
        reach[:, spare + fits :] = 1.0
    else:
        reach = taken[:, np.minimum(np.arange(-spare, size - spare), most)]
    beyond = 1.0 - coming.sum(axis=-1)
    chance = np.einsum("qgk,gk->qg", coming, reach) + np.maximum(beyond, 0.0)
    return np.asarray(WEIGHTS @ np.minimum(chance, 1.0))


def at_most(free: Array, variance: Array) -> Array:
    """P(at most k are free), by moment and k = 0, 1, …"""
    top = float(free.max())
    return np.add.accumulate(binomial(free, variance, max(int(top + 5.0 * top**0.5 + 4.0), 2)), axis=-1)
