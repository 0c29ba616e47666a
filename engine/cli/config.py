"""`prozvon config`: check it, show it, write its schema."""

import argparse
from pathlib import Path

import engine
from engine.cli.frame import Commands, Exit, Parser, command, config_path, show
from engine.config import Config, load
from engine.config.schema import SCHEMA_PATH, schema, schema_text
from engine.config.show import as_plain, as_yaml
from engine.ivr import schema as scenarios

# Where each schema that editors complete from is kept, from the project's folder, and what writes it.
SCHEMAS = {SCHEMA_PATH: schema_text, "docs/schema/scenario.v1.json": scenarios.text}


def add(commands: "Commands[Parser]") -> None:
    parser = command(
        commands,
        "config",
        _help,
        "check or show config.yaml, or write its JSON Schema",
        "  prozvon config check                     is it right? else every error with its mending\n"
        "  prozvon config show pacing               one section as it is in force, defaults filled in\n"
        "  prozvon config schema > config.json      for an editor elsewhere",
    )
    parser.set_defaults(parser=parser)
    inner = parser.add_subparsers(title="commands", metavar="COMMAND")
    command(
        inner,
        "check",
        check,
        "read the file and tell everything that is wrong with it",
        "  prozvon config check\n  prozvon config check --config /etc/prozvon/config.yaml --json",
    )
    shown = command(
        inner,
        "show",
        show_config,
        "print the configuration in force: defaults filled in, secrets masked",
        "  prozvon config show\n  prozvon config show api\n  prozvon config show campaigns --json",
    )
    shown.add_argument(
        "section", nargs="?", choices=list(Config.model_fields), metavar="SECTION", help="one section"
    )
    written = command(
        inner,
        "schema",
        write_schema,
        "print the JSON Schema that editors complete config.yaml from",
        "  prozvon config schema\n  prozvon config schema --write      refresh the schemas of this checkout",
    )
    written.add_argument(
        "--write", action="store_true", help="write every schema to its place under docs/schema"
    )


def _help(args: argparse.Namespace) -> int:
    args.parser.print_help()
    return Exit.USAGE


def check(args: argparse.Namespace) -> int:
    config = load(config_path(args))
    counts = {
        name: len(getattr(config, name)) for name in ("switches", "gateways", "teams", "agents", "campaigns")
    }
    switches = "" if config.switches else " (none: the virtual switch serves)"
    text = f"{config_path(args)} is right. " + ", ".join(
        f"{name}: {number}" for name, number in counts.items()
    )
    show(args, {"ok": True, "file": str(config_path(args)), **counts}, text + switches)
    return Exit.OK


def show_config(args: argparse.Namespace) -> int:
    config = load(config_path(args))
    data = as_plain(config)
    part = {args.section: data[args.section]} if args.section else data
    show(args, part, as_yaml(part).rstrip())
    return Exit.OK


def write_schema(args: argparse.Namespace) -> int:
    if not args.write:
        show(args, schema(), schema_text().rstrip())
        return Exit.OK
    folder = Path(engine.__file__).resolve().parents[1]
    for path, text in SCHEMAS.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text(), encoding="utf-8")
    show(args, {"written": list(SCHEMAS)}, "\n".join(f"wrote {path}" for path in SCHEMAS))
    return Exit.OK
