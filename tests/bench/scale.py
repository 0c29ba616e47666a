"""What many calls at once cost: `python -m tests.bench.scale`.

A robot campaign starts a hundred calls a second against the light switch; all of them ring for ever, so after
ten seconds a thousand live. Memory is the resident memory of the engine's process.
"""

import time

from tests.bench.bridge import light_switch, percentile
from tests.bench.figures import tell
from tests.bench.rig import people, running, wait_for

CALLS = 1_000


def main() -> int:
    with light_switch() as (port, _), running(port, agents=0) as rig:
        rig.upload("robot", people(CALLS, same_amount=True).replace(b"+4860", b"+4879"))
        rig.meter("prozvon_hub_lag_ms")  # told once: what the start cost does not count
        lag_ms = list[float]()
        before_bytes = rig.memory_bytes()
        cpu_s, began_s, trips_ms = rig.cpu_s(), time.monotonic(), list[float]()
        rig.start("robot")

        def all_live() -> bool:
            asked_s = time.monotonic()
            lag_ms.append(rig.meter("prozvon_hub_lag_ms"))
            trips_ms.append((time.monotonic() - asked_s) * 1e3)
            return rig.meter("prozvon_calls") >= CALLS

        wait_for(all_live, 60.0)
        took_s = time.monotonic() - began_s
        tell("calls begun a second", CALLS / took_s, "/s")
        tell("engine CPU to bring up a ringing call of a robot", (rig.cpu_s() - cpu_s) / CALLS * 1e3, "ms")
        tell("an API request meanwhile, p99", percentile(trips_ms, 99), "ms")
        tell("worst lag of the hub in 0.1 s, median", percentile(lag_ms, 50), "ms")
        tell("worst lag of the hub in all", max(lag_ms), "ms")
        live_bytes = rig.memory_bytes()
        tell(f"memory of the engine at {CALLS} live calls", live_bytes / 2**20, "MiB")
        tell("memory of a live call", (live_bytes - before_bytes) / CALLS / 1024, "KiB")
        cpu_s = rig.cpu_s()
        time.sleep(5.0)
        tell(f"engine CPU while {CALLS} calls only ring", (rig.cpu_s() - cpu_s) / 5.0 * 100, "% of a core")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
