"""`prozvon bench pacing`: our policies and the schemes in use elsewhere over the public worlds, one table."""

import argparse
from typing import TYPE_CHECKING, Any

from engine.cli.frame import Commands, Exit, Parser, command, show
from engine.cli.tables import table
from engine.domain.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from engine.twin.results import Outcome
    from engine.twin.world import World


def add(commands: "Commands[Parser]") -> None:
    parser = command(
        commands,
        "bench",
        _help,
        "measure pacing policies against each other",
        "  prozvon bench pacing --quick",
    )
    parser.set_defaults(parser=parser)
    inner = parser.add_subparsers(title="commands", metavar="COMMAND")
    pacing = command(
        inner,
        "pacing",
        run,
        "occupancy and abandonment of every policy in every public world",
        "  prozvon bench pacing --jobs 4           all of it: some minutes for each core\n"
        "  prozvon bench pacing --quick            a tenth of the time of each world\n"
        "  prozvon bench pacing --worlds trio,team10 --policies progressive,ratio-2",
    )
    pacing.add_argument("--worlds", default="", metavar="NAMES", help="comma-separated; else all but `day`")
    pacing.add_argument("--policies", default="", metavar="NAMES", help="comma-separated; else all")
    pacing.add_argument("--runs", type=int, default=1, metavar="N", help="seeds for each world")
    pacing.add_argument("--seed", type=int, default=1, help="the first seed")
    pacing.add_argument("--cap", default="3%", metavar="SHARE", help="abandonment at most")
    pacing.add_argument("--jobs", type=int, default=1, metavar="N", help="processes at once")
    pacing.add_argument("--quick", action="store_true", help="a tenth of the time of each world")
    pacing.add_argument("--part", default="", metavar="SHARE", help="that part of the time of each world")


def _help(args: argparse.Namespace) -> int:
    args.parser.print_help()
    return Exit.USAGE


def run(args: argparse.Namespace) -> int:
    from engine.cli.farm import played
    from engine.cli.twin import bar, share_of
    from engine.twin.library import DAY, names, world_named
    from engine.twin.twin import playable

    worlds = _chosen(args.worlds, [name for name in names() if name != DAY], "--worlds", names())
    policies = _chosen(args.policies, playable(), "--policies", playable())
    cap = share_of(args.cap, "--cap")
    if args.runs < 1 or args.jobs < 1:
        raise ConfigError("at least one", "--runs, --jobs", "Write --runs 1 --jobs 2.")
    part = share_of(args.part, "--part") if args.part else 0.1 if args.quick else 1.0
    cells = []
    for name in worlds:
        world = world_named(name)
        hours = world.hours * part
        for policy in policies:
            cells.append(world.but(seed=args.seed, hours=hours, campaign={"mode": policy, "cap": cap}))
    with bar("playing", 1.0) as step:
        outcomes = played(cells, args.runs, args.jobs, step)
    show(args, [outcome.as_record() for outcome in outcomes], told(outcomes, policies, cap))
    return Exit.OK


def _chosen(text: str, else_: list[str], where: str, known: list[str]) -> list[str]:
    asked = [name for name in text.split(",") if name]
    for name in asked:
        if name not in known:
            raise ConfigError(f"no '{name}'", where, did_you_mean(name, known))
    return asked or else_


def told(outcomes: "list[Outcome]", policies: list[str], cap: float) -> str:
    """Occupancy / abandonment in percent, a row for each world; then the sums that judge a policy."""
    by_world: dict[str, dict[str, Outcome]] = {}
    for outcome in outcomes:
        by_world.setdefault(outcome.world.name, {})[outcome.world.campaign.mode] = outcome
    rows: list[list[Any]] = [
        [_named(next(iter(row.values())).world), *(_cell(row[policy]) for policy in policies)]
        for row in by_world.values()
    ]
    mean, within, most, worst = ["mean occupancy"], [f"≤ {cap:.0%} in"], ["most abandoned"], ["worst of 500"]
    for policy in policies:
        mine = [row[policy] for row in by_world.values()]
        shares = [one.figures["abandonment"].value for one in mine]
        mean.append(f"{100 * sum(one.figures['occupancy'].value for one in mine) / len(mine):.1f}")
        within.append(f"{sum(share <= cap for share in shares)}/{len(mine)}")
        most.append(f"{100 * max(shares):.2f}")
        worst.append(f"{100 * max(one.worst for one in mine):.1f}")
    head = "occupancy % / abandonment %"
    return f"{head}\n{table(('world', *policies), [*rows, mean, within, most, worst])}"


def _named(world: "World") -> str:
    return f"{world.name} ({round(world.hours, 2):g} h)"


def _cell(outcome: "Outcome") -> str:
    found = outcome.figures
    return f"{100 * found['occupancy'].value:.1f}/{100 * found['abandonment'].value:.2f}"
