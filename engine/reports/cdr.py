"""CDRs as flat rows: one per attempt, the same columns in the same order, as CSV and as JSON lines."""

import csv
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import datetime
from zoneinfo import ZoneInfo

from engine.domain.attempt import Cdr

Cell = str | int | float | None

_INSTANTS = tuple(field.name for field in fields(Cdr) if field.name.endswith("_at_s"))
_PLAIN = tuple(
    field.name for field in fields(Cdr) if field.name not in (*_INSTANTS, "script_path", "decided")
)

COLUMNS: tuple[str, ...] = (
    *_PLAIN,
    *(column for name in _INSTANTS for column in (name.removesuffix("_s"), name)),
    "ring_s",
    "connected_s",
    "talk_s",
    "script_path",
    "decided",
)
"""Every column. `made_at`: ISO 8601 with the offset of the report's zone; `made_at_s`: epoch seconds; both
are empty for what never happened. Durations are in seconds."""

_HARMLESS = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def ring_s(cdr: Cdr) -> float:
    """From the first ring to the answer, or to the end; 0.0 where it never rang."""
    return _between(cdr.ringing_at_s, cdr.answered_at_s or cdr.ended_at_s)


def connected_s(cdr: Cdr) -> float:
    return _between(cdr.answered_at_s, cdr.ended_at_s)


def talk_s(cdr: Cdr) -> float:
    """From the bridge with an agent to the end."""
    return _between(cdr.bridged_at_s, cdr.ended_at_s)


def flat_row(cdr: Cdr, zone: str = "UTC") -> dict[str, Cell]:
    """Column → value, every column there; None for what never happened."""
    row: dict[str, Cell] = {name: getattr(cdr, name) for name in _PLAIN}
    for name in _INSTANTS:
        instant = getattr(cdr, name)
        row[name.removesuffix("_s")] = iso_time(instant, zone) if instant else None
        row[name] = instant or None
    row["ring_s"], row["connected_s"], row["talk_s"] = ring_s(cdr), connected_s(cdr), talk_s(cdr)
    row["script_path"] = " > ".join(cdr.script_path)
    row["decided"] = json.dumps(cdr.decided, ensure_ascii=False, sort_keys=True) if cdr.decided else ""
    return {name: row[name] for name in COLUMNS}


def iso_time(wall_s: float, zone: str) -> str:
    """'2026-11-21T12:00:00.123+03:00'."""
    return datetime.fromtimestamp(wall_s, ZoneInfo(zone)).isoformat(timespec="milliseconds")


def csv_lines(cdrs: Iterable[Cdr], zone: str = "UTC") -> Iterator[str]:
    """A CSV file line by line, its header first. No cell can run as a formula in a spreadsheet."""
    lines = _Lines()
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    yield lines.last
    for cdr in cdrs:
        writer.writerow(_cell(value) for value in flat_row(cdr, zone).values())
        yield lines.last


def json_lines(cdrs: Iterable[Cdr], zone: str = "UTC") -> Iterator[str]:
    """One JSON object a line; `script_path` and `decided` keep their structure."""
    for cdr in cdrs:
        row: dict[str, object] = dict(flat_row(cdr, zone))
        row["script_path"], row["decided"] = list(cdr.script_path), cdr.decided
        yield json.dumps(row, ensure_ascii=False) + "\n"


def safe_cell(text: str) -> str:
    """A text that a spreadsheet takes for a text: what could be a formula gets an apostrophe before it.

    Plain numbers and E.164 numbers stay as they are: they compute nothing, and programs read them.
    """
    text = text.replace("\0", "")
    if text.lstrip(" ").startswith(_FORMULA_STARTS) and not _HARMLESS.fullmatch(text):
        return f"'{text}"
    return text


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    return safe_cell(value) if isinstance(value, str) else str(value)


def _between(start_s: float, end_s: float) -> float:
    return round(max(0.0, end_s - start_s), 3) if start_s and end_s else 0.0


class _Lines:
    """What the csv module writes to: keeps the last line."""

    last = ""

    def write(self, line: str) -> int:
        self.last = line
        return len(line)
