"""`prozvon run`: the engine itself, until it is told to stop."""

import argparse
import logging
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gevent import signal_handler
from gevent.event import Event

from engine import logs
from engine.app.demo import Demo, demo_config
from engine.app.engine import Engine
from engine.app.front import Front
from engine.app.office import Office
from engine.app.paths import make_data_folder
from engine.app.runtime import SystemClock
from engine.cli import live
from engine.cli.frame import Commands, Exit, Parser, command, config_path
from engine.cli.summary import summary_text
from engine.config import Config, load
from engine.domain.errors import ConfigError, DialerError

log = logging.getLogger("prozvon")


def add(commands: "Commands[Parser]") -> None:
    parser = command(
        commands,
        "run",
        run,
        "the engine, until SIGTERM or Ctrl-C; SIGHUP reads config.yaml again",
        "  prozvon run                       with ./config.yaml\n"
        "  prozvon run --demo                two campaigns on the virtual switch, then a summary\n"
        "  prozvon run --demo --contacts 50  a shorter one",
    )
    parser.add_argument("--demo", action="store_true", help="play the demo in a fresh data/demo, then end")
    parser.add_argument("--contacts", type=int, metavar="N", help="demo: contacts of each campaign")
    parser.add_argument("--speed", type=float, metavar="X", help="demo: times faster than life")


def run(args: argparse.Namespace) -> int:
    path = config_path(args)
    return _demo(args, path) if args.demo else _serve(path)


def _serve(path: Path) -> int:
    engine = Engine(path)
    make_data_folder(engine.data)
    _start_log(engine.config)
    stop = Event()
    front = Front(Office(engine), engine.config, engine.data)  # a taken port is found before anything starts
    try:
        engine.start()
        front.start()
        for number in (2, 15):
            signal_handler(number, stop.set)
        signal_handler(1, lambda: _reload(engine))
        _say_where(engine, front.url)
        while not stop.wait(3600.0):
            pass
        talks = "" if engine.switches.virtual else " Talks go on; the next engine takes them up."
        print(f"Stopping: no new calls.{talks}", flush=True)
        front.stop()
    finally:
        engine.stop()
    return Exit.OK


def _start_log(config: Config) -> None:
    own = config.logging
    try:
        logs.start(own.level, own.format, config.at(own.file) if own.file else None, own.queue)
    except OSError as error:
        fix = "Make its folder, give us the right to write there, or leave it out for standard error."
        raise ConfigError(f"cannot be written: {error.strerror}: {own.file}", "logging.file", fix) from error


def _reload(engine: Engine) -> None:
    try:
        changed = engine.reload()
    except DialerError as error:
        log.error("config.yaml not taken over, nothing changed", extra={"why": str(error)})
    else:
        log.info("config.yaml read again", extra=changed.as_dict())


def _say_where(engine: Engine, url: str) -> None:
    if engine.switches.virtual:
        print("No switch is configured: the virtual switch serves (`switches` in config.yaml).", flush=True)
    if engine.embedded:
        print(f"No Redis is configured: an embedded store keeps all under {engine.data}.", flush=True)
    print(f"Prozvon listens on {url}; stop it with Ctrl-C.", flush=True)


def _demo(args: argparse.Namespace, path: Path) -> int:
    """A fresh data folder each time, so that the numbers of the summary are those of this run."""
    config = demo_config(load(path), args.contacts or 0, args.speed or 0.0)
    engine = Engine(path, SystemClock(config.demo.speed), config=config)
    shutil.rmtree(engine.data, ignore_errors=True)
    make_data_folder(engine.data)
    logs.start("warning", "plain", engine.data / "demo.log")
    own = engine.config.demo
    print(f"Demo on the virtual switch: {own.contacts} contacts for {own.agents} simulated agents,")
    print(f"{own.contacts} more for a robot. People live {own.speed:g} times faster there, at any hour.")
    print("Preparing (embedded store, prompts, lists) ...", flush=True)
    stop = Event()
    for number in (2, 15):
        signal_handler(number, stop.set)
    try:
        engine.start()
        office = Office(engine)
        front = Front(office, engine.config, engine.data, port=0)
        front.start()
        demo = Demo(engine, office)
        demo.begin()
        live.run_view(office, until=lambda: stop.is_set() or demo.over, stdout=sys.stdout)
        demo.end()
        summary = demo.summary()
        print(summary_text(summary), flush=True)
        print(_remarks(summary, office, own.speed))
        demo.export(engine.data / "cdr.csv")
        where = os.path.relpath(engine.data)
        print(f"\nUnder {where}: cdr.csv, journal/, recordings/, demo.log")
        front.stop()
    finally:
        engine.stop()
    return Exit.OK


def _remarks(summary: Mapping[str, Any], office: Office, speed: float) -> str:
    """What else a reader of the demo's numbers should know."""
    queues = [one["queue"] for one in office.campaigns()]
    left = sum(queue.get(name, 0) for queue in queues for name in ("due", "claimed", "later"))
    talk_s = max((float(one["average_talk_s"]) for one in summary["campaigns"].values()), default=0.0)
    example = f", so an average talk of {talk_s:.1f} s was {talk_s * speed:.0f} s to them" if talk_s else ""
    return (
        f"\nDurations are by the clock on the wall; people lived {speed:g} times faster{example}.\n"
        f"{left} contacts are left, to be tried again in hours or days: the demo ends when nobody is due."
    )
