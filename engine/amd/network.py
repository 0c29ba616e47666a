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
numbers, a row for each of its inputs. Nothing but numpy is needed to run it.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from engine.amd.features import TIMING
from engine.amd.hearing import BLOCK, FINE, MOST_BEHIND, Ear, Floats
from engine.domain.errors import ConfigError

SOUND = (
    *(f"band{number}" for number in range(FINE)),
    "level",
    "under_top",
    "periodic",
    "pitch",
    "vad",
    "tone",
)
INPUTS = len(SOUND)
REACH = 2  # frames before a frame that its filter sees
_LEAST_TOP_DBFS = -60.0
_LAYERS = ("filter", "block", "into", "memory", "out", "last")
_STRETCH = np.array([1, 3, 1, 3, 1, 1, 1, 0], np.float32)  # short pauses tell more than long ones


@dataclass(frozen=True, slots=True)
class Network:
    """Weights as (inputs, outputs), biases as rows. `into`, `memory`: of the three gates side by side:
    forget, keep, new. `slope`, `offset`: Platt's.
    """

    version: str
    weights: dict[str, Floats]
    biases: dict[str, Floats]
    slope: float
    offset: float


class Follower:
    """A network following one call."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._weights, self._biases = network.weights, network.biases
        self._size = len(network.weights["memory"])
        self._state = np.zeros(self._size, np.float32)
        self._heard = 0  # frames, of the ear
        self._frames = np.zeros((REACH + MOST_BEHIND, INPUTS), np.float32)  # REACH before, then what is new
        step, unit = self._frames.strides
        self._windows = np.lib.stride_tricks.as_strided(  # each frame with those before it: a view that stays
            self._frames, (MOST_BEHIND, (REACH + 1) * INPUTS), (step, unit), writeable=False
        )
        self._top = _LEAST_TOP_DBFS

    def hear(self, ear: Ear) -> None:
        """All that the ear has measured since the last time: at most MOST_BEHIND frames, whole blocks."""
        new = ear.measured - self._heard
        if new:
            self._take(ear, slice(self._heard, ear.measured))
            for begin in range(0, new, BLOCK):
                self._remember(self._windows[begin : begin + BLOCK])
            self._frames[:REACH] = self._frames[new : new + REACH]
            self._heard = ear.measured

    def _remember(self, windows: Floats) -> None:
        """One block more. `windows`: each frame with those before it."""
        weights, biases, size = self._weights, self._biases, self._size
        filtered = np.maximum(windows @ weights["filter"] + biases["filter"], 0.0)
        block = np.maximum(filtered.ravel() @ weights["block"] + biases["block"], 0.0)
        coming = block @ weights["into"] + biases["into"]
        held = self._state @ weights["memory"] + biases["memory"]
        gates = 1.0 / (1.0 + np.exp(-coming[: 2 * size] - held[: 2 * size]))
        keep = gates[size:]
        new = np.tanh(coming[2 * size :] + gates[:size] * held[2 * size :])
        self._state = new + keep * (self._state - new)

    def logit(self, told: Floats) -> float:
        """Log-odds of a machine, after the last block. `told`: features in the order of NAMES."""
        weights, biases, network = self._weights, self._biases, self._network
        seen = np.concatenate([self._state, timing(told)])
        out = np.maximum(seen @ weights["out"] + biases["out"], 0.0)
        said = float(out @ weights["last"][:, 0] + biases["last"][0])
        return network.slope * said + network.offset

    def _take(self, ear: Ear, to: slice) -> None:
        """Inputs of frames: bands, level, level under the loudest so far, pitch, activity, tone."""
        level, vad, tone = ear.level[to], ear.vad[to], ear.tone[to]
        loud = np.where((vad == 2) & ~tone, level, self._top)
        top = np.maximum.accumulate(np.maximum(loud, self._top))
        self._top = float(top[-1])
        new, periodic = self._frames[REACH : REACH + to.stop - to.start], ear.periodic[to]
        new[:, :FINE] = (ear.fine[to] - 45.0) * 0.05
        new[:, FINE] = (level + 45.0) * 0.05
        new[:, FINE + 1] = np.minimum(np.maximum(level - top, -45.0), 15.0) * (1 / 15)
        new[:, FINE + 2] = periodic
        new[:, FINE + 3] = (ear.pitch[to] - 1.0) * (periodic > 0.5)
        new[:, FINE + 4] = vad - 1.0
        new[:, FINE + 5] = tone


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
