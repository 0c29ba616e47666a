"""One media process: started, spoken to and listened to, started again when it dies."""

import json
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gevent import socket
from gevent.event import Event

from engine import greenlets
from engine.app.children import Child, ChildError

log = logging.getLogger("prozvon.screening")

START_S = 10.0
AGAIN_S = (0.2, 1.0, 5.0)  # pauses before a dead media process is started again; the last one repeats
STABLE_S = 30.0
MAX_LINE = 65_536
MOST_UNTOLD = 10_000  # commands that a process may be behind
TELL_S = 2.0


class MediaProcess:
    """`port`: where it takes calls. `on_line`: told each line it says. `on_up`, `on_down`: when it comes
    and goes."""

    def __init__(
        self,
        name: str,
        arguments: list[str],
        control: str,
        log_file: Path,
        on_line: Callable[[Any], None],
        on_up: Callable[["MediaProcess"], None],
        on_down: Callable[["MediaProcess"], None],
    ) -> None:
        self.name, self._on_line, self._on_up, self._on_down = name, on_line, on_up, on_down
        self._child = Child(name, ["worker", "media", *arguments, "--control", control], log_file)
        self._greenlet: Any = None
        self._was_up = Event()
        self._sock: socket.socket | None = None
        self._untold: deque[bytes] = deque(maxlen=MOST_UNTOLD)
        self._telling = False
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

    def tell(self, command: Mapping[str, Any]) -> None:
        """In order, and without waiting; one that is down, or deaf, has nothing to do with it."""
        if self.up:
            self._untold.append(json.dumps(command).encode() + b"\n")
            if not self._telling:
                self._telling = True
                greenlets.start(f"{self.name} commands", self._tell)

    def _tell(self) -> None:
        try:
            while self._untold and self._sock is not None:
                data = b"".join(self._untold)
                self._untold.clear()
                self._sock.sendall(data)
        except OSError as error:
            log.warning("media process not told", extra={"child": self.name, "why": str(error)})
        finally:
            self._telling = False

    def _keep(self) -> None:
        tries = 0
        while True:
            began_s = time.monotonic()
            try:
                self._live()
                why = "it ended"
            except (OSError, ChildError, ValueError) as error:
                why = str(error)
            was_up, self.up, self._sock = self.up, False, None
            self._untold.clear()
            self._child.stop(1.0)
            self.deaths += 1
            tries = 0 if time.monotonic() - began_s > STABLE_S else tries + 1
            log.error("media process lost", extra={"child": self.name, "why": why, "deaths": self.deaths})
            if was_up:
                self._on_down(self)
            greenlets.sleep(AGAIN_S[min(tries, len(AGAIN_S) - 1)])

    def _live(self) -> None:
        """From its start to its end: its first line says where it is, then it tells what it hears."""
        said = self._child.start(first_line_s=START_S)
        where, _, control = said.partition(", control ")
        self.port = int(where.rpartition(":")[2])
        with _connected(control) as sock, sock.makefile("rb") as lines:
            self._sock, self.up = sock, True
            self._was_up.set()
            self._on_up(self)
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
