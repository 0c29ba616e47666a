"""Probability that it is a machine, from the features: a few small networks of numbers, averaged. Pure.

The weights are a readable file beside this one, `model.json`: names and scales of the inputs, then for each
network its layers, and the two numbers of the calibration. Nothing but numpy is needed to run it.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import exp
from typing import Any

import numpy as np

from engine.amd.features import NAMES, Floats
from engine.domain.errors import ConfigError

CLIP = 4.0  # standard deviations: what is stranger than anything in training counts as no stranger


@dataclass(frozen=True, slots=True)
class Model:
    """`layers`: weights and biases of all networks side by side, (networks, inputs, outputs)."""

    version: str
    mean: Floats
    scale: Floats
    layers: tuple[tuple[Floats, Floats], ...]
    slope: float
    offset: float

    def logit(self, told: Floats) -> float:
        """Log-odds of a machine. `told`: features in the order of NAMES."""
        x = np.clip((told - self.mean) * self.scale, -CLIP, CLIP)
        hidden = np.matmul(x, self.layers[0][0]) + self.layers[0][1]
        for weights, biases in self.layers[1:]:
            np.maximum(hidden, 0.0, out=hidden)
            hidden = np.matmul(hidden[:, None, :], weights)[:, 0] + biases
        return self.slope * float(np.add.reduce(hidden[:, 0])) / len(hidden) + self.offset

    @staticmethod
    def certainty(logit: float) -> float:
        """The probability that these log-odds say."""
        return 1.0 / (1.0 + exp(-max(-30.0, min(30.0, logit))))


def parse(text: str, where: str = "model.json") -> Model:
    """ConfigError: it is no model, or one for other features."""
    try:
        data: dict[str, Any] = json.loads(text)
        if tuple(data["inputs"]) != NAMES:
            raise ValueError("it was trained on other features")
        layers = tuple(
            (
                np.array([net[number]["weights"] for net in data["networks"]], np.float32),
                np.array([net[number]["biases"] for net in data["networks"]], np.float32),
            )
            for number in range(len(data["networks"][0]))
        )
        mean, scale = np.array(data["mean"], np.float32), np.array(data["scale"], np.float32)
        return Model(str(data["version"]), mean, scale, layers, float(data["slope"]), float(data["offset"]))
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise ConfigError(f"not a model: {error}", where, "Train one: prozvon amd train UNITS") from error


@cache
def standard() -> Model:
    """The one that comes with the engine."""
    return parse(resources.files("engine.amd").joinpath("model.json").read_text("utf-8"))
