"""Fits the detector's networks to rows: numpy alone, minutes on one core. Cross-validation is by voice.

Two hidden layers of rectified units, binary cross-entropy, Adam; against overfitting: noise on the inputs,
inputs left out by chance, weight decay, few passes, several networks averaged. Then two numbers (Platt's
slope and offset) are fitted to what the networks say of voices that they have not heard.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from engine.amd.features import NAMES, Floats
from engine.amd.model import CLIP

Layers = list[tuple[Floats, Floats]]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to fit. `without`: share of inputs left out in each step; `shake`: standard deviation of the noise
    on the inputs, in standard deviations of theirs."""

    hidden: tuple[int, int] = (32, 16)
    networks: int = 3
    passes: int = 12
    batch: int = 512
    rate: float = 2e-3
    decay: float = 2e-3
    without: float = 0.2
    shake: float = 0.3


def scales(x: Floats) -> tuple[Floats, Floats]:
    """Mean, and one over the standard deviation, of every input."""
    spread = x.std(axis=0)
    return x.mean(axis=0), (1.0 / np.maximum(spread, 1e-3)).astype(np.float32)


def fit(x: Floats, machine: Floats, weight: Floats, recipe: Recipe, seed: int) -> Layers:
    """One network. `x`: scaled and clipped inputs, `machine`: 0 or 1, `weight`: of each row, about 1."""
    dice = np.random.default_rng(seed)
    sizes = (x.shape[1], *recipe.hidden, 1)
    values = list[Floats]()
    for inputs, outputs in pairwise(sizes):
        values.append(dice.normal(0, np.sqrt(2 / inputs), (inputs, outputs)).astype(np.float32))
        values.append(np.zeros(outputs, np.float32))
    first, second = [np.zeros_like(v) for v in values], [np.zeros_like(v) for v in values]
    steps = recipe.passes * (len(x) // recipe.batch)
    for step in range(steps):
        rows = dice.integers(0, len(x), recipe.batch)
        shape = (recipe.batch, x.shape[1])
        seen = x[rows] + np.float32(recipe.shake) * dice.standard_normal(shape, np.float32)
        seen *= dice.random(shape, np.float32) > recipe.without
        gradients = _gradients(values, seen, machine[rows], weight[rows])
        rate = recipe.rate * 0.5 * (1 + np.cos(np.pi * step / steps)) * min(1.0, (step + 1) / 100)
        for number, gradient in enumerate(gradients):
            first[number] += 0.1 * (gradient - first[number])
            second[number] += 0.01 * (gradient**2 - second[number])
            m, v = first[number] / (1 - 0.9 ** (step + 1)), second[number] / (1 - 0.99 ** (step + 1))
            values[number] -= np.float32(rate) * (
                m / (np.sqrt(v) + 1e-7) + recipe.decay / recipe.rate * values[number]
            )
    return list(zip(values[::2], values[1::2], strict=True))


def _gradients(values: list[Floats], x: Floats, machine: Floats, weight: Floats) -> list[Floats]:
    one = x @ values[0] + values[1]
    first = np.maximum(one, 0)
    two = first @ values[2] + values[3]
    second = np.maximum(two, 0)
    out = (second @ values[4] + values[5])[:, 0]
    away = ((1 / (1 + np.exp(-out)) - machine) * weight / len(x))[:, None].astype(np.float32)
    back_two = (away @ values[4].T) * (two > 0)
    back_one = (back_two @ values[2].T) * (one > 0)
    return [
        x.T @ back_one,
        back_one.sum(0),
        first.T @ back_two,
        back_two.sum(0),
        second.T @ away,
        away.sum(0),
    ]


def apply(networks: list[Layers], x: Floats) -> Floats:
    """Mean log-odds of all networks, one for each row."""
    total = np.zeros(len(x), np.float32)
    for layers in networks:
        hidden = x
        for number, (weights, biases) in enumerate(layers):
            hidden = hidden @ weights + biases
            if number + 1 < len(layers):
                hidden = np.maximum(hidden, 0)
        total += hidden[:, 0]
    return total / np.float32(len(networks))


@dataclass(frozen=True, slots=True)
class Fitted:
    mean: Floats
    scale: Floats
    networks: list[Layers]

    def logits(self, x: Floats) -> Floats:
        return apply(self.networks, np.clip((x - self.mean) * self.scale, -CLIP, CLIP))


def train(x: Floats, machine: Floats, weight: Floats, recipe: Recipe, seed: int = 1) -> Fitted:
    mean, scale = scales(x)
    scaled = np.clip((x - mean) * scale, -CLIP, CLIP)
    networks = [fit(scaled, machine, weight, recipe, seed * 100 + n) for n in range(recipe.networks)]
    return Fitted(mean, scale, networks)


def held_out(
    x: Floats,
    machine: Floats,
    weight: Floats,
    fold: npt.NDArray[np.int32],
    recipe: Recipe,
    say: Callable[[str], None] = lambda line: None,
) -> Floats:
    """Log-odds of every row, said by networks that never heard the voices of its fold."""
    logits = np.zeros(len(x), np.float32)
    for number in sorted(set(fold.tolist())):
        mine = fold == number
        fitted = train(x[~mine], machine[~mine], weight[~mine], recipe, seed=number + 2)
        logits[mine] = fitted.logits(x[mine])
        say(f"fold {number}: {int(mine.sum())} rows, right {_right(logits[mine], machine[mine]):.1%}")
    return logits


def _right(logits: Floats, machine: Floats) -> float:
    return float(((logits > 0) == (machine > 0.5)).mean())


def calibrate(logits: Floats, machine: Floats, weight: Floats) -> tuple[float, float]:
    """Platt's slope and offset, by Newton's method."""
    design = np.stack([logits, np.ones_like(logits)], axis=1).astype(np.float64)
    found = np.array([1.0, 0.0])
    for _ in range(20):
        p = 1 / (1 + np.exp(-np.clip(design @ found, -30, 30)))
        slope = design.T @ (weight * (p - machine)) + 1e-6 * found
        curve = (design * (weight * p * (1 - p) + 1e-9)[:, None]).T @ design + 1e-6 * np.eye(2)
        found = found - np.linalg.solve(curve, slope)
    return float(found[0]), float(found[1])


def as_text(fitted: Fitted, slope: float, offset: float, version: str, about: dict[str, object]) -> str:
    """The file that `engine/amd/model.py` reads."""

    def rounded(values: Floats) -> object:
        return np.round(values.astype(np.float64), 4).tolist()

    networks = [
        [{"weights": rounded(weights), "biases": rounded(biases)} for weights, biases in layers]
        for layers in fitted.networks
    ]
    head = {"version": version, "about": about, "slope": round(slope, 5), "offset": round(offset, 5)}
    scaling = {"inputs": list(NAMES), "mean": rounded(fitted.mean), "scale": rounded(fitted.scale)}
    return json.dumps(head | scaling | {"networks": networks}, separators=(",", ":")) + "\n"
