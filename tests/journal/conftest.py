"""A store of the test's own, with what the journal needs around it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gevent
import pytest
import redis

from engine.journal import hot
from engine.journal.archive import Archiver
from engine.journal.hot import HotJournal
from engine.journal.read import JournalReader
from engine.store.client import make_client
from engine.store.redis_store import RedisStore
from tests.contracts.store.servers import BINARIES, Server

SHARDS = 4


class WallClock:
    def now_s(self) -> float:
        return time.monotonic()

    def wall_s(self) -> float:
        return time.time()


@dataclass
class Desk:
    """A store, an engine's journal on it, its archive, and the reader of both."""

    server: Server
    folder: Path
    store: RedisStore = field(init=False)
    client: redis.Redis = field(init=False)
    reader: JournalReader = field(init=False)
    _open: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = RedisStore(self.server.url, SHARDS)
        self.client = make_client(self.server.url)
        self.reader = JournalReader(self.client, self.archive, SHARDS)

    @property
    def archive(self) -> Path:
        return self.folder / "journal"

    def journal(self) -> HotJournal:
        return HotJournal(self.store.batcher, SHARDS, WallClock(), self.folder / "spool", self.reader)

    def archiver(self) -> Archiver:
        archiver = Archiver(self.client, self.archive, SHARDS)
        self._open.append(archiver)
        return archiver

    def archive_all(self) -> int:
        """Everything that is in the store now. The archiver leaves the running millisecond alone."""
        until_ms = int(time.time() * 1000) + 1
        while int(time.time() * 1000) <= until_ms:
            time.sleep(0.001)
        archiver, moved = self.archiver(), 0
        while some := archiver.round():
            moved += some
        self.close_archiver()
        return moved

    def close_archiver(self) -> None:
        self._open.pop().close()

    def read(self, *kinds: str, since_s: float = 0.0) -> list[dict[str, Any]]:
        return list(self.reader.read(frozenset(kinds) or None, since_s))

    def hot(self) -> int:
        """Records still in the store."""
        return sum(int(self.client.xlen(f"{{s{shard:02d}}}:journal")) for shard in range(SHARDS))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    server = Server(BINARIES["valkey"])
    server.start()
    yield Desk(server, tmp_path)
    server.remove()


def until(true: Callable[[], bool], within_s: float = 15.0) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline
        gevent.sleep(0.01)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hot, "RETRY_S", 0.02)
    monkeypatch.setattr(hot, "GATHER_S", 0.005)
