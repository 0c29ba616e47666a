"""The sound of sampled calls, kept as evidence of what the detector heard."""

import logging
import queue
import re
import time
import wave
from pathlib import Path

from gevent import monkey

from engine.amd.audio import RATE

log = logging.getLogger("prozvon.media")

MOST_S = 20.0
MOST_WAITING = 64  # tapes that wait for the disk; more are counted, not kept


class Tape:
    """One call, from its answer on, 20 s at most."""

    def __init__(self, path: Path, writer: "Writer") -> None:
        self._path, self._writer = path, writer
        self._pcm = bytearray()

    def add(self, pcm: bytes) -> None:
        room = int(MOST_S * RATE) * 2 - len(self._pcm)
        if room > 0:
            self._pcm += pcm[:room]

    def close(self) -> Path | None:
        """Hand it over to be written; None: there was no sound, or the disk is behind."""
        return self._path if self._pcm and self._writer.write(self._path, bytes(self._pcm)) else None


class Writer:
    """Writes tapes in a thread of its own: a disk that stands still must not make us deaf."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        made: type[queue.SimpleQueue[tuple[Path, bytes]]] = monkey.get_original("queue", "SimpleQueue")
        self._waiting = made()
        self._given = self._written = self.lost = 0
        monkey.get_original("_thread", "start_new_thread")(self._run, ())

    def tape(self, attempt_id: str) -> Tape | None:
        """None: the id cannot name a file."""
        known = re.fullmatch(r"[A-Za-z0-9][\w-]{0,63}", attempt_id)
        return Tape(self._folder / f"{attempt_id}.wav", self) if known else None

    @property
    def _unwritten(self) -> int:
        return self._given - self._written

    def write(self, path: Path, pcm: bytes) -> bool:
        if self._unwritten >= MOST_WAITING:
            self.lost += 1
            return False
        self._given += 1
        self._waiting.put((path, pcm))
        return True

    def finish(self, within_s: float) -> None:
        """Wait for what is still to be written, at our own end."""
        until_s = time.monotonic() + within_s
        while self._unwritten and time.monotonic() < until_s:
            monkey.get_original("time", "sleep")(0.01)

    def _run(self) -> None:
        while True:
            path, pcm = self._waiting.get()
            try:
                keep(path, pcm)
            except OSError as error:
                self.lost += 1
                log.error("sound not kept", extra={"file": str(path), "why": str(error)})
            self._written += 1


def keep(path: Path, pcm: bytes) -> None:
    """As a wav that only we may read; whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unready = path.with_suffix(".part")
    with unready.open("wb") as raw:
        unready.chmod(0o600)
        with wave.open(raw, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(pcm)
    unready.replace(path)
