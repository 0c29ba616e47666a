"""Running worlds and telling what came of them, as plain data that is the same whenever the seed is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from engine.pacing.snapshot import Policy
from engine.twin.book import Sums
from engine.twin.measures import MEASURES, Figure, figures, total
from engine.twin.twin import Twin
from engine.twin.world import World

WINDOW = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one world came to over all its runs. `batches`: one run's intervals, or one sum for each run.

    `worst`: the greatest share of missed among WINDOW live answers in a row, 0.0 where there were fewer.
    """

    world: World
    runs: int
    batches: tuple[Sums, ...]
    by_disposition: dict[str, int]
    worst: float = 0.0

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
            "worst_of_window": round(self.worst, 6),
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
    worst = 0.0
    for number in range(runs):
        twin = Twin(world.but(seed=world.seed + number), policy=policy)
        book = twin.run(lambda share, done=number: step((done + share) / runs))  # type: ignore[misc]
        pages += book.intervals if runs == 1 else [total(book.intervals)]
        worst = max(worst, worst_of(book.missed))
        for name, count in book.by_disposition.items():
            ends[name] = ends.get(name, 0) + count
    return Outcome(world, runs, tuple(pages), ends, worst)


def worst_of(missed: Sequence[int], window: int = WINDOW) -> float:
    """The greatest share of missed among `window` live answers in a row."""
    if len(missed) < window:
        return 0.0
    now = most = sum(missed[:window])
    for n in range(window, len(missed)):
        now += missed[n] - missed[n - window]
        most = max(most, now)
    return most / window


def _short(value: float) -> float:
    return value if isinstance(value, int) else round(value, 3)


def _finite(half: float) -> float | None:
    return None if half == float("inf") else round(half, 6)


def packed(outcome: Outcome) -> dict[str, Any]:
    """An outcome without its world, for another process."""
    return {
        "runs": outcome.runs,
        "batches": [asdict(page) for page in outcome.batches],
        "by_disposition": outcome.by_disposition,
        "worst": outcome.worst,
    }


def unpacked(world: World, told: Mapping[str, Any]) -> Outcome:
    pages = tuple(Sums(**page) for page in told["batches"])
    return Outcome(world, told["runs"], pages, dict(told["by_disposition"]), told["worst"])
