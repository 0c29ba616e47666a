"""From the store's streams to files that prove themselves."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from engine.domain.errors import StoreError
from engine.journal.archive import run
from engine.journal.frames import framed, read_frames
from engine.journal.read import START
from engine.journal.register import Register
from engine.journal.segments import GENESIS, Block, Entry, blocks, chained, last_block, segments, write_block
from engine.journal.verify import verify
from engine.store.codec import pack_plain
from tests.contracts.store.world import again, case, cdr_of, intent_for, touch_of
from tests.journal.conftest import SHARDS, Desk

DAY_MS = 1_790_000_000_000


def entry(n: int, at_ms: int = DAY_MS, shard: int = 0) -> Entry:
    return Entry(shard, (at_ms, n), "note", None, "", pack_plain({"n": n}))


def write(folder: Path, *groups: list[Entry]) -> bytes:
    """One block for each group; the chain's end."""
    folder.mkdir(exist_ok=True)
    newest = last_block(folder)
    last, marks = (newest.last, newest.marks) if newest else (GENESIS, {})
    for group in groups:
        block = chained(group, last, marks)
        write_block(folder, group[0].day, block)
        last, marks = block.last, block.marks
    return last


def test_a_call_leaves_its_intent_and_cdr_in_the_journal_and_a_refusal_its_reason(desk: Desk) -> None:
    store = desk.store
    lease = store.acquire_team("north", "engine-1", 60)
    assert lease
    store.add_contacts([(case("c1"), time.time() - 1), (case("c2"), time.time() - 1)], "import-1")
    store.claim_due(lease, "reminders", 5, 60)
    again_at_s = round(time.time() + 500, 3)
    store.put_back(
        lease, "reminders", "person of c2", "c2", again_at_s, "before 09:00 in Omsk", "calling_hours"
    )
    intent = intent_for(case("c1"))
    store.intend(lease, intent)
    store.settle(lease, cdr_of(intent), touch_of(intent), again(again_at_s))

    (blocked,), (intended,), (cdr,) = desk.read("blocked"), desk.read("intent"), desk.read("cdr")
    assert (blocked["rule"], blocked["reason"]) == ("calling_hours", "before 09:00 in Omsk")
    assert blocked["next_due_at_s"] == again_at_s
    assert (intended["kind"], intended["attempt_id"]) == ("intent", intent.attempt_id)
    assert intended["decided"] == intent.decided
    assert (cdr["kind"], cdr["cause"], cdr["next_reason"]) == ("cdr", "USER_BUSY", "busy: again")
    assert cdr["next_due_at_s"] == again_at_s
    assert abs(cdr["at_s"] - time.time()) < 5

    before = desk.read()
    assert desk.archive_all() == 3
    assert desk.hot() == 0
    assert desk.read() == before


def test_records_keep_their_order_across_shards_archive_and_store(desk: Desk) -> None:
    journal = desk.journal()
    told = 0
    for round_ in range(4):
        for n in range(50):
            journal.append("note", f"person {n}", {"n": told + n})
            if n % 10 == 0:
                assert journal.flush(5)
        assert journal.flush(5)
        told += 50
        if round_ < 3:
            desk.archive_all()
    records = desk.read("note")
    assert sorted(record["n"] for record in records) == list(range(200))
    assert [record["at_s"] for record in records[::10]] == sorted(record["at_s"] for record in records[::10])
    assert desk.hot() == 50
    assert verify(desk.archive).records == 150


def test_a_backlog_larger_than_a_round_is_archived_in_order(desk: Desk) -> None:
    for n in range(1700):
        desk.client.xadd(f"{{s{n % 2:02d}}}:journal", {"k": "note", "b": pack_plain({"n": n})})
    before = [record["n"] for record in desk.read()]
    assert desk.archive_all() == 1700
    assert [record["n"] for record in desk.read()] == before
    ids = [e.order for path in segments(desk.archive) for _, block in blocks(path) for e in block.entries()]
    assert ids == sorted(ids)


def test_reading_begins_where_asked_and_tells_only_the_kinds_asked_for(desk: Desk) -> None:
    journal = desk.journal()
    journal.append("note", "", {"n": 1})
    journal.append("import", "", {"n": 2})
    journal.flush(5)
    desk.archive_all()
    since_s = time.time()
    journal.append("note", "", {"n": 3})
    journal.append("agent", "", {"n": 4})
    journal.flush(5)
    assert [record["n"] for record in desk.read("note")] == [1, 3]
    assert [record["n"] for record in desk.read(since_s=since_s)] == [3, 4]


def test_records_that_move_to_the_archive_while_they_are_read_are_told_once(desk: Desk) -> None:
    for n in range(1200):
        desk.client.xadd("{s00}:journal", {"k": "note", "b": pack_plain({"n": n})})
    reading = desk.reader.read()
    told = [next(reading)["n"] for _ in range(700)]
    desk.archive_all()
    told += [record["n"] for record in reading]
    assert told == list(range(1200))


def test_whoever_keeps_their_place_in_the_archive_is_told_everything_once(desk: Desk) -> None:
    told: list[int] = []
    place = START
    for round_ in range(4):
        for n in range(100):
            fields = {"k": "note" if n % 2 else "agent", "b": pack_plain({"n": 100 * round_ + n})}
            desk.client.xadd(f"{{s{n % SHARDS:02d}}}:journal", fields)
        if round_ < 3:
            desk.archive_all()
        for read_to, records in desk.reader.archived(frozenset({"note"}), place):
            told += [record["n"] for record in records]
            place = read_to
        behind = [record["n"] for record in desk.reader.read(frozenset({"note"}), behind=place)]
        assert sorted(told + behind) == list(range(1, 100 * (round_ + 1), 2))
    assert len(behind) == 50
    desk.archive_all()
    assert [record["n"] for record in desk.reader.read(frozenset({"note"}), behind=place)] == behind


@pytest.mark.parametrize("when", ["before the store was trimmed", "after its standing was told"])
def test_a_crash_between_disk_and_store_archives_nothing_twice(desk: Desk, when: str) -> None:
    journal = desk.journal()
    for n in range(20):
        journal.append("note", f"person {n}", {"n": n})
    journal.flush(5)
    archiver = desk.archiver()
    time.sleep(0.003)
    trim = archiver._trim

    def dies() -> None:
        if when.startswith("after"):
            archiver._say()
        raise KeyboardInterrupt

    archiver._trim = dies  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        archiver.round()
    assert trim
    desk.close_archiver()
    assert desk.hot() == 20
    assert len(desk.read()) == 20

    assert desk.archive_all() == 0
    assert desk.hot() == 0
    assert sorted(record["n"] for record in desk.read()) == list(range(20))
    assert verify(desk.archive).sound


def test_a_crash_at_any_byte_of_the_last_block_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    write(whole, [entry(1), entry(2)])
    (path,) = segments(whole)
    kept = path.stat().st_size
    write(whole, [entry(3), entry(4), entry(5)])
    data = path.read_bytes()
    for size in range(kept, len(data)):
        folder = tmp_path / f"torn-{size}"
        folder.mkdir()
        (folder / path.name).write_bytes(data[:size])
        verdict = verify(folder)
        assert (verdict.sound, verdict.records, verdict.torn_bytes) == (True, 2, size - kept)

        newest = last_block(folder)
        assert newest
        assert newest.marks == {0: (DAY_MS, 2)}
        write(folder, [entry(3)])
        verdict = verify(folder)
        assert (verdict.sound, verdict.records, verdict.torn_bytes) == (True, 3, 0)
        if size > kept:
            assert len((folder / f"{path.name}.torn-{kept}").read_bytes()) == size - kept


def test_any_changed_byte_is_found_out(tmp_path: Path) -> None:
    last = write(tmp_path, [entry(1), entry(2)], [entry(3)])
    (path,) = segments(tmp_path)
    data = path.read_bytes()
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])
        verdict = verify(tmp_path)
        assert not verdict.sound or verdict.torn_bytes, at
        assert not verify(tmp_path, last).sound, at


def test_a_record_rewritten_with_good_checksums_is_named(tmp_path: Path) -> None:
    write(tmp_path, [entry(1), entry(2), entry(3)], [entry(4)])
    (path,) = segments(tmp_path)
    first, second = (Block.unpack(payload) for _, payload in read_frames(path))
    forged = (replace(entry(2), body=pack_plain({"n": 999})).packed(), first.rows[1][1])
    rows = [first.rows[0], forged, first.rows[2]]
    path.write_bytes(framed(replace(first, rows=rows).pack()) + framed(second.pack()))

    verdict = verify(tmp_path)
    assert verdict.broken == f"{path.name}: record 2: it was changed"
    assert verdict.records == 1


def test_a_chain_forged_to_its_end_is_found_by_a_hash_kept_elsewhere(tmp_path: Path) -> None:
    true_last = write(tmp_path, [entry(1), entry(2)])
    (path,) = segments(tmp_path)
    path.unlink()
    write(tmp_path, [entry(1), replace(entry(2), body=pack_plain({"n": 999}))])
    assert verify(tmp_path).sound
    assert "chain ends too early" in verify(tmp_path, true_last).broken


def test_removed_blocks_and_removed_days_are_found_out(tmp_path: Path) -> None:
    next_day = DAY_MS + 86_400_000
    last = write(tmp_path, [entry(1)], [entry(2)], [entry(3, next_day)], [entry(4, next_day + 86_400_000)])
    first, second, third = segments(tmp_path)
    kept = second.read_bytes()
    second.unlink()
    assert verify(tmp_path).broken == f"{third.name}: records are missing before record 1"
    second.write_bytes(kept)
    assert verify(tmp_path).sound
    _, (end, _) = read_frames(first)
    first.write_bytes(first.read_bytes()[: len(first.read_bytes()) // 2])
    assert "record" in verify(tmp_path).broken
    assert end
    third.unlink()
    second.unlink()
    first.unlink()
    assert verify(tmp_path, last).broken


def test_blocks_stolen_from_the_end_are_missed_by_the_archiver_and_shown_by_verify(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    journal = desk.journal()
    for part in range(2):
        journal.append("note", "", {"part": part})
        journal.flush(5)
        desk.archive_all()
    (path,) = segments(desk.archive)
    ends = [end for end, _ in read_frames(path)]
    os.truncate(path, ends[0])
    (standing,) = Register(desk.client, desk.archive).all().values()
    head = standing.last
    assert verify(desk.archive).sound
    assert not verify(desk.archive, head).sound

    journal.append("note", "", {"part": 2})
    journal.flush(5)
    assert desk.archive_all() == 1
    assert "archive lacks records" in caplog.text
    assert "records are missing before record 2" in verify(desk.archive).broken


def test_an_empty_archive_is_sound(tmp_path: Path) -> None:
    verdict = verify(tmp_path)
    assert (verdict.sound, verdict.records, verdict.last) == (True, 0, GENESIS)


def test_records_of_different_days_go_to_different_segments(desk: Desk) -> None:
    for n, day in enumerate([0, 0, 1, 3]):
        desk.client.xadd(
            "{s01}:journal",
            {"k": "note", "b": pack_plain({"n": n})},
            id=f"{DAY_MS - 10**11 + day * 86_400_000}-{n}",
        )
    assert desk.archive_all() == 4
    assert len(segments(desk.archive)) == 3
    assert verify(desk.archive).records == 4
    assert [record["n"] for record in desk.read()] == [0, 1, 2, 3]


def test_a_second_archiver_on_the_same_folder_is_refused(desk: Desk) -> None:
    desk.archiver()
    with pytest.raises(StoreError, match="another archiver"):
        desk.archiver()
    desk.close_archiver()


def test_an_archiver_whose_disk_fails_says_so_and_loses_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = desk.journal()
    journal.append("note", "", {"n": 1})
    journal.flush(5)
    time.sleep(0.003)
    archiver = desk.archiver()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("engine.journal.archive.write_block", full)
        with pytest.raises(StoreError, match="No space left"):
            archiver.round()
    assert desk.hot() == 1
    assert archiver.round() == 1
    desk.close_archiver()
    assert verify(desk.archive).records == 1


def test_the_worker_process_archives_and_ends_in_order(desk: Desk) -> None:
    journal = desk.journal()
    journal.append("note", "", {"n": 1})
    journal.flush(5)
    code = "import sys; from engine.journal.archive import run; sys.exit(run(sys.argv[1:]))"
    arguments = [
        "--store",
        desk.server.url,
        "--shards",
        str(SHARDS),
        "--folder",
        str(desk.archive),
        "--every-s",
        "0.05",
    ]
    worker = subprocess.Popen([sys.executable, "-c", code, *arguments])
    deadline = time.monotonic() + 10
    while desk.hot():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10) == 0
    assert verify(desk.archive).records == 1


def test_a_worker_that_cannot_reach_the_store_says_so_by_its_exit_code(tmp_path: Path) -> None:
    assert run(["--store", f"unix://{tmp_path}/nobody", "--folder", str(tmp_path / "journal"), "--once"]) == 1
