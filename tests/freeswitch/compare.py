"""The twin's word against a real FreeSWITCH: `make compare-freeswitch`, `python -m tests.freeswitch.compare`.

Twenty operators, half an hour, mode predictive: the engine beside FreeSWITCH with SIPp as the carrier and as
the operators' phones; and the same world played by the twin before, with a prediction interval for one such
half hour. Exit code 1: the measured occupancy or abandonment lies outside of it.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from engine.twin.world import World
from tests.freeswitch.crowd import RING_S, TALK_S, Sipp, numbers, operators, people
from tests.freeswitch.fixtures import missing
from tests.freeswitch.switch import FreeSwitch, Lane, find_freeswitch
from tests.stories.configs import ONCE, campaign, config
from tests.stories.engine_process import EngineProcess, wait_for
from tests.twin.measured import measured, predicted

SHARES = {"answer": 0.3, "no_answer": 0.35, "busy": 0.2, "unreachable": 0.1, "dead": 0.05}
WRAP_UP_S, RING_TIME_S = 8.0, 25.0


def world_of(operators_: int, minutes: float, mode: str) -> World:
    """What the twin is told: the shares and times of the crowd, the delays of the switch."""
    return World.model_validate(
        {
            "name": "compare",
            "hours": minutes / 60,
            "operators": {"count": operators_, "wrap_up_s": WRAP_UP_S},
            "campaign": {
                "mode": mode,
                "ring_time_s": RING_TIME_S,
                "calls_per_s": 20,
                "retries": {name: (rule["after_s"], rule["limit"]) for name, rule in ONCE.items()},
            },
            "default": {
                "setup_s": 0.03,
                "ring_s": {"quantiles": RING_S},
                "talk_s": {"quantiles": TALK_S},
                "patience_s": 3600,
            },
            # Pacing tells kinds of numbers apart: those of the crowd that answer are landlines by the
            # numbering plan, the others are mobiles.
            "classes": [
                {
                    "prefix": "+4868",
                    "kind": "landline",
                    "weight": SHARES["answer"],
                    "shares": {"answer": 1},
                },
                {
                    "prefix": "+4860",
                    "kind": "mobile",
                    "weight": 1 - SHARES["answer"],
                    "shares": {name: share for name, share in SHARES.items() if name != "answer"},
                },
            ],
            "trunk": {"channels": 200, "calls_per_s": 20},
            "delays": {"check_s": 0.05, "notice_s": 2.0},
        }
    )


def on_freeswitch(
    home: Path, operators_: int, minutes: float, mode: str
) -> tuple[list[dict[str, Any]], float, float]:
    """The run itself: the journal, and the seconds between which it counts."""
    lane = Lane()
    switch = FreeSwitch(str(find_freeswitch()), home / "freeswitch", lane)
    running: list[Any] = [switch]
    try:
        switch.start()
        crowd = Sipp(home / "people", people(), lane.carrier_rtp, switch.carrier_port)
        phones = Sipp(home / "operators", operators(), lane.carrier_rtp + 250)
        running += [crowd, phones]
        real = {
            "name": "fs",
            "port": switch.esl_port,
            "password": switch.password,
            "agent_dial": f"sofia/internal/{{extension}}@127.0.0.1:{phones.port}",
        }
        terms = campaign(
            "c1",
            mode,
            max_calls=200,
            calls_per_s=20,
            ring_time_s=RING_TIME_S,
            wrap_up_s=WRAP_UP_S,
            record=False,
            abandonment={"notice": str(switch.media_dir / "abandon.wav")},
        )
        gateways = [{"name": "trunk", "channels": 200, "calls_per_s": 20, "rest_after_failures": 1000}]
        settings = config(home / "speech", terms, agents=operators_, switches=[real], gateways=gateways)
        engine = EngineProcess(home / "engine", settings)
        running.append(engine.start())
        engine.agents_work(60.0)
        engine.add_contacts("c1", numbers(int(operators_ * minutes * 12) + 200, SHARES, 1))
        engine.post("/v1/campaigns/c1/start")
        from_s = time.time()
        while (left_s := from_s + minutes * 60 - time.time()) > 0:
            time.sleep(min(60.0, left_s))
            states = dict(engine.agent_states())
            print(f"{(time.time() - from_s) / 60:.0f} min: {states}", flush=True)
        until_s = time.time()
        engine.post("/v1/campaigns/c1/stop")
        wait_for("the last talks", lambda: not engine.calls(), 180, 1.0)
        records = [one for kind in ("agent", "intent", "cdr") for one in engine.journal(kind)]
        return records, from_s, until_s
    finally:
        for one in reversed(running):
            one.stop()
        lane.close()


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.freeswitch.compare", description=__doc__)
    parser.add_argument("--operators", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--mode", default="predictive")
    parser.add_argument("--runs", type=int, default=10, help="of the twin, for its interval")
    parser.add_argument("--home", default="", help="where everything is kept; else a folder that is removed")
    parser.add_argument("--again", action="store_true", help="judge the run that is kept in --home anew")
    asked = parser.parse_args()
    if reason := missing():
        print(reason, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="prozvon-compare-") as folder:
        home = Path(asked.home or folder)
        home.mkdir(parents=True, exist_ok=True)
        kept = home / "journal.json"
        if not asked.again:
            kept.write_text(json.dumps(on_freeswitch(home, asked.operators, asked.minutes, asked.mode)))
        records, from_s, until_s = json.loads(kept.read_text())
    forecast = predicted(world_of(asked.operators, asked.minutes, asked.mode), asked.runs)
    found = measured(records, from_s, until_s)
    print(f"{found['launched']:.0f} calls, {found['live']:.0f} live answers")
    outside = 0
    for name, (mean, low, high) in forecast.items():
        holds = low <= found[name] <= high
        outside += not holds
        print(
            f"{name}: measured {found[name]:.2%}, the twin says {mean:.2%}, between {low:.2%} and {high:.2%}"
            f"{'' if holds else ': OUTSIDE'}"
        )
    return int(bool(outside))


if __name__ == "__main__":
    raise SystemExit(main())
