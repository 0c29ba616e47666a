"""Offline check of the archive: is every record there, unchanged and in its place?"""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from engine.domain.errors import StoreError
from engine.journal.frames import is_torn
from engine.journal.segments import GENESIS, Entry, StreamId, blocks, segments


@dataclass(frozen=True, slots=True)
class Verdict:
    """`records`: how many are proven, counted from the oldest. `broken`: the first that is not, in words, or
    "". `torn_bytes`: an unfinished block at the very end, as a crash leaves it; nobody was told it is stored.
    `last`: the chain's end; kept elsewhere, it proves later that nothing was rewritten."""

    records: int
    segments: int
    last: bytes
    broken: str = ""
    torn_bytes: int = 0

    @property
    def sound(self) -> bool:
        return not self.broken


def verify(folder: Path, expected_last: bytes | None = None) -> Verdict:
    """Walk the chain from its beginning. `expected_last`: a hash the chain must pass through, e.g. the
    store's, or one printed by an earlier check."""
    walk = _Walk(expected_last)
    paths = segments(folder)
    for number, path in enumerate(paths, 1):
        broken = walk.segment(path, is_last=number == len(paths))
        if broken:
            return Verdict(walk.records, number, walk.last, f"{path.name}: {broken}")
    if not walk.met:
        missing = "the newest records are missing: the chain ends too early"
        return Verdict(walk.records, len(paths), walk.last, missing)
    return Verdict(walk.records, len(paths), walk.last, torn_bytes=walk.torn_bytes)


class _Walk:
    def __init__(self, expected_last: bytes | None) -> None:
        self.last, self.records, self.torn_bytes = GENESIS, 0, 0
        self.met = expected_last in (None, GENESIS)
        self._expected = expected_last
        self._marks: dict[int, StreamId] = {}

    def segment(self, path: Path, is_last: bool) -> str:
        """What is wrong with the first broken record, or ""."""
        index = whole = 0
        try:
            for end, block in blocks(path):
                whole = end
                if block.previous != self.last:
                    return f"records are missing before record {index + 1}"
                for packed, claimed in block.rows:
                    index += 1
                    if sha256(self.last + packed).digest() != claimed:
                        return f"record {index}: it was changed"
                    if why := _misplaced(packed, path, self._marks):
                        return f"record {index}: {why}"
                    self.last, self.records = claimed, self.records + 1
                    self.met = self.met or claimed == self._expected
        except StoreError as unreadable:
            return f"record {index + 1}: {unreadable.what}"
        tail = path.read_bytes()[whole:]
        if tail and not (is_last and is_torn(tail)):
            return f"record {index + 1}: unreadable from byte {whole}"
        self.torn_bytes = len(tail)
        return ""


def _misplaced(packed: bytes, path: Path, marks: dict[int, StreamId]) -> str:
    """Why a record does not belong where it stands, or ""."""
    try:
        entry = Entry.unpack(packed)
    except (ValueError, TypeError):
        return "it cannot be read"
    if entry.day > path.stem:
        return f"it belongs to {entry.day}"
    if entry.stream_id <= marks.get(entry.shard, (0, 0)):
        return "it stands twice or out of order"
    marks[entry.shard] = entry.stream_id
    return ""
