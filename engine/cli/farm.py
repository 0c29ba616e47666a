"""Many worlds to play: one after another here, or some at once in processes of their own."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import IO

from engine.domain.errors import DialerError
from engine.twin.results import Outcome, play, unpacked
from engine.twin.world import World

LOOK_EVERY_S = 0.05


def played(
    worlds: Sequence[World], runs: int, jobs: int, step: Callable[[float], None] = lambda share: None
) -> list[Outcome]:
    """Every world `runs` times. The outcomes do not depend on `jobs`; DialerError: a process failed."""
    if jobs <= 1:
        found = []
        for number, world in enumerate(worlds):
            found.append(play(world, runs, lambda share, n=number: step((n + share) / len(worlds))))  # type: ignore[misc]
        return found
    outcomes: dict[int, Outcome] = {}
    with ExitStack() as ends:
        waiting = list(enumerate(worlds))[::-1]
        at_work: dict[int, tuple[subprocess.Popen[str], IO[str]]] = {}
        ends.callback(_kill, at_work)
        while waiting or at_work:
            while waiting and len(at_work) < jobs:
                number, world = waiting.pop()
                at_work[number] = _begin(world, runs)
            for number, (child, out) in list(at_work.items()):
                if child.poll() is not None:
                    del at_work[number]
                    outcomes[number] = _end(worlds[number], child, out)
                    step(len(outcomes) / len(worlds))
            time.sleep(LOOK_EVERY_S)
    return [outcomes[number] for number in range(len(worlds))]


def _begin(world: World, runs: int) -> tuple["subprocess.Popen[str]", IO[str]]:
    out = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed as its process has ended
    command = [sys.executable, "-m", "engine", "twin", "run", "-", "--packed", "--runs", str(runs)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT, text=True)
    assert child.stdin is not None
    child.stdin.write(json.dumps(world.model_dump(mode="json", exclude_none=True)))
    child.stdin.close()
    return child, out


def _kill(at_work: "dict[int, tuple[subprocess.Popen[str], IO[str]]]") -> None:
    """Interrupted, or one failed: the others are not waited for."""
    for child, out in at_work.values():
        child.kill()
        child.wait()
        out.close()


def _end(world: World, child: "subprocess.Popen[str]", out: IO[str]) -> Outcome:
    with out:
        out.seek(0)
        told = out.read()
    if child.returncode:
        raise DialerError(f"a run failed: {told.strip()[-300:]}", world.name, "Try it alone: --jobs 1.")
    return unpacked(world, json.loads(told))
