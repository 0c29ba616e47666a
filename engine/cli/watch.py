"""Commands that ask a running engine how it does: status, calls, why, doctor, reload."""

import argparse
import sys
from typing import Any

from engine.cli import live
from engine.cli.client import engine, segment
from engine.cli.frame import Commands, Exit, Parser, command, show
from engine.cli.tables import pairs, seconds, table
from engine.cli.why import why_text


def add(commands: "Commands[Parser]") -> None:
    parser = command(
        commands,
        "status",
        status,
        "the whole engine at a glance",
        "  prozvon status\n  prozvon status --watch      until Ctrl-C\n"
        "  prozvon status --json | jq .campaigns",
    )
    parser.add_argument("--watch", action="store_true", help="stay, and show what changes")
    parser = command(
        commands,
        "calls",
        calls,
        "the live calls, or end one",
        "  prozvon calls\n  prozvon calls --hang-up 1f6f0f0e-4c55-4c8e-9d0c",
    )
    parser.add_argument("--hang-up", metavar="ATTEMPT", help="end this call")
    parser = command(
        commands,
        "why",
        why,
        "why a contact is, or is not, called",
        "  prozvon why 17\n  prozvon why +48600000001\n  prozvon why 'autumn:123/45' --json",
    )
    parser.add_argument("contact", metavar="CONTACT", help="the contact's id, as in the list, or its number")
    command(
        commands,
        "doctor",
        doctor,
        "why does nothing dial? names the first thing that stops calls",
        "  prozvon doctor              exit code 1 when something stops calls",
    )
    command(
        commands,
        "reload",
        reload,
        "make the engine read config.yaml again",
        "  prozvon config check && prozvon reload",
    )


def status(args: argparse.Namespace) -> int:
    remote = engine(args)
    if args.watch:
        live.run_view(remote, until=lambda: False, stdout=sys.stdout)  # ended by Ctrl-C
    data = remote.status()
    show(args, data, "" if args.json else live.plain(data))
    return Exit.OK


def calls(args: argparse.Namespace) -> int:
    remote = engine(args)
    if args.hang_up:
        data = remote.delete(f"/v1/calls/{segment(args.hang_up)}")
        show(args, data, f"{args.hang_up} is hung up")
        return Exit.OK
    live_calls: list[dict[str, Any]] = remote.get("/v1/calls")
    rows = (
        (call.get("attempt"), call.get("campaign"), call.get("number"), call.get("state"),
         seconds(call.get("state_age_s")), call.get("agent"), call.get("gateway"))
        for call in live_calls
    )  # fmt: skip
    columns = ("attempt", "campaign", "number", "state", "for", "agent", "gateway")
    show(args, live_calls, table(columns, rows, "no live calls"))
    return Exit.OK


def why(args: argparse.Namespace) -> int:
    data = engine(args).get("/v1/why", contact_id=args.contact)
    show(args, data, why_text(data))
    return Exit.OK


def doctor(args: argparse.Namespace) -> int:
    checks: list[dict[str, Any]] = engine(args).get("/v1/doctor")
    rows = (("ok" if one["ok"] else "STOPS", one["check"], one.get("found")) for one in checks)
    text = table(("", "check", "found"), rows, "nothing to check")
    wrong = next((one for one in checks if not one["ok"]), None)
    text += f"\n\n{wrong['check']}: {wrong.get('fix', '')}" if wrong else "\n\nNothing stops calls."
    show(args, checks, text)
    return Exit.FAILED if wrong else Exit.OK


def reload(args: argparse.Namespace) -> int:
    data = engine(args).post("/v1/reload")
    show(args, data, pairs(data) if any(data.values()) else "read; nothing has changed")
    return Exit.OK
