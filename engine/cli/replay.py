"""`prozvon replay`: a real day from the journal, decided again by another policy."""

import argparse
from datetime import UTC, datetime

from engine.cli.frame import Commands, Exit, Parser, command, show
from engine.cli.tables import table
from engine.cli.twin import share_of, zone_of
from engine.domain.errors import ConfigError, did_you_mean


def add(commands: "Commands[Parser]") -> None:
    parser = command(
        commands,
        "replay",
        run,
        "decide a day of the journal again, and show where another policy would have acted otherwise",
        "  prozvon journal export --since 1d -o day.jsonl\n"
        "  prozvon replay day.jsonl --mode ratio-1.5\n"
        "  prozvon replay data/journal --campaign autumn --mode progressive --most 50",
    )
    parser.add_argument("journal", metavar="JOURNAL", help="an export as JSON lines, or the archive's folder")
    parser.add_argument("--mode", default="progressive", help="the mode, or the baseline, that decides anew")
    parser.add_argument("--campaign", default="", metavar="ID", help="needed where the journal has several")
    parser.add_argument("--cap", default="3%", metavar="SHARE", help="abandonment that it is to keep")
    parser.add_argument("--limit", type=float, default=2.0, metavar="S", help="longest wait, seconds")
    parser.add_argument("--zone", default="Europe/Warsaw", help="in which instants are shown")
    parser.add_argument("--most", type=int, default=20, metavar="N", help="differences shown")


def run(args: argparse.Namespace) -> int:
    """Exit code 1 when it would have acted otherwise anywhere."""
    from engine.cli.past import past
    from engine.dialer.patience import NOTICE_MARGIN_S
    from engine.pacing.snapshot import Terms
    from engine.twin.past_day import day_of
    from engine.twin.replay import replay
    from engine.twin.twin import playable, policies_of

    zone = zone_of(args.zone)
    if args.mode not in playable():
        fix = did_you_mean(args.mode, playable())
        raise ConfigError(f"'{args.mode}' is no mode that paces operators", "--mode", fix)
    mode, policies = policies_of(args.mode)
    terms = Terms(cap=share_of(args.cap, "--cap"), patience_s=max(0.0, args.limit - NOTICE_MARGIN_S))
    found = replay(day_of(past(args.journal), args.campaign), policies[mode.value], terms)
    told = found.as_record(args.most)
    rows = [
        (
            datetime.fromtimestamp(one.at_s, UTC).astimezone(zone).strftime("%H:%M:%S.%f")[:-4],
            one.ready,
            one.in_flight,
            one.recorded,
            one.asked,
            one.cancel,
            one.reason,
        )
        for one in found.greatest(args.most)
    ]
    head = (
        f"{found.campaign}: {told['moments']} moments, {told['same']} the same, {told['bolder']} bolder, "
        f"{told['more_careful']} more careful, calls given up in {told['gives_up']}.\n"
        f"Launched then: {told['recorded_launches']}; asked for at those moments: "
        f"{told['asked_launches_then']}."
    )
    columns = ("at", "ready", "in flight", "launched", "asked", "given up", "reason")
    show(args, told, f"{head}\n{table(columns, rows, nothing='No moment differs.')}")
    return Exit.FAILED if told["same"] < told["moments"] else Exit.OK
