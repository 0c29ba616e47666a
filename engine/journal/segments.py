"""The archive's files: one segment a day, `YYYY-MM-DD.jnl` (UTC), of blocks in which every record is chained.

    block  = frame( zlib( [format, previous hash, marks, [record, hash], [record, hash], …] ) )
    record = msgpack( [shard, stream id, kind, engine's wall clock or None, run-seq or "", body] )
    hash   = sha256( previous hash + record )        the first of a block follows the last of the block before

The chain runs over the segments; its very first previous hash is 32 zero bytes. `marks`: for each shard the
last stream id archived, so that nothing is archived twice.
"""

import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgpack

from engine.domain.errors import StoreError
from engine.journal.frames import append_durably, cut_torn_tail, framed, read_frames
from engine.store.codec import journal_fields

GENESIS: Final = bytes(32)
FORMAT: Final = 1
SUFFIX: Final = ".jnl"

StreamId = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """A journal record. `stream_id`: (epoch ms of the store, number within it). `run_seq`: "run-number" for
    records of an engine, "" for those that scripts write; `at_s`: the engine's wall clock, or None."""

    shard: int
    stream_id: StreamId
    kind: str
    at_s: float | None
    run_seq: str
    body: bytes

    @property
    def order(self) -> tuple[StreamId, int]:
        return self.stream_id, self.shard

    @property
    def day(self) -> str:
        return datetime.fromtimestamp(self.stream_id[0] / 1000, UTC).strftime("%Y-%m-%d")

    def readable(self) -> dict[str, Any]:
        """As `Journal.read` gives it."""
        at_s = self.stream_id[0] / 1000 if self.at_s is None else self.at_s
        milliseconds, number = self.stream_id
        place = {"kind": self.kind, "at_s": at_s, "id": f"{milliseconds}-{number}/{self.shard}"}
        return journal_fields(self.kind, self.body) | place

    def packed(self) -> bytes:
        milliseconds, number = self.stream_id
        row = [self.shard, milliseconds, number, self.kind, self.at_s, self.run_seq, self.body]
        packed: bytes = msgpack.packb(row)
        return packed

    @classmethod
    def unpack(cls, packed: bytes) -> "Entry":
        shard, milliseconds, number, kind, at_s, run_seq, body = msgpack.unpackb(packed)
        return cls(shard, (milliseconds, number), kind, at_s, run_seq, body)


@dataclass(frozen=True, slots=True)
class Block:
    """`rows`: packed entry and hash, in order."""

    previous: bytes
    marks: dict[int, StreamId]
    rows: list[tuple[bytes, bytes]]

    @property
    def last(self) -> bytes:
        return self.rows[-1][1] if self.rows else self.previous

    def entries(self) -> Iterator[Entry]:
        return (Entry.unpack(packed) for packed, _ in self.rows)

    def pack(self) -> bytes:
        marks = [[shard, *stream_id] for shard, stream_id in sorted(self.marks.items())]
        return zlib.compress(msgpack.packb([FORMAT, self.previous, marks, self.rows]), 6)

    @classmethod
    def unpack(cls, payload: bytes) -> "Block":
        """Raises StoreError when this is not a block."""
        try:
            format_, previous, marks, rows = msgpack.unpackb(zlib.decompress(payload), use_list=False)
            if format_ != FORMAT:
                raise ValueError(f"format {format_}")
            return cls(
                previous, {shard: (ms, number) for shard, ms, number in marks}, [(row, h) for row, h in rows]
            )
        except (zlib.error, ValueError, TypeError, msgpack.UnpackException) as broken:
            raise StoreError(f"a block of the journal cannot be read: {broken}") from broken


def chained(entries: Iterable[Entry], previous: bytes, marks: dict[int, StreamId]) -> Block:
    """A block whose marks are those given, moved on by its entries."""
    rows, moved, last = [], dict(marks), previous
    for entry in entries:
        packed = entry.packed()
        last = sha256(last + packed).digest()
        rows.append((packed, last))
        moved[entry.shard] = entry.stream_id
    return Block(previous, moved, rows)


def segments(folder: Path) -> list[Path]:
    """Oldest first."""
    return sorted(folder.glob(f"????-??-??{SUFFIX}"))


def blocks(path: Path, start: int = 0) -> Iterator[tuple[int, Block]]:
    """`(offset of the end, block)` of every whole block from `start`."""
    for end, payload in read_frames(path, start):
        yield end, Block.unpack(payload)


def last_block(folder: Path) -> Block | None:
    """The newest whole block; torn tails are cut off first."""
    for path in reversed(segments(folder)):
        cut_torn_tail(path)
        newest = deque(blocks(path), maxlen=1)
        if newest:
            return newest[0][1]
    return None


def write_block(folder: Path, day: str, block: Block) -> None:
    """On return the block is on the disk."""
    append_durably(folder / f"{day}{SUFFIX}", framed(block.pack()))
