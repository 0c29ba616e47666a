"""Intents are on the disk before anything is dialed."""

from pathlib import Path

import gevent
import pytest

from engine.domain.errors import StoreError
from engine.journal import intent_log
from engine.journal.intent_log import IntentLog
from tests.contracts.store.world import case, intent_for

INTENTS = [intent_for(case(f"c{n}"), attempt_id=f"attempt-{n:03d}") for n in range(60)]


def test_an_intent_without_a_settlement_is_open_after_a_crash(tmp_path: Path) -> None:
    log = IntentLog(tmp_path, rests_s=0.0)
    for intent in INTENTS[:4]:
        log.append(intent, token=7)
    log.settled("attempt-001")
    log.append(INTENTS[4], token=8)

    found = IntentLog(tmp_path).open_attempts()
    assert [open_.intent for open_ in found] == [INTENTS[0], *INTENTS[2:5]]
    assert [open_.token for open_ in found] == [7, 7, 7, 8]


def test_a_settlement_the_stores_disk_may_lack_does_not_survive_a_power_cut_here_either(
    tmp_path: Path,
) -> None:
    now = [100.0]
    log = IntentLog(tmp_path, rests_s=3.0, clock=lambda: now[0])
    log.append(INTENTS[0], 1)
    log.settled("attempt-000")
    now[0] += 2.9
    log.append(INTENTS[1], 1)
    assert [open_.intent for open_ in IntentLog(tmp_path).open_attempts()] == INTENTS[:2]
    now[0] += 0.2
    log.append(INTENTS[2], 1)
    assert [open_.intent for open_ in IntentLog(tmp_path).open_attempts()] == INTENTS[1:3]


def test_a_log_closed_in_order_leaves_nothing_open_in_vain(tmp_path: Path) -> None:
    log = IntentLog(tmp_path)
    log.append(INTENTS[0], 1)
    log.settled("attempt-000")
    log.settled("attempt-000")
    log.close()
    assert IntentLog(tmp_path).open_attempts() == []


def test_many_intents_share_a_sync(tmp_path: Path) -> None:
    log = IntentLog(tmp_path)
    writers = [gevent.spawn(log.append, intent, 1) for intent in INTENTS]
    gevent.joinall(writers, timeout=10, raise_error=True)
    assert log.syncs <= 3
    assert len(IntentLog(tmp_path).open_attempts()) == len(INTENTS)


def test_a_crash_at_any_byte_keeps_every_acknowledged_intent(tmp_path: Path) -> None:
    log = IntentLog(tmp_path / "whole")
    log.append(INTENTS[0], 1)
    path = tmp_path / "whole" / "intents.log"
    acknowledged = path.stat().st_size
    log.append(INTENTS[1], 1)
    data = path.read_bytes()
    for size in range(acknowledged, len(data)):
        folder = tmp_path / str(size)
        folder.mkdir()
        (folder / "intents.log").write_bytes(data[:size])
        log = IntentLog(folder)
        assert [open_.intent for open_ in log.open_attempts()] == [INTENTS[0]]
        log.append(INTENTS[2], 1)
        assert [open_.intent for open_ in IntentLog(folder).open_attempts()] == [INTENTS[0], INTENTS[2]]


def test_the_log_stays_small_and_keeps_what_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intent_log, "COMPACT_ABOVE_BYTES", 4_000)
    log = IntentLog(tmp_path, rests_s=0.0)
    log.append(INTENTS[0], 1)
    for intent in INTENTS[1:]:
        log.append(intent, 1)
        log.settled(intent.attempt_id)
    log.close()
    assert (tmp_path / "intents.log").stat().st_size < 4_500
    assert [open_.intent for open_ in IntentLog(tmp_path).open_attempts()] == [INTENTS[0]]


def test_a_disk_that_fails_forbids_the_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = IntentLog(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(intent_log, "append_durably", full)
        with pytest.raises(StoreError, match="No space left"):
            log.append(INTENTS[0], 1)
    log.append(INTENTS[1], 1)
    assert INTENTS[1] in [open_.intent for open_ in IntentLog(tmp_path).open_attempts()]


def test_a_disk_that_hangs_forbids_the_call_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = IntentLog(tmp_path, deadline_s=0.05)
    woken = gevent.event.Event()
    monkeypatch.setattr(intent_log, "in_thread", lambda work: woken.wait(10))
    with pytest.raises(StoreError, match="not written within"):
        log.append(INTENTS[0], 1)
    woken.set()
