"""Agents who ask at the wrong moment, and stores that fail at one: nobody is left stuck or called unasked."""

import pytest

from engine.control import NotFound, Refused
from engine.dialer.joining import file_word
from engine.domain import agent as a
from engine.domain import facts as f
from engine.domain.campaign import Mode
from engine.domain.errors import StoreError
from tests.dialer.world import World


def before_a_card() -> World:
    world = World(people=1, mode=Mode.PREVIEW)
    world.log_in()
    world.run()
    assert world.agent() == "preview"
    return world


@pytest.mark.parametrize(
    ("wish", "state"), [(a.PauseWanted, "paused"), (a.LogoutWanted, "offline")], ids=["pause", "logout"]
)
def test_who_pauses_or_leaves_while_the_store_is_asked_gets_no_call(
    wish: type[a.AgentFact], state: str
) -> None:
    world = before_a_card()
    history = world.store.history

    def meanwhile(person_id: str) -> object:
        world.dialer.desk.say("a1", wish)
        return history(person_id)

    world.store.history = meanwhile  # type: ignore[method-assign, assignment]
    with pytest.raises(Refused, match=f"agent a1 is {state} now"):
        world.dialer.desk.accept("a1")
    assert world.agent() == state
    assert world.dialed == []
    assert world.dialer.agents.lives["a1"].attempt_id == ""
    assert world.store.queue_sizes("c1", world.time.wall_s() + 1).due == 1


def fail(person_id: str) -> object:
    raise StoreError("the store is away", "test")


def test_a_store_that_fails_at_accept_does_not_leave_the_agent_before_a_spent_card() -> None:
    world = before_a_card()
    world.store.history = fail  # type: ignore[method-assign, assignment]
    with pytest.raises(StoreError):
        world.dialer.desk.accept("a1")
    assert world.agent() == "ready"
    assert world.dialed == []


def test_a_store_that_fails_at_a_manual_call_leaves_a_paused_agent_paused() -> None:
    world = World(people=1)
    world.log_in()
    world.dialer.desk.say("a1", a.PauseWanted)
    found = world.store.find_contact("k1")
    world.store.history = fail  # type: ignore[method-assign, assignment]
    with pytest.raises(StoreError):
        world.dialer.desk.dial("a1", world.campaign, found)  # type: ignore[arg-type]
    assert world.agent() == "paused"


def test_who_is_offline_cannot_pause() -> None:
    world = World()
    with pytest.raises(Refused, match="offline"):
        world.dialer.desk.say("a1", a.PauseWanted)


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("c1:../../../etc/x", "c1_.._.._.._etc_x"),
        ("../x", "_x"),
        ("..", "_"),
        ("Дело-17/2", "Дело-17_2"),
        ("a'b${x}\n", "a_b__x__"),
    ],
)
def test_a_lists_own_id_leads_to_no_other_folder(given: str, safe: str) -> None:
    assert file_word(given) == safe


def test_an_end_that_waits_for_the_store_is_not_settled_as_unknown_when_the_team_is_taken_anew() -> None:
    world = World(people=1)
    world.log_in()
    world.run()
    settle = world.store.settle

    def away(*_: object) -> bool:
        raise StoreError("the store is away", "test")

    world.store.settle = away  # type: ignore[method-assign, assignment]
    world.fact(f.LegCreated, world.dialed[0])
    world.fact(f.LegEnded, world.dialed[0], cause="USER_BUSY", q850=17)
    world.time.pass_s(15.0)  # no longer so young that its leg may be still to come
    world.shop.leases.clear()
    world.time.pass_s(4.0)
    assert world.shop.may_dial("team")
    world.store.settle = settle  # type: ignore[method-assign]
    world.time.pass_s(2.0)
    assert len(world.cdrs()) == 1
    assert world.cdrs()[0]["cause"] == "USER_BUSY"
    assert sum(world.dialer.settler.results["c1"].values()) == 1


def test_a_call_whose_intent_never_came_to_the_store_counts_as_no_attempt() -> None:
    world = World(people=1)
    world.log_in()
    intend = world.store.intend

    def away(*_: object) -> bool:
        raise StoreError("the store is away", "test")

    world.store.intend = away  # type: ignore[method-assign, assignment]
    world.run()
    world.store.intend = intend  # type: ignore[method-assign]
    world.time.pass_s(0.5)
    assert world.dialed == []
    assert world.cdrs() == []
    assert sum(world.dialer.settler.results["c1"].values()) == 0
    assert world.agent() == "ready"


def test_without_a_lease_nothing_is_claimed() -> None:
    world = World(people=1)
    world.shop.leases.clear()
    assert world.dialer.launcher.claim_one(world.campaign) is None


def test_an_agent_taken_out_of_the_configuration_finishes_the_talk_and_cannot_come_back() -> None:
    world = World(people=2)
    agent_leg = world.log_in()
    world.run()
    call = world.dialed[0]
    world.fact(f.LegCreated, call)
    world.fact(f.LegAnswered, call)
    world.fact(f.LegBridged, call, peer_id=agent_leg)
    world.dialer.desk.dismiss("a1")
    assert world.agent() == "talking"
    world.fact(f.LegEnded, call)
    world.time.pass_s(11.0)
    assert world.agent() == "offline"
    assert len(world.dialed) == 1
    with pytest.raises(NotFound, match="taken out"):
        world.dialer.desk.login("a1")


def test_agents_of_another_engines_team_are_not_called() -> None:
    world = World()
    world.shop.leases.clear()
    with pytest.raises(Refused, match="another engine's"):
        world.dialer.desk.login("a1")
    assert world.switch.said("call_agent") == []
