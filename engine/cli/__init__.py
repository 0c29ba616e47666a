"""The command line `prozvon`, also `python -m engine`.

One file per command here, and one line in COMMANDS. A command's module has `add(commands)`, which declares
its parser (see `frame.command`) and names its `run(args) -> int`. What it refuses it raises as a DialerError:
`main` turns that into words, or JSON, and the exit code:

    0  done, and well
    1  done, and something is not well: a check that failed, nothing found
    2  the command line or the configuration is wrong
    3  the engine is not reachable
    4  the engine understood and refused; the reason is told
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from engine.cli.frame import Exit, Parser, guarded, top_parser

COMMANDS = (
    "run",
    "check",
    "watch",
    "imports",
    "campaign",
    "agent",
    "journal",
    "twin",
    "bench",
    "replay",
    "config",
    "amd",
    "sim",
    "worker",
)

# Programs with a command line of their own: everything after the name is theirs. The engine starts them too,
# so they do not wait for all the others to be imported.
PROGRAMS = ("sim", "worker")


def build() -> Parser:
    """The whole command line."""
    parser = top_parser(__doc__)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for name in COMMANDS:
        _module(name).add(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. What is refused, mistyped or interrupted is told, never raised."""
    given = list(sys.argv[1:] if argv is None else argv)
    return guarded(lambda: _run(given), as_json="--json" in given)


def _run(given: list[str]) -> int:
    if given and given[0] in PROGRAMS:
        ended: int = _module(given[0]).program(given[1:])
        return ended
    parser = build()
    args = parser.parse_args(given)
    if args.command is None:
        parser.print_help(sys.stderr)
        return Exit.USAGE
    code: int = args.run(args)
    return code


def _module(name: str) -> Any:
    return import_module(f"engine.cli.{name}")
