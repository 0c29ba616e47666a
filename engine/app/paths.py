"""Where things lie: for us, and as a switch sees them."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from engine.domain.errors import ConfigError, StoreError

OURS = ("store", "journal", "intents", "spool", "imports", "prompts", "log")
"""Folders that only we write to; recordings and media belong to the switch as well."""


@dataclass(frozen=True, slots=True)
class Places:
    """`data`: our data folder, absolute. `media_path`: the same folder as the switch sees it."""

    data: Path
    media_path: str

    def on_switch(self, path: Path | str) -> str:
        """A file under the data folder, by the path the switch knows it by; others as they are."""
        path = Path(path)
        if path.is_relative_to(self.data):
            return str(Path(self.media_path) / path.relative_to(self.data))
        return str(path)

    @property
    def prompts(self) -> Path:
        return self.data / "prompts"

    @property
    def logs(self) -> Path:
        return self.data / "log"


def why_not_writable(data: Path) -> str:
    """Why we cannot keep files under the data folder, or "". Changes nothing: where there is no such folder
    yet, the nearest one above is asked."""
    try:
        there = next(one for one in (data, *data.parents) if one.exists())
        asked = (there, *(data / name for name in OURS if (data / name).exists()))
    except OSError as error:
        return f"{data}: {error.strerror}"
    for folder in asked:
        if not folder.is_dir():
            return f"{folder} is no folder"
        if not os.access(folder, os.W_OK | os.X_OK):
            return f"{folder} cannot be written to by user {os.geteuid()}"
    return ""


def make_data_folder(data: Path) -> None:
    """So that a run fails here, and not half way. ConfigError: it cannot be made or written to."""
    why = why_not_writable(data)
    if not why:
        try:
            data.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            why = f"{data} cannot be made: {error.strerror}"
    if why:
        raise ConfigError(why, "store.data_dir", DATA_FIX)


def lock_data_folder(data: Path) -> int:
    """One engine for each data folder: intents, spool and archive are its own. The lock, to be closed at the
    end; the kernel does so too. StoreError: another engine lives there."""
    lock = os.open(data / "engine.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        fix = "Stop it, or give this one a store.data_dir of its own; several engines share store.url alone."
        raise StoreError("another Prozvon already runs on this data folder", str(data), fix) from None
    return lock


DATA_FIX = "Choose another store.data_dir, or give it to the user who runs the engine (chown -R)."
