"""`prozvon journal`: facts and decisions of the past, as JSON lines or CSV, and the proof of their chain."""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from engine.cli.agent import SPAN_S, instant
from engine.cli.client import engine
from engine.cli.frame import Commands, Exit, Parser, command, config_path, show
from engine.config import load
from engine.domain.errors import ConfigError
from engine.journal.verify import verify


def add(commands: "Commands[Parser]") -> None:
    parser = command(
        commands,
        "journal",
        _help,
        "export facts and decisions, or verify their chain",
        "  prozvon journal export --kind cdr --since 1d --format csv -o cdr.csv",
    )
    parser.set_defaults(parser=parser)
    inner = parser.add_subparsers(title="commands", metavar="COMMAND")
    out = command(
        inner,
        "export",
        export,
        "write what happened, oldest first",
        "  prozvon journal export --kind cdr --since 1d --format csv -o cdr.csv\n"
        "  prozvon journal export --since 2026-11-01 | jq -r .kind | sort | uniq -c",
    )
    out.add_argument("--format", choices=("jsonl", "csv"), default="jsonl", help="JSON lines, or CSV")
    out.add_argument("--since", default="", metavar="WHEN", help="90m, 2h, 3d ago, or 2026-11-01[T10:00]")
    out.add_argument("--kind", default="", metavar="KINDS", help="comma-separated, e.g. cdr,blocked")
    out.add_argument("--clear", action="store_true", help="numbers and names unmasked, if the token may")
    out.add_argument("-o", "--output", default="-", metavar="PATH", help="file; else standard output")
    check = command(
        inner,
        "verify",
        verify_files,
        "prove that no record of the archive was changed, offline",
        "  prozvon journal verify\n"
        "  prozvon journal verify --folder /backup/journal --last 5f3a…   exit code 1 when it is broken",
    )
    check.add_argument("--folder", metavar="DIR", help="the archive (journal below store.data_dir)")
    check.add_argument("--last", default="", metavar="HASH", help="a hash the chain must pass through")


def _help(args: argparse.Namespace) -> int:
    args.parser.print_help()
    return Exit.USAGE


def export(args: argparse.Namespace) -> int:
    since_s = _since(args.since, time.time()) if args.since else 0.0
    remote = engine(args)
    query: dict[str, Any] = {"format": args.format, "kind": args.kind, "clear": args.clear}
    with (
        remote.download("/v1/journal", since_s=since_s or "", **query) as pieces,
        _target(args.output) as file,
        _shown(args.output) as advance,
    ):
        for piece in pieces:
            file.write(piece)
            advance(len(piece))
    return Exit.OK


def verify_files(args: argparse.Namespace) -> int:
    if args.folder:
        folder = Path(args.folder)
    else:
        config = load(config_path(args))
        folder = config.at(config.store.data_dir) / "journal"
    if not folder.is_dir():
        raise ConfigError("there is no archive", str(folder), "Name it with --folder.")
    try:
        last = bytes.fromhex(args.last) if args.last else None
    except ValueError:
        raise ConfigError(f"'{args.last}' is no hash", "--last", "Give 64 hexadecimal digits.") from None
    verdict = verify(folder, last)
    found = {
        "records": verdict.records,
        "segments": verdict.segments,
        "last": verdict.last.hex(),
        "broken": verdict.broken,
        "torn_bytes": verdict.torn_bytes,
    }
    words = f"{verdict.records} records in {verdict.segments} files, whole. Last hash: {verdict.last.hex()}"
    show(args, found, f"BROKEN at {verdict.broken}" if verdict.broken else words)
    return Exit.FAILED if verdict.broken else Exit.OK


def _since(text: str, now_s: float) -> float:
    if text[:-1].isdigit() and text[-1:] in SPAN_S:
        return now_s - int(text[:-1]) * SPAN_S[text[-1]]
    try:
        return instant(text, now_s)
    except ConfigError as error:
        raise ConfigError(f"'{text}' is no moment", "--since", "Write 90m, 2h, 3d, or 2026-11-01.") from error


@contextmanager
def _target(name: str) -> Iterator[IO[bytes]]:
    """Standard output, or a file that appears only when it is whole."""
    if name == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = f"{name}.part"
    try:
        file = open(part, "wb")  # noqa: SIM115 - closed below; here only the opening may fail
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", name, "Choose another place.") from error
    try:
        with file:
            yield file
        os.replace(part, name)
    except BaseException:
        os.unlink(part)
        raise


@contextmanager
def _shown(name: str) -> Iterator[Any]:
    """How much has come, where a person waits and the data does not fill the same terminal."""
    if name == "-" or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("exporting"), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("exporting", total=None)
        yield lambda size: progress.advance(task, size)
