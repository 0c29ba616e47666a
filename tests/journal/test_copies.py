"""Several engines, one journal: each keeps all of it, and nothing is trimmed that one of them lacks."""

import random
import shutil
import time
from pathlib import Path

import pytest

from engine.journal.archive import Archiver
from engine.journal.read import JournalReader
from engine.journal.register import ARCHIVES, Register
from engine.journal.verify import verify
from engine.store.codec import pack_plain
from tests.journal.conftest import SHARDS, Desk


def add(desk: Desk, *numbers: int) -> None:
    for n in numbers:
        desk.client.xadd(f"{{s{n % SHARDS:02d}}}:journal", {"k": "note", "b": pack_plain({"n": n})})
    time.sleep(0.003)  # the archiver leaves the running millisecond alone


def archive(desk: Desk, folder: Path, absent_s: float = 3600.0) -> int:
    archiver, moved = Archiver(desk.client, folder, SHARDS, absent_s), 0
    while some := archiver.round():
        moved += some
    archiver.close()
    return moved


def told(desk: Desk, folder: Path) -> list[int]:
    records = JournalReader(desk.client, folder, SHARDS).read()
    return sorted(record["n"] for record in records if "n" in record)


def archived(folder: Path) -> int:
    verdict = verify(folder)
    assert verdict.sound
    return verdict.records


def test_each_of_two_archives_has_everything_whichever_is_faster(desk: Desk, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    archive(desk, one)
    archive(desk, two)
    rng, written, moved = random.Random(5), 0, {one: 0, two: 0}
    for _ in range(40):
        add(desk, *range(written, written + 7))
        written += 7
        folder = rng.choice([one, two])
        moved[folder] += archive(desk, folder)
        for either in (one, two):
            assert told(desk, either) == list(range(written)), "told by every engine, once"
    for folder in (one, two):
        moved[folder] += archive(desk, folder)
        assert (moved[folder], archived(folder)) == (written, written)
    archive(desk, one)
    assert desk.hot() == 0


def test_what_one_archive_lacks_stays_in_the_store(desk: Desk, tmp_path: Path) -> None:
    archive(desk, tmp_path / "one")
    archive(desk, tmp_path / "two")
    add(desk, *range(10))
    archive(desk, tmp_path / "one")
    assert desk.hot() == 10
    archive(desk, tmp_path / "two")
    assert desk.hot() == 0


def test_an_archive_that_joins_later_begins_with_what_the_store_still_has(desk: Desk, tmp_path: Path) -> None:
    add(desk, *range(10))
    archive(desk, tmp_path / "one")
    add(desk, *range(10, 15))
    archive(desk, tmp_path / "two")
    archive(desk, tmp_path / "one")
    assert archived(tmp_path / "one") == 15
    assert archived(tmp_path / "two") == 5


def test_a_dead_engine_holds_the_store_up_for_an_hour_and_not_for_ever(
    desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dead, alive = tmp_path / "dead", tmp_path / "alive"
    add(desk, 0)
    archive(desk, dead)
    add(desk, 1, 2)
    archive(desk, alive)
    assert desk.hot() == 2, "waits for the other"
    time.sleep(0.1)
    archive(desk, alive, absent_s=0.05)
    assert desk.hot() == 0
    assert list(Register(desk.client, alive).all()) == [(alive / "archive.id").read_text().strip()]

    add(desk, 3)
    archive(desk, dead)
    assert "archive was away for too long" in caplog.text
    assert archived(dead) == 3, "0, 3, and the note that it was away"
    archive(desk, alive)
    records = list(JournalReader(desk.client, alive, SHARDS).read())
    assert [record["n"] for record in records if "n" in record] == [1, 2, 3]
    assert [record["others"] for record in records if "others" in record]


def test_a_folder_that_was_emptied_is_missed(
    desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    add(desk, 0)
    archive(desk, tmp_path / "one")
    shutil.rmtree(tmp_path / "one")
    add(desk, 1)
    archive(desk, tmp_path / "one")
    assert "archive lacks records that were in it" in caplog.text
    assert "records are missing before record 1" in verify(tmp_path / "one").broken
    assert desk.client.hlen(ARCHIVES) == 1


def test_young_records_rest_in_the_store_before_they_are_archived(desk: Desk, tmp_path: Path) -> None:
    add(desk, 0)
    archiver = Archiver(desk.client, tmp_path / "one", SHARDS, rest_s=0.3)
    assert archiver.round() == 0
    time.sleep(0.3)
    add(desk, 1)
    assert archiver.round() == 1
    archiver.close()
    assert told(desk, tmp_path / "one") == [0, 1]
