"""Training from end to end: units to openings, openings to looks, looks to a network, and what it is worth.

Voices are dealt into five parts; openings of one part use the voices of that part alone, so that what is said
of the network is said of voices that it never heard. The network itself then learns from all parts.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from engine.amd.hearing import Floats
from engine.domain.errors import ConfigError
from engine.training import network_fit
from engine.training.cast import Voices
from engine.training.openings import Opening, write_many
from engine.training.rows import Rows, joined, rows_of
from engine.training.trial import Prices, Trial, fit_lines
from engine.training.units import Shelf, Unit

PARTS = 5
Parts = npt.NDArray[np.int32]
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
    """The network's file, as text, and what is known of it."""

    network: str
    report: dict[str, Any]


class Course:
    """`say` hears of the progress."""

    def __init__(
        self, folders: list[Path], openings: int, seed: int, say: Callable[[str], None] = lambda line: None
    ) -> None:
        self._shelf, self._count, self._seed, self._say = Shelf(folders), openings, seed, say

    def run(self) -> Trained:
        """ConfigError: too few voices, or what training needs is not installed."""
        network_fit.pytorch()
        rows, part = self._rows()
        speakers = {speaker(unit.voice) for unit in self._shelf.units}
        return train(rows, part, network_fit.Recipe(), self._seed, len(speakers), self._say)

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
    recipe: network_fit.Recipe,
    seed: int,
    speakers: int,
    say: Callable[[str], None] = lambda line: None,
    tries: int = 600,
) -> Trained:
    """A network from all rows, and what its like are worth on the voices of each part when they have heard
    only those of the others. `tries`: steps in search of better lines."""
    every, counts = np.arange(len(rows.machine)), (rows.weight > 0) & (rows.machine[:, None] != 0.5)
    logits = np.zeros(counts.shape, np.float32)
    for number in range(PARTS):
        mine, others = np.flatnonzero(part == number), np.flatnonzero(part != number)
        logits[mine] = network_fit.logits_of(
            network_fit.fit(rows, others, recipe, number + 1, say), rows, mine
        )
        right = _right(logits[mine], rows.machine[mine], counts[mine])
        say(f"voices held out, part {number + 1} of {PARTS}: looks right: {right} %")
    weight = rows.weight[counts] / rows.weight[counts].mean()
    machine = np.broadcast_to(rows.machine[:, None], counts.shape)[counts]
    slope, offset = network_fit.calibrate(logits[counts], machine, weight)
    logits = np.float32(slope) * logits + np.float32(offset)
    trial = Trial(rows, logits)
    about = {"openings": len(every), "speakers": speakers, "seed": seed}
    report = about | {
        "looks": int(counts.sum()),
        "looks_right": _right(logits, rows.machine, counts),
        "voices_held_out": trial.report(),
        "better_lines": asdict(fit_lines(trial, Prices(), tries, seed)),
    }
    say("once more, with all voices")
    follower = network_fit.fit(rows, every, recipe, seed, say)
    return Trained(network_fit.as_text(follower, slope, offset, about), report)


def _right(logits: Floats, machine: Floats, counts: npt.NDArray[np.bool_]) -> float:
    """Of all looks, percent."""
    return round(100 * float(((logits > 0) == (machine[:, None] > 0.5))[counts].mean()), 2)
