"""Totals of the journal: true, and never dearer than a twentieth of the processor."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from engine.app.totals import SHARE, Totals


class Journal:
    """Each fold takes `cost_s` of a clock of its own."""

    def __init__(self) -> None:
        self.now, self.cost_s, self.folds, self.ends = 0.0, 1.0, 0, ["busy"]

    def cdrs(self) -> Iterator[Any]:
        self.folds += 1
        self.now += self.cost_s
        for end in self.ends:
            yield SimpleNamespace(
                campaign_id="c1", disposition=end, answered_at_s=0.0, agent_id="", wait_s=0.0, ended_at_s=0.0
            )


def test_an_answer_is_kept_twenty_times_as_long_as_it_took() -> None:
    journal = Journal()
    totals = Totals(journal.cdrs, lambda: journal.now)
    assert totals.of("c1").attempts == 1
    journal.ends.append("busy")
    journal.now += SHARE - 0.1
    assert totals.of("c1").attempts == 1
    journal.now += 0.2
    assert totals.of("c1").attempts == 2
    assert journal.folds == 2


def test_a_journal_that_costs_nothing_is_folded_each_time() -> None:
    journal = Journal()
    journal.cost_s = 0.0
    totals = Totals(journal.cdrs, lambda: journal.now)
    assert totals.of("c1").attempts == 1
    journal.ends.append("busy")
    assert totals.of("c1").attempts == 2


def test_a_campaign_without_calls_has_zeros() -> None:
    assert Totals(lambda: [], lambda: 0.0).of("c9").attempts == 0
