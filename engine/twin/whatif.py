"""What if: a grid of operators and caps, played, with the long-run relation beside it."""

import re
from dataclasses import dataclass
from typing import Any

from engine.domain.errors import ConfigError
from engine.pacing.staffing import at_cap
from engine.twin.measures import Figure
from engine.twin.results import Outcome
from engine.twin.world import World

POINTS = 5
KNOW_A_CAP = frozenset({"predictive", "adaptive", "erlang-c", "expected"})
"""Modes and baselines that a cap means something to."""
SHOWN = ("occupancy", "abandonment", "wait_s", "talks_per_operator_h", "channels")


@dataclass(frozen=True, slots=True)
class Grid:
    """`outcomes[cap][agents]`, in the order of `caps` and `agents`."""

    world: World
    agents: tuple[int, ...]
    caps: tuple[float, ...]
    outcomes: tuple[tuple[Outcome, ...], ...]

    @property
    def knows_caps(self) -> bool:
        return self.world.campaign.mode in KNOW_A_CAP

    def figure(self, measure: str, cap: int, agents: int) -> Figure:
        return self.outcomes[cap][agents].figures[measure]

    @property
    def handle_s(self) -> float:
        """Mean talk and wrap-up as played, seconds; 0.0 where nobody talked."""
        sums = [outcome.sums for row in self.outcomes for outcome in row]
        talks = sum(one.talked + one.inbound_talked for one in sums)
        return sum(one.talk_s + one.wrap_s for one in sums) / talks if talks else 0.0

    def long_run(self, cap: float) -> list[float]:
        """Occupancy that rates alone allow at this cap, for each number of operators."""
        patience_s = self.world.campaign.answer_limit_s
        if not self.handle_s:
            return []
        return [at_cap(n, self.handle_s, patience_s, cap).occupancy if n else 0.0 for n in self.agents]

    def as_record(self) -> list[dict[str, Any]]:
        return [
            {**outcome.as_record(), "cap": cap}
            for cap, row in zip(self.caps, self.outcomes, strict=True)
            for outcome in row
        ]


def worlds_of(world: World, agents: tuple[int, ...], caps: tuple[float, ...]) -> list[World]:
    """Cap after cap, each with every number of operators; the same seed everywhere."""
    return [
        world.but(operators={"count": n, "staffing": ()}, campaign={"cap": cap})
        for cap in caps
        for n in agents
    ]


def grid_of(world: World, agents: tuple[int, ...], caps: tuple[float, ...], played: list[Outcome]) -> Grid:
    rows = tuple(tuple(played[n : n + len(agents)]) for n in range(0, len(played), len(agents)))
    return Grid(world, agents, caps, rows)


def agents_range(text: str) -> tuple[int, ...]:
    """`30`, `20,30,45`, `20..60` (five points) or `20..60:10` (steps of ten)."""
    given = re.fullmatch(r"(\d+)\.\.(\d+)(?::(\d+))?", text.strip())
    if given:
        low, high, step = int(given[1]), int(given[2]), int(given[3] or 0)
        if low < high:
            points = range(low, high + 1, step) if step else _spread(low, high)
            return tuple(sorted({round(point) for point in points}))
    elif re.fullmatch(r"\d+(,\d+)*", text.strip()):
        return tuple(sorted({int(one) for one in text.split(",")}))
    raise ConfigError(
        f"'{text}' is no range of operators", "--agents", "Write 20..60, 20..60:10 or 20,30,45."
    )


def caps_range(text: str) -> tuple[float, ...]:
    """`3%`, `1%,3%`, or `0.5%..5%`: four points at equal ratios, those between in round numbers."""
    parts = re.split(r"\.\.|,", text.strip())
    caps = [_share(part) for part in parts]
    if ".." in text and len(caps) == 2 and caps[0] < caps[1]:
        ratio = (caps[1] / caps[0]) ** (1 / 3)
        between = (float(f"{caps[0] * ratio**n:.2g}") for n in (1, 2))
        return tuple(sorted({caps[0], *between, caps[1]}))
    if ".." in text:
        raise ConfigError(f"'{text}' is no range of caps", "--cap", "Write 0.5%..5%, or 1%,3%.")
    return tuple(sorted(set(caps)))


def _spread(low: int, high: int) -> list[float]:
    return [low + (high - low) * n / (POINTS - 1) for n in range(POINTS)]


def _share(text: str) -> float:
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", text)
    value = float(found[1]) / (100.0 if found[2] else 1.0) if found else 0.0
    if not 0.0 < value < 1.0:
        raise ConfigError(f"'{text}' is no share between 0 and 1", "--cap", "Write 3% or 0.03.")
    return value
