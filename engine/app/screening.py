"""Screening: forks of answered calls to the media processes, and verdicts back as facts.

Nothing here may cost a person their call. No media process, no fork, no sound, no verdict: then the dialer's
own ScreeningOverdue makes them a person, and a counter says why.
"""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

from gevent import socket
from gevent.event import Event

from engine import greenlets
from engine.app.children import Child, ChildError
from engine.config import Config
from engine.dialer.life import CallLife
from engine.dialer.shop import Shop
from engine.domain import facts as f
from engine.domain.errors import SwitchError

log = logging.getLogger("prozvon.screening")

START_S = 10.0
AGAIN_S = (0.2, 1.0, 5.0)  # pauses before a dead media process is started again; the last one repeats
STABLE_S = 30.0
UNIX_PATH_MAX = 100
FORK_RING_S = 6.0  # a fork that was ordered has come up, or never will
MAX_LINE = 65_536


class MediaProcess:
    """One media process: started, listened to, started again when it dies. `port`: where it takes calls."""

    def __init__(
        self, name: str, arguments: list[str], control: str, log_file: Path, on_line: Callable[[Any], None]
    ) -> None:
        self.name, self._on_line = name, on_line
        self._child = Child(name, ["worker", "media", *arguments, "--control", control], log_file)
        self._greenlet: Any = None
        self._was_up = Event()
        self.up, self.port, self.deaths = False, 0, 0

    @property
    def pid(self) -> int:
        return self._child.pid

    def start(self) -> None:
        self._greenlet = greenlets.supervise(self.name, self._keep, lambda _: self.start())

    def wait_up(self, timeout_s: float) -> bool:
        return bool(self._was_up.wait(timeout_s))

    def stop(self) -> None:
        greenlets.kill(self._greenlet)
        self.up = False
        self._child.stop(2.0)

    def _keep(self) -> None:
        tries = 0
        while True:
            began_s = time.monotonic()
            try:
                self._live()
                why = "it ended"
            except (OSError, ChildError, ValueError) as error:
                why = str(error)
            self.up = False
            self._child.stop(1.0)
            self.deaths += 1
            tries = 0 if time.monotonic() - began_s > STABLE_S else tries + 1
            log.error("media process lost", extra={"child": self.name, "why": why, "deaths": self.deaths})
            greenlets.sleep(AGAIN_S[min(tries, len(AGAIN_S) - 1)])

    def _live(self) -> None:
        """From its start to its end: its first line says where it is, then it tells what it hears."""
        said = self._child.start(first_line_s=START_S)
        where, _, control = said.partition(", control ")
        self.port = int(where.rpartition(":")[2])
        with _connected(control) as sock, sock.makefile("rb") as lines:
            self.up = True
            self._was_up.set()
            while line := lines.readline(MAX_LINE):
                self._on_line(json.loads(line))


def _connected(control: str) -> socket.socket:
    if control.isdecimal():
        sock = socket.create_connection(("127.0.0.1", int(control)), timeout=5.0)
    else:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(5.0)
        sock.connect(control)
    sock.settimeout(None)  # it speaks when there is something to say; its death ends the connection
    return sock


def _nothing() -> None:
    """A timer that has fired needs no calling off."""


@dataclass(slots=True)
class _Open:
    """A fork that was ordered and not yet closed."""

    fork_id: str
    life: CallLife
    call_off: Callable[[], None] = _nothing


class MediaScreener:
    """See `engine.dialer.calls.Screener`. `open` before the first call, `close` after the last."""

    def __init__(self, config: Config, shop: Shop, on_fact: Callable[[f.Fact], None], logs: Path) -> None:
        self._shop, self._on_fact = shop, on_fact
        self._host = config.media.host
        self.processes = [
            _process(config, number, logs, self._on_line) for number in range(config.media.processes)
        ]
        self._opened = False
        self._turn = count()
        self._forks: dict[str, _Open] = {}  # by fork id
        self._of_attempt: dict[str, str] = {}

    def open(self, wait_s: float = START_S) -> None:
        """Start the media processes and wait for them; one that does not come is told in the log and tried
        again. Not called: the first screened call starts them, and is not screened itself."""
        if self._opened:
            return
        self._opened = True
        for process in self.processes:
            process.start()
        for process in self.processes:
            if not process.wait_up(wait_s) and wait_s:
                log.error("media process did not start", extra={"child": process.name})

    def close(self) -> None:
        for process in self.processes if self._opened else ():
            process.stop()

    # --- the Screener of the dialer ----------------------------------------------------------------

    def start(self, life: CallLife) -> None:
        self.open(wait_s=0.0)
        able = [process for process in self.processes if process.up]
        if not able:
            self._shop.count("screenings_without_media")
            return
        process, fork_id = able[next(self._turn) % len(able)], str(uuid4())
        try:
            switch = self._shop.switches[life.switch]
            switch.fork(life.leg_id, fork_id, life.codec, self._host, process.port)
        except SwitchError as error:
            self._shop.count("screenings_without_media")
            log.warning("no fork", extra={"attempt": life.leg_id, "why": str(error)})
            return
        opened = self._forks[fork_id] = _Open(fork_id, life)
        self._of_attempt[life.leg_id] = fork_id
        most_s = life.campaign.abandonment.max_screening_s
        opened.call_off = self._shop.timers.after(most_s, "screening", lambda: self._undecided(opened))
        self._shop.count("screenings")

    def stop(self, life: CallLife) -> None:
        fork_id = self._of_attempt.get(life.leg_id)
        if fork_id is not None:
            self._hang_up(self._forks[fork_id])

    # --- what comes of it --------------------------------------------------------------------------

    def _on_line(self, line: dict[str, Any]) -> None:
        opened = self._forks.get(str(line.get("fork_id")))
        if opened is None:
            return
        if line["event"] == "verdict":
            self._decided(opened, line)
        elif line["event"] == "ended":
            if not line["packets"]:
                self._shop.count("screenings_without_sound")
            self._forget(opened)

    def _decided(self, opened: _Open, line: dict[str, Any]) -> None:
        life, what = opened.life, str(line["verdict"])
        self._shop.count(f"screened_{what}")
        self._shop.note(
            "screening",
            life.intent.person_id,
            attempt_id=life.leg_id,
            contact_id=life.intent.contact_id,
            verdict=what,
            at_ms=line["at_ms"],
            details=line["details"],
        )
        now_s = self._shop.clock.now_s()
        if what == "person":
            self._on_fact(f.PersonDetected(life.leg_id, now_s))
        else:
            self._on_fact(f.MachineDetected(life.leg_id, now_s, kind=what))
        self._hang_up(opened)

    def _undecided(self, opened: _Open) -> None:
        """The dialer's own timer makes it a person in this instant; the fork has served."""
        opened.call_off = _nothing
        self._shop.count("screenings_undecided")
        self._hang_up(opened)

    def _hang_up(self, opened: _Open) -> None:
        """Close the fork. It may still be on its way up, so it is closed once more when that must be over."""
        if self._of_attempt.pop(opened.life.leg_id, None) is None:
            return
        opened.call_off()
        self._kill(opened)
        opened.call_off = self._shop.timers.after(FORK_RING_S, "close fork", lambda: self._kill_again(opened))

    def _kill_again(self, opened: _Open) -> None:
        opened.call_off = _nothing
        if opened.fork_id in self._forks:
            self._kill(opened)
            self._forget(opened)

    def _kill(self, opened: _Open) -> None:
        try:
            self._shop.switches[opened.life.switch].hang_up(opened.fork_id)
        except SwitchError as error:  # the switch is away: the fork ends with its call, or with its silence
            log.warning("fork not closed", extra={"attempt": opened.life.leg_id, "why": str(error)})

    def _forget(self, opened: _Open) -> None:
        """It has ended. A fork that ended undecided leaves the verdict to the dialer's timer."""
        opened.call_off()
        self._forks.pop(opened.fork_id, None)
        if self._of_attempt.pop(opened.life.leg_id, None) is not None:
            self._shop.count("screenings_cut_short")


def _process(config: Config, number: int, logs: Path, on_line: Callable[[Any], None]) -> MediaProcess:
    """The media process with this number, and its share of the ports. Beside the virtual switch any SIP port
    will do."""
    media, name = config.media, f"media-{number + 1}"
    share = (media.rtp_last_port - media.rtp_first_port + 1) // media.processes
    first = media.rtp_first_port + number * share
    sip_port = media.sip_port + number if config.switches else 0
    arguments = ["--host", media.host, "--sip-port", str(sip_port)]
    arguments += ["--rtp-first", str(first), "--rtp-last", str(first + share - 1)]
    path = str(logs / f"{name}.sock")
    control = path if len(path) < UNIX_PATH_MAX else "0"
    return MediaProcess(name, arguments, control, logs / f"{name}.log", on_line)
