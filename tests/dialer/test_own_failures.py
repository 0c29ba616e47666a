"""What is the fault of our own store, disk or sleep costs no contact its turn, and makes no call too many."""

from collections.abc import Callable
from dataclasses import replace

from engine.domain import facts as f
from engine.domain.campaign import CampaignState
from engine.domain.errors import StoreError
from tests.dialer.world import World, person


class FullDisk:
    """An intent book whose disk takes nothing."""

    def append(self, intent: object, token: int) -> None:
        raise StoreError("the intent log cannot be written", "/data/intents.log", "See the disk.")

    def settled(self, attempt_id: str) -> None: ...

    def open_attempts(self) -> list[object]:
        return []


def test_a_full_disk_dials_nobody_and_is_not_held_against_the_contacts() -> None:
    world = World(people=3)
    world.dialer.launcher._intents = FullDisk()
    world.log_in()
    world.run()
    world.time.pass_s(30)
    assert world.dialed == []
    assert {cdr["disposition"] for cdr in world.cdrs()} == {"switch_busy"}
    assert all(world.store.history(f"p{n}").touches == () for n in (1, 2, 3))


def test_an_engine_that_slept_past_its_lease_while_it_stored_the_intent_does_not_dial() -> None:
    world = World(people=1)
    world.dialer.ownership._alone = False
    world.log_in()
    store = world.store.intend

    def slowly(*given: object) -> bool:
        stored = store(*given)
        world.time.now = world.shop.lease_ends_s["team"] + 0.1
        return stored

    world.shop.lease_ends_s["team"] = world.time.now + 2.0
    world.store.intend = slowly  # type: ignore[method-assign]
    world.run()
    assert world.dialed == []


def test_calls_that_wait_for_a_slow_store_count_for_every_campaign_of_the_team() -> None:
    world = World(people=8, agents=4)
    second = replace(world.campaign, campaign_id="c2")
    world.dialer.change(second)
    people = [
        (replace(contact, contact_id=f"s{n}", person_id=f"q{n}", campaign_id="c2"), 0.0)
        for n, contact in enumerate(map(person, range(11, 15)))
    ]
    world.store.add_contacts(people, "test")
    for n in range(1, 5):
        world.log_in(f"a{n}")
    waiting: list[tuple[Callable[..., None], tuple[object, ...]]] = []
    at_once = world.time.start

    def later(name: str, run: Callable[..., None], *args: object) -> None:
        if name == "launch":
            waiting.append((run, args))
        else:
            at_once(name, run, *args)

    world.time.start = later  # type: ignore[method-assign]
    for name in ("c1", "c2"):
        world.dialer.set_state(name, CampaignState.RUNNING, {})
    world.time.pass_s(0.5)
    for run, args in waiting:
        run(*args)
    world.time.pass_s(0.1)
    assert len(world.dialed) == 4


def test_a_bridge_that_failed_leaves_the_person_a_net_that_needs_no_engine() -> None:
    world = World(agents=1)
    world.log_in()
    world.run()
    (call,) = world.dialed
    world.fact(f.LegAnswered, call)
    while not world.switch.said("rearm_net"):
        assert world.time.now < 2.5, "the agent's leg never answers, and nobody looks after the person"
        world.time.pass_s(0.1)
    (net,) = world.switch.said("rearm_net")
    _, leg, first, after_s, prompt = net
    assert (leg, first, prompt) == (call, "", "/prompts/notice.wav")
    assert world.time.now + after_s < 2.3, "within the limit, a little behind our own notice"
