"""The whole journal, oldest first: the archive, then what the store still holds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from heapq import merge
from pathlib import Path
from typing import Any, Final

import redis

from engine.domain.errors import StoreError
from engine.greenlets import Turns
from engine.journal.archive import entry_of
from engine.journal.segments import SUFFIX, Entry, StreamId, blocks, segments
from engine.store.layout import root_of

PAGE: Final = 2_000  # entries of all shards in one look: more would hold up the greenlets beside us


@dataclass(frozen=True, slots=True)
class Place:
    """How far somebody has read in the archive: behind a block's end. `marks`: the last id of each shard
    until there."""

    segment: str = ""
    offset: int = 0
    marks: Mapping[int, StreamId] = field(default_factory=dict)


START: Final = Place()


class JournalReader:
    """Reads beside a running engine and archiver, without holding either up.

    Records move from the store to the archive while we read. Each page of the store is therefore followed by
    a look for new blocks: what was trimmed before the page was read is on the disk by then.
    """

    def __init__(self, client: redis.Redis, folder: Path, shards: int) -> None:
        self._client: Any = client
        self._folder = folder
        self._streams = [f"{root_of(shard)}:journal" for shard in range(shards)]

    def read(
        self, kinds: frozenset[str] | None = None, since_s: float = 0.0, behind: Place = START
    ) -> Iterator[dict[str, Any]]:
        """Records as `engine.ports.Journal` describes them. Raises StoreError when the store is away."""
        since: StreamId = (int(since_s * 1000), 0)
        turns = Turns()
        for entry in self._entries(since, behind):
            turns()
            if entry.stream_id >= since and (kinds is None or entry.kind in kinds):
                yield entry.readable()

    def archived(
        self, kinds: frozenset[str], behind: Place = START
    ) -> Iterator[tuple[Place, list[dict[str, Any]]]]:
        """The archive's records, block by block, each with the place after it: whoever keeps the last place
        reads no block twice. What the archive lacks yet is read by `read(kinds, behind=place)`."""
        turns = Turns()
        for path in segments(self._folder):
            if path.name < behind.segment:
                continue
            for end, block in blocks(path, behind.offset if path.name == behind.segment else 0):
                found = []
                for entry in block.entries():
                    turns()
                    if entry.kind in kinds:
                        found.append(entry.readable())
                yield Place(path.name, end, block.marks), found

    def _entries(self, since: StreamId, behind: Place) -> Iterator[Entry]:
        marks = dict(behind.marks)
        position = (behind.segment or _first_segment(since), behind.offset)
        while True:
            page = self._page(marks, since)
            is_stale = False
            for position_after, entry in self._archived(position):
                position = position_after
                if entry.stream_id > marks.get(entry.shard, (0, 0)):
                    is_stale = True  # part of the page is told here
                    marks[entry.shard] = entry.stream_id
                    yield entry
            if is_stale:
                continue
            for entry in page:
                marks[entry.shard] = entry.stream_id
                yield entry
            if not page:
                return

    def _archived(self, position: tuple[str, int]) -> Iterator[tuple[tuple[str, int], Entry]]:
        """Entries behind a position (segment, offset), each with the position after its block."""
        name, offset = position
        for path in segments(self._folder):
            if path.name < name:
                continue
            for end, block in blocks(path, offset if path.name == name else 0):
                for entry in block.entries():
                    yield (path.name, end), entry

    def _page(self, marks: dict[int, StreamId], since: StreamId) -> list[Entry]:
        """The next entries of all shards in one order: as far as every shard's page reaches."""
        most = max(10, PAGE // len(self._streams))
        try:
            pipeline = self._client.pipeline(transaction=False)
            for shard, stream in enumerate(self._streams):
                ms, number = max(marks.get(shard, (0, 0)), since)
                after = "(" if (ms, number) != since else ""
                pipeline.xrange(stream, min=f"{after}{ms}-{number}", count=most)
            replies = pipeline.execute()
        except redis.RedisError as away:
            raise StoreError(f"the store is away: {away}", "journal", "See that Redis runs.") from away
        pages, cut_off = [], (2**63, 0)
        for shard, rows in enumerate(replies):
            pages.append([entry_of(shard, stream_id, fields) for stream_id, fields in rows])
            if len(rows) == most:
                cut_off = min(cut_off, pages[-1][-1].stream_id)
        merged = merge(*pages, key=lambda entry: entry.order)
        return [entry for entry in merged if entry.stream_id <= cut_off]


def _first_segment(since: StreamId) -> str:
    """The name of the first segment that may hold such ids."""
    day = Entry(0, since, "", None, "", b"").day
    return f"{day}{SUFFIX}"
