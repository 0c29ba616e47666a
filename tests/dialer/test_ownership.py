"""Two engines at one store: a team has one of them, and the other keeps its hands off."""

from typing import Any

import pytest

from engine.dialer.dialer import Dialer
from engine.dialer.shop import Shop
from engine.domain import facts as f
from engine.domain.agent import AgentState
from engine.domain.campaign import CampaignState
from engine.domain.errors import StoreError
from engine.ports import Lease, LiveLeg
from tests.dialer.world import WALL, NoRobots, World


def second(world: World) -> Dialer:
    """Another engine at the same store and switch, with the same configuration."""
    shop = Shop(
        clock=world.time,
        timers=world.time,
        tasks=world.time,
        store=world.store,
        journal=world.paper,
        switches=world.shop.switches,
        tell=lambda kind, **fields: None,
        gateways=world.shop.gateways,
        campaigns=dict(world.shop.campaigns),
        agents=dict(world.shop.agents),
    )
    dialer = Dialer(shop, world.rules, "engine-2", NoRobots)
    dialer.states["c1"] = CampaignState.RUNNING
    dialer.start()
    return dialer


def asleep(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the first engine moves any more."""
    monkeypatch.setattr(world.dialer.ownership, "renew", lambda at_once=False: None)


def test_a_dead_engines_team_is_taken_within_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(people=1)
    other = second(world)
    world.time.pass_s(30.0)
    assert not other.shop.may_dial("team")
    asleep(world, monkeypatch)
    world.time.pass_s(9.5)
    assert other.shop.may_dial("team")


def talking(world: World) -> tuple[str, str]:
    agent = world.log_in()
    world.run()
    call = world.dialed[0]
    world.fact(f.LegAnswered, call)
    world.fact(f.LegBridged, call, peer_id=agent)
    told = {"prozvon_team": "team"}
    world.switch.legs = [
        LiveLeg(call, True, agent, 1.0, 2.0, told),
        LiveLeg(agent, True, call, 1.0, 2.0, {**told, "prozvon_agent": "a1"}),
    ]
    return call, agent


def test_an_engine_that_slept_gives_no_orders_to_calls_that_are_anothers_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(people=2, agents=2)
    call, agent = talking(world)
    other = second(world)
    asleep(world, monkeypatch)
    world.time.pass_s(10.0)
    assert list(other.calls.lives) == [call]
    assert other.agents.lives["a1"].state is AgentState.TALKING

    monkeypatch.undo()
    world.switch.orders.clear()
    world.time.pass_s(5.0)
    assert not world.shop.may_dial("team")
    assert world.dialer.calls.lives == {}
    assert world.agent() == "offline"
    world.dialer.on_fact(f.LegUnbridged(call, world.time.now, peer_id=agent))
    world.dialer.on_fact(f.LegEnded(call, world.time.now))
    world.time.pass_s(60.0)
    assert world.switch.orders == []
    assert world.cdrs() == []
    assert world.dialer.gateways.lines["gw"].in_use == 0
    other.on_fact(f.LegEnded(call, world.time.now))
    assert [cdr["disposition"] for cdr in world.cdrs()] == ["talked"]


def test_who_answers_after_an_engine_slept_is_joined_by_its_owner_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(people=1)
    world.log_in()
    world.run()
    call = world.dialed[0]
    asleep(world, monkeypatch)
    world.time.pass_s(20.0)
    world.fact(f.LegAnswered, call)  # the first thing it hears when it wakes
    assert world.switch.said("bridge") == []
    monkeypatch.undo()
    world.time.pass_s(1.2)  # nobody had taken the team: it is ours after all
    assert {order[2] for order in world.switch.said("bridge")} == {call}


def test_with_the_store_away_people_who_answer_are_joined_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(people=1)
    world.log_in()
    world.run()

    def away(*_: Any, **__: Any) -> Lease | None:
        raise StoreError("the store is away", "memory")

    monkeypatch.setattr(world.store, "acquire_team", away)
    world.time.pass_s(25.0)
    world.fact(f.LegAnswered, world.dialed[0])
    assert len(world.switch.said("bridge")) == 1


def test_an_end_on_its_way_while_our_own_lease_ran_out_and_was_taken_anew_is_told_under_the_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The store stood still for longer than the lease: it took the new lease first, and refused the end."""
    world = World(people=1)
    world.log_in()
    world.run()
    (call,) = world.dialed
    settle = world.store.settle
    old = world.shop.leases["team"]

    def overtaken(lease: Lease, *given: Any) -> bool:
        if lease is old:
            asleep_s = world.shop.tuning.team_lease_s + 1.0
            monkeypatch.setattr(world.time, "wall_s", lambda: WALL + world.time.now + asleep_s)
            world.store.acquire_team("team", "engine-1", 8.0)
        return settle(lease, *given)

    monkeypatch.setattr(world.store, "settle", overtaken)
    world.fact(f.LegEnded, call, cause="USER_BUSY", q850=17, sip_code=486)
    world.time.pass_s(5.0)
    assert [cdr["disposition"] for cdr in world.cdrs()] == ["busy"]
    assert world.store.open_attempts("team") == []


def test_an_end_of_a_call_whose_team_is_anothers_is_left_to_its_owner(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(people=1)
    world.log_in()
    world.run()
    (call,) = world.dialed
    other = second(world)
    asleep(world, monkeypatch)
    world.switch.alive.clear()
    world.time.pass_s(9.5)
    world.fact(f.LegEnded, call, cause="USER_BUSY", q850=17, sip_code=486)
    monkeypatch.undo()
    world.time.pass_s(30.0)
    assert len(world.cdrs()) == 1
    assert world.dialer.settler.waiting == 0
    assert other.shop.may_dial("team")
