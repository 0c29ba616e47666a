"""Running worlds and telling what came of them, as plain data that is the same whenever the seed is."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from engine.pacing.snapshot import Policy
from engine.twin.book import Sums
from engine.twin.measures import MEASURES, Figure, figures, total
from engine.twin.twin import Twin
from engine.twin.world import World


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one world came to over all its runs. `batches`: one run's intervals, or one sum for each run."""

    world: World
    runs: int
    batches: tuple[Sums, ...]
    by_disposition: dict[str, int]

    @property
    def figures(self) -> dict[str, Figure]:
        return figures(self.batches, self.world.trunk.channels)

    @property
    def sums(self) -> Sums:
        return total(self.batches)

    def as_record(self) -> dict[str, Any]:
        """Plain data for --json: rounded, so that it reads the same on every machine."""
        sums = {name: _short(value) for name, value in asdict(self.sums).items() if name != "from_s"}
        return {
            "world": self.world.name,
            "mode": self.world.campaign.mode,
            "operators": self.world.operators.count,
            "hours": self.world.hours,
            "seed": self.world.seed,
            "runs": self.runs,
            "figures": {
                name: {"value": round(one.value, 6), "half": _finite(one.half), "what": MEASURES[name][0]}
                for name, one in self.figures.items()
            },
            "sums": sums | {"live": self.sums.live},
            "by_disposition": dict(sorted(self.by_disposition.items())),
        }


def play(
    world: World,
    runs: int = 1,
    step: Callable[[float], None] = lambda share: None,
    policy: Callable[[], Policy] | None = None,
) -> Outcome:
    """Run a world `runs` times, with the seeds from its own on; `step` is told the share that is done."""
    pages: list[Sums] = []
    ends: dict[str, int] = {}
    for number in range(runs):
        twin = Twin(world.but(seed=world.seed + number), policy=policy)
        book = twin.run(lambda share, done=number: step((done + share) / runs))  # type: ignore[misc]
        pages += book.intervals if runs == 1 else [total(book.intervals)]
        for name, count in book.by_disposition.items():
            ends[name] = ends.get(name, 0) + count
    return Outcome(world, runs, tuple(pages), ends)


def _short(value: float) -> float:
    return value if isinstance(value, int) else round(value, 3)


def _finite(half: float) -> float | None:
    return None if half == float("inf") else round(half, 6)
