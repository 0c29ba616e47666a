"""From an answer to the bridge: `python -m tests.bench.bridge`.

A hundred agents, fifty answered calls a second, while 100,000 rows are imported and 500 contacts of a robot
campaign have their prompts rendered. The switch stamps both ends at its side of the wire: just before it
sends CHANNEL_ANSWER, and as the uuid_bridge for it has come in; two trips over loopback are in the figure.
"""

import json
import math
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.figures import tell
from tests.bench.rig import Rig, people, running, wait_for

AGENTS, ANSWERS_PER_S, ROWS, PROMPTS = 100, 50.0, 100_000, 500
WARM_UP_S, MOST_S, GOAL_MS = 5.0, 240.0, 20.0


def main() -> int:
    with light_switch() as (port, stamps), running(port, AGENTS, ANSWERS_PER_S) as rig:
        rig.work(AGENTS)
        rig.upload("agents", people(20_000))
        rig.start("agents")
        time.sleep(WARM_UP_S)
        quiet_from_s = time.monotonic()
        time.sleep(10.0)
        rig.meter("prozvon_hub_lag_ms")  # told once
        busy_from_s = time.monotonic()
        took_s = _under_load(rig)
        busy_until_s = time.monotonic()
        lag_ms = rig.meter("prozvon_hub_lag_ms")
        found = stamps()
    quiet = [(b - a) * 1e3 for a, b in found if quiet_from_s <= a < busy_from_s]
    busy = [(b - a) * 1e3 for a, b in found if busy_from_s <= a < busy_until_s]
    print(f"{len(busy)} bridges in {busy_until_s - busy_from_s:.0f} s beside the import ({took_s:.0f} s)")
    tell("answers bridged a second, meanwhile", len(busy) / (busy_until_s - busy_from_s), "/s")
    tell("nothing else going on, p50", percentile(quiet, 50), "ms")
    tell("nothing else going on, p99", percentile(quiet, 99), "ms")
    tell("while a list is imported and prompts are rendered, p50", percentile(busy, 50), "ms")
    worst = tell(
        "while a list is imported and prompts are rendered, p99", percentile(busy, 99), "ms", GOAL_MS
    )
    tell("the longest of them", max(busy), "ms")
    tell("worst lag of the engine's hub, meanwhile", lag_ms, "ms")
    return int(worst.missed)


def _under_load(rig: Rig) -> float:
    """A long list comes in and a robot's texts are rendered, side by side; the seconds the list took."""
    took_s = []

    def import_rows() -> None:
        began_s = time.monotonic()
        rig.upload("imported", people(ROWS, first=2_000_000))
        took_s.append(time.monotonic() - began_s)

    busy = people(PROMPTS, first=9_000_000).replace(b"+4860", b"+4851")
    importing = threading.Thread(target=import_rows)
    rig.upload("robot", busy)
    importing.start()
    rig.start("robot")
    wait_for(lambda: not importing.is_alive() and rig.rendered() >= PROMPTS, MOST_S)
    importing.join()
    return took_s[0]


@contextmanager
def light_switch() -> Iterator[tuple[int, object]]:
    """Its port, and what ends it and gives its stamps."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.light_switch"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    assert process.stdout is not None

    def stamps() -> list[tuple[float, float]]:
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        return [(a, b) for a, b in json.loads(process.stdout.readline())]

    try:
        yield int(process.stdout.readline()), stamps
    finally:
        process.terminate()
        process.communicate(timeout=10)


def percentile(values: list[float], p: float) -> float:
    """Nearest rank; not a number without values."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(p / 100 * len(ordered)) - 1)] if ordered else math.nan


if __name__ == "__main__":
    raise SystemExit(main())
