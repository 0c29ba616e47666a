"""Journal records on the local disk while the store is away. They keep their run and number, so sending them
later, or twice, stores each once."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final

import msgpack

from engine.journal.frames import append_durably, cut_torn_tail, framed, read_frames

SPOOL_MOST_BYTES: Final = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Record:
    """`number`: rises by one with each record of a `run` (one life of an engine). `body`: packed fields."""

    run: str
    number: int
    shard: int
    kind: str
    at_s: float
    body: bytes


class Spool:
    """One file. Every method may take as long as the disk does: call it from a thread.

    Raises OSError when the disk fails or the spool is full; then it is as it was before.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "journal.spool"
        cut_torn_tail(self._path)

    def __bool__(self) -> bool:
        return self._path.exists()

    def add(self, records: list[Record]) -> None:
        """On return they are on the disk."""
        if self and self._path.stat().st_size > SPOOL_MOST_BYTES:
            raise OSError(f"the spool is full ({SPOOL_MOST_BYTES} bytes)")
        append_durably(self._path, b"".join(framed(msgpack.packb(astuple(record))) for record in records))

    def records(self) -> Iterator[Record]:
        """Oldest first."""
        for _, payload in read_frames(self._path):
            yield Record(*msgpack.unpackb(payload))

    def clear(self) -> None:
        self._path.unlink(missing_ok=True)
