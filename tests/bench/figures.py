"""What a benchmark tells: a line for people, and for `python -m tests.bench` a figure it can judge."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

KEPT_IN = "PROZVON_BENCH_FIGURES"


@dataclass(frozen=True, slots=True)
class Figure:
    """`at_most`, `at_least`: the goal, where there is one."""

    what: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def goal(self) -> str:
        if self.at_most is not None:
            return f"≤ {self.at_most:,g}"
        return "" if self.at_least is None else f"≥ {self.at_least:,g}"

    @property
    def missed(self) -> bool:
        too_much = self.at_most is not None and self.value > self.at_most
        return too_much or (self.at_least is not None and self.value < self.at_least)

    @property
    def verdict(self) -> str:
        return ("missed" if self.missed else "met") if self.goal else ""

    @property
    def shown(self) -> str:
        digits = 0 if self.value >= 1000 else 1 if self.value >= 20 else 2
        return f"{self.value:,.{digits}f} {self.unit}"


def tell(
    what: str, value: float, unit: str, at_most: float | None = None, at_least: float | None = None
) -> Figure:
    """Say a figure, and keep it for whoever runs all benchmarks."""
    figure = Figure(what, value, unit, at_most, at_least)
    print(f"{what:<58} {figure.shown:>20}  {figure.goal:<9} {figure.verdict}", flush=True)
    if os.environ.get(KEPT_IN):
        with Path(os.environ[KEPT_IN]).open("a") as kept:
            kept.write(json.dumps(asdict(figure)) + "\n")
    return figure


def told(path: Path) -> list[Figure]:
    """What the benchmark whose `PROZVON_BENCH_FIGURES` was `path` has told."""
    return [Figure(**json.loads(line)) for line in path.read_text().splitlines()] if path.exists() else []
