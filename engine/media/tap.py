"""A call heard through a file that the switch writes as it goes on: a native `uuid_record`, in memory.

PATH-in.PCMA grows by 160 octets each 20 ms: the callee's own, untouched. One fifth of the price of a fork by
SIP, where switch and media process share a machine.
"""

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from engine.amd.audio import FRAME_BYTES, Law
from engine.media.ear import Ear, Line
from engine.media.fork import SILENT_S
from engine.media.rtp import QUIET_S, sound_of

MOST_AT_ONCE = 16_000  # octets of one turn: 2 s; what is behind that waits for the next turn


@dataclass(slots=True)
class Tap:
    """`path`: without the endings that the switch adds."""

    fork_id: str
    attempt_id: str
    path: str
    law: Law
    ear: Ear
    heard_at_s: float
    octets: int = 0
    _file: BinaryIO | None = None
    _filled_to_s: float = field(default=0.0)

    def tick(self, now_s: float) -> bytes:
        """The sound that was written since the last time; every 20 ms. Silence where nothing was, as on a
        line."""
        data = self._read()
        if data:
            self.octets += len(data)
            self.heard_at_s = self._filled_to_s = now_s
            return sound_of(data, self.law)
        if not self.octets or now_s - self.heard_at_s < QUIET_S:
            return b""
        frames = min(10, int((now_s - self._filled_to_s) * 1000 / 20))
        self._filled_to_s += frames * 0.02
        return bytes(FRAME_BYTES * frames)

    def is_silent(self, now_s: float) -> bool:
        return now_s - self.heard_at_s > SILENT_S

    def counts(self) -> Line:
        return {"packets": self.octets // 160, "lost": 0, "late": 0, "junk": 0}

    def close(self) -> None:
        """Its files are memory: they go with it."""
        if self._file is not None:
            self._file.close()
        remove(self.path)

    def _read(self) -> bytes:
        if self._file is None:
            try:
                self._file = open(f"{self.path}-in.{self.law.value}", "rb", buffering=0)  # noqa: SIM115 - `close`
            except OSError:  # the switch has not come to it yet
                return b""
        try:
            return os.read(self._file.fileno(), MOST_AT_ONCE)
        except OSError:
            return b""


def remove(path: str) -> None:
    """The files of one tap, whatever there is of them."""
    for law in Law:
        for way in ("in", "out"):
            with contextlib.suppress(OSError):
                Path(f"{path}-{way}.{law.value}").unlink()
