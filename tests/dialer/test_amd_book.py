"""AMD's errors counted, and AMD switched off by them."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from engine.dialer.amd_book import AmdBook, sampled
from engine.domain.attempt import Disposition
from engine.domain.campaign import Amd
from tests.dialer.world import World

D = Disposition


class Day:
    """A book and the calls of a day."""

    def __init__(self, **amd: Any) -> None:
        self.world = World(screening=True, amd=Amd(**amd))
        self.book, self.campaign, self._number = AmdBook(self.world.shop), self.world.campaign, 0

    def call(self, end: Disposition, audited: bool = False, label: str = "") -> None:
        self._number += 1
        life: Any = SimpleNamespace(leg_id=f"call-{self._number}", audited=audited, campaign=self.campaign)
        cdr: Any = SimpleNamespace(campaign_id="c1", disposition=end.value, answered_at_s=1.0)
        self.book.settled(life, cdr)
        if label:
            self.book.noted(life, label)

    def calls(self, count: int, end: Disposition, **how: Any) -> None:
        for _ in range(count):
            self.call(end, **how)

    @property
    def figures(self) -> dict[str, Any]:
        return self.book.figures(self.campaign)


def test_people_lost_to_amd_are_added_to_the_abandoned():
    day = Day()
    day.calls(95, D.TALKED)
    day.calls(1, D.ABANDONED)
    day.calls(100, D.MACHINE)
    day.calls(49, D.TALKED, audited=True, label="machine")
    day.call(D.TALKED, audited=True, label="promise_to_pay")
    found = day.figures
    assert (found["served"], found["machines"], found["audits"]) == (95, 100, 50)
    assert found["share"] == 0.02
    assert found["plain"] == pytest.approx(1 / 96, abs=1e-5)
    assert found["rate"] == pytest.approx(3 / 98, abs=1e-5)
    assert found["lowest"] < found["rate"] < found["highest"]


def test_amd_is_switched_off_when_the_breach_is_proven():
    day = Day()
    day.calls(100, D.TALKED)
    day.calls(100, D.MACHINE)
    day.calls(19, D.TALKED, audited=True, label="talked")
    assert not day.book.is_off(day.campaign), "nineteen prove nothing"
    day.call(D.TALKED, audited=True, label="talked")
    assert day.book.is_off(day.campaign)
    off = next(one for one in day.world.told if one["kind"] == "amd_off")
    assert "20 of 20 audited machines were people" in off["why"]
    assert day.world.shop.counters["amd_switched_off"] == 1


def test_amd_that_cannot_be_shown_to_keep_the_limit_is_switched_off_once_there_are_audits_enough():
    day = Day(least_audits=100)
    day.calls(100, D.TALKED)
    day.calls(100, D.MACHINE)
    day.calls(99, D.TALKED, audited=True, label="machine")
    assert not day.book.is_off(day.campaign)
    day.call(D.TALKED, audited=True, label="machine")  # none of 100 was a person: up to 3.7 % may be
    assert day.book.is_off(day.campaign)


def test_amd_that_keeps_the_limit_stays_on():
    day = Day(least_audits=100)
    day.calls(400, D.TALKED)
    day.calls(200, D.MACHINE)
    day.calls(300, D.TALKED, audited=True, label="machine")
    assert not day.book.is_off(day.campaign)
    assert day.figures["highest"] < 0.03


def test_what_is_counted_by_day_begins_anew_and_what_was_audited_stays():
    day = Day()
    day.calls(3, D.MACHINE)
    day.call(D.TALKED, audited=True, label="fax")
    day.world.time.pass_s(86_400)
    assert (day.figures["machines"], day.figures["audits"]) == (0, 1)


def test_the_book_outlives_the_engine_and_what_is_no_book_harms_nothing():
    day = Day()
    day.calls(2, D.MACHINE)
    day.call(D.TALKED, audited=True, label="talked")
    again = AmdBook(day.world.shop)
    again.load(day.book.save())
    assert again.figures(day.campaign) == day.figures
    for broken in (None, b"", b"{", b"[1]", b'{"c1": {"strange": 1}}'):
        AmdBook(day.world.shop).load(broken)


def test_without_audits_nothing_is_judged():
    day = Day()
    day.calls(50, D.ABANDONED)
    day.calls(50, D.MACHINE)
    assert not day.book.is_off(day.campaign)
    assert day.figures["highest"] == 1.0


def test_a_sample_is_of_its_size_and_the_same_again():
    ids = [f"attempt-{n}" for n in range(10_000)]
    chosen = [one for one in ids if sampled(one, "audit", 0.05)]
    assert 400 < len(chosen) < 600
    assert chosen == [one for one in ids if sampled(one, "audit", 0.05)]
    assert not any(sampled(one, "audit", 0.0) for one in ids)
    assert all(sampled(one, "keep", 1.0) for one in ids)


def test_a_call_that_was_not_audited_labels_nothing():
    day = Day()
    day.call(D.TALKED, audited=False, label="machine")
    assert day.figures["audits"] == 0
    assert replace(day.campaign, screening=False).amd == Amd()
