"""`prozvon amd evaluate|replay|voices|train`: the detector measured, shown at work, and trained anew."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from engine.amd import network
from engine.amd.classifier import Detector, Params
from engine.amd.decision import Costs
from engine.app.recordings import read_recording
from engine.cli.frame import Commands, Exit, Parser, command, show
from engine.cli.tables import table
from engine.domain.errors import ConfigError
from engine.training import measure, picture

DEADLINE_S = 6.0


def add(commands: "Commands[Parser]") -> None:
    one = command(
        commands,
        "evaluate",
        evaluate,
        "measure the detector on labelled call openings",
        "  prozvon amd evaluate corpus/\n  prozvon amd evaluate corpus/ --json > figures.json",
    )
    one.add_argument("corpus", metavar="CORPUS", type=Path, help="folder with labels.csv and g711/ or wav/")
    _listening(one)
    one.add_argument("--errors", action="store_true", help="name every person lost and machine passed")
    show_one = command(
        commands,
        "replay",
        replay,
        "show what the detector hears in a recording, as a picture",
        "  prozvon amd replay call.wav -o call.svg",
    )
    show_one.add_argument("recording", metavar="FILE", type=Path, help="wav, or bare G.711 (.PCMA, .PCMU)")
    show_one.add_argument("-o", "--output", type=Path, metavar="SVG", help="the picture (FILE with .svg)")
    _listening(show_one)
    voices = command(
        commands,
        "voices",
        make_voices,
        "let every synthesiser on this machine speak the lines of people and machines, to train on",
        "  prozvon amd voices units/\n"
        "  prozvon amd voices units/ --recordings ru=/usr/share/asterisk/sounds/ru_RU_f_IvrvoiceRU",
    )
    voices.add_argument("folder", metavar="FOLDER", type=Path, help="where the units go; need not exist")
    voices.add_argument(
        "--recordings", action="append", default=[], metavar="LANG=DIR", help="one speaker's sound files"
    )
    voices.add_argument(
        "--list",
        action="append",
        default=[],
        type=Path,
        metavar="CSV",
        help="sound files of many speakers: columns voice, lang, file, licence, engine",
    )
    train = command(
        commands,
        "train",
        train_model,
        "train the detector's network, and measure it on voices held out",
        "  prozvon amd train units/ -o trained/\n"
        "  prozvon amd evaluate corpus/ --network trained/network.json",
    )
    train.add_argument("units", metavar="UNITS", type=Path, nargs="+", help="folders that `voices` made")
    train.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="where network.json goes (here)",
    )
    train.add_argument(
        "--openings", type=int, default=40_000, metavar="N", help="how many to make (%(default)s)"
    )
    train.add_argument("--seed", type=int, default=1, metavar="N", help="other dice (%(default)s)")


def _listening(parser: Parser) -> None:
    parser.add_argument(
        "--deadline", type=float, default=DEADLINE_S, metavar="S", help="seconds to decide in (%(default)s)"
    )
    parser.add_argument(
        "--cost",
        type=float,
        default=10.0,
        metavar="X",
        help="a lost person costs X passed machines (%(default)s)",
    )
    parser.add_argument("--network", type=Path, metavar="FILE", help="another than the engine's")


def _params(args: argparse.Namespace) -> Params:
    if args.cost <= 0 or args.deadline <= 0:
        raise ConfigError("a cost or a deadline of nothing", "--cost, --deadline", "Give numbers above zero.")
    return Params(Costs(lost_person=args.cost), deadline_ms=round(args.deadline * 1000))


def _network(args: argparse.Namespace) -> network.Network:
    """The engine's own, or the file named."""
    if args.network is None:
        return network.standard()
    try:
        text = args.network.read_text(encoding="utf-8")
    except OSError as error:
        fix = "Name a file that `prozvon amd train` wrote."
        raise ConfigError(f"cannot be read: {error.strerror}", str(args.network), fix) from error
    return network.parse(text, str(args.network))


def evaluate(args: argparse.Namespace) -> int:
    params, model = _params(args), _network(args)
    cases = measure.read_corpus(args.corpus, read_recording)
    tally, outcomes = measure.measure(cases, lambda: Detector(params, model), args.deadline)
    report = tally.report() | {"model": model.version, "deadline_s": args.deadline, "cost": args.cost}
    if args.errors:
        report["errors"] = [
            {"file": one.case.name, "label": one.case.label, "subtype": one.case.subtype}
            | {"source": one.case.source, "got": one.what, "at_s": one.at_s}
            for one in outcomes
            if (one.case.label == "human" and one.what != "human")
            or (one.case.label == "machine" and one.what not in measure.NO_PERSON)
        ]
    show(args, report, _told(report))
    return Exit.OK


_SHARES = {
    "accuracy": "people and machines told apart",
    "people_lost": "people taken for machines",
    "machines_passed": "machines taken for people",
    "others_right": "fax, tones, announcements named rightly",
    "others_no_person": "of those, not taken for people",
    "beeps_found": "beeps found",
    "beeps_in_time": "beeps told within 120 ms of their onset",
    "beeps_ended_in_time": "ends of beeps told within 120 ms",
    "beeps_too_early": "a beep told before there was one",
    "beeps_on_people": "a beep told on a person",
    "revised_rightly": "machines passed, told later",
    "revised_wrongly": "people found, taken back later",
}


def _told(report: dict[str, Any]) -> str:
    shares = [
        [
            words,
            f"{one['count']} of {one['of']}",
            f"{one['percent']} %",
            "{} to {} %".format(*one["wilson95"]),
        ]
        for name, words in _SHARES.items()
        if (one := report[name])["of"]
    ]
    labels = sorted({what for row in report["confusion"].values() for what in row})
    confusion = [
        [label, *(row.get(what, 0) for what in labels)] for label, row in report["confusion"].items()
    ]
    curve = [[one["at_s"], one.get("human", ""), one.get("machine", "")] for one in report["decided_by"]]
    parts = [
        [part, f"{one['count']} of {one['of']}", f"{one['percent']} %"]
        for part, one in report["parts"].items()
    ]
    people, machines = report["people_after_greeting_s"], report["machines_after_speech_s"]
    delays = (
        f"A person is told {people['median']} s after the greeting (95 of 100: {people['p95']} s), "
        f"a machine {machines['median']} s after it begins to speak."
    )
    wrong = [
        f"{one['file']}: {one['label']}/{one['subtype']}, got {one['got']}"
        for one in report.get("errors", [])
    ]
    pieces = [
        f"{report['openings']} openings, model {report['model']}, decided within {report['deadline_s']} s",
        table(["", "", "", "95 % interval"], shares),
        delays,
        "Truth down, verdict across:\n" + table(["", *labels], confusion),
        "Decided by so many seconds after the answer, percent:\n" + table(["s", "people", "machines"], curve),
        "Told rightly:\n" + table(["", "", ""], parts),
        "\n".join(wrong),
    ]
    return "\n\n".join(piece for piece in pieces if piece)


def replay(args: argparse.Namespace) -> int:
    detector = Detector(_params(args), _network(args))
    seen = picture.trace(read_recording(args.recording), detector)
    output = args.output or args.recording.with_suffix(".svg")
    try:
        output.write_text(picture.draw(seen, str(args.recording.name)), encoding="utf-8")
    except OSError as error:
        fix = "Name another file: -o FILE.svg"
        raise ConfigError(f"cannot be written: {error.strerror}", str(output), fix) from error
    heard = [{"at_s": at_s, "heard": picture.words(one)} for at_s, one in seen.heard]
    said = [f"{one['at_s']:.2f} s  {one['heard']}" for one in heard] or ["nothing was decided"]
    show(args, {"picture": str(output), "heard": heard}, "\n".join([*said, f"picture: {output}"]))
    return Exit.OK


def make_voices(args: argparse.Namespace) -> int:
    from engine.training.voices import Recordings, listed, make

    sources = list[Recordings]()
    for given in args.recordings:
        lang, _, folder = given.partition("=")
        if not lang or not Path(folder).is_dir():
            raise ConfigError(f"'{given}' names no folder", "--recordings", "Write ru=/path/to/sounds.")
        sources.append(Recordings(f"{Path(folder).name}:{lang}", lang, Path(folder), "*.*"))
    for list_ in args.list:
        sources += listed(list_)
    made, missing = make(args.folder, sources)
    told = f"{made} units in {args.folder}" + (f"; not found: {', '.join(missing)}" if missing else "")
    show(args, {"units": made, "folder": str(args.folder), "missing": missing}, told)
    return Exit.OK


def train_model(args: argparse.Namespace) -> int:
    from engine.training.course import Course

    trained = Course(
        args.units, args.openings, args.seed, lambda line: print(line, file=sys.stderr, flush=True)
    ).run()
    network.parse(trained.network)
    try:
        args.output.mkdir(parents=True, exist_ok=True)
        (args.output / "network.json").write_text(trained.network, encoding="utf-8")
    except OSError as error:
        fix = "Name a folder that can be written: -o DIR"
        raise ConfigError(f"cannot be written: {error.strerror}", str(args.output), fix) from error
    show(args, trained.report, json.dumps(trained.report, indent=1))
    return Exit.OK
