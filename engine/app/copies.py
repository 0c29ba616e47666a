"""Copies of a call's sound on their way to a media process: by a leg of SIP, or by a file in memory."""

import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine.app.media_process import MediaProcess
from engine.dialer.life import CallLife
from engine.dialer.shop import Shop
from engine.domain.errors import ConfigError
from engine.media import tap

TAP_MOST_S = 240.0  # a file that nobody stopped stops by itself


def nothing() -> None:
    """A timer that has fired needs no calling off."""


@dataclass(slots=True)
class Copy:
    """A copy that was ordered and not yet closed. `decided`: a verdict was given."""

    fork_id: str
    life: CallLife
    process: MediaProcess
    codec: str
    early: bool = False
    decided: bool = False
    closing: bool = False
    call_off: Callable[[], None] = nothing
    beep_off: Callable[[], None] = nothing


class Way(Protocol):
    """How the sound gets to the media process."""

    def open(self, opened: Copy, listen: str) -> None: ...
    def close(self, opened: Copy) -> None: ...


class ByFork:
    """A tagged leg of SIP and RTP: across hosts, whole before the answer and after the bridge."""

    def __init__(self, shop: Shop, host: str) -> None:
        self._shop, self._host = shop, host

    def open(self, opened: Copy, listen: str) -> None:
        life, port = opened.life, opened.process.port
        switch = self._shop.switches[life.switch]
        switch.fork(life.leg_id, opened.fork_id, opened.codec, self._host, port, listen)

    def close(self, opened: Copy) -> None:
        self._shop.switches[opened.life.switch].hang_up(opened.fork_id)


def make_tap_folder(folder: Path, wall_s: float) -> None:
    """Ours alone to look into, and the switch's, who is another user, to write to; without what an engine
    that was killed has left. ConfigError: it is somebody else's, who could listen to our calls."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = folder.lstat()
        if not stat.S_ISDIR(there.st_mode) or there.st_uid != os.geteuid():
            raise ConfigError("the tap folder is not ours", str(folder), "Remove it, or name another one.")
        folder.chmod(0o1733)
        for path in folder.iterdir():
            if path.lstat().st_mtime < wall_s - 2 * TAP_MOST_S:
                path.unlink()
    except OSError as error:
        what = f"the tap folder cannot be used: {error.strerror}"
        raise ConfigError(what, str(folder), "Set media.tap_folder.") from error


class ByFile:
    """A file in memory that the switch writes, on one host: a fifth of the price."""

    def __init__(self, shop: Shop, folder: Path) -> None:
        self._shop, self._folder = shop, folder
        make_tap_folder(folder, time.time())

    def open(self, opened: Copy, listen: str) -> None:
        life = opened.life
        self._shop.switches[life.switch].tap(life.leg_id, self._path(opened), TAP_MOST_S)
        told = {"fork_id": opened.fork_id, "attempt_id": life.leg_id, "name": opened.fork_id}
        opened.process.tell({"do": "tap", "law": opened.codec, "listen": listen} | told)

    def close(self, opened: Copy) -> None:
        opened.process.tell({"do": "close", "fork_id": opened.fork_id})
        try:
            self._shop.switches[opened.life.switch].untap(opened.life.leg_id, self._path(opened))
        finally:  # whoever died meanwhile: the memory is given back
            self._shop.timers.after(1.0, "remove tap", lambda: tap.remove(self._path(opened)))

    def _path(self, opened: Copy) -> str:
        return str(self._folder / opened.fork_id)
