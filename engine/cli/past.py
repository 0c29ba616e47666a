"""A journal of the past as plain records: an export as JSON lines, or the archive's own folder."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.domain.errors import ConfigError

FIX = "Write one: prozvon journal export --since 1d -o day.jsonl; or name the folder of the archive."


def past(name: str) -> Iterator[dict[str, Any]]:
    """Records, oldest first. ConfigError: nothing is there, or it is no journal; with the line."""
    path = Path(name)
    if path.is_dir():
        yield from _archived(path)
        return
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _record(line, f"{name}:{number}")
    except OSError as error:
        raise ConfigError(f"the journal cannot be read: {error.strerror}", name, FIX) from error
    except UnicodeDecodeError as error:
        raise ConfigError("the journal is not UTF-8", name, FIX) from error


def _record(line: str, where: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        raise ConfigError("not a line of JSON", where, FIX) from None
    if not (isinstance(record, dict) and "kind" in record and "at_s" in record):
        raise ConfigError("no record of a journal: kind and at_s are missing", where, FIX)
    return record


def _archived(folder: Path) -> Iterator[dict[str, Any]]:
    from engine.journal.segments import blocks, segments

    paths = list(segments(folder))
    if not paths:
        raise ConfigError("no segment of a journal in this folder", str(folder), FIX)
    for path in paths:
        for _, block in blocks(path, 0):
            for entry in block.entries():
                yield entry.readable()
