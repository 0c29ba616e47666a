"""`prozvon check`: everything that can be known before a call, without a running engine."""

import argparse
from dataclasses import asdict

from engine.cli.frame import Commands, Exit, Parser, command, config_path, show
from engine.cli.tables import table


def add(commands: "Commands[Parser]") -> None:
    command(
        commands,
        "check",
        run,
        "check config, scenarios, switches, gateways, prompts and store, without dialing",
        "  prozvon check               exit code 1 when something would not work\n"
        "  prozvon check --json | jq '.[] | select(.ok | not)'",
    )


def run(args: argparse.Namespace) -> int:
    from engine.cli.probes import examine  # here: no other command should wait for scenarios and Redis

    findings = list(examine(config_path(args)))
    rows = (("ok" if one.ok else "WRONG", one.check, one.found) for one in findings)
    wrong = [one for one in findings if not one.ok]
    fixes = [f"{one.check}: {one.fix}" for one in wrong if one.fix]
    show(
        args,
        [asdict(one) for one in findings],
        "\n".join([table(("", "check", "found"), rows), "", *(fixes or ["Everything is as it should be."])]),
    )
    return Exit.FAILED if wrong else Exit.OK
