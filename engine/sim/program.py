"""`prozvon sim`: the virtual switch as a program of its own."""

import argparse
import logging
import sys
from pathlib import Path

import gevent
from gevent.event import Event

from engine.domain.errors import ConfigError
from engine.sim.population import PopulationFile, load_population
from engine.sim.server import VirtualSwitch

DEMO_POPULATION = Path(__file__).parent / "populations" / "demo.yaml"

_ABOUT = """\
A switch that speaks Event Socket like FreeSWITCH, with people behind it who ring, answer, talk, press keys,
hang up, or are machines. No telephone network is touched.
"""
_EXAMPLES = """\
examples:
  prozvon sim                                       the demo population on 127.0.0.1:8021
  prozvon sim --speed 20                            rings and talks pass twenty times faster
  prozvon sim --population mine.yaml --check        only read the file and say what is wrong in it
  prozvon sim --invites invites.jsonl               keep a book of every call the switch sent out

Talk to it as to FreeSWITCH, for instance with fs_cli:  fs_cli -H 127.0.0.1 -P 8021 -p ClueCon
Three commands are its own:
  prozvon_call_in FROM TO                somebody calls us
  prozvon_callee UUID hangup             the far end of a leg hangs up  (or: vanish, press KEYS)
  prozvon_phone EXTENSION unregister     an agent's phone is lost       (or: register)

The demo population (populations/demo.yaml) explains every key a population file may have.
"""


def run(argv: list[str]) -> int:
    """Parse `argv` (without the program's name) and serve until stopped. 0 well ended, 2 wrong input."""
    options = _parser().parse_args(argv)
    try:
        population = load_population(options.population)
    except ConfigError as error:
        print(f"prozvon sim: {error}", file=sys.stderr)
        return 2
    if options.seed is not None:
        population = population.model_copy(update={"seed": options.seed})
    if options.check:
        print(_described(population, options.population))
        return 0
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    switch = VirtualSwitch(
        population,
        host=options.host,
        port=options.port,
        password=options.password,
        speed=options.speed,
        heartbeat_s=options.heartbeat,
        invite_log=options.invites,
        socket_address=options.socket,
        life_size=options.life_size,
    )
    return _serve(switch, options.host)


def _serve(switch: VirtualSwitch, host: str) -> int:
    try:
        switch.start()
    except OSError as error:
        print(f"prozvon sim: cannot listen on {host}:{switch.port}: {error.strerror}", file=sys.stderr)
        return 2
    print(f"virtual switch on {host}:{switch.port}, speed {switch.clock.speed:g}", flush=True)
    ended = Event()
    for signal in (2, 15):  # SIGINT, SIGTERM
        gevent.signal_handler(signal, ended.set)
    while not ended.wait(3600.0):
        pass
    switch.stop()
    return 0


def _described(population: PopulationFile, path: Path) -> str:
    planned = len(population.numbers)
    return (
        f"{path}: {len(population.groups)} groups, {planned} planned numbers, {len(population.agents)} phones"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "prozvon sim",
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    add("--port", type=int, default=8021, help="TCP port, 0 for any free one (%(default)s)")
    add("--password", default="ClueCon", help="of the Event Socket (%(default)s)")
    add(
        "--population",
        type=Path,
        default=DEMO_POPULATION,
        metavar="FILE",
        help="who can be called (the demo)",
    )
    add("--seed", type=int, help="another population of the same kind (from the file)")
    add("--speed", type=_positive, default=1.0, help="times faster than life (%(default)s)")
    add(
        "--heartbeat",
        type=_positive,
        default=20.0,
        metavar="S",
        help="seconds between HEARTBEATs (%(default)s)",
    )
    add("--invites", type=Path, metavar="FILE", help="append a JSON line per INVITE sent and per end")
    add(
        "--socket", default="", metavar="HOST:PORT", help="who is handed calls that come in (they are parked)"
    )
    add(
        "--life-size",
        action="store_true",
        help="events as big, and in steps of 20 ms, as real ones: for benchmarks",
    )
    add("--check", action="store_true", help="read the population file, say what it holds, and stop")
    return parser


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if value <= 0:
        raise argparse.ArgumentTypeError(f"a number above 0, not {text!r}")
    return value
