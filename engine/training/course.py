"""Training from end to end: units to openings, openings to looks, looks to trees and a network, and what the
two together are worth.

Voices are dealt into five parts; openings of one part use the voices of that part alone, so that what is said
of the models is said of voices that they never heard. The models themselves then learn from all parts.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from engine.amd.network import Share
from engine.amd.shapes import Floats
from engine.domain.errors import ConfigError
from engine.training import fit, network_fit
from engine.training.openings import Opening, Voices, write_many
from engine.training.rows import Rows, joined, rows_of
from engine.training.trial import Prices, Trial, fit_lines
from engine.training.units import Shelf, Unit

PARTS = 5
Parts = npt.NDArray[np.int32]
Which = npt.NDArray[np.intp]
_AT_ONCE = 200  # openings in memory with their sound


def speaker(voice: str) -> str:
    """Who speaks: one speaker in two languages is one, a variant of espeak-ng is one in all of them."""
    engine, _, rest = voice.partition(":")
    if engine == "espeak":
        return f"espeak+{rest.partition('+')[2]}"
    return "allison" if "allison" in voice else voice


def part_of(voice: str) -> int:
    return crc32(speaker(voice).encode()) % PARTS


@dataclass(frozen=True, slots=True)
class Trained:
    """The files of the pair, as text, and what is known of it."""

    model: str
    network: str
    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recipes:
    """`tries`: steps in search of better lines."""

    trees: fit.Recipe = field(default_factory=fit.Recipe)
    network: network_fit.Recipe = field(default_factory=network_fit.Recipe)
    tries: int = 600


class Course:
    """`say` hears of the progress."""

    def __init__(
        self, folders: list[Path], openings: int, seed: int, say: Callable[[str], None] = lambda line: None
    ) -> None:
        self._shelf, self._count, self._seed, self._say = Shelf(folders), openings, seed, say

    def run(self, recipes: Recipes | None = None) -> Trained:
        """ConfigError: too few voices, or what training needs is not installed."""
        fit.boosting()
        network_fit.pytorch()
        rows, part = self._rows()
        speakers = {speaker(unit.voice) for unit in self._shelf.units}
        return train(rows, part, recipes or Recipes(), self._seed, len(speakers), self._say)

    def _rows(self) -> tuple[Rows, Parts]:
        found, parts = list[Rows](), list[int]()
        for part in range(PARTS):
            mine: list[Unit] = [unit for unit in self._shelf.units if part_of(unit.voice) == part]
            if len(mine) < 20:
                fix = f"There are {len(mine)} units in part {part + 1} of {PARTS}: add voices."
                raise ConfigError("too few voices to hold some out", "prozvon amd train", fix)
            each = self._count // PARTS
            openings, voices = list[Opening](), Voices(self._shelf, mine)
            for opening in write_many(voices, each, self._seed * 100 + part):
                openings.append(opening)
                if len(openings) == _AT_ONCE:
                    found.append(rows_of(openings))
                    openings = []
            if openings:
                found.append(rows_of(openings))
            parts += [part] * (sum(len(rows.machine) for rows in found) - len(parts))
            self._say(f"part {part + 1} of {PARTS}: {each} openings")
        return joined(found), np.array(parts, np.int32)


def train(
    rows: Rows,
    part: Parts,
    recipes: Recipes,
    seed: int,
    speakers: int,
    say: Callable[[str], None] = lambda line: None,
) -> Trained:
    """Both models from all rows, and what they are worth on the voices of each part when they have heard only
    those of the others."""
    every, counts = np.arange(len(rows.machine)), (rows.weight > 0) & (rows.machine[:, None] != 0.5)
    trees, network = np.zeros(counts.shape, np.float32), np.zeros(counts.shape, np.float32)
    for number in range(PARTS):
        mine, others = np.flatnonzero(part == number), np.flatnonzero(part != number)
        trees[mine] = _by_trees(_trees(rows, others, recipes.trees, number + 1), rows, mine)
        follower = network_fit.fit(rows, others, recipes.network, number + 1, say)
        network[mine] = network_fit.logits_of(follower, rows, mine)
        right = [_right(said[mine], rows.machine[mine], counts[mine]) for said in (trees, network)]
        say(f"voices held out, part {number + 1}: looks right: trees {right[0]} %, network {right[1]} %")
    weight = rows.weight[counts] / rows.weight[counts].mean()
    machine = np.broadcast_to(rows.machine[:, None], counts.shape)[counts]
    by_trees, by_network = (fit.calibrate(said[counts], machine, weight) for said in (trees, network))
    trees = np.float32(by_trees[0]) * trees + np.float32(by_trees[1])
    network = np.float32(by_network[0]) * network + np.float32(by_network[1])
    share = Share(*fit.weighed([trees[counts], network[counts]], machine, weight))
    pair: Floats = (share.trees * trees + share.network * network + share.offset).astype(np.float32)
    trial = Trial(rows, pair)
    about = {"openings": len(every), "looks": int(counts.sum()), "speakers": speakers, "seed": seed}
    said = {"trees": trees, "network": network, "pair": pair}
    report = about | {
        "looks_right": {name: _right(one, rows.machine, counts) for name, one in said.items()},
        "share": asdict(share),
        "voices_held_out": trial.report(),
        "better_lines": asdict(fit_lines(trial, Prices(), recipes.tries, seed)),
    }
    say("both once more, with all voices")
    model = fit.as_text(_trees(rows, every, recipes.trees, seed).dump_model(), *by_trees, about)
    follower = network_fit.fit(rows, every, recipes.network, seed, say)
    return Trained(model, network_fit.as_text(follower, *by_network, share, about), report)


def _trees(rows: Rows, which: Which, recipe: fit.Recipe, seed: int) -> Any:
    """A long opening has many looks and still is one opening: each look weighs less, and about 1 in all."""
    counts = (rows.weight[which] > 0) & (rows.machine[which, None] != 0.5)
    weight = rows.weight[which][counts]
    machine = np.broadcast_to(rows.machine[which, None], counts.shape)[counts]
    return fit.fit(rows.features[which][counts], machine, weight / weight.mean(), recipe, seed)


def _by_trees(fitted: Any, rows: Rows, which: Which) -> Floats:
    """Log-odds at every look, (openings, BLOCKS)."""
    features = rows.features[which]
    flat = fitted.predict(features.reshape(-1, features.shape[-1]), raw_score=True)
    logits: Floats = flat.reshape(features.shape[:2]).astype(np.float32)
    return logits


def _right(logits: Floats, machine: Floats, counts: npt.NDArray[np.bool_]) -> float:
    """Of all looks, percent."""
    return round(100 * float(((logits > 0) == (machine[:, None] > 0.5))[counts].mean()), 2)
