"""The archives of one journal: every engine keeps a whole one, so that each can tell everything, and a host
that burns takes nothing along. The streams are trimmed as far as all of them have come.

    archive A ─► "I have all up to a" ─┐
    archive B ─► "I have all up to b" ─┴─► streams trimmed up to min(a, b)
"""

import logging
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import msgpack

from engine.journal.segments import StreamId

log = logging.getLogger(__name__)

ARCHIVES: Final = "prozvon:journal:archives"  # HASH archive -> packed Standing
ABSENT_S: Final = 3600.0
"""The streams wait so long for an archive that is not heard of: its engine is gone, and memory is finite."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an archive has come. `place`: host and folder. `last`: hash of its last record. `marks`: the
    last id it has of each shard. `seen_ms`: when it said so, by the store's clock."""

    place: str
    last: bytes
    marks: dict[int, StreamId]
    seen_ms: int

    def pack(self) -> bytes:
        marks = [[shard, *stream_id] for shard, stream_id in sorted(self.marks.items())]
        packed: bytes = msgpack.packb([self.place, self.last, marks, self.seen_ms])
        return packed

    @classmethod
    def unpack(cls, packed: bytes) -> "Standing":
        place, last, marks, seen_ms = msgpack.unpackb(packed)
        return cls(place, last, {shard: (ms, number) for shard, ms, number in marks}, seen_ms)


class Register:
    """Our archive's line in the register, and what follows from the others'. `client`: plain redis-py; its
    errors come through."""

    def __init__(self, client: Any, folder: Path, absent_s: float = ABSENT_S) -> None:
        self._client, self._absent_ms = client, round(absent_s * 1000)
        self._place = f"{socket.gethostname()}:{folder.resolve()}"
        self.archive_id = self._known(folder)

    def _known(self, folder: Path) -> str:
        """Who we are: as the folder says; or, should somebody have emptied it, as its place says."""
        file = folder / "archive.id"
        if file.exists():
            return file.read_text("ascii").strip()
        same = [name for name, standing in self.all().items() if standing.place == self._place]
        archive_id = same[0] if same else uuid4().hex
        file.write_text(archive_id + "\n", "ascii")
        return archive_id

    def all(self) -> dict[str, Standing]:
        return {
            name.decode(): Standing.unpack(packed)
            for name, packed in self._client.hgetall(ARCHIVES).items()
        }  # fmt: skip

    def mine(self) -> Standing | None:
        """As it stood last; None: never, or forgotten because it was away for too long."""
        packed = self._client.hget(ARCHIVES, self.archive_id)
        return Standing.unpack(packed) if packed else None

    def others(self) -> list[Standing]:
        return [standing for name, standing in self.all().items() if name != self.archive_id]

    def say(self, last: bytes, marks: dict[int, StreamId], now_ms: int) -> None:
        """All up to these marks is on our disk."""
        self._client.hset(ARCHIVES, self.archive_id, Standing(self._place, last, marks, now_ms).pack())

    def trimmable(self, now_ms: int) -> dict[int, StreamId]:
        """By shard: the last id that every archive has. Who was not heard of for long is not waited for."""
        standings = []
        for name, standing in self.all().items():
            if now_ms - standing.seen_ms > self._absent_ms:
                log.error("an archive is not waited for any longer", extra={"archive": standing.place})
                self._client.hdel(ARCHIVES, name)
            else:
                standings.append(standing)
        shards = set.intersection(*(set(one.marks) for one in standings)) if standings else set()
        return {shard: min(one.marks[shard] for one in standings) for shard in shards}
