"""Domain records as compact, versioned msgpack arrays; strict on the way back.

A record is `[version, field, field, …]` in the order of the dataclass. Fields may be appended to a
dataclass, with a default: old records then unpack with that default. Any other change (a field moved,
renamed, removed) needs a new version here and an upgrade of the old one.
"""

import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields
from operator import attrgetter
from types import UnionType
from typing import Any, Final, Generic, TypeVar, get_origin, get_type_hints

import msgpack

from engine.domain.attempt import Cdr, Intent
from engine.domain.contact import Contact, PersonHistory, Phone, Progress, Touch, TouchPhase
from engine.domain.errors import StoreError

T = TypeVar("T")


class Record(Generic[T]):
    """Packs one dataclass. `unpack` raises StoreError on anything that `pack` cannot have written."""

    def __init__(self, kind: type[T], version: int, parts: "Mapping[str, Record[Any]] | None" = None) -> None:
        described = fields(kind)  # type: ignore[arg-type]
        hints = get_type_hints(kind)
        self._kind = kind
        self._version = version
        self._values = attrgetter(*(field.name for field in described))
        self._types = tuple(_stored_as(hints[field.name]) for field in described)
        self._needed = sum(1 for f in described if f.default is MISSING and f.default_factory is MISSING)
        names = [field.name for field in described]
        self._parts = [(names.index(name), record) for name, record in (parts or {}).items()]

    def pack(self, value: T) -> bytes:
        packed: bytes = msgpack.packb(self._row(value))
        return packed

    def unpack(self, packed: bytes) -> T:
        try:
            row = msgpack.unpackb(packed, use_list=False)
        except (ValueError, msgpack.UnpackException) as broken:
            raise self._unreadable(str(broken) or type(broken).__name__) from broken
        return self._read(row)

    def _row(self, value: T) -> list[Any]:
        row = [self._version, *self._values(value)]
        for index, part in self._parts:
            row[index + 1] = [part._row(item) for item in row[index + 1]]
        return row

    def _read(self, row: Any) -> T:
        if type(row) is not tuple or not row:
            raise self._unreadable("not an array")
        if row[0] != self._version:
            raise self._unreadable(f"version {row[0]!r}, this engine knows {self._version}")
        values = row[1:]
        if not self._needed <= len(values) <= len(self._types):
            raise self._unreadable(f"{len(values)} fields, expected {self._needed} to {len(self._types)}")
        for value, allowed in zip(values, self._types, strict=False):
            if not isinstance(value, allowed):
                raise self._unreadable(f"{type(value).__name__} where {allowed} belongs")
        if self._parts:
            changed = list(values)
            for index, part in self._parts:
                if index < len(changed):
                    changed[index] = tuple(part._read(item) for item in changed[index])
            return self._kind(*changed)
        return self._kind(*values)

    def _unreadable(self, why: str) -> StoreError:
        return StoreError(
            f"a stored {self._kind.__name__} cannot be read: {why}",
            fix="It was written by another version of Prozvon, or damaged.",
        )


def _stored_as(hint: Any) -> Any:
    """What msgpack gives back for a field of this type. A float may have been written as an integer."""
    origin = get_origin(hint) or hint
    if origin is float:
        return (float, int)
    if isinstance(origin, UnionType):
        return origin
    return str if issubclass(origin, str) else origin


PHONE: Final = Record(Phone, 1)
CONTACT: Final = Record(Contact, 1, {"phones": PHONE})
PROGRESS: Final = Record(Progress, 1)
TOUCH: Final = Record(Touch, 1)
INTENT: Final = Record(Intent, 1)
CDR: Final = Record(Cdr, 1)


def pack_plain(value: Any) -> bytes:
    """Plain data (dicts, lists, strings, numbers, bytes, None) of the journal and the campaigns."""
    packed: bytes = msgpack.packb(value, default=_plain)
    return packed


def unpack_plain(packed: bytes) -> Any:
    try:
        return msgpack.unpackb(packed, use_list=True, strict_map_key=False)
    except (ValueError, msgpack.UnpackException) as broken:
        raise StoreError("a stored value cannot be read", fix="It is damaged.") from broken


def _plain(value: Any) -> Any:
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} cannot be stored: use plain data")


def epoch_ms(at_s: float | None) -> int | None:
    """Milliseconds for the store's scores; None and infinity mean never."""
    if at_s is None or math.isinf(at_s):
        return None
    return max(0, round(at_s * 1000))


def instant(at_s: float | None) -> float | None:
    """As it comes back from the store: whole milliseconds."""
    at_ms = epoch_ms(at_s)
    return None if at_ms is None else at_ms / 1000


# --- a person's history, as the store keeps it: a hash of a few marks and one field per touch ----------

TOUCH_FIELD: Final = b"t:"
ENDED_FIELD: Final = b"x:"


def history_of(person_id: str, marks: Mapping[bytes, bytes]) -> PersonHistory:
    """Touches come oldest first."""
    touches = [_touch(packed) for field, packed in marks.items() if field.startswith(TOUCH_FIELD)]
    touches.sort(key=attrgetter("at_s", "attempt_id"))
    ended = frozenset(field[2:].decode() for field in marks if field.startswith(ENDED_FIELD))
    version, open_attempt = int(marks.get(b"v", 0)), marks.get(b"open", b"").decode()
    return PersonHistory(person_id, version, open_attempt, tuple(touches), ended)


def _touch(packed: bytes) -> Touch:
    touch = TOUCH.unpack(packed)
    return Touch(
        touch.attempt_id, touch.at_s, TouchPhase(touch.phase), touch.number, touch.connected_s, touch.outcome
    )


# --- what the scripts themselves write to the journal ---------------------------------------------------


def put_off(
    contact_id: str,
    person_id: str,
    campaign_id: str,
    next_due_at_s: float | None,
    reason: str,
    rule: str | None = None,
) -> dict[str, Any]:
    """Why a contact waits, and until when. A claim put back names the rule, too; a callback has none."""
    whose = {"contact_id": contact_id, "person_id": person_id, "campaign_id": campaign_id}
    by_rule = {} if rule is None else {"rule": rule}
    return whose | by_rule | {"reason": reason, "next_due_at_s": next_due_at_s}


def cdr_body(cdr: Cdr, next_due_at_s: float | None, next_reason: str) -> bytes:
    return pack_plain([CDR.pack(cdr), next_due_at_s, next_reason])


def journal_fields(kind: str, body: bytes) -> dict[str, Any]:
    """The readable form of a journal record's body, whoever wrote it."""
    if kind == "intent":
        return asdict(INTENT.unpack(body))
    if kind == "cdr":
        plain = unpack_plain(body)
        if isinstance(plain, dict):
            return plain  # of a call that had no intent, told by the engine itself: it came in
        packed, next_due_at_s, next_reason = plain
        return asdict(CDR.unpack(packed)) | {"next_due_at_s": next_due_at_s, "next_reason": next_reason}
    plain = unpack_plain(body)
    if not isinstance(plain, dict):
        raise StoreError("a journal record is not a map", where=kind, fix="It is damaged.")
    return plain
