"""`make bench`, `python -m tests.bench [--only NAME] [--json]`: every benchmark, one table, goals judged.

Each runs in a process of its own, one after another. Exit code 1: a goal was missed or a benchmark failed.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from tests.bench.figures import KEPT_IN, Figure, told

BENCHES = {
    "attempts": "engine CPU of an attempt, claim to CDR",
    "bridge": "answer to bridge, while a list is imported and prompts are rendered",
    "scale": "a thousand live calls, a hundred calls a second",
    "pacing": "a decision with 300 agents and 600 calls",
    "esl": "Event Socket: events parsed and dispatched",
    "store": "the store: claims, intents, settlements, memory",
    "import_rows": "rows imported",
    "gate": "the gate",
    "robot": "a robot's call, and its texts",
    "media": "audio forks heard",
}
HERE = Path(__file__).parents[2]


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=BENCHES, metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--json", action="store_true", help="print only the figures, as JSON")
    asked = parser.parse_args()
    found, failed = dict[str, list[Figure]](), list[str]()
    for name in asked.only or BENCHES:
        if not asked.json:
            print(f"\n{name}: {BENCHES[name]}", flush=True)
        found[name], code = run(name, quiet=asked.json)
        if code and not any(figure.missed for figure in found[name]):
            failed.append(name)
    missed = [figure.what for figures in found.values() for figure in figures if figure.missed]
    if asked.json:
        figures = {name: [asdict(figure) for figure in told] for name, told in found.items()}
        print(
            json.dumps({**surroundings(), "figures": figures, "missed": missed, "failed": failed}, indent=2)
        )
    else:
        print(table(found))
        for name in failed:
            print(f"{name} FAILED")
    return 1 if missed or failed else 0


def run(name: str, quiet: bool) -> tuple[list[Figure], int]:
    with tempfile.TemporaryDirectory(prefix="prozvon-bench-") as folder:
        kept = Path(folder) / "figures"
        out = subprocess.DEVNULL if quiet else None
        done = subprocess.run(
            [sys.executable, "-m", f"tests.bench.{name}"],
            cwd=HERE,
            stdout=out,
            env=os.environ | {KEPT_IN: str(kept)},
        )
        return told(kept), done.returncode


def surroundings() -> dict[str, str]:
    """What a figure is worth nothing without."""
    asked = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True)
    return {
        "machine": f"{os.cpu_count()} cores, {cpu_model()}, Python {platform.python_version()}",
        "date": time.strftime("%Y-%m-%d"),
        "commit": asked.stdout.strip() or "unknown",
        "load": " ".join(f"{load:.1f}" for load in os.getloadavg()),
    }


def cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next(
        (line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine()
    )


def table(found: dict[str, list[Figure]]) -> str:
    """The figures as a table of docs/benchmarks.md."""
    rows = ["", "| what | goal | measured | |", "| --- | --- | --- | --- |"]
    for name, figures in found.items():
        rows += [f"| {name}: {one.what} | {one.goal} | {one.shown} | {one.verdict} |" for one in figures]
    around = surroundings()
    return "\n".join([*rows, "", ", ".join(f"{key} {value}" for key, value in around.items())])


if __name__ == "__main__":
    raise SystemExit(main())
