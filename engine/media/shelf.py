"""Fingerprints of announcements as files: a folder that operations fill while calls run, one file each."""

import json
import logging
import re
from pathlib import Path

from engine.amd.fingerprint import Book, Print, read_print
from engine.domain.errors import ConfigError

log = logging.getLogger("prozvon.media")

LOOK_EVERY_S = 5.0
SUFFIX = ".print.json"


class Shelf:
    """`book`: what is known now. A file that cannot be read is told in the log, and the others serve."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._seen: tuple[tuple[str, int], ...] = ()
        self._look_at_s = 0.0
        self._book = Book(())

    def book(self, now_s: float) -> Book:
        """Looks for new files, at most every 5 s."""
        if self._folder is not None and now_s >= self._look_at_s:
            self._look_at_s = now_s + LOOK_EVERY_S
            self._look(self._folder)
        return self._book

    def _look(self, folder: Path) -> None:
        try:
            seen = tuple(sorted((str(path), path.stat().st_mtime_ns) for path in folder.glob(f"*{SUFFIX}")))
        except OSError:  # a file went while we looked: next time
            return
        if seen == self._seen:
            return
        self._seen = seen
        prints = []
        for name, _ in seen:
            try:
                prints.append(read(Path(name)))
            except ConfigError as error:
                log.error("fingerprint not used", extra={"why": str(error)})
        self._book = Book(prints)
        log.info("fingerprints known", extra={"count": len(prints)})


def read_all(folder: Path) -> list[Print]:
    """Every fingerprint of the folder, by name. ConfigError: one of them cannot be read."""
    return [read(path) for path in sorted(folder.glob(f"*{SUFFIX}"))]


def read(path: Path) -> Print:
    try:
        record = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"no fingerprint: {error}", str(path), "Make it anew from the recording."
        ) from error
    return read_print(record if isinstance(record, dict) else {}, str(path))


def put(folder: Path, one: Print) -> Path:
    """Keep it, whole or not at all; one of the same name is replaced. ConfigError: it cannot be written."""
    path = folder / f"{file_name(one.name)}{SUFFIX}"
    unready = path.with_suffix(".new")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        unready.write_text(json.dumps(one.as_record(), ensure_ascii=False) + "\n")
        unready.replace(path)
    except OSError as error:
        raise ConfigError(f"fingerprint not kept: {error.strerror}", str(path), "See its folder.") from error
    return path


def remove(folder: Path, name: str) -> bool:
    """False: there is none of this name."""
    path = folder / f"{file_name(name)}{SUFFIX}"
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def file_name(name: str) -> str:
    """ConfigError: the name would lead elsewhere."""
    if not re.fullmatch(r"[\w][\w.+-]{0,99}", name):
        raise ConfigError(
            f"'{name}' cannot name a fingerprint", "name", "Use letters, digits, dot, dash, plus, underscore."
        )
    return name
