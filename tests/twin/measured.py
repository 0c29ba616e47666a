"""What an engine's journal says it measured, and what the twin says it should have: in the same measures."""

import math
import statistics
from typing import Any

from engine.twin.book import Sums
from engine.twin.measures import student_t
from engine.twin.results import play
from engine.twin.world import World

STAFFED = frozenset({"ready", "reserved", "talking", "wrap_up"})
MEASURES = ("occupancy", "abandonment")


def predicted(world: World, runs: int) -> dict[str, tuple[float, float, float]]:
    """By measure: mean of the runs, and the 95 % prediction interval of one more."""
    batches = play(world, runs).batches
    found = {}
    for name in MEASURES:
        values = [_values(run)[name] for run in batches]
        mean, spread = statistics.mean(values), statistics.stdev(values)
        half = student_t(runs - 1) * spread * math.sqrt(1 + 1 / runs)
        found[name] = (mean, max(0.0, mean - half), mean + half)
    return found


def _values(run: Sums) -> dict[str, float]:
    return {
        "occupancy": (run.talk_s + run.wrap_s) / run.staffed_s,
        "abandonment": (run.abandoned + run.hung_up) / max(1, run.live),
    }


def measured(records: list[dict[str, Any]], from_s: float, until_s: float) -> dict[str, float]:
    """The same measures from the engine's journal."""
    lasted = dict.fromkeys(("staffed", "talking", "wrap_up"), 0.0)
    moves: dict[str, list[tuple[float, str]]] = {}
    for one in records:
        if one["kind"] == "agent" and "state" in one:
            moves.setdefault(one["agent"], []).append((one["at_s"], one["state"]))
    for mine in moves.values():
        for (at_s, state), (next_s, _) in zip(mine, [*mine[1:], (until_s, "")], strict=True):
            seconds = max(0.0, min(next_s, until_s) - max(at_s, from_s))
            lasted["staffed"] += seconds * (state in STAFFED)
            if state in lasted:
                lasted[state] += seconds
    ends = [one["disposition"] for one in records if one["kind"] == "cdr" and one["ended_at_s"] <= until_s]
    missed = sum(end in ("abandoned", "hung_up") for end in ends)
    talked = ends.count("talked")
    return {
        "occupancy": (lasted["talking"] + lasted["wrap_up"]) / lasted["staffed"],
        "abandonment": missed / max(1, missed + talked),
        "live": missed + talked,
        "launched": sum(one["kind"] == "intent" for one in records),
    }
