"""Totals of the journal: true, read once, and never dearer than a twentieth of the processor."""

from collections.abc import Iterator
from dataclasses import MISSING, fields
from typing import Any

import gevent
import pytest
from gevent.event import Event

from engine.app.totals import SHARE, Totals
from engine.domain.attempt import Cdr
from engine.domain.errors import StoreError
from engine.journal.read import Place

WORDS = dict.fromkeys((one.name for one in fields(Cdr) if one.default is MISSING), "")


class Journal:
    """Blocks of an archive, and a tail behind them. Each look takes `cost_s` of a clock of its own."""

    def __init__(self) -> None:
        self.now, self.cost_s, self.blocks_read = 0.0, 1.0, 0
        self.blocks: list[list[dict[str, Any]]] = []
        self.tail = [cdr("busy")]
        self.gate = Event()
        self.gate.set()
        self.away = False

    def archive(self) -> None:
        self.blocks, self.tail = [*self.blocks, self.tail], []

    def archived(self, kinds: frozenset[str], behind: Place) -> Iterator[tuple[Place, list[dict[str, Any]]]]:
        self.now += self.cost_s
        for number in range(behind.offset, len(self.blocks)):
            self.gate.wait()
            self.blocks_read += 1
            yield Place("day", number + 1), self.blocks[number]

    def read(self, kinds: frozenset[str] | None, since_s: float, behind: Place) -> Iterator[dict[str, Any]]:
        if self.away:
            raise StoreError("the store is away")
        for block in self.blocks[behind.offset :]:
            yield from block
        yield from self.tail


def cdr(end: str) -> dict[str, Any]:
    return WORDS | {"campaign_id": "c1", "disposition": end, "made_at_s": 1.0, "kind": "cdr"}


def totals_of(journal: Journal) -> Totals:
    return Totals(journal, lambda: journal.now)


def test_an_answer_is_kept_twenty_times_as_long_as_it_took() -> None:
    journal = Journal()
    totals = totals_of(journal)
    assert totals.of("c1").attempts == 1
    journal.tail.append(cdr("busy"))
    journal.now += SHARE - 0.1
    assert totals.of("c1").attempts == 1
    journal.now += 0.2
    assert totals.of("c1").attempts == 2


def test_a_journal_that_costs_nothing_is_folded_each_time() -> None:
    journal = Journal()
    journal.cost_s = 0.0
    totals = totals_of(journal)
    assert totals.of("c1").attempts == 1
    journal.tail.append(cdr("busy"))
    assert totals.of("c1").attempts == 2


def test_a_block_of_the_archive_is_read_once_however_often_somebody_asks() -> None:
    journal = Journal()
    journal.cost_s = 0.0
    totals = totals_of(journal)
    for count in range(1, 8):
        assert totals.of("c1").attempts == count
        if count % 2:
            journal.archive()
        journal.tail.append(cdr("busy"))
    totals.all_of("c1")
    assert journal.blocks_read == len(journal.blocks) == 4


def test_what_a_failover_took_from_the_tail_is_not_counted_any_more() -> None:
    journal = Journal()
    totals = totals_of(journal)
    journal.tail.append(cdr("busy"))
    assert totals.all_of("c1").attempts == 2
    journal.tail.pop()
    assert totals.all_of("c1").attempts == 1


def test_the_sums_of_a_long_journal_are_told_as_far_as_they_are_known() -> None:
    journal = Journal()
    for _ in range(3):
        journal.archive()
        journal.tail.append(cdr("busy"))
    totals = totals_of(journal)
    journal.gate.clear()
    assert totals.of("c1", within_s=0.01).attempts == 0
    assert not totals.is_whole
    journal.gate.set()
    assert totals.all_of("c1").attempts == 4
    assert totals.is_whole


def test_who_wants_all_does_not_get_a_fold_that_began_before_they_asked() -> None:
    journal = Journal()
    journal.archive()
    totals = totals_of(journal)
    journal.gate.clear()
    totals.of("c1", within_s=0.0)
    asked = gevent.spawn(totals.all_of, "c1")
    gevent.sleep(0)
    journal.tail.append(cdr("busy"))
    journal.gate.set()
    assert asked.get(timeout=5).attempts == 2


def test_a_store_that_is_away_is_told_to_whoever_asks_and_nothing_is_counted_twice_later() -> None:
    journal = Journal()
    journal.archive()
    journal.away = True
    totals = totals_of(journal)
    for _ in range(2):
        with pytest.raises(StoreError):
            totals.of("c1")
    journal.away = False
    assert totals.of("c1").attempts == 1


def test_a_campaign_without_calls_has_zeros() -> None:
    journal = Journal()
    journal.tail.clear()
    assert totals_of(journal).of("c9").attempts == 0
