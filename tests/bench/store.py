"""What the store costs the engine: `python -m tests.bench.store` (embedded server, patched client)."""

from gevent import monkey

monkey.patch_all()

# ruff: noqa: E402 - the patch must come before everything that it patches
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import gevent

from engine.domain.attempt import Cdr, Intent
from engine.domain.contact import Contact, Phone, Progress, Scheduled, Touch, TouchPhase
from engine.journal.archive import Archiver
from engine.journal.hot import HotJournal
from engine.journal.intent_log import IntentLog
from engine.journal.read import JournalReader
from engine.journal.verify import verify
from engine.ports import Lease
from engine.store.client import make_client
from engine.store.embedded import EmbeddedServer
from engine.store.layout import root_of
from engine.store.redis_store import RedisStore
from tests.bench.figures import tell

CONTACTS = 100_000
ATTEMPTS = 10_000
GREENLETS = 50


def contact(n: int) -> Contact:
    return Contact(
        f"reminders-{n:08d}",
        "reminders",
        f"person-{n:08d}",
        (Phone(f"+4860{n:07d}", "mobile", ("Europe/Warsaw",)),),
        name="Anna Kowalska",
        language="pl",
        zones=("Europe/Warsaw",),
        zone_source="numbering",
        priority=n % 3,
        fields={"debt": "1200.50", "currency": "PLN", "agreement": f"A/{n}/2026", "stage": "soft"},
    )


def measured(what: str, count: int, work: Callable[[], object]) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    tell(what, count / wall, "/s")
    tell(f"{what}: CPU here, each", cpu / count * 1e6, "µs")


def one_attempt(store: RedisStore, lease: Lease, person_id: str, contact_id: str, version: int) -> None:
    now_s = time.time()
    intent = Intent(
        str(uuid4()), contact_id, person_id, "reminders", "north", "progressive", "+48600100200",
        "+48220000000", "trunk-1", "switch-1", now_s, version,
        decided={"number": "first of two", "gateway": "mobile"},
    )  # fmt: skip
    assert store.intend(lease, intent)
    cdr = Cdr(
        intent.attempt_id, contact_id, person_id, "reminders", "north", "progressive", "+48600100200",
        "+48220000000", "trunk-1", "switch-1", "busy", now_s, now_s, now_s, now_s, cause="USER_BUSY", q850=17,
        sip_code=486, ended_by="them", decided=intent.decided,
    )  # fmt: skip
    progress = Progress(1, {"+48600100200": 1}, {"busy": 1}, "busy", now_s)
    touch = Touch(intent.attempt_id, now_s, TouchPhase.ATTEMPTED, "+48600100200", 0.0, "busy")
    assert store.settle(lease, cdr, touch, Scheduled(progress, now_s + 3600, "busy: in an hour"))


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="prozvon-bench-"))
    server = EmbeddedServer(folder)
    try:
        store = RedisStore(server.start())
        run(store, server)
        run_journal(store, server, folder)
    finally:
        server.stop()
        shutil.rmtree(folder)
    return 0


def run(store: RedisStore, server: EmbeddedServer) -> None:
    client = make_client(server.url)
    rows = [(contact(n), time.time() - 1) for n in range(CONTACTS)]
    before = client.info("memory")["used_memory"]
    measured("add_contacts, rows", CONTACTS, lambda: store.add_contacts(rows, "bench"))
    after = client.info("memory")["used_memory"]
    tell("memory of a queued contact in the server", (after - before) / CONTACTS, "bytes")

    lease = store.acquire_team("north", "bench", 3600)
    assert lease
    claimed: list[tuple[str, str, int]] = []

    def claim(limit: int, times: int) -> None:
        for _ in range(times):
            found = store.claim_due(lease, "reminders", limit, 3600)
            claimed.extend(
                (one.contact.person_id, one.contact.contact_id, one.history.version) for one in found
            )

    measured("claim_due, contacts, 50 at a time", 50 * 160, lambda: claim(50, 160))
    measured("claim_due, contacts, 10 at a time", 10 * 180, lambda: claim(10, 180))
    measured("claim_due, contacts, 1 at a time", 200, lambda: claim(1, 200))
    assert len(claimed) == ATTEMPTS

    def worker(share: list[tuple[str, str, int]]) -> None:
        for person_id, contact_id, version in share:
            one_attempt(store, lease, person_id, contact_id, version)

    def attempts() -> None:
        batches, commands = store.batcher.batches, store.batcher.commands
        gevent.joinall(
            [gevent.spawn(worker, claimed[n::GREENLETS]) for n in range(GREENLETS)], raise_error=True
        )
        per_batch = (store.batcher.commands - commands) / (store.batcher.batches - batches)
        tell("scripts in a round trip", per_batch, "")

    measured(f"intend + settle, {GREENLETS} greenlets", ATTEMPTS, attempts)
    measured("intend + settle, one after another", 50, lambda: again(store, lease))
    measured("queue_sizes", 500, lambda: [store.queue_sizes("reminders", time.time()) for _ in range(500)])
    tell("round trip of a ping, the best of 100", min(store.ping() for _ in range(100)) * 1e6, "µs")


def run_journal(store: RedisStore, server: EmbeddedServer, folder: Path) -> None:
    client = make_client(server.url)
    reader = JournalReader(client, folder / "journal", 16)
    journal = HotJournal(store.batcher, 16, WallClock(), folder / "spool", reader)
    decision = {
        "team": "north",
        "launch": 2,
        "reason": "3 ready, 1 in flight, 0.42 answer",
        "next_check_s": 0.5,
    }

    def append() -> None:
        for n in range(10_000):
            journal.append("decision", f"person {n}", decision)
        assert journal.flush(30)

    measured("journal append, to the store", 10_000, append)
    log = IntentLog(folder / "intents")
    intent = Intent(
        "a", "c", "p", "reminders", "north", "progressive", "+48600100200", "+48220000000", "trunk-1",
        "switch-1", 1.0, 0,
    )  # fmt: skip

    def intents() -> None:
        for _ in range(100):
            waiting = [gevent.spawn(log.append, intent, 1) for _ in range(GREENLETS)]
            gevent.joinall(waiting, raise_error=True)

    measured(f"intent log, {GREENLETS} greenlets", 100 * GREENLETS, intents)
    archiver = Archiver(client, folder / "journal", 16)
    hot = sum(int(client.xlen(f"{root_of(shard)}:journal")) for shard in range(16))

    def archive() -> None:
        while archiver.round():
            pass

    measured("archive, records (a process of its own)", hot, archive)
    size = sum(path.stat().st_size for path in (folder / "journal").glob("*.jnl"))
    tell("archive, bytes a record", size / hot, "bytes")
    measured("verify, records", hot, lambda: verify(folder / "journal"))


class WallClock:
    def now_s(self) -> float:
        return time.monotonic()

    def wall_s(self) -> float:
        return time.time()


def again(store: RedisStore, lease: Lease) -> None:
    for n in range(50):
        one_attempt(store, lease, f"stranger {n}", f"nobody {n}", 0)


if __name__ == "__main__":
    sys.exit(main())
