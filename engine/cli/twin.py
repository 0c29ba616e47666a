"""`prozvon twin`: a campaign in virtual time. What would come of it, and what if."""

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from engine.cli.frame import Commands, Exit, Parser, command, config_path, show
from engine.cli.tables import table
from engine.domain.errors import ConfigError

if TYPE_CHECKING:
    from engine.twin.measures import Figure
    from engine.twin.world import World


def add(commands: "Commands[Parser]") -> None:
    parser = command(
        commands,
        "twin",
        _help,
        "play a campaign in virtual time: the real dialer, simulated people",
        "  prozvon twin run                    a day of 100 operators\n"
        "  prozvon twin run my-world.yaml --operators 30 --mode progressive --runs 5",
    )
    parser.set_defaults(parser=parser)
    inner = parser.add_subparsers(title="commands", metavar="COMMAND")
    run_ = command(
        inner,
        "run",
        run,
        "play a world and tell what came of it",
        "  prozvon twin run\n"
        "  prozvon twin run team30 --runs 5\n"
        "  prozvon twin run fitted.yaml --campaign autumn   terms, trunk and agents of config.yaml\n"
        "  prozvon twin run my-world.yaml --hours 2 --journal day.jsonl",
    )
    world_arguments(run_)
    run_.add_argument("--packed", action="store_true", help=argparse.SUPPRESS)  # for cli/farm.py
    run_.add_argument("--journal", default="", metavar="PATH", help="write what happened, as JSON lines")

    what = command(
        inner,
        "whatif",
        whatif,
        "play a world with other numbers of operators and other caps, and draw what comes of it",
        "  prozvon twin whatif team30 --agents 20..60 --cap 0.5%..5% -o whatif.html\n"
        "  prozvon twin whatif my-world.yaml --agents 20..60:5 --cap 3% --runs 8 --jobs 4",
    )
    world_arguments(what)
    what.set_defaults(runs=5)
    what.add_argument("--agents", default="20..60", metavar="RANGE", help="20..60, 20..60:10 or 20,30,45")
    what.add_argument("--jobs", type=int, default=1, metavar="N", help="processes at once")
    what.add_argument("-o", "--output", default="whatif.html", metavar="PATH", help="the page")

    fit_ = command(
        inner,
        "fit",
        fit,
        "write a world whose people and operators are those of a journal's days",
        "  prozvon journal export --since 5d -o days.jsonl\n"
        "  prozvon twin fit days.jsonl --campaign autumn --zone Europe/Warsaw -o autumn.yaml\n"
        "  prozvon twin run autumn.yaml --runs 5",
    )
    fit_.add_argument("journal", metavar="JOURNAL", help="an export as JSON lines, or the archive's folder")
    fit_.add_argument("--campaign", default="", metavar="ID", help="needed where the journal has several")
    fit_.add_argument("--zone", default="Europe/Warsaw", help="in which the hours of the day are counted")
    fit_.add_argument("-o", "--output", default="fitted.yaml", metavar="PATH", help="the world's file")


def world_arguments(parser: Parser) -> None:
    parser.add_argument(
        "world", nargs="?", default="day", help="a file, - (standard input), or a world of the project"
    )
    parser.add_argument(
        "--campaign", default="", metavar="ID", help="terms, trunk and agents of config.yaml's"
    )
    parser.add_argument("--mode", default="", help="mode or baseline in place of the world's")
    parser.add_argument("--operators", type=int, default=-1, metavar="N", help="in place of the world's")
    parser.add_argument("--hours", type=float, default=0.0, metavar="H", help="in place of the world's")
    parser.add_argument("--cap", default="", metavar="SHARE", help="abandonment at most: 3%% or 0.03")
    parser.add_argument(
        "--seed", type=int, default=None, help="the same seed gives the same day, to the byte"
    )
    parser.add_argument(
        "--runs", type=int, default=1, metavar="N", help="with N seeds: intervals need 5 or more"
    )


def world_of(args: argparse.Namespace) -> "World":
    """The world that the command line asks for."""
    from engine.twin.library import world_named
    from engine.twin.world import parse_world

    world = parse_world(sys.stdin.read(), "standard input") if args.world == "-" else world_named(args.world)
    if args.campaign:
        from engine.cli.own_campaign import changes_of
        from engine.config import load

        world = world.but(**changes_of(load(config_path(args)), args.campaign))
    changes: dict[str, Any] = {}
    campaign: dict[str, Any] = {}
    if args.mode:
        campaign["mode"] = args.mode
    if args.cap:
        campaign["cap"] = share_of(args.cap, "--cap")
    if campaign:
        changes["campaign"] = campaign
    if args.operators >= 0:
        changes["operators"] = {"count": args.operators, "staffing": ()}
    if args.hours:
        changes["hours"] = args.hours
    if args.seed is not None:
        changes["seed"] = args.seed
    if args.runs < 1:
        raise ConfigError("a run is played once at least", "--runs", "Write --runs 5.")
    return world.but(**changes)


def share_of(text: str, where: str) -> float:
    """3% or 0.03 as a fraction."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(%?)", text.strip())
    value = float(found[1]) / (100.0 if found[2] else 1.0) if found else 0.0
    if not 0.0 < value < 1.0:
        raise ConfigError(f"'{text}' is no share between 0 and 1", where, "Write 3% or 0.03.")
    return value


def writable(name: str) -> None:
    """ConfigError: no file can come to be there."""
    path = Path(name)
    if (
        path.is_dir()
        or not path.parent.is_dir()
        or not os.access(path if path.exists() else path.parent, os.W_OK)
    ):
        raise ConfigError("cannot be written", name, "Choose another place.")


def zone_of(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except Exception:
        raise ConfigError(f"'{name}' is no time zone", "--zone", "Write Europe/Warsaw.") from None


def _help(args: argparse.Namespace) -> int:
    args.parser.print_help()
    return Exit.USAGE


def run(args: argparse.Namespace) -> int:
    from engine.twin.results import packed, play

    world = world_of(args)
    if args.packed:
        print(json.dumps(packed(play(world, args.runs))))
        return Exit.OK
    if args.journal:
        return _run_with_journal(args, world)
    with bar("playing", 1.0) as step:
        outcome = play(world, args.runs, step)
    show(args, outcome.as_record(), told(outcome))
    return Exit.OK


def whatif(args: argparse.Namespace) -> int:
    """Every point of the grid with the same seeds, so that differences are the policy's and not luck. A
    world whose mode knows no cap is played in mode predictive, where no other is asked for."""
    from engine.cli.farm import played
    from engine.twin.page import page
    from engine.twin.whatif import KNOW_A_CAP, agents_range, caps_range, grid_of, worlds_of

    agents, caps = agents_range(args.agents), caps_range(args.cap or "0.5%..5%")
    writable(args.output)  # before minutes are spent on it
    args.cap, args.operators = "", -1
    world = world_of(args)
    if not args.mode and world.campaign.mode not in {*KNOW_A_CAP, "robot"}:
        world = world.but(campaign={"mode": "predictive"})
    with bar("playing", 1.0) as step:
        outcomes = played(worlds_of(world, agents, caps), args.runs, args.jobs, step)
    grid = grid_of(world, agents, caps, outcomes)
    try:
        Path(args.output).write_text(page(grid), encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"cannot be written: {error.strerror}", args.output, "Choose another place."
        ) from error
    rows = [
        (f"{cap:.2%}", n, *(cell_of(name, grid.figure(name, i, j)) for name in ("occupancy", "abandonment")))
        for i, cap in enumerate(caps)
        for j, n in enumerate(agents)
    ]
    text = table(("cap", "operators", "occupancy", "abandonment"), rows)
    show(args, grid.as_record(), f"{text}\nThe page: {args.output}")
    return Exit.OK


def fit(args: argparse.Namespace) -> int:
    import yaml

    from engine.cli.past import past
    from engine.twin.fit import fit as fitted_to

    writable(args.output)
    zone_of(args.zone)
    found = fitted_to(past(args.journal), args.zone, args.campaign, Path(args.output).stem)
    text = yaml.safe_dump(found.data, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)
    head = f"# Fitted to {found.told['calls']} calls and {found.told['talks']} talks. See docs/twin.md.\n"
    try:
        Path(args.output).write_text(head + text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"cannot be written: {error.strerror}", args.output, "Choose another place."
        ) from error
    told = ", ".join(f"{count} {what}" for what, count in found.told.items())
    show(args, {"file": args.output, **found.told}, f"Fitted to {told}.\nThe world: {args.output}")
    return Exit.OK


def _run_with_journal(args: argparse.Namespace, world: "World") -> int:
    from engine.twin.results import Outcome
    from engine.twin.twin import Twin

    if args.runs != 1:
        raise ConfigError("one journal tells of one run", "--journal", "Leave --runs away.")
    try:
        file = Path(args.journal).open("w", encoding="utf-8")  # noqa: SIM115 - closed below
    except OSError as error:
        raise ConfigError(
            f"cannot be written: {error.strerror}", args.journal, "Choose another place."
        ) from error
    with file, bar("playing", 1.0) as step:
        book = Twin(world, journal=file).run(step)
    outcome = Outcome(world, 1, tuple(book.intervals), book.by_disposition)
    show(args, outcome.as_record(), told(outcome))
    return Exit.OK


def told(outcome: Any) -> str:
    """An outcome for people."""
    from engine.twin.measures import MEASURES

    sums, world = outcome.sums, outcome.world
    rows = [
        (name.replace("_", " "), cell_of(name, figure), MEASURES[name][0])
        for name, figure in outcome.figures.items()
    ]
    ends = ", ".join(
        f"{count} {name.replace('_', ' ')}" for name, count in sorted(outcome.by_disposition.items())
    )
    head = (
        f"{world.name}: {world.operators.count} operators, {world.campaign.mode}, "
        f"{world.hours:g} h, {outcome.runs} run{'s' * (outcome.runs > 1)} from seed {world.seed}"
    )
    counted = f"{sums.launched} launched, {sums.live} live answers: {ends}"
    return f"{head}\n{table(('measure', 'value ± 95 %', 'what it is'), rows)}\n{counted}"


PERCENT = frozenset({"occupancy", "abandonment", "trunk_use", "cancelled"})


def cell_of(name: str, figure: "Figure") -> str:
    scale, sign = (100.0, " %") if name in PERCENT else (1.0, "")
    half = "?" if figure.half == float("inf") else f"{figure.half * scale:.2f}"
    return f"{figure.value * scale:.2f} ± {half}{sign}"


@contextmanager
def bar(what: str, whole: float) -> Iterator[Callable[[float], None]]:
    """A progress bar on a terminal; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda share: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), TextColumn("{task.percentage:3.0f} %"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=whole)
        yield lambda share: progress.update(task, completed=share)
