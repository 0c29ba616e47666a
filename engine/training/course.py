"""Training from end to end: units to openings, openings to looks, looks to trees, and what they are worth.

Voices are dealt into five parts; openings of one part use the voices of that part alone, so that what is said
of the model is said of voices that it never heard. The model itself then learns from all parts.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from engine.domain.errors import ConfigError
from engine.training.fit import Recipe, as_text, boosting, calibrate, fit, held_out
from engine.training.openings import Opening, Voices, write_many
from engine.training.rows import Rows, rows_of
from engine.training.units import Shelf, Unit

PARTS = 5


def speaker(voice: str) -> str:
    """Who speaks: one speaker in two languages is one, a variant of espeak-ng is one in all of them."""
    engine, _, rest = voice.partition(":")
    if engine == "espeak":
        return f"espeak+{rest.partition('+')[2]}"
    return "allison" if "allison" in voice else voice


def part_of(voice: str) -> int:
    return crc32(speaker(voice).encode()) % PARTS


class Course:
    """`say` hears of the progress."""

    def __init__(
        self, folders: list[Path], openings: int, seed: int, say: Callable[[str], None] = lambda line: None
    ) -> None:
        self._shelf, self._count, self._seed, self._say = Shelf(folders), openings, seed, say

    def run(self, recipe: Recipe | None = None) -> tuple[str, dict[str, Any]]:
        """The text of the model, and what is known of it. ConfigError: too few voices."""
        recipe = recipe or Recipe()
        boosting()
        rows, fold = self._rows()
        x, machine = rows.x, rows.machine
        weight = _weights(rows)
        logits = held_out(x, machine, weight, fold, recipe, self._say)
        slope, offset = calibrate(logits, machine, weight)
        fitted = fit(x, machine, weight, recipe, self._seed)
        speakers = {speaker(unit.voice) for unit in self._shelf.units}
        about = {"openings": self._count, "looks": len(x), "speakers": len(speakers), "seed": self._seed}
        right = float(((logits > 0) == (machine > 0.5)).mean())
        text = as_text(fitted.dump_model(), slope, offset, f"seed {self._seed}, {len(x)} looks", about)
        return text, about | {"looks_right_on_voices_held_out": round(right, 4)}

    def _rows(self) -> tuple[Rows, Any]:
        found, folds = list[Rows](), list[int]()
        for part in range(PARTS):
            mine: list[Unit] = [unit for unit in self._shelf.units if part_of(unit.voice) == part]
            if len(mine) < 20:
                fix = f"There are {len(mine)} units in part {part + 1} of {PARTS}: add voices."
                raise ConfigError("too few voices to hold some out", "prozvon amd train", fix)
            each = self._count // PARTS
            openings: list[Opening] = []
            for opening in write_many(Voices(self._shelf, mine), each, self._seed * 100 + part):
                openings.append(opening)
            rows = rows_of(openings)
            found.append(rows)
            folds += [part] * len(rows.x)
            self._say(f"part {part + 1} of {PARTS}: {each} openings, {len(rows.x)} looks")
        offsets = np.cumsum([0, *(int(rows.opening.max()) + 1 for rows in found[:-1])])
        joined = Rows(
            np.concatenate([rows.x for rows in found]),
            np.concatenate([rows.opening + offset for rows, offset in zip(found, offsets, strict=True)]),
            np.concatenate([rows.at_s for rows in found]),
            np.concatenate([rows.machine for rows in found]),
        )
        return joined, np.array(folds, np.int32)


def _weights(rows: Rows) -> Any:
    """A long opening has many looks and still is one opening: each look weighs less, and about 1 in all."""
    looks = np.bincount(rows.opening)
    weight = 1.0 / np.sqrt(looks[rows.opening])
    return (weight / weight.mean()).astype(np.float32)
