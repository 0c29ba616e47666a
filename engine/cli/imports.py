"""`prozvon import`: a list of contacts into a campaign, while it runs or before."""

import argparse
import csv
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from engine.cli.client import PIECE_BYTES, engine, segment
from engine.cli.frame import Commands, Exit, Parser, command, show
from engine.control import NotFound
from engine.domain.errors import ConfigError

COLUMNS = ("line", "column", "value", "problem", "fix")
SHOWN = 10


def add(commands: "Commands[Parser]") -> None:
    parser = command(
        commands,
        "import",
        run,
        "import contacts from a CSV file; good rows go in, bad ones are written beside it",
        "  prozvon import list.csv --campaign autumn\n"
        "  prozvon import old.csv --campaign autumn --encoding cp1251 --columns 'Tel=phone,FIO=name'\n"
        "  zcat big.csv.gz | prozvon import - --campaign autumn --rejects bad.csv",
    )
    parser.add_argument("file", metavar="FILE", help="the list; - reads standard input")
    parser.add_argument("--campaign", required=True, metavar="ID", help="whose contacts they become")
    parser.add_argument("--encoding", default="", help="utf-8, cp1251, …; else found from the bytes")
    parser.add_argument("--delimiter", default="", help="one character; else found from the header")
    parser.add_argument("--region", default="", help="country of numbers without country code, e.g. PL")
    parser.add_argument("--zone", default="", help="time zone of contacts that tell none")
    parser.add_argument("--language", default="", help="of contacts that tell none, e.g. pl")
    parser.add_argument("--columns", default="", help="header=meaning pairs; else headers are recognised")
    parser.add_argument("--rejects", default="", metavar="PATH", help="where bad rows go (FILE.rejects.csv)")


def run(args: argparse.Namespace) -> int:
    """Exit code 1 when rows were rejected: the good ones are in."""
    remote = engine(args)
    if args.campaign not in (one.get("campaign_id") for one in remote.get("/v1/campaigns")):
        raise NotFound(f"no campaign '{args.campaign}'", "--campaign", "See: prozvon campaign list")
    path = f"/v1/campaigns/{segment(args.campaign)}/contacts"
    with _opened(args.file) as file, _Watched(file) as watched:
        result: dict[str, Any] = remote.upload(
            path,
            watched,
            source=os.path.basename(args.file) if args.file != "-" else "standard input",
            encoding=args.encoding,
            delimiter=args.delimiter,
            region=args.region,
            default_zone=args.zone,
            language=args.language,
            columns=args.columns,
        )
    rejected: list[dict[str, Any]] = result.get("rejected") or []
    count = int(result.get("rejected_count", len(rejected)))
    rejects = _write_rejects(args, rejected, str(result.get("rejects_file") or "")) if count else ""
    show(args, {**result, "rejects_file": rejects}, _words(result, rejected, count, rejects))
    return Exit.FAILED if count else Exit.OK


def _opened(name: str) -> IO[bytes]:
    if name == "-":
        return sys.stdin.buffer
    try:
        return open(name, "rb")
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", name, "Name a CSV file.") from error


class _Watched:
    """A file that shows on a terminal how much of it is sent. The engine reads as fast as it stores, so what
    is sent is nearly what is stored."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.size = _size(file)
        if self.size is not None:
            self.len = self.size  # requests announces it; without it the body goes out in chunks
        self._progress: Any = None
        self._task: Any = None

    def __enter__(self) -> "_Watched":
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

            self._progress = Progress(
                TextColumn("importing"),
                BarColumn(),
                DownloadColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._progress.start()
            self._task = self._progress.add_task("importing", total=self.size)
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress:
            self._progress.stop()

    def __iter__(self) -> Iterator[bytes]:
        """requests takes for a stream only what can be iterated."""
        return iter(lambda: self.read(PIECE_BYTES), b"")

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        if self._progress:
            self._progress.advance(self._task, len(piece))
        return piece


def _size(file: IO[bytes]) -> int | None:
    """Bytes of a regular file; None for a pipe."""
    try:
        return os.fstat(file.fileno()).st_size or None
    except (OSError, ValueError):
        return None


def _write_rejects(args: argparse.Namespace, rejected: list[dict[str, Any]], whole: str) -> str:
    """All bad rows beside the list. `whole`: the engine's own file of them; from another machine we have
    only the first ones, as they came in the answer."""
    path = Path(args.rejects or ("rejects.csv" if args.file == "-" else f"{args.file}.rejects.csv"))
    try:
        if whole and Path(whole).is_file():
            shutil.copyfile(whole, path)
            return str(path)
        with path.open("w", newline="", encoding="utf-8-sig") as file:
            writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rejected)
    except OSError as error:
        print(f"prozvon: the rejects cannot be written to {path}: {error.strerror}", file=sys.stderr)
        return ""
    return str(path)


def _words(result: dict[str, Any], rejected: list[dict[str, Any]], count: int, rejects: str) -> str:
    counts: dict[str, int] = {key: result[key] for key in ("rows", "added", "duplicates") if key in result}
    counts["rejected"] = count
    lines = [", ".join(f"{value} {key}" for key, value in counts.items())]
    for row in rejected[:SHOWN]:
        place = f"line {row.get('line')}, {row.get('column')}".rstrip(", ")
        lines.append(f"  {place}: {row.get('problem')}. {row.get('fix', '')}")
    if count > SHOWN:
        lines.append(f"  and {count - SHOWN} more")
    if rejects:
        lines.append(f"rejects, with line and fix: {rejects}")
    return "\n".join(lines)
