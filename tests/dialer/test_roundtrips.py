"""How often an attempt waits for the store. Two scripts are awaited, and none while a person waits."""

from collections import Counter
from typing import Any

import pytest

from engine.dialer.shop import GatewayTerms
from engine.domain import facts as f
from engine.domain.campaign import Mode
from tests.dialer.world import World

ATTEMPTS = 60
BESIDES = {"load_blob", "acquire_team", "set_campaign"}  # once for a campaign or a team, never for an attempt


class CountedStore:
    """Counts every call before it goes through."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.asked: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if not callable(found):
            return found

        def counted(*args: Any, **kwargs: Any) -> Any:
            self.asked[name] += 1
            return found(*args, **kwargs)

        return counted


def counted_world(agents: int = 3, mode: Mode = Mode.PROGRESSIVE) -> tuple[World, CountedStore]:
    world = World(people=ATTEMPTS, agents=agents, mode=mode, calls_per_s=20.0)
    world.dialer.gateways.set_terms({"gw": GatewayTerms("gw", "sw1", 100, 20.0)})
    store = CountedStore(world.store)
    world.shop.store = store
    for number in range(1, agents + 1):
        world.log_in(f"a{number}")
    world.run()
    return world, store


def live(world: World) -> list[str]:
    return [leg for leg in world.dialed if leg in world.dialer.calls.lives]


@pytest.mark.parametrize("talk", [False, True], ids=["busy", "bridged"])
def test_an_attempt_awaits_two_scripts_and_claims_come_in_batches(talk):
    world, store = counted_world()
    for _ in range(1000):
        for leg in live(world):
            if talk:
                world.fact(f.LegAnswered, leg)
                agent_leg = world.switch.said("bridge")[-1][1]
                world.fact(f.LegBridged, leg, peer_id=agent_leg)
            world.fact(f.LegEnded, leg, cause="NORMAL_CLEARING" if talk else "USER_BUSY", q850=17)
        world.time.pass_s(0.5)
        if len(world.cdrs()) == ATTEMPTS:
            break
    assert len(world.cdrs()) == ATTEMPTS
    assert {name: store.asked[name] for name in ("intend", "settle")} == {"intend": 60, "settle": 60}
    assert store.asked["claim_due"] <= ATTEMPTS / 3 + world.time.now  # and once a second where none is due
    assert set(store.asked) <= {"intend", "settle", "claim_due"} | BESIDES


@pytest.mark.parametrize("mode", [Mode.PROGRESSIVE, Mode.ROBOT])
def test_no_script_stands_between_an_answer_and_the_bridge_or_the_robot(mode):
    world, store = counted_world(mode=mode)
    leg = live(world)[0]
    store.asked.clear()
    world.fact(f.LegRinging, leg)
    world.fact(f.LegAnswered, leg)
    assert store.asked == {}
    if mode is Mode.PROGRESSIVE:
        assert world.switch.said("bridge")[-1][2] == leg


def test_a_busy_campaign_claims_a_seconds_worth_ahead_and_an_idle_one_only_what_it_dials():
    world, _ = counted_world(agents=1)
    asked = []
    claim_due = world.store.claim_due
    world.store.claim_due = lambda lease, name, limit, s: (
        asked.append(limit) or claim_due(lease, name, limit, s)
    )
    for _ in range(30):
        for leg in live(world):
            world.fact(f.LegEnded, leg, cause="USER_BUSY", q850=17)
        world.time.pass_s(0.1)
    assert max(asked) > 5
    world.time.pass_s(30)
    asked.clear()
    for leg in live(world):
        world.fact(f.LegEnded, leg, cause="USER_BUSY", q850=17)
    world.dialer.launcher.claims.release(world.campaign, "try")
    world.time.pass_s(0.2)
    assert asked[0] == 1


def test_contacts_claimed_ahead_go_back_when_the_campaign_pauses():
    world, _ = counted_world(agents=1)
    for _ in range(30):
        for leg in live(world):
            world.fact(f.LegEnded, leg, cause="USER_BUSY", q850=17)
        world.time.pass_s(0.1)
    world.dialer.set_running(world.campaign, False)
    for leg in live(world):
        world.fact(f.LegEnded, leg, cause="USER_BUSY", q850=17)
    assert world.store.queue_sizes("c1", world.time.wall_s()).claimed == 0
