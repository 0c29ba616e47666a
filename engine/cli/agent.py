"""`prozvon agent`: everything an operator's desk can ask, from a terminal."""

import argparse
import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from engine.cli.client import engine, segment
from engine.cli.frame import Commands, Exit, Parser, command, show
from engine.cli.tables import pairs, seconds, table
from engine.control import Refused
from engine.domain.errors import ConfigError

Say = Callable[[argparse.Namespace], Mapping[str, Any]]
LOGIN_S = 60.0  # longer than any agent's ring_time_s is sensible
LOGIN_LOOK_S = 0.2
SPAN = re.compile(r"\+(\d{1,6})([mhd])")
SPAN_S = {"m": 60, "h": 3600, "d": 86_400}


def add(commands: "Commands[Parser]") -> None:
    parser = command(
        commands,
        "agent",
        _help,
        "log agents in, make them ready, handle their calls",
        "  prozvon agent list\n"
        "  prozvon agent login anna && prozvon agent ready anna\n"
        "  prozvon agent dispose anna promise_to_pay --callback +3d",
    )
    parser.set_defaults(parser=parser)
    inner = parser.add_subparsers(title="commands", metavar="COMMAND")
    command(inner, "list", list_all, "all agents and what they do", "  prozvon agent list --json")
    _one(inner, "show", show_one, "one agent, with the card of the contact on the line")

    def verb(name: str, about: str, example: str = "", say: Say = lambda _: {}) -> Parser:
        one = _one(inner, name, act, about, example)
        one.set_defaults(verb=name, say=say)
        return one

    one = verb(
        "login",
        "come to work; the phone is called, and its answer waited for",
        " --extension 1001",
        lambda a: {"extension": a.extension},
    )
    one.set_defaults(run=login)
    one.add_argument("--extension", default="", help="the phone to call; else the configured one")
    verb("ready", "take calls")
    one = verb(
        "pause",
        "take no more calls; a talk is finished first",
        " --reason lunch",
        lambda a: {"reason": a.reason},
    )
    one.add_argument("--reason", default="", help="kept in the journal")
    verb("logout", "leave; a talk is finished first")
    verb("accept", "preview: call the contact on the card")
    verb("skip", "preview: do not call this contact now")
    verb("hangup", "end the talk")
    one = verb("dial", "call a contact, or in mode manual a number", " --campaign autumn --contact 17", _dial)
    one.add_argument("--campaign", required=True, metavar="ID", help="the campaign")
    target = one.add_mutually_exclusive_group(required=True)
    target.add_argument("--contact", default="", metavar="ID", help="a contact of the campaign")
    target.add_argument("--number", default="", metavar="E164", help="a number with plus and country code")
    one = verb(
        "dispose", "note what came of the talk, and end wrap-up", " promise_to_pay --callback +3d", _dispose
    )
    one.add_argument("outcome", metavar="OUTCOME", help="e.g. promise_to_pay")
    one.add_argument("--callback", default="", metavar="WHEN", help="+90m, +2h, +3d, or 2026-12-01T10:00")
    one.add_argument("--note", default="", metavar="TEXT", help="a remark for the next who calls")
    one = verb("transfer", "join the person to somebody else", " 1002 --attended", _transfer)
    one.add_argument("number", metavar="NUMBER", nargs="?", default="", help="E.164 or extension")
    one.add_argument(
        "--attended", action="store_true", help="speak with them first; once more without NUMBER completes"
    )
    for name, about in (
        ("hold", "music for the person, or take them back"),
        ("mute", "the person does not hear the agent"),
        ("mask", "silence in the recording while card digits are said"),
    ):
        one = verb(name, about, "\n  prozvon agent " + name + " anna --off", lambda a: {"on": not a.off})
        one.add_argument("--off", action="store_true", help="undo it")


def _one(inner: "Commands[Parser]", name: str, run: Any, about: str, example: str = "") -> Parser:
    parser = command(inner, name, run, about, f"  prozvon agent {name} anna{example}")
    parser.add_argument("agent", metavar="AGENT", help="the agent's id")
    return parser


def _help(args: argparse.Namespace) -> int:
    args.parser.print_help()
    return Exit.USAGE


def list_all(args: argparse.Namespace) -> int:
    agents: list[dict[str, Any]] = engine(args).agents()
    rows = (
        (one.get("agent_id"), one.get("name"), one.get("state"), seconds(one.get("since_s")),
         one.get("with") or one.get("why"), one.get("extension"), one.get("team"))
        for one in agents
    )  # fmt: skip
    columns = ("agent", "name", "state", "for", "with", "extension", "team")
    show(args, agents, table(columns, rows, "no agents"))
    return Exit.OK


def show_one(args: argparse.Namespace) -> int:
    data = engine(args).get(f"/v1/agents/{segment(args.agent)}")
    show(args, data, pairs(data))
    return Exit.OK


def act(args: argparse.Namespace) -> int:
    said = args.say(args)
    data = engine(args).post(f"/v1/agents/{segment(args.agent)}/{args.verb}", said)
    show(args, data, f"{args.agent}: {data.get('state', 'done')}")
    return Exit.OK


def login(args: argparse.Namespace) -> int:
    """Wait until the phone is answered or the engine gives up, so that `login && ready` can be written."""
    remote, path = engine(args), f"/v1/agents/{segment(args.agent)}"
    data = remote.post(f"{path}/login", args.say(args))
    until_s = time.monotonic() + LOGIN_S
    while data.get("state") == "calling" and time.monotonic() < until_s:
        time.sleep(LOGIN_LOOK_S)
        data = remote.get(path)
    if data.get("state") == "offline":
        where = f"extension {data.get('extension')}"
        fix = "Is the phone registered (`show registrations` on the switch), and does it answer?"
        raise Refused(f"{args.agent} is offline: {data.get('why') or 'the phone hung up'}", where, fix)
    say = {"calling": "the phone still rings", "paused": "logged in; 'prozvon agent ready' takes calls"}
    state = str(data.get("state", "done"))
    show(args, data, f"{args.agent}: {say.get(state, state)}")
    return Exit.OK


def _dial(args: argparse.Namespace) -> Mapping[str, Any]:
    return {"campaign_id": args.campaign, "contact_id": args.contact, "number": args.number}


def _dispose(args: argparse.Namespace) -> Mapping[str, Any]:
    at_s = instant(args.callback, time.time()) if args.callback else 0.0
    return {"outcome": args.outcome, "callback_at_s": at_s, "note": args.note}


def _transfer(args: argparse.Namespace) -> Mapping[str, Any]:
    if not args.number and not args.attended:
        raise ConfigError("no number", "transfer", "Say whom to; without one only --attended completes.")
    return {"number": args.number, "attended": args.attended}


def instant(text: str, now_s: float) -> float:
    """+90m, +2h, +3d from `now_s`, or an ISO date and time (local if without zone), as epoch seconds."""
    span = SPAN.fullmatch(text)
    if span:
        return now_s + int(span[1]) * SPAN_S[span[2]]
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        fix = "Write +90m, +2h, +3d, or 2026-12-01T10:00."
        raise ConfigError(f"'{text}' is no moment", "--callback", fix) from error
