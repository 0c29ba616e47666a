"""What every contact store promises about its queues."""

import math

import pytest

from engine.domain.errors import Fenced
from engine.ports import ImportCount, Lease
from tests.contracts.store.world import World, case, intent_for


def test_a_contact_comes_out_of_the_queue_as_it_went_in(world: World) -> None:
    contact = case("c1")
    world.add(contact)

    (claimed,) = world.claimed(world.owner())

    assert claimed.contact == contact
    assert claimed.progress.attempts == 0
    assert (claimed.history.person_id, claimed.history.version) == ("person of c1", 0)
    assert claimed.lease_until_s > world.wall_s() + 50


def test_an_import_repeated_adds_nothing_and_counts_duplicates(world: World) -> None:
    rows = [(case(f"c{n}"), world.wall_s() - 1) for n in range(20)]

    assert world.store.add_contacts(rows, "import-1") == ImportCount(20, 0)
    assert world.store.add_contacts(rows, "import-1") == ImportCount(0, 20)
    assert world.sizes() == (20, 0, 0, 0)


def test_a_contact_known_already_stays_as_it_is_even_when_its_person_changes(world: World) -> None:
    world.add(case("c1", person_id="anna"))

    changed = [(case("c1", person_id=f"other {n}"), world.wall_s()) for n in range(20)]
    assert world.store.add_contacts(changed, "import-2") == ImportCount(0, 20)
    found = world.store.find_contact("c1")
    assert found is not None
    assert found.contact.person_id == "anna"
    assert world.claim(world.owner()) == ["c1"]


def test_the_same_contact_twice_in_one_import_is_one_contact(world: World) -> None:
    rows = [(case("c1"), world.wall_s()), (case("c1"), world.wall_s())]
    assert world.store.add_contacts(rows, "import-1") == ImportCount(1, 1)


def test_higher_priority_is_called_first_then_who_was_due_first(world: World) -> None:
    world.add(case("late"), case("later", priority=-5), due_in_s=-1)
    world.add(case("early"), case("urgent", priority=3), due_in_s=-100)
    world.add(case("most urgent", priority=7), due_in_s=-0.5)

    assert world.claim(world.owner()) == ["most urgent", "urgent", "early", "late", "later"]


def test_the_limit_takes_the_best_of_all_people(world: World) -> None:
    world.add(*(case(f"c{n:02d}", priority=n) for n in range(40)))
    lease = world.owner()

    assert world.claim(lease, limit=5) == ["c39", "c38", "c37", "c36", "c35"]
    assert world.claim(lease, limit=3) == ["c34", "c33", "c32"]
    assert world.claim(lease, limit=0) == []
    assert world.sizes() == (32, 0, 8, 0)


def test_nobody_is_claimed_before_they_are_due(world: World) -> None:
    world.add(case("now"))
    world.add(case("soon"), due_in_s=0.4)
    world.add(case("tomorrow"), due_in_s=86_400)
    due_at_s = world.wall_s() + 0.4
    lease = world.owner()

    assert world.claim(lease) == ["now"]
    world.until(due_at_s)
    assert world.claim(lease) == ["soon"]
    assert world.claim(lease) == []


def test_queue_sizes_tell_due_later_claimed_and_done_and_the_next_instant(world: World) -> None:
    began = world.wall_s()
    world.add(case("a"), case("b"), case("c"))
    world.add(case("d"), due_in_s=1000)
    world.add(case("e"), due_in_s=2000)
    lease = world.owner()
    world.claim(lease, limit=2)
    world.put_back(lease, case("a"), None)

    sizes = world.store.queue_sizes("reminders", world.wall_s())
    assert (sizes.due, sizes.later, sizes.claimed, sizes.done) == (1, 2, 1, 1)
    assert began + 999 < sizes.next_due_at_s < world.wall_s() + 1001
    assert world.store.queue_sizes("reminders", world.wall_s() + 1500).due == 2
    assert world.store.queue_sizes("unknown", world.wall_s()).next_due_at_s == 0.0


def test_campaigns_do_not_take_each_others_contacts(world: World) -> None:
    world.add(case("c1"), case("c2", campaign_id="surveys"))
    lease = world.owner()

    assert world.claim(lease, campaign="surveys") == ["c2"]
    assert world.claim(lease) == ["c1"]


def test_a_claimed_contact_is_not_handed_out_twice(world: World) -> None:
    world.add(case("c1"), case("c2"))
    lease = world.owner()
    assert sorted(world.claim(lease)) == ["c1", "c2"]
    assert world.claim(lease) == []


def test_two_contacts_of_one_person_are_not_handed_out_at_once(world: World) -> None:
    world.add(case("c1", person_id="anna", priority=2), case("c2", person_id="anna"), case("c3", priority=1))
    world.add(case("s1", person_id="anna", campaign_id="surveys"))
    lease = world.owner()

    assert world.claim(lease) == ["c1", "c3"]
    assert world.claim(lease, campaign="surveys") == []
    world.put_back(lease, case("c1", person_id="anna"), world.wall_s() + 1000)
    assert world.claim(lease) == ["c2"]


def test_a_lease_that_ran_out_brings_the_contact_back(world: World) -> None:
    world.add(case("c1", person_id="anna"), case("c2", person_id="anna", priority=-1))
    lease = world.owner()
    (claimed,) = world.claimed(lease, lease_s=0.4)
    assert world.claim(lease) == []

    world.until(claimed.lease_until_s)
    assert world.claim(lease, limit=1) == ["c1"]
    assert world.sizes() == (1, 0, 1, 0)


def test_a_contact_whose_lease_ran_out_keeps_its_turn(world: World) -> None:
    world.add(case("first"), due_in_s=-100)
    world.add(case("second"), due_in_s=-50)
    lease = world.owner()
    (claimed,) = world.claimed(lease, limit=1, lease_s=0.05)
    world.until(claimed.lease_until_s)
    assert world.claim(lease) == ["first", "second"]


def test_put_back_makes_the_contact_due_when_told(world: World) -> None:
    world.add(case("c1"))
    lease = world.owner()
    world.claim(lease)
    again_at_s = world.wall_s() + 0.4

    world.put_back(lease, case("c1"), again_at_s)
    assert world.sizes() == (0, 1, 0, 0)
    world.until(again_at_s)
    assert world.claim(lease) == ["c1"]


def test_put_back_for_ever_retires_the_contact(world: World) -> None:
    world.add(case("c1"), case("c2"))
    lease = world.owner()
    world.claim(lease)
    world.put_back(lease, case("c1"), None)
    world.put_back(lease, case("c2"), math.inf)
    assert world.claim(lease) == []
    assert world.sizes() == (0, 0, 0, 2)


def test_put_back_of_what_is_not_claimed_changes_nothing(world: World) -> None:
    world.add(case("c1"))
    lease = world.owner()
    world.put_back(lease, case("c1"), None)
    world.put_back(lease, case("stranger"), None)
    assert world.sizes() == (1, 0, 0, 0)


def test_contacts_are_found_by_id_and_by_number(world: World) -> None:
    world.add(
        case("c1", number="+48600000001"),
        case("c2", number="+48600000001"),
        case("c3", number="+79130000000"),
    )
    assert world.store.contact_of_number("+48600000001") == ["c1", "c2"]
    assert world.store.contact_of_number("+48600000009") == []
    found = world.store.find_contact("c3")
    assert found is not None
    assert found.contact == case("c3", number="+79130000000")
    assert found.lease_until_s == 0.0
    assert world.store.find_contact("c4") is None


def test_a_person_with_many_contacts_does_not_keep_others_waiting(world: World) -> None:
    world.add(*(case(f"c{n:04d}", person_id="the firm", priority=5) for n in range(700)))
    world.add(case("anna"))
    lease = world.owner()
    assert world.claim(lease, limit=1) == ["c0000"]
    for _ in range(3):
        if claimed := world.claim(lease, limit=5):
            break
    assert claimed == ["anna"]


def call_back(world: World, lease: Lease, contact_id: str, in_s: float) -> bool:
    contact = case(contact_id)
    due_at_s = world.wall_s() + in_s
    told = (contact.campaign_id, contact.person_id, contact_id, due_at_s, "callback promised")
    return world.store.reschedule(lease, *told)


def test_a_promised_callback_brings_back_a_contact_that_was_done(world: World) -> None:
    world.add(case("c1"))
    lease = world.owner()
    world.claim(lease)
    world.put_back(lease, case("c1"), None)
    assert world.sizes() == (0, 0, 0, 1)

    assert call_back(world, lease, "c1", 300)
    assert world.sizes() == (0, 1, 0, 0)
    assert call_back(world, lease, "c1", -1)
    assert world.sizes() == (1, 0, 0, 0)
    assert world.claim(lease) == ["c1"]


def test_a_callback_said_twice_is_one(world: World) -> None:
    world.add(case("c1"), due_in_s=-5)
    lease = world.owner()
    due_at_s = world.wall_s() + 300
    for _ in range(2):
        contact = case("c1")
        assert world.store.reschedule(lease, "reminders", contact.person_id, "c1", due_at_s, "promised")
    assert world.sizes() == (0, 1, 0, 0)


def test_a_contact_in_hand_cannot_be_rescheduled_under_its_holder(world: World) -> None:
    contact = case("c1")
    world.add(contact)
    lease = world.owner()
    (claimed,) = world.claimed(lease)
    assert not call_back(world, lease, "c1", 300)
    assert world.store.intend(lease, intent_for(contact, claimed.history.version))
    assert not call_back(world, lease, "c1", 300)
    assert world.sizes() == (0, 0, 1, 0)
    assert not call_back(world, lease, "nobody", 300)


def test_another_owner_of_the_team_fences_a_callback_off(world: World) -> None:
    world.add(case("c1"))
    old = world.owner(ttl_s=0.02)
    world.until(old.until_s)
    world.owner("engine-2")
    world.claim(world.owner("engine-2"))
    with pytest.raises(Fenced):
        call_back(world, old, "c1", 300)
