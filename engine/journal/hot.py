"""The engine's side of the journal: `append` returns at once, records travel in batches to the store.

append ─► waiting (bounded) ─► batch ─┬─► streams of the shards
                                      └─► spool on disk, while the store is away, and from there later
"""

import logging
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import gevent

from engine import greenlets
from engine.domain.errors import StoreError
from engine.journal.disk import in_thread
from engine.journal.read import JournalReader
from engine.journal.spool import Record, Spool
from engine.ports import Clock
from engine.store.batcher import Command, Runs
from engine.store.client import script
from engine.store.codec import pack_plain
from engine.store.layout import root_of, shard_of

log = logging.getLogger(__name__)

WAITING_MOST: Final = 50_000
BATCH_MOST: Final = 1_000
GATHER_S: Final = 0.1
RETRY_S: Final = 1.0


class HotJournal:
    """See `engine.ports.Journal`. `batcher`: the store's (`RedisStore.batcher`). `spool_folder`: on a disk of
    this machine. `reader`: for `read`.

    A record is lost only when the process dies within `GATHER_S` of it, or when store and disk both fail for
    long; the latter is counted in `lost` and told in the journal itself.
    """

    def __init__(
        self, batcher: Runs, shards: int, clock: Clock, spool_folder: Path, reader: JournalReader
    ) -> None:
        self._batcher = batcher
        self._shards = shards
        self._clock = clock
        self.reader = reader
        self._run = uuid4().hex[:12]
        self._number = 0
        self._waiting: deque[Record] = deque()
        self._spool = Spool(spool_folder)
        self._has_spooled = bool(self._spool)
        self._drainer: gevent.Greenlet | None = None
        self.lost = 0
        self._lost_untold = 0
        if self._has_spooled:
            self._wake()

    def append(self, kind: str, shard_of: str, record: Mapping[str, Any]) -> None:
        """`record`: plain data. Raises TypeError for what cannot be stored."""
        body = pack_plain(dict(record))
        if len(self._waiting) >= WAITING_MOST:
            self._lose(1)
            return
        self._push(kind, shard_of, body)
        self._wake()

    def read(self, kinds: frozenset[str] | None = None, since_s: float = 0.0) -> Iterator[dict[str, Any]]:
        """What was appended in the last moments may still be on its way."""
        return self.reader.read(kinds, since_s)

    def flush(self, within_s: float) -> bool:
        """Wait until everything appended is stored or spooled; False when the time was too short."""
        with gevent.Timeout(within_s, False):
            while self._waiting:
                gevent.sleep(GATHER_S)
        return not self._waiting

    def close(self, within_s: float = 5.0) -> None:
        """What cannot be stored in time goes to the spool, for the next engine on this machine."""
        self.flush(within_s)
        if self._drainer:
            self._drainer.kill()
        if self._waiting:
            self._spool.add(list(self._waiting))
            self._waiting.clear()

    def _push(self, kind: str, person_id: str, body: bytes) -> None:
        shard = shard_of(person_id, self._shards)
        self._waiting.append(Record(self._run, self._number, shard, kind, self._clock.wall_s(), body))
        self._number += 1

    def _wake(self) -> None:
        if self._drainer is None:
            self._drainer = greenlets.start("journal", self._drain)

    def _drain(self) -> None:
        """Runs while anything waits or is spooled. Records stay in `_waiting` until they are safe."""
        try:
            while self._waiting or self._has_spooled or self._lost_untold:
                gevent.sleep(GATHER_S)
                if self._lost_untold and len(self._waiting) < WAITING_MOST:
                    told, self._lost_untold = self._lost_untold, 0
                    self._push("note", "", pack_plain({"what": "journal records lost", "count": told}))
                batch = list(islice(self._waiting, BATCH_MOST))
                is_safe = self._replayed() and self._sent(batch)
                if not is_safe:
                    is_safe = self._spooled(batch)
                for _ in batch if is_safe else ():
                    self._waiting.popleft()
                if self._has_spooled or not is_safe:
                    gevent.sleep(RETRY_S)
        finally:
            self._drainer = None

    def _replayed(self) -> bool:
        """Empty the spool into the store first, so that records stay in order. True when it is empty."""
        if not self._has_spooled:
            return True
        spooled = self._spool.records()
        while chunk := in_thread(lambda: list(islice(spooled, BATCH_MOST))):
            if not self._sent(chunk):
                return False
        in_thread(self._spool.clear)
        self._has_spooled = False
        log.warning("journal spool replayed to the store")
        return True

    def _sent(self, records: list[Record]) -> bool:
        """False: all or some may be missing in the store; sending them again is safe."""
        by_shard: dict[tuple[str, int], list[str | bytes | int]] = defaultdict(list)
        for one in records:
            by_shard[one.run, one.shard] += (one.number, one.kind, repr(one.at_s), one.body)
        commands: list[Command] = [
            script("append").call([root_of(shard)], run, *rows) for (run, shard), rows in by_shard.items()
        ]
        try:
            self._batcher.run_all(commands)
        except StoreError as away:
            if not self._has_spooled:
                log.warning("journal goes to the spool: the store is away", extra={"why": str(away)})
            return False
        return True

    def _spooled(self, records: list[Record]) -> bool:
        if not records:
            return True
        try:
            in_thread(lambda: self._spool.add(records))
        except OSError as full:
            log.error("journal cannot be spooled", extra={"why": str(full)})
            return False
        self._has_spooled = True
        return True

    def _lose(self, count: int) -> None:
        if not self._lost_untold:
            log.critical("journal records are being lost: neither store nor disk takes them")
        self.lost += count
        self._lost_untold += count
