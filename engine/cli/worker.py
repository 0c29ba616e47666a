"""`prozvon worker NAME`: the processes for what is too slow for the engine's own. It starts them itself."""

import os
import sys
from collections.abc import Callable
from importlib import import_module

from engine.cli.frame import Commands, Exit, Parser
from engine.domain.errors import did_you_mean

# By name: the module whose `run(argv) -> int` it is, imported only in its own process, and what it does.
WORKERS = {
    "archiver": ("engine.journal.archive", "moves the journal from the store to hash-chained files"),
    "import": ("engine.app.import_worker", "reads a list of contacts into the store"),
    "media": ("engine.media.process", "hears forked calls and says who picked up"),
    "tts": ("engine.speech.worker", "speaks texts into files, one request a line"),
}

# Calls must not wait for these: they take the processors only when nobody else wants them.
PATIENT = frozenset({"archiver", "import"})
NICE = 10


def add(commands: "Commands[Parser]") -> None:
    commands.add_parser("worker", help="run a worker process; the engine starts them by itself")


def program(argv: list[str]) -> int:
    """`argv`: the worker's name and its own arguments."""
    name = argv[0] if argv else "--help"
    if name in WORKERS:
        if name in PATIENT:
            os.nice(NICE)
        run: Callable[[list[str]], int] = import_module(WORKERS[name][0]).run
        return run(argv[1:])
    if name in ("-h", "--help"):
        print(_help())
        return Exit.OK if argv else Exit.USAGE
    print(f"prozvon worker: there is no '{name}'. {did_you_mean(name, WORKERS)}", file=sys.stderr)
    return Exit.USAGE


def _help() -> str:
    lines = [f"  {name:<10} {about}" for name, (_, about) in WORKERS.items()]
    head = ["usage: prozvon worker NAME [--help] …", "", "Worker processes. The engine starts and ends them."]
    return "\n".join([*head, "", *lines, "", "examples:", "  prozvon worker archiver --help"])
