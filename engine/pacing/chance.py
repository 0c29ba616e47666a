"""The chance that the next live answer finds nobody: counts of answers against counts of free agents.

Both counts are sums of many independent yes/no events with different chances (Poisson-binomial). That of the
agents is exact while they are few, by the discrete Fourier transform of its characteristic function (Hong
2013). Else a count is replaced by the binomial with the same mean and variance, n and p real (Ehm 1991 bounds
the error by the spread of the chances; it vanishes when they are equal, and when all are small). Its
probabilities follow from P(k+1)/P(k) = (n−k)/(k+1) · p/(1−p), so a whole grid of moments costs a handful of
array operations.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SPREADS = np.array([[-1.7320508], [0.0], [1.7320508]])
WEIGHTS = np.array([1.0, 4.0, 1.0]) / 6.0
"""Gauss-Hermite with three points: what all calls in flight have in common, the uncertain answer rate."""

MOST = 600.0
"""A mean beyond which the first probability would be nought in a double; no team is so large."""
FEW, LIKELY = 48, 12
"""Agents up to whom the count of the free is exact; of more than these, so many are counted exactly."""
_PARTS = 1.0 / np.arange(1.0, 4001.0)


def binomial(mean: Array, rest: Array, size: int) -> Array:
    """P(0), P(1), … P(size−1) of the binomial with this mean, along a new last axis.

    `rest`: 1 − p, that is variance ÷ mean, within 0 and 1; its shape may be that of the last axes of `mean`.
    """
    found = terms_of(mean, rest, size)
    found /= np.add.reduce(found, axis=-1, keepdims=True)  # with n not whole the last term is cut in two
    return found


def terms_of(mean: Array, rest: Array, size: int) -> Array:
    """The same before it is divided by its sum."""
    p = 1.0 - rest
    odds = p / rest
    found = np.empty((*mean.shape, size))
    found[..., 0] = np.exp(np.maximum(mean * (np.log(rest) / p), -700.0))  # the sum sets it right
    # P(k+1)/P(k) = odds·(n+1)/(k+1) − odds, none below nought; odds·n = mean/rest
    ratios = found[..., 1:]
    np.multiply((mean / rest + odds)[..., None], _PARTS[: size - 1], out=ratios)
    ratios -= odds[..., None]
    np.maximum(ratios, 0.0, out=ratios)
    return np.multiply.accumulate(found, axis=-1, out=found)


def rest_of(mean: Array, variance: Array, used_for: Array) -> Array:
    """Variance ÷ mean, kept a hair away from 0 (all certain) and 1 (all rare), and within what a double
    can hold for the means it is `used_for`."""
    least = np.where(used_for > 20.0, 0.2, 1e-6)
    return np.minimum(np.maximum(variance / mean, least), 1.0 - 1e-6)


def nobody(answers: Array, variance: Array, shared: Array, taken: Array, spare: int) -> Array:
    """P(all who are free are taken) at each moment of a grid, which is the last axis.

    `answers`, `variance`: of the live answers that come first, by moment; `shared`: variance of that mean
    which is common to all calls; `taken`: P(at most k of the agents who are busy now are free by then), by
    moment and k. `spare`: agents ready now less people who wait now. P(answers ≥ spare + free), averaged
    over the doubt. Several cases at once have an axis before the grid's.
    """
    known = np.maximum(answers, 1e-9)[..., None, :]
    spread = np.log1p(shared[..., None, :] / (known * known))
    means = known * np.exp(SPREADS * np.sqrt(spread) - 0.5 * spread)
    top = float(means.max())
    if top > MOST:
        means, top = np.minimum(means, MOST), MOST
    size = max(int(top + 5.0 * top**0.5 + 4.0), spare + 2, 2)
    coming = terms_of(means, rest_of(known, variance[..., None, :], means), size)
    # P(spare + free ≤ k) by k: nought below `spare`, one beyond all who are busy
    most = taken.shape[-1] - 1
    first, low = max(spare, 0), min(max(-spare, 0), most)
    fits = max(0, min(size - first, most + 1 - low))
    each = np.einsum("...gk,gk->...g", coming[..., first : first + fits], taken[:, low : low + fits])
    if first + fits < size:
        each += np.add.reduce(coming[..., first + fits :], axis=-1)
    each /= np.add.reduce(coming, axis=-1)  # with n not whole the last term is cut in two
    return np.asarray(WEIGHTS @ each)


def at_most(chances: Array) -> Array:
    """P(at most k are free), by moment and k = 0, 1, … `chances`: P(free by then), agents × moments.

    Of more than FEW agents the LIKELY likeliest by the last moment are counted exactly all the same: where
    some are nearly certain to be free and the rest are not, a binomial would be wrong.
    """
    agents, moments = chances.shape
    if agents <= FEW:
        return _exactly(chances, up_to=True)
    order = np.argpartition(chances[:, -1], agents - LIKELY)
    some = chances.take(order[-LIKELY:], axis=0)
    likely = _exactly(some)
    mean = np.maximum(np.add.reduce(chances, axis=0) - np.add.reduce(some, axis=0), 1e-9)
    squares = np.einsum("ng,ng->g", chances, chances) - np.einsum("ng,ng->g", some, some)
    known = np.minimum(mean, MOST)
    top = float(known.max())
    size = int(top + 5.0 * top**0.5 + 4.0)
    found = np.zeros((moments, size + 2 * LIKELY))
    found[:, LIKELY : LIKELY + size] = binomial(known, rest_of(mean, mean - squares, known), size)
    np.add.accumulate(found, axis=-1, out=found)
    step = found.strides[1]
    shape, strides = (moments, size + LIKELY, LIKELY + 1), (found.strides[0], step, step)
    windows = np.ndarray(shape, np.float64, found, 0, strides)  # each k with the LIKELY counts before it
    return np.asarray(np.matmul(windows, likely[:, ::-1, None])[:, :, 0])


def _exactly(chances: Array, up_to: bool = False) -> Array:
    """P(k are free), or P(at most k), for k = 0 … agents."""
    roots, back = _transform(len(chances), up_to)
    powers = chances[:, :, None] * roots
    powers += 1.0
    found = np.multiply.reduce(powers, axis=0).view(np.float64).reshape(chances.shape[1], -1)
    return np.asarray(found @ back)


@cache
def _transform(agents: int, up_to: bool) -> tuple[NDArray[np.complex128], Array]:
    """z − 1 at half of the roots of unity z, and what turns the characteristic function there, real and
    imaginary parts by turns, into P(k), or P(at most k), for k = 0 … agents."""
    size = agents + 1
    half = size // 2 + 1
    root, k = np.arange(half), np.arange(size)
    turned = np.exp(2j * np.pi * np.outer(root, k) / size)  # of each root and its mirror image
    twice = np.where((root == 0) | (2 * root == size), 1.0, 2.0)[:, None] / size
    back = np.empty((2 * half, size))
    back[0::2], back[1::2] = twice * turned.real, -twice * turned.imag
    roots = np.asarray(np.exp(-2j * np.pi * root / size) - 1.0, np.complex128)
    return roots, np.cumsum(back, axis=1) if up_to else back
