"""`prozvon amd`: what listens to calls."""

import argparse

from engine.cli import amd_fingerprint, amd_workshop
from engine.cli.client import engine, segment
from engine.cli.frame import Commands, Exit, Parser, command, show
from engine.cli.tables import pairs


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
    amd_workshop.add(inner)
    for verb, run, about in (
        ("errors", errors, "what AMD's errors cost a campaign: audits, people lost, abandonment with them"),
        ("allow", allow, "let AMD listen again where it has switched itself off; its audits begin anew"),
    ):
        one = command(inner, verb, run, about, f"  prozvon amd {verb} autumn")
        one.add_argument("campaign", metavar="CAMPAIGN", help="the campaign's id")


def _help(args: argparse.Namespace) -> int:
    args.parser.print_help()
    return Exit.USAGE


def errors(args: argparse.Namespace) -> int:
    data = engine(args).campaign_status(args.campaign).get("amd")
    if not data:
        show(args, None, f"{args.campaign} does not screen its calls.")
        return Exit.FAILED
    show(args, data, pairs(data))
    return Exit.FAILED if data.get("off") else Exit.OK


def allow(args: argparse.Namespace) -> int:
    data = engine(args).post(f"/v1/campaigns/{segment(args.campaign)}/allow-amd")
    show(args, data, f"AMD listens to {args.campaign} again")
    return Exit.OK
