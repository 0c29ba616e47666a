"""`python -m tests.chaos.long`: chaos after chaos, some at a time, until it is enough; then all in one table.

Each world is a run of `python -m tests.chaos` with a seed of its own, and can be repeated alone.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NOTHING = {"faults": 0, "kills": 0, "calls": 0, "violations": 1, "took_s": 0.0}
DRAINED_S = 900.0  # a world that is not over so long after its time hangs


@dataclass
class World:
    """A run under way. `result`: where it writes what came of it."""

    seed: int
    process: "subprocess.Popen[bytes]"
    result: Path
    until_s: float

    def found(self) -> dict[str, Any]:
        """What came of it; a world that told nothing is a violation."""
        try:
            return dict(json.loads(self.result.read_text()))
        except (OSError, ValueError):
            return NOTHING | {"seed": self.seed}


def main() -> int:
    asked = parser().parse_args()
    folder = Path(tempfile.mkdtemp(prefix="prozvon-long-", dir="/tmp"))
    first = asked.seed if asked.seed is not None else random.SystemRandom().randrange(10**6)
    print(f"worlds from seed {first} on; what they say is under {folder}", flush=True)
    began_s = time.monotonic()
    running: list[World] = []
    over: list[dict[str, Any]] = []
    number = 0
    while running or wanted(asked, over, time.monotonic() - began_s):
        while len(running) < asked.worlds and wanted(asked, over, time.monotonic() - began_s):
            running.append(begun(asked, first + number, folder))
            number += 1
        for world in [one for one in running if one.process.poll() is not None]:
            running.remove(world)
            over.append(world.found())
            print(line_of(over[-1]), flush=True)
        for world in running:
            if time.monotonic() > world.until_s:
                world.process.kill()
        time.sleep(0.5)
    print(report(over, time.monotonic() - began_s))
    if any(one["violations"] for one in over):
        return 1
    return 3 if short_of(asked, over) else 0


def short_of(asked: argparse.Namespace, over: Sequence[dict[str, Any]]) -> bool:
    kills, calls = (sum(one[what] for one in over) for what in ("kills", "calls"))
    return bool(kills < asked.kills or calls < asked.attempts)


def wanted(asked: argparse.Namespace, over: Sequence[dict[str, Any]], age_s: float) -> bool:
    """Another world: it is not enough yet, there is time for one, and none could not even be run."""
    if any(not one["took_s"] for one in over):
        return False
    return short_of(asked, over) and age_s + asked.minutes * 60 < asked.most_minutes * 60


def begun(asked: argparse.Namespace, seed: int, folder: Path) -> World:
    result = folder / f"{seed}.json"
    command = [sys.executable, "-m", "tests.chaos", "--seed", str(seed), "--minutes", str(asked.minutes)]
    command += ["--load", str(asked.load), "--pause", str(asked.pause), "--result", str(result)]
    with (folder / f"{seed}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    return World(seed, process, result, time.monotonic() + asked.minutes * 60 + DRAINED_S)


def line_of(one: dict[str, Any]) -> str:
    return (
        f"  seed {one['seed']}: {one['faults']} faults, {one['kills']} kills, {one['calls']} calls, "
        f"{one['violations']} violations, {one['took_s']:.0f} s"
    )


def report(over: Sequence[dict[str, Any]], took_s: float) -> str:
    faults, kills, calls, bad = (
        sum(one[what] for one in over) for what in ("faults", "kills", "calls", "violations")
    )
    rows = [line_of(one) for one in sorted(over, key=lambda one: int(one["seed"]))]
    rows.append(
        f"{len(over)} worlds in {took_s / 60:.1f} min: {faults} faults, {kills} process kills with recovery "
        f"awaited, {calls} calls. violations: {bad}"
    )
    return "\n".join(rows)


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser("chaos.long", description=__doc__)
    add = found.add_argument
    add("--seed", type=int, help="of the first world; the others follow (any, and it is printed)")
    add("--kills", type=int, default=500, help="process kills, all worlds together (%(default)s)")
    add("--attempts", type=int, default=20_000, help="calls, all worlds together (%(default)s)")
    add("--worlds", type=int, default=2, help="at a time (%(default)s)")
    add("--minutes", type=float, default=12.0, help="things break so long in each (%(default)s)")
    add("--load", type=int, default=4, help="times as many agents, robots and channels (%(default)s)")
    add("--pause", type=float, default=0.5, help="seconds at most between two faults (%(default)s)")
    add("--most-minutes", type=float, default=120.0, help="no world is begun that would break longer")
    return found


if __name__ == "__main__":
    sys.exit(main())
