"""Log-odds of a machine by how it is said: a small recurrent network over what is heard, and the timing.
Pure.

Five frames at a time (100 ms): a short filter over each frame and the two before it, one layer over the five
together, then a gated recurrent unit (Cho et al. 2014, in the form of cuDNN) that remembers the call; one
layer more looks at that memory and at the timing of speech and pauses, and says log-odds. Platt's two numbers
make them a probability that means what it says.

    frames ─ filter ─┬─ layer ─ memory ─┬─ layer ─► log-odds of a machine
    100 ms   60 ms   5 frames    │ ▲    timing
                                 └─┘

The weights are a readable file beside this one, `network.json`: the names of the inputs, and each layer's
numbers, a row for each of its inputs. Nothing but numpy is needed to run it, for as many calls at once as
there are.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from engine.amd.features import TIMING
from engine.amd.hearing import BLOCK, FINE, LEAD, MEASURES, NEUTRAL, PERIODIC, PITCH, Ear, Floats
from engine.domain.errors import ConfigError

SOUND = MEASURES
INPUTS = len(SOUND)
REACH = LEAD  # frames before a frame that its filter sees
_LAYERS = ("filter", "block", "into", "memory", "out", "last")
_STRETCH = np.array([1, 3, 1, 3, 1, 1, 1, 0], np.float32)  # short pauses tell more than long ones
_SCALE = np.array([*[0.05] * FINE, 0.05, 1 / 15, 1.0, 1.0, 1.0, 1.0], np.float32)
_WINDOW = (REACH + 1) * INPUTS


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Weights as (inputs, outputs), biases as rows. `into`, `memory`: of the three gates side by side:
    forget, keep, new. `slope`, `offset`: Platt's.
    """

    version: str
    weights: dict[str, Floats]
    biases: dict[str, Floats]
    slope: float
    offset: float

    def blocks(self, sound: Floats) -> Floats:
        """What each block brings to the gates of the memory, (blocks, 3 · memory). `sound`: its frames and
        REACH before them as the ear has them, (blocks, REACH + BLOCK, INPUTS)."""
        inputs = (sound - NEUTRAL) * _SCALE
        inputs[..., PITCH] *= sound[..., PERIODIC] > 0.5
        shape = (len(inputs), BLOCK, _WINDOW)  # each frame with those before it
        windows = np.ndarray(shape, inputs.dtype, inputs, strides=inputs.strides)
        filtered = self._layer("filter", windows.reshape(-1, _WINDOW))
        block = self._layer("block", filtered.reshape(len(inputs), -1))
        return self._sums("into", block)

    def remember(self, state: Floats, coming: Floats) -> Floats:
        """The memory after one block more of each call, (calls, memory). `coming`: what `blocks` made of
        it."""
        size = state.shape[1]
        held = self._sums("memory", state)
        gates = 1.0 / (1.0 + np.exp(-coming[:, : 2 * size] - held[:, : 2 * size]))
        new = np.tanh(coming[:, 2 * size :] + gates[:, :size] * held[:, 2 * size :])
        after: Floats = new + gates[:, size:] * (state - new)
        return after

    def logits(self, state: Floats, told: Floats) -> list[float]:
        """Log-odds of a machine, of each call. `told`: features in the order of NAMES, (calls, NAMES)."""
        said = self._sums("last", self._layer("out", np.concatenate([state, timing(told)], axis=1)))
        return [self.slope * one + self.offset for one in said[:, 0].tolist()]

    def _layer(self, name: str, values: Floats) -> Floats:
        return np.maximum(self._sums(name, values), np.float32(0.0))

    def _sums(self, name: str, values: Floats) -> Floats:
        sums: Floats = values.dot(self.weights[name])  # of small arrays cheaper than the operator
        sums += self.biases[name]
        return sums


class Follower:
    """A network following one call. `state`: what it remembers, (memory,). `heard`: frames of the ear."""

    __slots__ = ("ear", "heard", "network", "state")

    def __init__(self, network: Network, ear: Ear) -> None:
        self.network, self.ear = network, ear
        self.state: Floats = np.zeros(len(network.weights["memory"]), np.float32)
        self.heard = 0

    def news(self) -> list[Floats]:
        """The blocks that the ear has measured since the last time, each with the REACH frames before it."""
        sound, length = self.ear.sound, REACH + BLOCK
        found = [sound[at : at + length] for at in range(self.heard, self.ear.measured, BLOCK)]
        self.heard = self.ear.measured
        return found


def follow(followers: Sequence[Follower]) -> None:
    """All that their ears have measured since the last time: blocks all at once, memory block after block."""
    for network, numbers in _by_network(followers):
        news = [(followers[number], found) for number in numbers if (found := followers[number].news())]
        if not news:
            continue
        news.sort(key=lambda one: -len(one[1]))  # those with more blocks go on where the others stop
        steps = [[found[at] for _, found in news if at < len(found)] for at in range(len(news[0][1]))]
        coming = network.blocks(np.array([block for step in steps for block in step]))
        state, at = np.array([follower.state for follower, _ in news]), 0
        for step in steps:
            state[: len(step)] = network.remember(state[: len(step)], coming[at : at + len(step)])
            at += len(step)
        for (follower, _), after in zip(news, state, strict=True):
            follower.state = after


def logits(followers: Sequence[Follower], told: Sequence[Floats]) -> list[float]:
    """Log-odds of a machine, after the last block of each. `told`: features of each, in the order of
    NAMES."""
    said = [0.0] * len(followers)
    for network, numbers in _by_network(followers):
        state = np.array([followers[number].state for number in numbers])
        found = network.logits(state, np.array([told[number] for number in numbers]))
        for number, logit in zip(numbers, found, strict=True):
            said[number] = logit
    return said


def _by_network(followers: Sequence[Follower]) -> Iterable[tuple[Network, list[int]]]:
    """Which of them follow the same one: nearly always all."""
    found = dict[Network, list[int]]()
    for number, follower in enumerate(followers):
        found.setdefault(follower.network, []).append(number)
    return found.items()


def timing(told: Floats) -> Floats:
    """What the last layer but one is told of it: seconds and counts, squeezed. `told`: features, one row or
    many."""
    values = told[..., : len(TIMING)]
    squeezed: Floats = np.where(_STRETCH > 0.0, np.log1p(_STRETCH * values), values).astype(np.float32)
    return squeezed


def parse(text: str, where: str = "network.json") -> Network:
    """ConfigError: it is no network, or one for other inputs."""
    try:
        return _network(json.loads(text))
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise ConfigError(f"not a network: {error}", where, "Train one: prozvon amd train UNITS") from error


def _network(data: dict[str, Any]) -> Network:
    if tuple(data["inputs"]) != SOUND or tuple(data["timing"]) != TIMING:
        raise ValueError("it was trained on other inputs")
    weights = {name: np.array(data["layers"][name]["weights"], np.float32) for name in _LAYERS}
    biases = {name: np.array(data["layers"][name]["biases"], np.float32) for name in _LAYERS}
    memory = len(weights["memory"])
    wanted = {"filter": (REACH + 1) * INPUTS, "into": weights["block"].shape[1], "out": memory + len(TIMING)}
    wanted |= {"block": BLOCK * weights["filter"].shape[1], "last": weights["out"].shape[1]}
    for name, rows in wanted.items():
        if len(weights[name]) != rows or weights[name].shape[1:] != biases[name].shape:
            raise ValueError(f"layer '{name}' does not fit the others")
    if weights["memory"].shape != (memory, 3 * memory) or weights["into"].shape[1] != 3 * memory:
        raise ValueError("its memory does not fit its layers")
    return Network(str(data["version"]), weights, biases, float(data["slope"]), float(data["offset"]))


@cache
def standard() -> Network:
    """The one that comes with the engine."""
    return parse(resources.files("engine.amd").joinpath("network.json").read_text("utf-8"))
