"""The engine's log: constant messages, values as fields, people kept private, and no wait for a slow reader.

    log = logging.getLogger(__name__)
    log.info("leg ended", extra={"attempt": attempt_id, "cause": cause, "number": number})

Telephone numbers and names are masked here, whatever the caller did: enough is left to find a call, not
enough to dial it. Lines are written by a thread of the operating system, because a reader of our standard
error that stops reading (a full pipe, a paused terminal) would otherwise stop every greenlet with it.
"""

import json
import logging
import os
import re
import time
from _queue import SimpleQueue  # the C one: gevent replaces `queue`, whose get() would run in our hub
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from gevent.monkey import get_original

NUMBER_FIELDS = frozenset(
    {"number", "phone", "from", "to", "caller_id", "from_number", "to_number", "callee"}
)
NAME_FIELDS = frozenset({"contact_name", "person_name", "agent_name", "fio"})

# +48600100200, 48600100200, but no part of a uuid, a decimal or a longer word
_NUMBER_RUN = re.compile(r"(?<![\w.+-])(?:\+\d{7,15}|\d{10,15})(?![\w-])(?!\.\d)")
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_FLUSH_S = 2.0


@lru_cache(maxsize=4096)
def masked(number: str) -> str:
    """+14155550123 → +1415*****23. Of a short number two digits are left, of a very short one none."""
    plus, digits = ("+", number[1:]) if number.startswith("+") else ("", number)
    if len(digits) < 5:
        return plus + "*" * len(digits)
    head, tail = (digits[:4] if len(digits) >= 9 else ""), digits[-2:]
    return f"{plus}{head}{'*' * (len(digits) - len(head) - 2)}{tail}"


def masked_name(name: str) -> str:
    """Anna Nowak → A*** N***."""
    return " ".join(f"{word[0]}***" for word in name.split())


def without_numbers(text: str) -> str:
    """The text, with everything masked that looks like a telephone number."""
    return _NUMBER_RUN.sub(lambda found: masked(found[0]), text)


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """What was given as `extra`, masked."""
    return {key: _private(key, value) for key, value in record.__dict__.items() if key not in _STANDARD}


def _private(key: str, value: Any) -> Any:
    if isinstance(value, str):
        if key in NUMBER_FIELDS:
            return masked(value)
        return masked_name(value) if key in NAME_FIELDS else without_numbers(value)
    if isinstance(value, Mapping):
        return {inner: _private(str(inner), part) for inner, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_private(key, part) for part in value]
    if isinstance(value, int) and not isinstance(value, bool) and key in NUMBER_FIELDS:
        return masked(str(value))
    return value if isinstance(value, bool | int | float | None) else without_numbers(str(value))


class JsonFormatter(logging.Formatter):
    """One JSON object a line: at, level, room, message, then the fields; `exception` holds a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": f"{_instant(record.created, '%Y-%m-%dT%H:%M:%S')}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "room": _room(record.name),
            "message": without_numbers(record.getMessage()),
            **{f"field_{key}" if key in _OWN else key: value for key, value in fields_of(record).items()},
        }
        trace = _trace(self, record)
        if trace:
            line["exception"] = trace
        return json.dumps(line, ensure_ascii=False, default=str)


_OWN = frozenset({"at", "level", "room", "message", "exception"})


class PlainFormatter(logging.Formatter):
    """For people: 09:30:01.250 warning switch: event lost  lost=3 switch=fs-1 (UTC)."""

    def format(self, record: logging.LogRecord) -> str:
        at = f"{_instant(record.created, '%H:%M:%S')}.{int(record.msecs):03d}"
        fields = " ".join(f"{key}={_word(value)}" for key, value in fields_of(record).items())
        message = without_numbers(record.getMessage())
        room = _room(record.name)
        line = f"{at} {record.levelname.lower():<8} {room}: {message}" + (f"  {fields}" if fields else "")
        trace = _trace(self, record)
        return f"{line}\n{trace}" if trace else line


def _room(logger: str) -> str:
    return logger.removeprefix("engine.").removeprefix("prozvon.")


def _instant(epoch_s: float, pattern: str) -> str:
    return time.strftime(pattern, time.gmtime(epoch_s))


def _word(value: Any) -> str:
    """A field's value in one line; in quotes where it could be taken for two."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return json.dumps(text, ensure_ascii=False) if re.search(r'[\s"=\x00-\x1f]', text) or not text else text


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = [formatter.formatException(record.exc_info)] if record.exc_info else []
    parts += [formatter.formatStack(record.stack_info)] if record.stack_info else []
    return without_numbers("\n".join(parts))


class PatientHandler(logging.Handler):
    """Hands each line to a thread that may wait for the reader; itself it never waits.

    `descriptor`: where lines are written; closed at the end if it is `own`. When `most` lines wait, further
    ones are counted instead of kept, and the count is written as soon as there is room.
    """

    def __init__(self, descriptor: int, most: int = 10_000, own: bool = False) -> None:
        super().__init__()
        self.lost = 0
        self._descriptor, self._most, self._own = descriptor, most, own
        self._lines: SimpleQueue[bytes | None] = SimpleQueue()
        self._done = get_original("_thread", "allocate_lock")()
        self._done.acquire()  # released by the writer when it has reached the end mark
        self._closed = False
        get_original("_thread", "start_new_thread")(self._write, ())

    def emit(self, record: logging.LogRecord) -> None:
        if self._lines.qsize() >= self._most:
            self.lost += 1
            return
        try:
            if self.lost:
                lost, self.lost = self.lost, 0
                self._put(_own_record("log lines lost", lost=lost))
            self._put(record)
        except Exception:  # as in every handler of the standard library: a log line must not end a call
            self.handleError(record)

    def close(self) -> None:
        """Write what waits, for two seconds at most, and end the thread."""
        if not self._closed:
            self._closed = True
            self._lines.put(None)
            if self._done.acquire(timeout=_FLUSH_S) and self._own:
                os.close(self._descriptor)
        super().close()

    def _put(self, record: logging.LogRecord) -> None:
        self._lines.put(f"{self.format(record)}\n".encode("utf-8", "replace"))

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            while line:
                try:
                    line = line[os.write(self._descriptor, line) :]
                except BlockingIOError:
                    get_original("time", "sleep")(0.01)  # somebody made the descriptor non-blocking
                except OSError:  # nobody reads any more: there is no place left to say so
                    line = b""
        self._done.release()


def _own_record(message: str, **fields: Any) -> logging.LogRecord:
    level = {"levelno": logging.WARNING, "levelname": "WARNING"}
    return logging.makeLogRecord({"name": __name__, "msg": message, **level, **fields})


def start(
    level: str = "info", form: str = "auto", file: Path | None = None, queue: int = 10_000
) -> PatientHandler:
    """Send everything logged in this process to `file` (appended to), or to standard error.

    `form`: plain, json, or auto: plain on a terminal, else json. Raises OSError when the file cannot be
    opened. Ends what an earlier call began.
    """
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640) if file else 2
    plain = form == "plain" or (form == "auto" and os.isatty(descriptor))
    handler = PatientHandler(descriptor, queue, own=file is not None)
    handler.setFormatter(PlainFormatter() if plain else JsonFormatter())
    root = logging.getLogger()
    for earlier in [one for one in root.handlers if isinstance(one, PatientHandler)]:
        root.removeHandler(earlier)
        earlier.close()
    root.addHandler(handler)
    root.setLevel(level.upper())
    return handler
