"""What every contact store promises about intents and their ends."""

from dataclasses import replace

import pytest

from engine.domain.contact import Touch, TouchPhase
from engine.domain.errors import StoreError
from tests.contracts.store.world import NOON_S, World, again, case, cdr_of, intent_for, touch_of


def test_an_intent_reserves_a_touch_and_marks_the_person_busy(world: World) -> None:
    contact = case("c1")
    world.add(contact)
    lease = world.owner()
    world.claim(lease)
    intent = intent_for(contact)

    assert world.store.intend(lease, intent)

    history = world.store.history(contact.person_id)
    assert (history.version, history.open_attempt) == (1, intent.attempt_id)
    assert history.touches == (Touch(intent.attempt_id, NOON_S, TouchPhase.RESERVED, "+48600100200"),)
    (open_,) = world.store.open_attempts("north")
    assert (open_.intent, open_.token) == (intent, lease.token)
    assert world.sizes() == (0, 0, 1, 0)


def test_the_same_intent_again_is_true_again_and_stored_once(world: World) -> None:
    contact = case("c1")
    world.add(contact)
    lease = world.owner()
    intent = intent_for(contact)
    assert world.store.intend(lease, intent)
    assert world.store.intend(lease, intent)
    assert len(world.store.open_attempts("north")) == 1
    assert world.store.history(contact.person_id).version == 1


def test_an_attempt_id_that_carries_another_intent_is_an_error(world: World) -> None:
    lease = world.owner()
    intent = intent_for(case("c1"))
    world.store.intend(lease, intent)
    with pytest.raises(StoreError, match="another intent"):
        world.store.intend(lease, replace(intent, number="+48600999999"))


def test_an_intent_judged_on_an_old_version_is_refused(world: World) -> None:
    contact = case("c1")
    world.add(contact)
    lease = world.owner()
    first = intent_for(contact)
    world.store.intend(lease, first)
    world.store.settle(lease, cdr_of(first), touch_of(first), again(world.wall_s() - 1))

    assert not world.store.intend(lease, intent_for(contact, version=1))
    assert world.store.intend(lease, intent_for(contact, version=2))


def test_nobody_else_calls_a_person_with_an_open_attempt(world: World) -> None:
    world.add(case("c1", person_id="anna"), case("c2", person_id="anna"))
    lease = world.owner()
    world.store.intend(lease, intent_for(case("c1", person_id="anna")))

    assert world.claim(lease) == []
    assert not world.store.intend(lease, intent_for(case("c2", person_id="anna"), version=1))
    assert not world.store.intend(lease, intent_for(case("c2", person_id="anna"), version=0))


def test_of_two_engines_that_judged_the_same_version_one_calls(world: World) -> None:
    world.add(case("c1", person_id="anna"), case("c2", person_id="anna"))
    lease = world.owner()
    attempts = [intent_for(case("c1", person_id="anna")), intent_for(case("c2", person_id="anna"))]
    assert [world.store.intend(lease, attempt) for attempt in attempts] == [True, False]


def test_an_agent_may_dial_a_contact_that_is_not_claimed(world: World) -> None:
    contact = case("c1")
    world.add(contact, due_in_s=5000)
    lease = world.owner()
    assert world.store.intend(lease, intent_for(contact))
    assert world.sizes() == (0, 0, 1, 0)


def test_an_agent_may_dial_a_retired_contact(world: World) -> None:
    contact = case("c1")
    world.add(contact)
    lease = world.owner()
    world.claim(lease)
    world.put_back(lease, contact, None)
    intent = intent_for(contact)

    assert world.store.intend(lease, intent)
    assert world.sizes() == (0, 0, 1, 0)
    world.store.settle(lease, cdr_of(intent), touch_of(intent), again(None))
    assert world.sizes() == (0, 0, 0, 1)


def test_a_call_without_a_case_is_stored_and_settled_like_any_other(world: World) -> None:
    lease = world.owner()
    intent = intent_for(case("nobody's case"))
    assert world.store.intend(lease, intent)
    assert world.store.settle(lease, cdr_of(intent), touch_of(intent), again(None))
    assert world.store.history(intent.person_id).touches == (touch_of(intent),)
    assert world.store.find_contact("nobody's case") is None


def test_a_case_imported_during_a_call_without_one_keeps_its_own_turn(world: World) -> None:
    contact = case("c1")
    lease = world.owner()
    intent = intent_for(contact)
    world.store.intend(lease, intent)
    world.add(contact)
    assert world.sizes() == (1, 0, 0, 0)
    assert world.claim(lease) == []
    world.store.settle(lease, cdr_of(intent), touch_of(intent), again(None))
    assert world.sizes() == (1, 0, 0, 0)
    assert world.claim(lease) == ["c1"]


def test_the_end_of_an_attempt_settles_the_touch_frees_the_person_and_schedules_the_contact(
    world: World,
) -> None:
    contact = case("c1", person_id="anna")
    world.add(contact, case("c2", person_id="anna", priority=-1))
    lease = world.owner()
    world.claim(lease)
    intent = intent_for(contact)
    world.store.intend(lease, intent)
    again_at_s = world.wall_s() + 0.4

    assert world.store.settle(lease, cdr_of(intent), touch_of(intent), again(again_at_s))

    history = world.store.history("anna")
    assert (history.version, history.open_attempt, history.touches) == (2, "", (touch_of(intent),))
    assert world.store.open_attempts("north") == []
    assert world.claim(lease) == ["c2"]
    world.put_back(lease, case("c2", person_id="anna"), world.wall_s() + 500)
    world.until(again_at_s)
    (claimed,) = world.claimed(lease)
    assert (claimed.contact, claimed.progress) == (contact, again(None).progress)


def test_settling_twice_changes_nothing_the_second_time(world: World) -> None:
    contact = case("c1")
    world.add(contact)
    lease = world.owner()
    intent = intent_for(contact)
    world.store.intend(lease, intent)

    assert world.store.settle(lease, cdr_of(intent), touch_of(intent), again(world.wall_s() - 1))
    assert not world.store.settle(lease, cdr_of(intent), None, again(None, attempts=9))
    assert world.sizes() == (1, 0, 0, 0)
    found = world.store.find_contact("c1")
    assert found is not None
    assert found.progress.attempts == 1
    assert found.history.touches == (touch_of(intent),)


def test_a_reservation_given_back_leaves_no_touch(world: World) -> None:
    contact = case("c1")
    world.add(contact)
    lease = world.owner()
    intent = intent_for(contact)
    world.store.intend(lease, intent)
    world.store.settle(lease, cdr_of(intent, "switch_busy"), None, again(None))
    history = world.store.history(contact.person_id)
    assert (history.version, history.touches) == (2, ())


@pytest.mark.parametrize("left", ["touch", "nothing"])
def test_an_attempt_that_is_over_is_never_stored_again_whatever_it_left(world: World, left: str) -> None:
    contact = case("c1")
    world.add(contact)
    lease = world.owner()
    intent = intent_for(contact)
    world.store.intend(lease, intent)
    touch = touch_of(intent) if left == "touch" else None
    world.store.settle(lease, cdr_of(intent), touch, again(world.wall_s() - 1))

    history = world.store.history(contact.person_id)
    assert history.ended == (frozenset() if touch else {intent.attempt_id})
    assert not world.store.intend(lease, replace(intent, person_version=history.version))
    assert world.store.history(contact.person_id) == history


def test_touches_come_oldest_first_and_those_older_than_100_days_are_forgotten(world: World) -> None:
    lease = world.owner()
    contact = case("c1")
    world.add(contact)
    day_s, now = 86_400.0, world.wall_s()
    for n in range(40):
        made_at_s = now - (120.5 - n) * day_s
        intent = replace(intent_for(contact, version=2 * n), made_at_s=made_at_s)
        assert world.store.intend(lease, intent)
        world.store.settle(lease, cdr_of(intent), touch_of(intent), again(None))

    ages = [(now - touch.at_s) / day_s for touch in world.store.history(contact.person_id).touches]
    assert ages == sorted(ages, reverse=True)
    assert all(age < 100 for age in ages)
    assert len(ages) == 19


def test_a_late_put_back_does_not_disturb_an_open_attempt(world: World) -> None:
    contact = case("c1")
    world.add(contact)
    lease = world.owner()
    world.claim(lease)
    world.store.intend(lease, intent_for(contact))
    world.put_back(lease, contact, world.wall_s() - 1)
    assert world.claim(lease) == []
    assert world.sizes() == (0, 0, 1, 0)


def test_an_attempt_whose_engine_died_stays_open_long_after_the_lease_of_its_claim(world: World) -> None:
    contact = case("c1")
    world.add(contact)
    lease = world.owner()
    (claimed,) = world.claimed(lease, lease_s=0.05)
    world.store.intend(lease, intent_for(contact))
    world.until(claimed.lease_until_s + 0.05)
    assert world.claim(lease) == []
    assert len(world.store.open_attempts("north")) == 1


def test_an_intent_frees_the_claim_of_its_own_contact_only(world: World) -> None:
    world.add(case("c1", person_id="anna"), case("c2", person_id="anna", priority=-1))
    lease = world.owner()
    (claimed,) = world.claimed(lease, lease_s=0.1)
    assert claimed.contact.contact_id == "c1"
    manual = intent_for(case("c2", person_id="anna"))
    assert world.store.intend(lease, manual)
    assert not world.store.intend(lease, intent_for(case("c1", person_id="anna")))
    world.put_back(lease, case("c1", person_id="anna"), world.wall_s() - 1)
    assert world.claim(lease) == []
    world.store.settle(lease, cdr_of(manual), touch_of(manual), again(None))
    assert world.claim(lease) == ["c1"]


def test_open_attempts_are_told_by_team(world: World) -> None:
    north = world.owner()
    south = world.store.acquire_team("south", "engine-1", 60)
    assert south is not None
    world.store.intend(north, intent_for(case("c1")))
    world.store.intend(south, replace(intent_for(case("c2")), team="south"))
    assert [open_.intent.contact_id for open_ in world.store.open_attempts("south")] == ["c2"]
    assert [open_.intent.contact_id for open_ in world.store.open_attempts("north")] == ["c1"]
