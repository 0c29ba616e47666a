"""What every contact store promises about teams, their owners, and small things."""

import pytest

from engine.domain.campaign import CampaignState
from engine.domain.errors import Fenced
from tests.contracts.store.world import World, again, case, cdr_of, intent_for


def test_a_team_has_one_owner_at_a_time(world: World) -> None:
    lease = world.owner("engine-1")
    assert world.store.acquire_team("north", "engine-2", 60) is None
    renewed = world.store.acquire_team("north", "engine-1", 90)
    assert renewed is not None
    assert renewed.token == lease.token
    assert renewed.until_s > lease.until_s
    assert world.store.acquire_team("south", "engine-2", 60) is not None


def test_a_team_is_free_when_its_owner_lets_go_or_falls_silent(world: World) -> None:
    first = world.owner("engine-1")
    world.store.release_team(first)
    second = world.owner("engine-2", ttl_s=0.1)
    world.store.release_team(first)
    world.until(second.until_s)
    third = world.owner("engine-3")
    assert first.token < second.token < third.token


def test_an_owner_that_slept_through_its_lease_gets_a_new_token(world: World) -> None:
    slept = world.owner("engine-1", ttl_s=0.05)
    world.until(slept.until_s)
    assert world.owner("engine-1").token > slept.token


def test_an_engine_that_was_replaced_can_write_nothing(world: World) -> None:
    contacts = [case(f"c{n}") for n in range(8)]
    world.add(*contacts)
    old = world.owner("engine-1", ttl_s=0.05)
    intent = intent_for(contacts[0])
    world.store.intend(old, intent)
    world.claim(old, limit=3)
    world.until(old.until_s)
    new = world.owner("engine-2")

    for contact in contacts:
        with pytest.raises(Fenced):
            world.put_back(old, contact, None)
        with pytest.raises(Fenced):
            world.store.intend(old, intent_for(contact))
    with pytest.raises(Fenced):
        world.claim(old)
    with pytest.raises(Fenced):
        world.store.settle(old, cdr_of(intent), None, again(None))

    assert world.sizes() == (4, 0, 4, 0)
    assert world.store.settle(new, cdr_of(intent), None, again(None))


def test_the_new_owner_finds_the_open_attempts_of_the_old_one(world: World) -> None:
    old = world.owner("engine-1", ttl_s=0.05)
    intent = intent_for(case("c1"))
    world.store.intend(old, intent)
    world.until(old.until_s)
    new = world.owner("engine-2")
    (open_,) = world.store.open_attempts("north")
    assert (open_.intent, open_.token) == (intent, old.token)
    assert new.token > old.token


def test_a_fence_of_one_team_does_not_bind_another(world: World) -> None:
    north = world.owner("engine-1")
    south = world.store.acquire_team("south", "engine-2", 60)
    assert south is not None
    world.store.release_team(south)
    assert world.store.acquire_team("south", "engine-2", 60) is not None
    world.add(case("c1"))
    assert world.claim(north) == ["c1"]


def test_campaigns_keep_their_definition_and_state(world: World) -> None:
    definition = {
        "mode": "robot",
        "gateways": ["a", "b"],
        "retries": {"busy": {"after_s": 600.0, "limit": 3}},
    }
    world.store.set_campaign("b", definition, CampaignState.READY)
    world.store.set_campaign("a", {}, CampaignState.PAUSED)
    world.store.set_campaign("b", definition, CampaignState.RUNNING)
    assert world.store.campaigns() == [
        ("a", {}, CampaignState.PAUSED),
        ("b", definition, CampaignState.RUNNING),
    ]


def test_blobs_come_back_byte_for_byte(world: World) -> None:
    assert world.store.load_blob("pacing:north") is None
    world.store.save_blob("pacing:north", bytes(range(256)))
    assert world.store.load_blob("pacing:north") == bytes(range(256))
    assert world.store.ping() < 1.0


def test_an_engine_that_is_alone_takes_a_dead_ones_team_at_once(world: World) -> None:
    dead = world.owner("engine-1")
    assert world.store.acquire_team("north", "engine-2", 60) is None
    lease = world.store.acquire_team("north", "engine-2", 60, alone=True)
    assert lease is not None
    assert lease.token > dead.token
    renewed = world.store.acquire_team("north", "engine-2", 60, alone=True)
    assert renewed is not None
    assert renewed.token == lease.token
    with pytest.raises(Fenced):
        world.claim(dead)
