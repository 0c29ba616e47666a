"""`prozvon campaign`: create, change, start, pause, stop, and see how far they are."""

import argparse
from pathlib import Path
from typing import Any

from engine.cli.client import engine, segment
from engine.cli.frame import Commands, Exit, Parser, command, show
from engine.cli.summary import summary_text
from engine.cli.tables import pairs, table
from engine.domain import strict_yaml
from engine.domain.errors import ConfigError

ROOT = "/v1/campaigns"


def add(commands: "Commands[Parser]") -> None:
    parser = command(
        commands,
        "campaign",
        _help,
        "create, change, start, pause and stop campaigns",
        "  prozvon campaign list\n"
        "  prozvon campaign start autumn\n"
        "  prozvon campaign create winter --from winter.yaml --set max_calls=20",
    )
    parser.set_defaults(parser=parser)
    inner = parser.add_subparsers(title="commands", metavar="COMMAND")
    command(inner, "list", list_all, "all campaigns", "  prozvon campaign list --json")
    for verb, done, about in (
        ("start", "runs", "start dialing, or go on"),
        ("pause", "is paused", "launch no new calls; live ones go on"),
        ("stop", "is stopped", "launch no new calls and give ringing ones up; talks go on"),
    ):
        one = _on_one(inner, verb, act, about)
        one.set_defaults(verb=verb, done=done)
    _on_one(inner, "status", status, "queue, calls, results and the last pacing decision")
    _on_one(inner, "summary", summary, "what came of it so far")
    for verb, run, about in (
        ("create", create, "create a campaign; it does not dial until it is started"),
        ("change", change, "change a campaign, also while it runs"),
    ):
        one = _on_one(inner, verb, run, about, " --from autumn.yaml --set max_calls=20")
        one.add_argument(
            "--from", dest="source", metavar="FILE", help="YAML file with keys as in config.yaml"
        )
        one.add_argument(
            "--set", action="append", default=[], metavar="KEY=VALUE", help="one key; dots lead inside"
        )


def _on_one(inner: "Commands[Parser]", verb: str, run: Any, about: str, example: str = "") -> Parser:
    parser = command(inner, verb, run, about, f"  prozvon campaign {verb} autumn{example}")
    parser.add_argument("campaign", metavar="CAMPAIGN", help="the campaign's id")
    return parser


def _help(args: argparse.Namespace) -> int:
    args.parser.print_help()
    return Exit.USAGE


def list_all(args: argparse.Namespace) -> int:
    campaigns: list[dict[str, Any]] = engine(args).get(ROOT)
    rows = ((one.get("campaign_id"), one.get("state"), one.get("mode"), one.get("team")) for one in campaigns)
    show(args, campaigns, table(("campaign", "state", "mode", "team"), rows, "no campaigns"))
    return Exit.OK


def act(args: argparse.Namespace) -> int:
    data = engine(args).post(f"{ROOT}/{segment(args.campaign)}/{args.verb}")
    show(args, data, f"{args.campaign} {args.done}")
    return Exit.OK


def status(args: argparse.Namespace) -> int:
    data = engine(args).campaign_status(args.campaign)
    show(args, data, pairs(data))
    return Exit.OK


def summary(args: argparse.Namespace) -> int:
    data = engine(args).summary(args.campaign)
    show(args, data, summary_text(data))
    return Exit.OK


def create(args: argparse.Namespace) -> int:
    data = engine(args).post(ROOT, {**definition(args), "id": args.campaign})
    show(args, data, f"{args.campaign} is created; start it with: prozvon campaign start {args.campaign}")
    return Exit.OK


def change(args: argparse.Namespace) -> int:
    data = engine(args).patch(f"{ROOT}/{segment(args.campaign)}", definition(args))
    show(args, data, f"{args.campaign} is changed, for calls launched from now on")
    return Exit.OK


def definition(args: argparse.Namespace) -> dict[str, Any]:
    """The keys of --from, and those of --set over them. ConfigError for what is no mapping."""
    keys: dict[str, Any] = {}
    if args.source:
        try:
            text = Path(args.source).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"cannot be read: {error}", args.source, "Name a YAML file in UTF-8."
            ) from error
        loaded = strict_yaml.load(text, args.source).data
        if not isinstance(loaded, dict):
            raise ConfigError("is no mapping of keys to values", args.source, "Write: mode: preview")
        keys.update(loaded)
    for said in args.set:
        path, equals, value = said.partition("=")
        if not equals or not path:
            raise ConfigError(f"'{said}' is not KEY=VALUE", "--set", "For example: --set max_calls=20")
        _put(keys, path.split("."), strict_yaml.load(value, f"--set {path}").data)
    keys.pop("id", None)
    return keys


def _put(keys: dict[str, Any], path: list[str], value: Any) -> None:
    for step in path[:-1]:
        inner = keys.setdefault(step, {})
        if not isinstance(inner, dict):
            raise ConfigError(f"'{step}' holds no keys", "--set " + ".".join(path), "Leave out the dot.")
        keys = inner
    keys[path[-1]] = value
