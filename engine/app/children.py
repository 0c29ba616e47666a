"""Child processes of the engine: workers, the media process, the virtual switch. They never outlive it."""

import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from engine import greenlets
from engine.domain.errors import DialerError

log = logging.getLogger("prozvon.children")

AGAIN_S = (0.2, 1.0, 5.0)  # pauses before a child that ended is started again; the last one repeats
STABLE_S = 30.0
_PR_SET_PDEATHSIG = 1


class ChildError(DialerError):
    """A child process did not start."""


def die_with_parent() -> None:
    """In the child, before it becomes the program: SIGTERM when the engine ends, however it ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """`prozvon ARGUMENTS...` as a process of its own; its words go to `log`. `secrets`: what it is told by
    its environment, for arguments are shown to every user of the machine."""

    def __init__(
        self, name: str, arguments: list[str], log: Path, secrets: Mapping[str, str] | None = None
    ) -> None:
        self.name, self.arguments, self.log = name, arguments, log
        self._secrets = dict(secrets or {})
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, first_line_s: float = 0.0) -> str:
        """`first_line_s` > 0: wait so long for the first line of its output, and return it."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "engine", *self.arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if first_line_s else log,
                stderr=log,
                env={**os.environ, **self._secrets},
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        if not first_line_s:
            return ""
        assert self._process.stdout is not None
        line = _first_line(self._process.stdout)
        if not line:
            raise ChildError(f"{self.name} did not start", str(self.log), "The file says why.")
        return line

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def wait(self) -> int:
        """Until it ends; its exit code (0 too when it was never started)."""
        return self._process.wait() if self._process else 0

    def stop(self, patience_s: float = 5.0) -> None:
        """End it: first politely, then not."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(patience_s)


class Kept:
    """A child that is started again whenever it ends by itself."""

    def __init__(self, child: Child, first_line_s: float = 0.0) -> None:
        self.child, self._first_line_s = child, first_line_s
        self._greenlet: Any = None
        self.deaths = 0

    def start(self) -> str:
        """As `Child.start`, and from then on it lives."""
        said = self.child.start(self._first_line_s)
        self._watch()
        return said

    def _watch(self) -> None:
        self._greenlet = greenlets.supervise(self.child.name, self._keep, lambda _: self._watch())

    def _keep(self) -> None:
        tries = 0
        while True:
            began_s = time.monotonic()
            code = self.child.wait()
            self.deaths += 1
            tries = 0 if time.monotonic() - began_s > STABLE_S else tries + 1
            log.error("child ended", extra={"child": self.child.name, "code": code, "deaths": self.deaths})
            greenlets.sleep(AGAIN_S[min(tries, len(AGAIN_S) - 1)])
            try:
                self.child.start(self._first_line_s)
            except (OSError, ChildError) as error:
                log.error("child not started", extra={"child": self.child.name, "why": str(error)})

    def stop(self) -> None:
        greenlets.kill(self._greenlet)
        self.child.stop()


def _first_line(output: IO[bytes]) -> str:
    return output.readline().decode("utf-8", "replace").strip()
