"""`python -m tests.fuzz`: bytes of somebody else, changed until they reach what nobody thought of.

Coverage-guided for everything that is read from bytes; the HTTP API by its own OpenAPI document (schemathesis
where it is installed: `pip install 'prozvon[fuzz]'`; else by the property tests of tests/web).
"""

import argparse
import logging
import random
import subprocess
import sys
import time
from importlib.util import find_spec

from tests.fuzz.guided import fuzz
from tests.fuzz.targets import TARGETS


def main() -> int:
    asked = parser().parse_args()
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(10**6)
    print(f"fuzzing with seed {seed}, {asked.seconds:g} s for each target")
    failed = False
    logging.disable(logging.CRITICAL)
    for target in TARGETS:
        if asked.only and target.name not in asked.only:
            continue
        it = fuzz(target.target, target.seeds, target.words, asked.seconds, seed)
        print(
            f"  {target.what:24s} {it.runs:8d} inputs in {it.took_s:4.0f} s, {it.lines:5d} lines reached, "
            f"{it.kept:4d} inputs kept, {len(it.failures)} failures",
            flush=True,
        )
        for data, said in it.failures:
            failed = True
            print(f"    {said}\n      {data!r}")
    if not asked.only or "http" in asked.only:
        failed |= http(asked.seconds)
    return int(failed)


def http(seconds: float) -> bool:
    """True: something was found."""
    began_s = time.monotonic()
    if find_spec("schemathesis"):
        from tests.fuzz.http import fuzz_http

        requests, failures = fuzz_http(seconds)
        took_s = time.monotonic() - began_s
        counts = f"{requests:8d} requests in {took_s:4.0f} s, {len(failures)} failures"
        print(f"  {'HTTP API, by its schema':24s} {counts}")
        for failure in failures:
            print(f"    {failure}")
        return bool(failures)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/web/test_fuzz.py"],
        capture_output=True,
        text=True,
    )
    print(
        f"  HTTP API: schemathesis is not installed; property tests instead: {done.stdout.splitlines()[-1]}"
    )
    return done.returncode != 0


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser("fuzz", description=__doc__)
    found.add_argument("--seconds", type=float, default=30.0, help="for each target (%(default)s)")
    found.add_argument("--seed", type=int)
    found.add_argument("--only", nargs="*", default=[], metavar="TARGET", help="esl, event, rtp, …, http")
    return found


if __name__ == "__main__":
    sys.exit(main())
