"""Nothing is launched for a team before what lived already is known; a restarted switch has nothing left."""

from engine.domain import facts as f
from engine.domain.campaign import CampaignState
from engine.domain.errors import SwitchGone
from tests.dialer.world import World


def unreachable(world: World) -> None:
    def live_legs() -> None:
        raise SwitchGone("the link to the switch is down", "sw1")

    world.switch.live_legs = live_legs  # type: ignore[method-assign, assignment]


def new_engine(world: World) -> None:
    """The team is nobody's, as after the start."""
    world.shop.store.release_team(world.shop.leases.pop("team"))


def test_a_team_is_taken_at_once_when_its_switch_comes_up() -> None:
    world = World(people=1)
    new_engine(world)
    unreachable(world)
    world.time.pass_s(4.0)
    assert not world.shop.may_dial("team")
    del world.switch.live_legs
    world.dialer.on_switch(world.switch, "up")
    assert world.shop.may_dial("team")


def test_no_call_is_launched_while_live_calls_are_being_adopted() -> None:
    world = World(people=1)
    world.log_in()
    new_engine(world)
    world.dialer.states["c1"] = CampaignState.RUNNING

    def live_legs() -> list[object]:
        world.dialer.set_state("c1", CampaignState.RUNNING, {})
        world.time.pass_s(0.5)
        assert not world.shop.may_dial("team")
        assert world.dialed == []
        return []

    world.switch.live_legs = live_legs  # type: ignore[method-assign, assignment]
    world.dialer.on_switch(world.switch, "up")
    world.time.pass_s(0.5)
    assert len(world.dialed) == 1


def test_a_restarted_switch_ends_even_the_youngest_call() -> None:
    world = World(people=1)
    world.log_in()
    world.run()
    world.fact(f.LegCreated, world.dialed[0])
    world.switch.alive.clear()
    world.dialer.on_switch(world.switch, "down")
    world.dialer.on_switch(world.switch, "restarted")
    assert [cdr["disposition"] for cdr in world.cdrs()] == ["unknown"]
    assert world.dialer.calls.lives == {}


def test_a_reconnect_leaves_the_youngest_calls_to_their_events() -> None:
    world = World(people=1)
    world.log_in()
    world.run()
    world.switch.alive.clear()
    world.dialer.on_switch(world.switch, "down")
    world.dialer.on_switch(world.switch, "up")
    assert world.cdrs() == []
    assert list(world.dialer.calls.lives) == world.dialed
