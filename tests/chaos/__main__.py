"""`python -m tests.chaos`: break everything in a seeded order, then let the independent checker judge."""

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos import sabotage
from tests.chaos.campaign import figures, report, run
from tests.freeswitch.fixtures import missing


def main() -> int:
    asked = parser().parse_args()
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(10**6)
    if asked.freeswitch and missing():
        print(f"chaos on FreeSWITCH skipped: {missing()}")
        return 0
    home = Path(tempfile.mkdtemp(prefix="prozvon-chaos-", dir="/tmp"))
    print(f"chaos with seed {seed}, everything under {home}", flush=True)
    began_s = time.monotonic()
    it = run(
        home,
        seed,
        asked.minutes,
        frozenset(asked.faults),
        kills=asked.kills,
        attempts=asked.attempts,
        engines=asked.engines,
        sabotage=asked.sabotage,
        load=asked.load,
        real=asked.freeswitch,
        screened=not asked.freeswitch,
        pause_s=(0.1, asked.pause),
    )
    print(report(it))
    if asked.result:
        asked.result.write_text(json.dumps(figures(it)))
    if it.kills < asked.kills_least or it.total_faults < asked.faults_least:
        print(f"too little went wrong: {asked.faults_least} faults and {asked.kills_least} kills are wanted")
        return 3
    if it.found:
        print(f"kept: {home}; again with: python -m tests.chaos --seed {seed} --minutes {asked.minutes:g}")
        return 1
    if not asked.keep:
        shutil.rmtree(home, ignore_errors=True)
    print(f"0 violations in {time.monotonic() - began_s:.0f} s")
    return 0


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser("chaos", description=__doc__)
    add = found.add_argument
    add("--seed", type=int, help="of the order of faults and of the people (any, and it is printed)")
    add("--minutes", type=float, default=11.0, help="how long things break (%(default)s)")
    add(
        "--faults",
        nargs="*",
        default=[],
        metavar="KIND",
        help="only these, e.g. kill, 'kill store', cut, clock",
    )
    add("--kills", type=int, default=0, help="with --attempts: stop as soon as there were so many")
    add("--attempts", type=int, default=0, help="with --kills: and so many calls")
    add("--kills-least", type=int, default=0, help="fewer are a failure of the run (%(default)s)")
    add("--faults-least", type=int, default=0, help="fewer are a failure of the run (%(default)s)")
    add("--engines", type=int, default=1, help="so many share the store (%(default)s)")
    add("--load", type=int, default=1, help="times as many agents, robots and channels (%(default)s)")
    add("--sabotage", choices=("", *sabotage.SAFEGUARDS), default="", help="without this safeguard")
    add("--freeswitch", action="store_true", help="a real FreeSWITCH, SIPp and baresip in place of ours")
    add("--pause", type=float, default=1.5, help="seconds at most between two faults (%(default)s)")
    add("--result", type=Path, help="write the figures there, as JSON")
    add("--keep", action="store_true", help="keep the files of a run without violations")
    return found


if __name__ == "__main__":
    sys.exit(main())
