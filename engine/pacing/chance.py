"""The chance that the next live answer finds nobody: counts of answers against counts of free agents.

Both counts are sums of many independent yes/no events with different chances (Poisson-binomial). Each is
replaced by the binomial with the same mean and variance, n and p real (Ehm 1991 bounds the error by the
spread of the chances; it vanishes when they are equal, and when all are small). Its probabilities follow
from P(k+1)/P(k) = (n−k)/(k+1) · p/(1−p), so a whole grid of moments costs a handful of array operations.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SPREADS = np.array([[-1.7320508], [0.0], [1.7320508]])
WEIGHTS = np.array([1.0, 4.0, 1.0]) / 6.0
"""Gauss-Hermite with three points: what all calls in flight have in common, the uncertain answer rate."""

MOST = 600.0
"""A mean beyond which the first probability would be nought in a double; no team is so large."""
LIKELY, ONE_BY_ONE = 0.3, 6
"""Agents likelier than this to be free by the last moment are counted one by one, so many at most."""
_PARTS = 1.0 / np.arange(1.0, 4001.0)


def binomial(mean: Array, rest: Array, size: int) -> Array:
    """P(0), P(1), … P(size−1) of the binomial with this mean, along a new last axis.

    `rest`: 1 − p, that is variance ÷ mean, within 0 and 1; its shape may be that of the last axes of `mean`.
    """
    p = 1.0 - rest
    odds = p / rest
    found = np.empty((*mean.shape, size))
    found[..., 0] = np.exp(np.maximum(mean * (np.log(rest) / p), -700.0))  # the sum sets it right
    # P(k+1)/P(k) = odds·(n+1)/(k+1) − odds, none below nought; odds·n = mean/rest
    ratios = found[..., 1:]
    np.multiply((mean / rest + odds)[..., None], _PARTS[: size - 1], out=ratios)
    ratios -= odds[..., None]
    np.maximum(ratios, 0.0, out=ratios)
    np.multiply.accumulate(found, axis=-1, out=found)
    found /= found.sum(axis=-1, keepdims=True)  # with n not whole the last term is cut in two
    return found


def rest_of(mean: Array, variance: Array, used_for: Array) -> Array:
    """Variance ÷ mean, kept a hair away from 0 (all certain) and 1 (all rare), and within what a double
    can hold for the means it is `used_for`."""
    least = np.where(used_for > 20.0, 0.2, 1e-6)
    return np.minimum(np.maximum(variance / mean, least), 1.0 - 1e-6)


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
    means = known * np.exp(SPREADS * np.sqrt(spread) - 0.5 * spread)
    top = min(float(means.max()), MOST)
    size = max(int(top + 5.0 * top**0.5 + 4.0), spare + 2, 2)
    means = np.minimum(means, MOST)
    coming = binomial(means, rest_of(known, variance, means), size)
    # reach[k]: P(spare + free ≤ k)
    most = taken.shape[-1] - 1
    if spare >= 0:
        reach = np.ones((taken.shape[0], size))
        reach[:, :spare] = 0.0
        fits = min(size - spare, most + 1)
        reach[:, spare : spare + fits] = taken[:, :fits]
    else:
        reach = taken[:, np.minimum(np.arange(-spare, size - spare), most)]
    return np.asarray(WEIGHTS @ np.einsum("qgk,gk->qg", coming, reach))


def at_most(chances: Array) -> Array:
    """P(at most k are free), by moment and k = 0, 1, … `chances`: P(free by then), agents × moments.

    Agents who are nearly certain to be free are counted one by one: there the binomial would be wrong, and
    in a small team they decide.
    """
    many = float(chances[:, -1].sum()) > 2.0 * ONE_BY_ONE  # then no single agent decides
    likely = np.flatnonzero(chances[:, -1] > (1.0 if many else LIKELY))
    if len(likely) > ONE_BY_ONE:
        likely = likely[np.argsort(-chances[likely, -1])[:ONE_BY_ONE]]
    each = chances[likely]
    mean = chances.sum(axis=0) - each.sum(axis=0)
    squares = np.einsum("ng,ng->g", chances, chances) - np.einsum("ng,ng->g", each, each)
    known = np.minimum(np.maximum(mean, 1e-9), MOST)
    top = float(known.max())
    size = max(int(top + 5.0 * top**0.5 + 4.0), 2) + len(each)
    found = binomial(known, rest_of(known, mean - squares, known), size)
    for one in each:
        moved = found * one[:, None]
        found -= moved
        found[:, 1:] += moved[:, :-1]
    return np.add.accumulate(found, axis=-1)
