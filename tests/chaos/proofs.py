"""`python -m tests.chaos.proofs`: without each safeguard the chaos finds what it guards against, and with it
the same run finds nothing."""

import argparse
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.campaign import report, run


@dataclass(frozen=True)
class Proof:
    """`kinds`: what goes wrong meanwhile. `breaks`: laws of which at least one must be broken without it."""

    safeguard: str
    kinds: frozenset[str]
    breaks: frozenset[str]
    how: dict[str, Any] = field(default_factory=dict)


PROOFS = (
    Proof(
        "fencing",
        frozenset({"oversleep"}),
        frozenset({"the_owner_dials"}),
        {"engines": 2, "robots_only": True, "pause_s": (2.0, 4.0)},
    ),
    Proof("intent", frozenset({"kill engine"}), frozenset({"no_double_dial"}), {"robots_only": True}),
    Proof(
        "reserve",
        frozenset({"stop store"}),
        frozenset({"nobody_is_called_twice_at_once"}),
        {"screened": False, "shared_every": 1},
    ),
    Proof(
        "reconciliation",
        frozenset({"kill engine", "cut switch"}),
        frozenset({"every_call_has_its_papers", "nobody_is_lost", "nobody_is_stuck"}),
        {"screened": False},
    ),
)


def main() -> int:
    asked = parser().parse_args()
    failed = []
    for proof in PROOFS:
        if asked.only and proof.safeguard not in asked.only:
            continue
        for sabotage in (proof.safeguard, "") if asked.control else (proof.safeguard,):
            home = Path(tempfile.mkdtemp(prefix="prozvon-proof-", dir="/tmp"))
            it = run(
                home,
                asked.seed,
                asked.minutes,
                proof.kinds,
                sabotage=sabotage,
                spoil=0.0,
                bursts=False,
                drained_s=25.0 if sabotage else 120.0,
                say=False,
                **proof.how,
            )
            proven = bool(proof.breaks & it.found.keys()) if sabotage else not it.found
            print(f"--- {proof.safeguard} {'switched off' if sabotage else 'in place'}: ", end="")
            print("as it must be" if proven else "THE CHAOS PROVES NOTHING HERE")
            print(report(it), flush=True)
            if not proven:
                failed.append(proof.safeguard)
            if not asked.keep:
                shutil.rmtree(home, ignore_errors=True)
    print(f"not proven: {', '.join(failed)}" if failed else "every safeguard is proven")
    return 1 if failed else 0


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser("proofs", description=__doc__)
    found.add_argument("--seed", type=int, default=1)
    found.add_argument("--minutes", type=float, default=0.7, help="of each run (%(default)s)")
    found.add_argument("--only", nargs="*", default=[], metavar="SAFEGUARD")
    found.add_argument(
        "--control", action="store_true", help="each run once more with the safeguard in place"
    )
    found.add_argument("--keep", action="store_true", help="keep the files")
    return found


if __name__ == "__main__":
    sys.exit(main())
