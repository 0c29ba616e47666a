"""Probability that it is a machine, from the features: boosted trees, summed. Pure.

The weights are a readable file beside this one, `model.json`: the names of the inputs, for each tree its
questions (which input, which border, where to go on) and the log-odds at its leaves, and the two numbers of
the calibration. Nothing but numpy is needed to run it: all trees are walked down together, a level at a time.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import exp
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.amd.features import NAMES
from engine.amd.shapes import Floats
from engine.domain.errors import ConfigError

Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Model:
    """All nodes of all trees in one row. `inputs`, `borders`: the question of each node, at most: left.
    `children`: where left and right lead, side by side; a leaf leads to itself. `values`: log-odds, of
    leaves. `roots`: where each tree begins; `depth`: the longest way down.
    """

    version: str
    inputs: Places
    borders: Floats
    children: Places
    values: Floats
    roots: Places
    depth: int
    slope: float
    offset: float

    def logit(self, told: Floats) -> float:
        """Log-odds of a machine. `told`: features in the order of NAMES."""
        at = self.roots
        for _ in range(self.depth):
            at = self.children[2 * at + (told[self.inputs[at]] > self.borders[at])]
        return self.slope * float(np.add.reduce(self.values[at])) + self.offset

    @staticmethod
    def certainty(logit: float) -> float:
        """The probability that these log-odds say."""
        return 1.0 / (1.0 + exp(-max(-30.0, min(30.0, logit))))


def parse(text: str, where: str = "model.json") -> Model:
    """ConfigError: it is no model, or one for other features."""
    try:
        return _model(json.loads(text))
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise ConfigError(f"not a model: {error}", where, "Train one: prozvon amd train UNITS") from error


def _model(data: dict[str, Any]) -> Model:
    if tuple(data["inputs"]) != NAMES:
        raise ValueError("it was trained on other features")
    inputs, borders, children, values, roots = (
        list[int](),
        list[float](),
        list[int](),
        list[float](),
        list[int](),
    )
    for tree in data["trees"]:
        first, nodes = len(inputs), len(tree["input"])
        roots.append(first)
        for number in range(nodes + len(tree["leaves"])):
            is_leaf = number >= nodes
            inputs.append(0 if is_leaf else int(tree["input"][number]))
            borders.append(0.0 if is_leaf else float(tree["border"][number]))
            values.append(float(tree["leaves"][number - nodes]) if is_leaf else 0.0)
            for way in ("left", "right"):  # a negative number is a leaf, -1 the first
                to = number if is_leaf else int(tree[way][number])
                children.append(first + (to if to >= 0 else nodes - 1 - to))
    if not roots or max(inputs) >= len(NAMES) or max(children) >= len(inputs):
        raise ValueError("its trees lead nowhere")
    return Model(
        str(data["version"]),
        np.array(inputs, np.intp),
        np.array(borders, np.float32),
        np.array(children, np.intp),
        np.array(values, np.float32),
        np.array(roots, np.intp),
        int(data["depth"]),
        float(data["slope"]),
        float(data["offset"]),
    )


@cache
def standard() -> Model:
    """The one that comes with the engine."""
    return parse(resources.files("engine.amd").joinpath("model.json").read_text("utf-8"))
