"""Answers that are sent piece by piece: live events and the journal."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

import orjson

from engine.domain.attempt import Cdr
from engine.domain.errors import DialerError
from engine.greenlets import Turns
from engine.logs import masked, masked_name
from engine.web.auth import Caller, Scope

RETRY_MS = 2000
BATCH_BYTES = 32 * 1024
RECORD = tuple(field.name for field in fields(Cdr) if field.name != "decided")
CSV_FIELDS = ("at_s", "kind", *RECORD, "reason", "rule")
PRIVATE = frozenset({"number", "from_number", "to_number", "phone", "phones", "digits"})
PERSONS = frozenset({"contact_id", "person_id", "number", "phones"})
PERSONS_NAME = "name of a person"
OURS = frozenset({"caller_id"})
E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class TooManyStreams(DialerError):
    """All seats for live streams are taken."""


class Seats:
    """How many clients may follow the live events at once; each holds a greenlet and a connection."""

    def __init__(self, limit: int) -> None:
        self.limit, self.taken = limit, 0

    def take(self) -> None:
        if self.taken >= self.limit:
            raise TooManyStreams(
                f"{self.limit} clients follow the live events already",
                "/v1/events",
                "Close one, or raise the limit.",
            )
        self.taken += 1

    def leave(self) -> None:
        self.taken -= 1


class EventStream:
    """Server-sent events, one client. A client that stops reading is cut off by the server's write deadline
    and comes back with Last-Event-ID. An operator gets what concerns their own agent, and only the card of
    the contact unmasked."""

    def __init__(self, events: Iterator[dict[str, Any]], caller: Caller, clear: bool, seats: Seats) -> None:
        seats.take()
        self._events, self._caller, self._clear, self._seats = events, caller, clear, seats
        self._open = True

    def __iter__(self) -> Iterator[bytes]:
        yield b"retry: %d\n\n" % RETRY_MS
        for event in self._events:
            kind, own = event.get("kind"), event.get("agent") == self._caller.agent_id
            if kind in (None, "beat"):
                yield b": beat\n\n"
            elif self._caller.scope > Scope.OPERATOR:
                yield sse(event if self._clear else private(event))
            elif own:
                yield sse(event if kind == "card" else private(event))

    def close(self) -> None:
        """Called by the server when the client is gone, whether or not anything was sent."""
        if self._open:
            self._open = False
            self._seats.leave()
            close = getattr(self._events, "close", None)
            if close:
                close()


def sse(event: Mapping[str, Any]) -> bytes:
    """{id, kind, …} as one event of text/event-stream. JSON has no raw line break that could forge one."""
    kind = "".join(char for char in str(event["kind"]) if char.isprintable())
    head = f"id: {int(event.get('id', 0))}\nevent: {kind}\ndata: ".encode()
    return head + to_json(event) + b"\n\n"


def json_lines(records: Iterable[Mapping[str, Any]], clear: bool) -> Iterator[bytes]:
    for record in records:
        yield to_json(record if clear else private(record)) + b"\n"


def csv_lines(records: Iterable[Mapping[str, Any]], clear: bool) -> Iterator[bytes]:
    """A line per record under fixed columns; whatever a record has besides goes to the last one as JSON.

    Text that a spreadsheet would run as a formula is defused by an apostrophe; E.164 numbers are not.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*CSV_FIELDS, "more"])
    yield _taken(out)
    for record in records:
        shown = record if clear else private(record)
        more = {key: value for key, value in shown.items() if key not in CSV_FIELDS}
        row = [_cell(shown.get(key)) for key in CSV_FIELDS]
        writer.writerow([*row, to_json(more).decode() if more else ""])
        yield _taken(out)


def batched(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Few large pieces instead of many small ones; other greenlets get their turns in between."""
    turns, batch, size = Turns(), list[bytes](), 0
    for line in lines:
        turns()
        batch.append(line)
        size += len(line)
        if size >= BATCH_BYTES:
            yield b"".join(batch)
            batch.clear()
            size = 0
    if batch:
        yield b"".join(batch)


def _taken(out: io.StringIO) -> bytes:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text.encode()


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, (int, float)):
        return value
    text = value if isinstance(value, str) else to_json(value).decode()
    dangerous = text[:1] in ("=", "@", "\t", "\r") or (text[:1] in ("+", "-") and not text[1:].isdigit())
    return f"'{text}" if dangerous else text


def private(value: Any, key: str = "") -> Any:
    """The same data with people's numbers and names masked, however deep they lie. Idempotent.

    A `name` is a person's where a contact or a number stands beside it; else a campaign's, an agent's.
    """
    if isinstance(value, Mapping):
        names = "" if PERSONS.isdisjoint(value) else PERSONS_NAME
        return {
            _masked_key(str(inner)): private(held, names if inner == "name" else str(inner))
            for inner, held in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [private(held, key) for held in value]
    if not isinstance(value, str) or key in OURS:
        return value
    if key == PERSONS_NAME:
        return masked_name(value)
    return masked(value) if key in PRIVATE or E164.fullmatch(value) else value


def _masked_key(key: str) -> str:
    return masked(key) if E164.fullmatch(key) else key


def to_json(value: Any) -> bytes:
    return orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS)


def _plain(value: Any) -> Any:
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    raise TypeError(f"{type(value).__name__} is no plain data")
