"""Answers for people: tables on a terminal, aligned plain lines elsewhere."""

import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from io import StringIO
from typing import Any

Row = Sequence[Any]


def table(columns: Sequence[str], rows: Iterable[Row], nothing: str = "nothing there") -> str:
    """`columns` over `rows`; in colour and fitted to the window on a terminal."""
    texts = [[cell(value) for value in row] for row in rows]
    if not texts:
        return nothing
    return _rich(columns, texts) if sys.stdout.isatty() else _plain(columns, texts)


def _plain(columns: Sequence[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[at]) for row in (columns, *rows)) for at in range(len(columns))]
    lines = (
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True))
        for row in (columns, *rows)
    )
    return "\n".join(line.rstrip() for line in lines)


def _rich(columns: Sequence[str], rows: list[list[str]]) -> str:
    from rich import box  # here: commands whose answers go to scripts start faster without
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in columns:
        grid.add_column(column)
    for row in rows:
        grid.add_row(*(Text(text) for text in row))
    out = StringIO()
    Console(file=out, force_terminal=True, width=shutil.get_terminal_size().columns).print(grid)
    return out.getvalue().rstrip("\n")


def pairs(data: Mapping[str, Any], indent: str = "") -> str:
    """A mapping as `key  value` lines; mappings and lists inside it indented below their key."""
    width = max((len(str(key)) for key in data), default=0)
    lines = []
    for key, value in data.items():
        if value in ({}, []):
            lines.append(f"{indent}{str(key).ljust(width)}  none")
        elif isinstance(value, Mapping):
            lines.append(f"{indent}{key}\n{pairs(value, indent + '  ')}")
        elif isinstance(value, list) and isinstance(value[0], Mapping):
            lines.append(f"{indent}{key}")
            lines += [f"{indent}  - {line(item)}" for item in value]
        else:
            lines.append(f"{indent}{str(key).ljust(width)}  {moment(str(key), value)}".rstrip())
    return "\n".join(lines)


def line(data: Mapping[str, Any]) -> str:
    """A mapping on one line."""
    return ", ".join(
        f"{key} {moment(str(key), value)}" for key, value in data.items() if value not in ("", None)
    )


def moment(key: str, value: Any) -> str:
    """Instants (`*_at_s`) as local time, everything else as it is."""
    if key.endswith("at_s") and isinstance(value, (int, float)):
        return local_time(value)
    return cell(value)


def local_time(at_s: float) -> str:
    if at_s <= 0:
        return "never"
    try:
        return datetime.fromtimestamp(at_s).astimezone().isoformat(" ", "seconds")
    except (OverflowError, ValueError, OSError):
        return "never"


def seconds(value: Any) -> str:
    """12 s, 3:05, 1:02:03."""
    if not isinstance(value, (int, float)):
        return ""
    whole = int(value)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def cell(value: Any) -> str:
    """One line, whatever it was; no control character reaches the terminal."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, Mapping):
        return line(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(cell(item) for item in value)
    return "".join(char if char.isprintable() else " " for char in str(value))
