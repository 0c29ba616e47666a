"""What an attempt costs the engine, claim to CDR: `python -m tests.bench.attempts [KIND...]`.

A real engine in a process of its own against the virtual switch in another, with events of life size; the
store and the archiver are children of the engine and do not count. Counted is what the kernel charges the
engine's process from the start of the campaign to the last CDR: timers, pacing and idle turns included.

The pace is that of a FreeSWITCH at its limit, about 100 answers a second, so near 300 attempts of the mix:
there the engine must not be what holds it up. (Slower, an attempt costs more and matters less: fewer share a
wake.)

The CPU time of a piece of work grows when others share the caches and the clock of its core. So a yardstick
(a fixed loop) is run beside it all the time, and the figure is told as measured and as it would be where the
yardstick takes what it took at its best.
"""

import sys
import time

from tests.bench.figures import tell
from tests.bench.rig import people, running, virtual_switch

AGENTS, CALLS_PER_S, SPEED = 400, 300.0, 10.0
MIX = "mix"
KINDS = {
    MIX: {"answer": 0.35, "busy": 0.25, "no_answer": 0.25, "unreachable": 0.1, "dead": 0.05},
    "busy": {"busy": 1.0},
    "no answer": {"no_answer": 1.0},
    "answered and bridged": {"answer": 1.0},
}
COUNTS = {MIX: 10_000}
HABITS = {"setup_s": 0.3, "ring_s": {"uniform": [3, 9]}, "talk_s": {"uniform": [10, 20]}, "patience_s": 60}
LIMIT_MS, GOAL_MS = 0.7, 0.5


def main(*kinds: str) -> int:
    missed = False
    for kind in kinds or KINDS:
        as_measured_ms, slowdown, per_s = measure(kind, COUNTS.get(kind, 4_000))
        limit = LIMIT_MS if kind == MIX else None
        tell(f"{kind}, as measured at {per_s:.0f} attempts/s", as_measured_ms, "ms")
        figure = tell(f"{kind}, yardstick at its best", as_measured_ms / slowdown, "ms", at_most=limit)
        missed |= figure.missed
    return int(missed)


def measure(kind: str, count: int) -> tuple[float, float, float]:
    """(engine CPU of an attempt in ms, yardstick against its best, attempts per second)"""
    population = {
        "default": {"shares": KINDS[kind], **HABITS},
        "agents": {"default": {"answer_after_s": 0.1}},
    }
    with virtual_switch(population, SPEED) as port, running(port, AGENTS, CALLS_PER_S) as rig:
        rig.work(AGENTS)
        rig.upload("agents", people(count))
        sticks = []
        before_s, began_s = rig.cpu_s(), time.monotonic()
        rig.start("agents")
        while rig.ended() < count:
            for _ in range(12):  # to ask costs the engine as much as two attempts
                sticks.append(yardstick_ms())
                time.sleep(0.25)
        cpu_s, wall_s = rig.cpu_s() - before_s, time.monotonic() - began_s
    return cpu_s / count * 1e3, sum(sticks) / len(sticks) / min(sticks), count / wall_s


def yardstick_ms() -> float:
    began_s, counts = time.process_time(), dict[int, int]()
    for number in range(20_000):
        counts[number % 1000] = counts.get(number % 997, 0) + 1
    return (time.process_time() - began_s) * 1e3


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
