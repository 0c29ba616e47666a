"""Records leave the engine at once, and arrive once, whatever the store does meanwhile."""

import time

import gevent
import pytest

from engine.journal import hot
from engine.journal.memory import MemoryJournal
from engine.journal.spool import Record, Spool
from tests.contracts.store.world import FakeClock
from tests.journal.conftest import Desk, until


def test_append_returns_before_anything_is_sent_and_the_record_arrives(desk: Desk) -> None:
    journal = desk.journal()
    journal.append("decision", "anna", {"launch": 3, "reason": "3 ready, 0 in flight", "cancel": ["a"]})
    assert desk.hot() == 0
    assert journal.flush(5)
    (record,) = desk.read()
    assert record["kind"] == "decision"
    assert (record["launch"], record["reason"], record["cancel"]) == (3, "3 ready, 0 in flight", ["a"])
    assert abs(record["at_s"] - time.time()) < 5


def test_a_record_changed_after_append_is_stored_as_it_was(desk: Desk) -> None:
    journal = desk.journal()
    record = {"n": 1}
    journal.append("note", "", record)
    record["n"] = 2
    journal.flush(5)
    assert desk.read()[0]["n"] == 1


def test_what_cannot_be_stored_is_refused_at_once(desk: Desk) -> None:
    with pytest.raises(TypeError, match="plain data"):
        desk.journal().append("note", "", {"socket": object()})


def test_while_the_store_is_away_records_wait_on_disk_and_come_later_in_order(desk: Desk) -> None:
    journal = desk.journal()
    journal.append("note", "anna", {"n": 0})
    journal.flush(5)
    desk.server.written().kill()
    for n in range(1, 30):
        journal.append("note", "anna", {"n": n})
        if n == 15:
            assert journal.flush(5)
    assert journal.flush(5)
    assert (desk.folder / "spool" / "journal.spool").stat().st_size > 0

    desk.server.start()
    journal.append("note", "anna", {"n": 30})
    until(lambda: not (desk.folder / "spool" / "journal.spool").exists() and journal.flush(1))
    assert [record["n"] for record in desk.read()] == list(range(31))


def test_what_an_engine_left_in_the_spool_is_sent_by_the_next(desk: Desk) -> None:
    journal = desk.journal()
    desk.server.kill()
    for n in range(10):
        journal.append("note", f"person {n}", {"n": n})
    journal.close(within_s=0.05)
    desk.server.start()

    desk.journal()
    until(lambda: desk.hot() == 10)
    assert sorted(record["n"] for record in desk.read()) == list(range(10))


def test_records_sent_twice_are_stored_once(desk: Desk) -> None:
    journal = desk.journal()
    records = [Record("run", n, n % 4, "note", 5.0, b"\x80") for n in range(40)]
    for _ in range(3):
        assert journal._sent(records[:25])
    assert journal._sent(records)
    assert desk.hot() == 40


def test_a_spool_cut_short_by_a_crash_gives_back_what_was_whole(desk: Desk) -> None:
    records = [Record("run", n, 0, "note", float(n), b"body") for n in range(3)]
    spool = Spool(desk.folder / "spool")
    spool.add(records)
    path = desk.folder / "spool" / "journal.spool"
    data = path.read_bytes()
    for size in range(len(data) - len(data) // 3, len(data)):
        path.write_bytes(data[:size])
        assert list(Spool(desk.folder / "spool").records()) == records[:2]


def test_when_store_and_disk_both_fail_losses_are_counted_and_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hot, "WAITING_MOST", 10)
    journal = desk.journal()
    desk.server.kill()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Spool, "add", full)
        for n in range(25):
            journal.append("note", "", {"n": n})
        gevent.sleep(0.05)
        assert journal.lost == 15
    desk.server.start()
    until(lambda: len(desk.read()) == 11)
    records = desk.read()
    assert [record["n"] for record in records[:10]] == list(range(10))
    assert (records[10]["what"], records[10]["count"]) == ("journal records lost", 15)


def test_the_twin_in_memory_reads_alike() -> None:
    clock = FakeClock()
    journal = MemoryJournal(clock)
    journal.append("note", "anna", {"n": 1})
    clock.at_s += 10
    journal.append("cdr", "", {"n": 2})
    assert [record["n"] for record in journal.read()] == [1, 2]
    assert [record["n"] for record in journal.read(frozenset({"cdr"}))] == [2]
    assert [(record["n"], record["kind"]) for record in journal.read(since_s=clock.at_s)] == [(2, "cdr")]
