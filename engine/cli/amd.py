"""`prozvon amd`: what listens to calls."""

import argparse

from engine.cli import amd_fingerprint
from engine.cli.frame import Commands, Exit, Parser, command


def add(commands: "Commands[Parser]") -> None:
    parser = command(
        commands,
        "amd",
        _help,
        "teach and test what listens to calls",
        "  prozvon amd fingerprint add off.wav --means unreachable",
    )
    parser.set_defaults(parser=parser)
    inner = parser.add_subparsers(title="commands", metavar="COMMAND")
    amd_fingerprint.add(inner)


def _help(args: argparse.Namespace) -> int:
    args.parser.print_help()
    return Exit.USAGE
