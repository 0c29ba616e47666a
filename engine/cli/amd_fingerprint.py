"""`prozvon amd fingerprint`: announcements of networks, taught from recordings."""

import argparse
from pathlib import Path

import numpy as np

from engine.amd.audio import RATE, Framer
from engine.amd.fingerprint import Book, Match, Matcher, Print, take_print
from engine.app.recordings import read_recording
from engine.cli.frame import Commands, Exit, Parser, command, config_path, show
from engine.cli.tables import table
from engine.config import load
from engine.domain.announcement import MEANINGS
from engine.domain.errors import ConfigError, did_you_mean
from engine.media import shelf


def add(commands: "Commands[Parser]") -> None:
    """Declare `fingerprint` and its own commands below `prozvon amd`."""
    parser = command(
        commands,
        "fingerprint",
        _help,
        "teach and list announcements of networks, recognised while a call rings",
        "  prozvon amd fingerprint add off.wav --means unreachable\n  prozvon amd fingerprint list",
    )
    parser.set_defaults(parser=parser)
    inner = parser.add_subparsers(title="commands", metavar="COMMAND")
    new = command(
        inner,
        "add",
        add_print,
        "learn an announcement; media processes use it within seconds",
        "  prozvon amd fingerprint add off.wav --means unreachable --name a1-off-ru\n"
        "  prozvon amd fingerprint add music.wav --means ringback      it rings, whatever is played",
    )
    new.add_argument("recording", metavar="RECORDING", help="wav, or bare G.711 (.PCMA, .PCMU, .al, .ul)")
    new.add_argument("--means", required=True, metavar="MEANING", help=", ".join(MEANINGS))
    new.add_argument("--name", default="", help="how it is told of (the file's name)")
    new.add_argument(
        "--from-s", type=float, default=0.0, metavar="S", help="where it begins in the recording"
    )
    new.add_argument("--replace", action="store_true", help="even where it is known already")
    command(inner, "list", list_prints, "list what is known", "  prozvon amd fingerprint list --json")
    gone = command(
        inner,
        "remove",
        remove,
        "forget an announcement",
        "  prozvon amd fingerprint remove a1-off-ru",
    )
    gone.add_argument("name", metavar="NAME", help="as `list` tells it")
    tried = command(
        inner,
        "match",
        match,
        "tell what a recording would be taken for",
        "  prozvon amd fingerprint match call.wav      exit code 1 when it is not known",
    )
    tried.add_argument("recording", metavar="RECORDING", help="wav, or bare G.711")


def _help(args: argparse.Namespace) -> int:
    args.parser.print_help()
    return Exit.USAGE


def folder_of(args: argparse.Namespace) -> Path:
    config = load(config_path(args))
    return config.at(config.media.fingerprints or f"{config.store.data_dir}/fingerprints")


def add_print(args: argparse.Namespace) -> int:
    folder, path = folder_of(args), Path(args.recording)
    pcm = read_recording(path)[int(max(0.0, args.from_s) * RATE) * 2 :]
    one = take_print(shelf.file_name(args.name or path.stem), args.means, pcm)
    known = shelf.read_all(folder)
    if not args.replace:
        _must_be_new(one, known, pcm)
    kept = shelf.put(folder, one)
    record = {"name": one.name, "means": one.means, "seconds": one.seconds, "file": str(kept)}
    show(args, record, f"{one.name}: {one.seconds:.1f} s that mean {one.means}, in {kept}")
    return Exit.OK


def _must_be_new(one: Print, known: list[Print], pcm: bytes) -> None:
    """ConfigError: the name is taken, or calls would hear two meanings in one recording."""
    if one.name in {other.name for other in known}:
        raise ConfigError(f"there is a '{one.name}'", "name", "Choose another --name, or --replace it.")
    found = first_match(known, pcm)
    if found is not None:
        fix = "Remove one of them, cut the recording with --from-s, or --replace."
        raise ConfigError(f"it is known as '{found.name}', which means {found.means}", one.name, fix)


def first_match(known: list[Print], pcm: bytes) -> Match | None:
    """What a call that plays this would be taken for."""
    matcher = Matcher(Book(known))
    for frame in Framer().push(pcm):
        found = matcher.push(np.frombuffer(frame, "<i2").astype(np.float32))
        if found is not None:
            return found
    return None


def list_prints(args: argparse.Namespace) -> int:
    known = shelf.read_all(folder_of(args))
    records = [{"name": one.name, "means": one.means, "seconds": one.seconds} for one in known]
    rows = ((one.name, one.means, f"{one.seconds:.1f}") for one in known)
    show(
        args, records, table(("name", "means", "seconds"), rows) if known else "No announcement is known yet."
    )
    return Exit.OK


def remove(args: argparse.Namespace) -> int:
    folder = folder_of(args)
    if not shelf.remove(folder, args.name):
        names = [one.name for one in shelf.read_all(folder)]
        raise ConfigError(f"there is no '{args.name}'", "name", did_you_mean(args.name, names))
    show(args, {"removed": args.name}, f"{args.name} is forgotten.")
    return Exit.OK


def match(args: argparse.Namespace) -> int:
    found = first_match(shelf.read_all(folder_of(args)), read_recording(Path(args.recording)))
    if found is None:
        show(args, None, "Not known.")
        return Exit.FAILED
    record = {"name": found.name, "means": found.means, "at_ms": found.at_ms, "score": found.score}
    show(args, record, f"{found.name}: {found.means}, after {found.at_ms / 1000:.1f} s")
    return Exit.OK
