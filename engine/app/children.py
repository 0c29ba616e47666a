"""Child processes of the engine: workers, the media process, the virtual switch. They never outlive it."""

import ctypes
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

from engine.domain.errors import DialerError

_PR_SET_PDEATHSIG = 1


class ChildError(DialerError):
    """A child process did not start."""


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """`prozvon ARGUMENTS...` as a process of its own; its words go to `log`."""

    def __init__(self, name: str, arguments: list[str], log: Path) -> None:
        self.name, self.arguments, self.log = name, arguments, log
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
                start_new_session=True,
                preexec_fn=_die_with_parent,
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


def _first_line(output: IO[bytes]) -> str:
    return output.readline().decode("utf-8", "replace").strip()
