"""The archiver: moves the journal from the store's streams into the archive, in a process of its own.

    streams of all shards ─► entries up to a cut-off, in one order ─► blocks on disk, fsync ─► streams trimmed

A crash anywhere leaves each record in the streams, in the archive, or in both; marks in the archive tell the
latter, so none is archived twice. With several engines each keeps a whole archive, and the streams are
trimmed when all have their records. The store keeps the hash of the last record of each: blocks that vanish
from the disk afterwards break the chain visibly, even the newest ones.
"""

import argparse
import fcntl
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import redis

from engine.domain.errors import StoreError
from engine.journal.register import ABSENT_S, Register
from engine.journal.segments import (
    GENESIS,
    Entry,
    StreamId,
    blocks,
    chained,
    last_block,
    segments,
    write_block,
)
from engine.store.client import clock_ms, make_client, without_password
from engine.store.codec import pack_plain
from engine.store.layout import root_of

log = logging.getLogger(__name__)

ROUND_MOST: Final = 500  # entries of a shard in one round
EVERY_S: Final = 5.0


class Archiver:
    """One for each engine. `client`: plain redis-py. `folder`: the archive's, nobody else's. `rest_s`:
    records that young stay in the store alone: what a failover may lose, and the engine then tells again,
    must not be in an archive already."""

    def __init__(
        self,
        client: redis.Redis,
        folder: Path,
        shards: int,
        absent_s: float = ABSENT_S,
        rest_s: float = 0.0,
    ) -> None:
        self._rest_ms = round(rest_s * 1000)
        self._client: Any = client
        self._folder = folder
        self._streams = [f"{root_of(shard)}:journal" for shard in range(shards)]
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(folder)
        newest = last_block(folder)
        self._day = max((path.stem for path in segments(folder)), default="")
        self._last, self._marks = (newest.last, dict(newest.marks)) if newest else (GENESIS, {})
        self._register = Register(client, folder, absent_s)
        self._check_standing(is_new=newest is None)

    def close(self) -> None:
        os.close(self._lock)

    def _check_standing(self, is_new: bool) -> None:
        """Is the disk as the store knows it, and did nothing pass us by?"""
        known = self._register.mine()
        if known is None:
            others = [other.place for other in self._register.others()]
            if others and not is_new:
                log.critical("archive was away for too long", extra={"others": others})
                told = {"what": "an archive was away: others have what is missing in it", "others": others}
                self._client.xadd(self._streams[0], {"k": "note", "b": pack_plain(told)})
        elif known.last != self._last and not _ends_at(self._folder, known.last):
            log.critical(
                "archive lacks records that were in it; verify shows the gap",
                extra={"folder": str(self._folder)},
            )
            self._last = known.last
        self._say()

    def _say(self) -> None:
        self._register.say(self._last, self._marks, clock_ms(self._client))

    def round(self) -> int:
        """Archive what is there; how many records that was. Full rounds call for another at once.

        Raises StoreError when the store or the disk fails; nothing is lost, the next round repeats."""
        try:
            entries = self._gather()
            for day, group in groupby(entries, key=lambda entry: entry.day):
                block = chained(group, self._last, self._marks)
                self._day = max(day, self._day)  # the chain only goes forward, whatever a clock does
                write_block(self._folder, self._day, block)
                self._last, self._marks = block.last, block.marks
            self._trim()
        except redis.RedisError as away:
            raise StoreError(f"the store is away: {away}", "archiver", "See that Redis runs.") from away
        except OSError as full:
            raise StoreError(f"the archive cannot be written: {full}", str(self._folder)) from full
        return len(entries)

    def _gather(self) -> list[Entry]:
        """Entries older than this millisecond, in order. They are complete: ids are given by one clock, and
        a shard with more than fits into a round lowers the cut-off for all."""
        cut_off: StreamId = (clock_ms(self._client) - 1 - self._rest_ms, 2**63)
        pipeline = self._client.pipeline(transaction=False)
        for shard, stream in enumerate(self._streams):
            ms, number = self._marks.get(shard, (0, 0))
            pipeline.xrange(stream, min=f"({ms}-{number}", max=str(cut_off[0]), count=ROUND_MOST)
        found: list[Entry] = []
        for shard, rows in enumerate(pipeline.execute()):
            mine = [entry_of(shard, stream_id, fields) for stream_id, fields in rows]
            if len(mine) == ROUND_MOST:
                cut_off = min(cut_off, mine[-1].stream_id)
            found += mine
        return sorted((entry for entry in found if entry.stream_id <= cut_off), key=lambda one: one.order)

    def _trim(self) -> None:
        self._say()
        pipeline = self._client.pipeline(transaction=False)
        for shard, (ms, number) in self._register.trimmable(clock_ms(self._client)).items():
            pipeline.xtrim(self._streams[shard], minid=f"{ms}-{number + 1}", approximate=False)
        pipeline.execute()


def entry_of(shard: int, stream_id: bytes, fields: dict[bytes, bytes]) -> Entry:
    """A stream's entry as redis-py gives it."""
    ms, _, number = stream_id.decode().partition("-")
    at_s = fields.get(b"a")
    return Entry(
        shard,
        (int(ms), int(number)),
        fields[b"k"].decode(),
        float(at_s) if at_s else None,
        fields.get(b"r", b"").decode(),
        fields[b"b"],
    )


def _ends_at(folder: Path, head: bytes) -> bool:
    """Does any block end with this hash? Newest segments first: it is among the last."""
    hashes: Iterator[bytes] = (block.last for path in reversed(segments(folder)) for _, block in blocks(path))
    return head in hashes


def _locked(folder: Path) -> int:
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise StoreError("another archiver works on this folder", str(folder), "Stop it first.") from None
    return lock


def run(argv: list[str]) -> int:
    """The worker process. Ends in order on SIGTERM and SIGINT: 0. Cannot start: 1."""
    parser = argparse.ArgumentParser("archiver", description="Move the journal from the store to files.")
    parser.add_argument(
        "--store",
        default=os.environ.get("PROZVON_STORE_URL", ""),  # not every user of the machine is to see it
        metavar="URL",
        help="the store, e.g. unix:///run/store.sock; not given: what PROZVON_STORE_URL says",
    )
    parser.add_argument("--shards", type=int, default=16, help="number of shards of the store")
    parser.add_argument("--folder", type=Path, required=True, help="the archive's folder")
    parser.add_argument("--every-s", type=float, default=EVERY_S, help="seconds between rounds")
    parser.add_argument("--rest-s", type=float, default=0.0, help="least age of a record, seconds")
    parser.add_argument("--once", action="store_true", help="archive what is there, then end")
    asked = parser.parse_args(argv)

    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    try:
        archiver = Archiver(make_client(asked.store), asked.folder, asked.shards, rest_s=asked.rest_s)
    except (StoreError, redis.RedisError) as refused:
        print(f"archiver cannot start on {without_password(asked.store)}: {refused}", file=sys.stderr)
        return 1
    try:
        while not stop.is_set():
            moved = _tried_round(archiver)
            if not moved:
                if asked.once:
                    return 0 if moved == 0 else 1
                stop.wait(asked.every_s)
    finally:
        archiver.close()
    return 0


def _tried_round(archiver: Archiver) -> int | None:
    """None when it failed: said, and tried again later."""
    try:
        return archiver.round()
    except StoreError as failed:
        log.error("archiver round failed", extra={"why": str(failed)})
        return None
