"""Training of the network from end to end, as `course.py` trains the trees: with the same five parts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.domain.errors import ConfigError
from engine.training.course import PARTS, part_of, speaker
from engine.training.fit import calibrate
from engine.training.network_fit import Recipe, as_text, fit, logits_of, pytorch
from engine.training.network_rows import Rows, joined, rows_of
from engine.training.openings import Opening, Voices, write_many
from engine.training.units import Shelf, Unit

_AT_ONCE = 200  # openings in memory with their sound


class NetworkCourse:
    """`say` hears of the progress."""

    def __init__(
        self, folders: list[Path], openings: int, seed: int, say: Callable[[str], None] = lambda line: None
    ) -> None:
        self._shelf, self._count, self._seed, self._say = Shelf(folders), openings, seed, say

    def run(self, recipe: Recipe | None = None) -> tuple[str, dict[str, Any]]:
        """The text of the network, and what is known of it. ConfigError: too few voices."""
        recipe = recipe or Recipe()
        pytorch()
        rows, part = self._rows()
        logits = np.zeros(rows.weight.shape, np.float32)
        for number in range(PARTS):
            mine, others = np.flatnonzero(part == number), np.flatnonzero(part != number)
            network = fit(rows, others, recipe, number + 1, self._say)
            logits[mine] = logits_of(network, rows, mine)
            self._say(f"voices held out, part {number + 1}: {_right(logits, rows, mine):.1%} of looks right")
        counts = rows.weight > 0
        machine = np.broadcast_to(rows.machine[:, None], counts.shape)[counts]
        slope, offset = calibrate(logits[counts], machine, rows.weight[counts])
        network = fit(rows, np.arange(len(rows.machine)), recipe, self._seed, self._say)
        speakers = {speaker(unit.voice) for unit in self._shelf.units}
        about = {"openings": len(rows.machine), "speakers": len(speakers), "seed": self._seed}
        right = _right(logits, rows, np.arange(len(rows.machine)))
        text = as_text(network, slope, offset, f"seed {self._seed}, {self._count} openings", about)
        return text, about | {"looks_right_on_voices_held_out": round(right, 4)}

    def _rows(self) -> tuple[Rows, npt.NDArray[np.int32]]:
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


def _right(logits: Any, rows: Rows, which: npt.NDArray[np.intp]) -> float:
    counts = (rows.weight[which] > 0) & (rows.machine[which, None] != 0.5)
    said = (logits[which] > 0) == (rows.machine[which, None] > 0.5)
    return float(said[counts].mean())
