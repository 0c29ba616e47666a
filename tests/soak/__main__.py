"""`python -m tests.soak`: one engine under steady load for long. Is its memory flat, its hub free?"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import requests

from tests.chaos.rig import MIX, SCENARIO
from tests.soak.figures import Sample, growth_mb_per_h, report
from tests.stories.configs import campaign, config
from tests.stories.engine_process import EngineProcess
from tests.stories.plan import numbers
from tests.stories.virtual_switch import VirtualSwitchProcess, population

EVERY_S = 5.0
LIST = 2_000  # contacts of one import
LEAST = 1_000  # due in each campaign before the next import
TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")


def main() -> int:
    asked = parser().parse_args()
    home = Path(tempfile.mkdtemp(prefix="prozvon-soak-", dir="/tmp"))
    switch = VirtualSwitchProcess(home / "switch", population(talk_s={"uniform": [1, 5]})).start()
    (home / "reminder.yaml").write_text(SCENARIO)
    robot = campaign(
        "robot",
        mode="robot",
        script=str(home / "reminder.yaml"),
        max_calls=asked.robots,
        calls_per_s=asked.calls_per_s,
    )
    talks = campaign("talks", max_calls=asked.agents, calls_per_s=asked.calls_per_s)
    trunk = {"name": "trunk", "channels": 2000, "calls_per_s": 1000, "rest_after_failures": 1000}
    engine = EngineProcess(
        home / "engine",
        config(home / "speech", robot, talks, agents=asked.agents, switch_port=switch.port, gateways=[trunk])
        | {"logging": {"level": "warning", "format": "json"}},
    )
    try:
        engine.start()
        samples = soak(engine, asked.minutes * 60)
        print(report(samples))
        grew = growth_mb_per_h(samples)
        if grew > asked.most_mb_per_h:
            print(f"NOT FLAT: more than {asked.most_mb_per_h:g} MB/h")
            return 1
        return 0
    finally:
        engine.stop()
        switch.stop()
        shutil.rmtree(home, ignore_errors=True)


def soak(engine: EngineProcess, seconds: float) -> list[Sample]:
    """Work for so long; one sample every five seconds."""
    serial = 0
    for agent_id in engine.agents:
        engine.post(f"/v1/agents/{agent_id}/login")
    for name in ("robot", "talks"):
        serial = _more(engine, name, serial)
        engine.post(f"/v1/campaigns/{name}/start")
    began_s, samples, unanswered = time.monotonic(), list[Sample](), 0
    while (at_s := time.monotonic() - began_s) < seconds:
        try:
            for agent in engine.get("/v1/agents"):
                if agent["state"] == "paused":
                    engine.ask("POST", f"/v1/agents/{agent['agent_id']}/ready", json={})
            samples.append(_sample(engine, at_s))
            for name in ("robot", "talks"):
                if engine.campaign(name)["queue"].get("due", LEAST) < LEAST:
                    serial = _more(engine, name, serial)
        except requests.RequestException as error:
            unanswered += 1
            print(f"  {at_s:.0f} s: the API did not answer in time: {type(error).__name__}", flush=True)
        if len(samples) % 60 == 0:
            print(report(samples).splitlines()[-2], flush=True)
        time.sleep(max(0.0, EVERY_S - (time.monotonic() - began_s - at_s)))
    if unanswered:
        print(f"{unanswered} requests to the API were not answered within 30 s")
    return samples


def _more(engine: EngineProcess, name: str, serial: int) -> int:
    people = numbers(MIX)
    rows = [f"{people[n % len(people)][:6]}{serial + n:06d}" for n in range(LIST)]
    engine.add_contacts(name, rows)
    return serial + LIST


def _sample(engine: EngineProcess, at_s: float) -> Sample:
    fields = (Path(f"/proc/{engine.pid}/stat").read_text()).rpartition(") ")[2].split()
    store = engine.log.parent / "data" / "store"
    meters = _meters(engine)
    return Sample(
        at_s,
        _resident(engine.pid),
        _store_resident(engine, store),
        (int(fields[11]) + int(fields[12])) * TICK_S,
        round(sum(value for key, value in meters.items() if key.startswith("prozvon_attempts_total{"))),
        round(sum(value for key, value in meters.items() if key.startswith("prozvon_calls{"))),
        meters.get("prozvon_hub_lag_ms", 0.0),
        max((v for k, v in meters.items() if k.startswith("prozvon_switch_lag_seconds")), default=0.0) * 1e3,
    )


def _meters(engine: EngineProcess) -> dict[str, float]:
    found: dict[str, float] = {}
    for line in engine.ask("GET", "/metrics").text.splitlines():
        name, _, value = line.rpartition(" ")
        if name and not line.startswith("#"):
            found[name] = float(value)
    return found


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _store_resident(engine: EngineProcess, store: Path) -> int:
    """Of the embedded server: the child whose command line names the store's folder."""
    for pid in Path(f"/proc/{engine.pid}/task/{engine.pid}/children").read_text().split():
        try:
            line: Any = Path(f"/proc/{pid}/cmdline").read_bytes()
            if str(store).encode() in line:
                return _resident(int(pid))
        except OSError:
            continue
    return 0


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser("soak", description=__doc__)
    add = found.add_argument
    add("--minutes", type=float, default=60.0, help="(%(default)s)")
    add("--agents", type=int, default=20, help="operators at work (%(default)s)")
    add("--robots", type=int, default=60, help="calls of the robot at once (%(default)s)")
    add("--calls-per-s", type=float, default=30.0, help="of each campaign at most (%(default)s)")
    add("--most-mb-per-h", type=float, default=10.0, help="more growth than this is a failure (%(default)s)")
    return found


if __name__ == "__main__":
    sys.exit(main())
