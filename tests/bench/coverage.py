"""Does the stated bound hold? `python -m tests.bench.coverage [--campaigns 1000] [--svg FILE] [--gaps]`.

Simulates campaigns of 1 to 300 agents, cold from the start, with answer rates that jump and teams that come
and go, none of them chosen by anybody (`small_world.drawn`), and counts the share of them that ended with
more abandoned calls than the cap allows, by how far. `--gaps` measures instead what it costs in occupancy to
decide less often.
"""

import argparse
import json
import math
from dataclasses import asdict
from pathlib import Path

from engine.pacing import POLICIES
from engine.twin.charts import Line, chart
from tests.bench.figures import tell
from tests.bench.small_world import Plan, Sum, World, drawn

CAP, STATED, ALLOWANCE = 0.03, 0.02, 6
"""Stated: at most this share of campaigns ends with more than cap·n + ALLOWANCE abandoned calls."""


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.bench.coverage", description=__doc__)
    parser.add_argument("--campaigns", type=int, default=1_000)
    parser.add_argument("--first", type=int, default=1, metavar="SEED")
    parser.add_argument("--svg", type=Path, help="where to put the plot")
    parser.add_argument("--keep", type=Path, help="file to keep each campaign in, to go on from later")
    parser.add_argument("--report", action="store_true", help="tell of what is kept, simulate nothing")
    parser.add_argument("--gaps", action="store_true", help="what coalescing costs")
    asked = parser.parse_args()
    if asked.gaps:
        return gaps()
    found = kept(asked.keep) if asked.keep and asked.keep.exists() else {}
    wanted = range(asked.first, asked.first + asked.campaigns)
    for seed in wanted if not asked.report else ():
        if seed in found:
            continue
        found[seed] = drawn(seed), World(drawn(seed), POLICIES["predictive"](), seed).run()
        if asked.keep:
            with asked.keep.open("a") as file:
                file.write(json.dumps({"seed": seed, **asdict(found[seed][1])}) + "\n")
    return report(list(found.values()), asked.svg)


def kept(path: Path) -> dict[int, tuple[Plan, Sum]]:
    """Campaigns of an earlier run that was broken off."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return {
        one["seed"]: (drawn(one["seed"]), Sum(**{k: one[k] for k in one if k != "seed"})) for one in lines
    }


def over(found: list[tuple[Plan, Sum]], allowance: int = ALLOWANCE) -> float:
    """Share of campaigns with more than cap·n + `allowance` abandoned calls."""
    return sum(one.abandoned > CAP * one.live + allowance for _, one in found) / len(found)


def report(found: list[tuple[Plan, Sum]], svg: Path | None) -> int:
    live, abandoned = sum(one.live for _, one in found), sum(one.abandoned for _, one in found)
    tell("campaigns simulated", len(found), "")
    tell("abandoned of all live answers", 100.0 * abandoned / live, "%", at_most=100.0 * CAP)
    for allowance in (0, 2, 4):
        tell(f"campaigns over the cap by more than {allowance} calls", 100.0 * over(found, allowance), "%")
    figure = tell(
        f"campaigns over the cap by more than {ALLOWANCE} calls", 100.0 * over(found), "%", 100.0 * STATED
    )
    for low, high in ((1, 10), (11, 50), (51, 300)):
        part = [(plan, one) for plan, one in found if low <= plan.agents <= high]
        if part:
            share = sum(one.abandoned for _, one in part) / sum(one.live for _, one in part)
            tell(f"abandoned, {low} to {high} agents", 100.0 * share, "%", at_most=100.0 * CAP)
    if svg:
        svg.write_text(plot(found), encoding="utf-8")
    return int(figure.missed)


def plot(found: list[tuple[Plan, Sum]]) -> str:
    """The share of campaigns whose excess over cap·n is larger than x, by size of the team."""
    lines = []
    for name, low, high in (("1 to 10 agents", 1, 10), ("11 to 50", 11, 50), ("51 to 300", 51, 300)):
        excess = [one.abandoned - CAP * one.live for plan, one in found if low <= plan.agents <= high]
        if not excess:
            continue
        points = []
        for x in range(-10, 11):
            share = sum(e > x for e in excess) / len(excess)
            points.append((float(x), share, 1.96 * math.sqrt(share * (1.0 - share) / len(excess))))
        lines.append(Line(name, tuple(points)))
    lines.append(
        Line("stated", ((float(ALLOWANCE), STATED, math.inf), (10.0, STATED, math.inf)), dashed=True)
    )
    title = f"{len(found)} campaigns with shocks and cold starts"
    return chart(title, "abandoned calls beyond 3 % of the live answers", "share of campaigns", lines, True)


def gaps() -> int:
    """The same ten campaigns of 30 agents, decided at most every so many milliseconds."""
    for gap_s in (0.0, 0.05, 0.2, 1.0):
        sums = [
            World(
                Plan(30, 0.3, 0.0, 90.0, 1.0, 12.0, 10.0, 0.0, seed % 2 == 0, 1_000),
                POLICIES["predictive"](),
                seed,
                gap_s=gap_s,
            ).run()
            for seed in range(10)
        ]
        busy, staffed = sum(s.busy_s for s in sums), sum(s.staffed_s for s in sums)
        rate = sum(s.abandoned for s in sums) / sum(s.live for s in sums)
        tell(f"occupancy, decisions {gap_s * 1000:.0f} ms apart", 100.0 * busy / staffed, "%")
        tell(f"abandoned, decisions {gap_s * 1000:.0f} ms apart", 100.0 * rate, "%")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
