"""A robot whose news is lost, or whose orders cannot be given, does not leave a person in silence."""

from collections.abc import Sequence
from typing import Any

from engine.dialer.robots import RobotDesk
from engine.domain import facts as f
from engine.domain.campaign import Campaign, Mode
from engine.domain.contact import Contact
from engine.domain.errors import SwitchGone
from engine.domain.prompt import PromptRef
from engine.ivr.reading import read
from engine.ivr.script import Script
from tests.dialer.world import World

SCRIPT = """
scenario: two_prompts
version: 1
about: Says two things and ends.
languages: [en]
dispositions: {told: They heard us., left: They hung up.}
hung_up: left
start: first
nodes:
  first: {say: {en: "One."}, next: second}
  second: {say: {en: "Two."}, next: bye}
  bye: {do: [hangup], disposition: told}
"""


class Tape:
    """Every prompt is a file of its own, or `file`, and lasts two seconds."""

    def __init__(self, file: str = "") -> None:
        self._file = file

    def file_of(self, ref: PromptRef) -> str:
        return self._file or f"/prompts/{ref}.wav"

    def values(self, script: Script, campaign: Campaign, contact: Contact) -> dict[str, Any]:
        return {}

    def length_s(self, refs: Sequence[PromptRef]) -> float:
        return 2.0


def robots_world(file: str = "", leg_id: str = "") -> World:
    """`leg_id`: of the first call."""
    scripts = {"two": read(SCRIPT, "two.yaml")}
    tape = Tape(file)
    world = World(
        mode=Mode.ROBOT, script="two", robots=lambda shop, tell: RobotDesk(shop, tell, scripts, tape)
    )
    if leg_id:
        world.shop.new_id = lambda: leg_id
    return world


def answered(step: str = "") -> tuple[World, str]:
    """A robot's call whose person has picked up and hears the first prompt. `step`: where another engine
    left the scenario."""
    world = robots_world()
    world.run()
    call = world.dialed[0]
    world.dialer.calls.lives[call].adopted_step = step
    world.fact(f.LegAnswered, call)
    assert len(heard(world)) == 1
    return world, call


def heard(world: World) -> list[tuple[str, ...]]:
    """The prompts that were ordered, one order each."""
    return [tuple(order[-1]) for order in world.switch.orders if order[0] in ("begin_with", "play")]


def begins(world: World, call: str) -> None:
    world.fact(f.StepStarted, call, application="playback", argument=heard(world)[-1][0])


def played(world: World, call: str) -> None:
    """The last prompt, from its beginning to its end."""
    begins(world, call)
    order = next(one for one in reversed(world.switch.orders) if one[0] in ("begin_with", "play"))
    if order[0] == "begin_with":
        world.fact(f.LegParked, call)
    else:
        world.fact(f.StepDone, call, step_id=order[2], application="playback", response="FILE PLAYED")


def cut_off(world: World) -> None:
    def refuse(*_: object) -> None:
        raise SwitchGone("the link to the switch is down", "sw1")

    for verb in ("play", "begin_with", "park", "set_variables", "hang_up_later", "hang_up"):
        setattr(world.switch, verb, refuse)


def joined_again(world: World) -> None:
    for verb in ("play", "begin_with", "park", "set_variables", "hang_up_later", "hang_up"):
        delattr(world.switch, verb)


def test_the_end_of_a_prompt_is_never_told_and_the_scenario_goes_on() -> None:
    world, call = answered()
    begins(world, call)
    world.time.pass_s(4.9)
    assert len(heard(world)) == 1
    world.time.pass_s(0.2)
    assert len(heard(world)) == 2
    assert world.shop.counters["prompts_overdue"] == 1
    played(world, call)
    assert ("hang_up", call, "NORMAL_CLEARING") in world.switch.orders
    world.time.pass_s(10.0)
    assert world.shop.counters["prompts_overdue"] == 1


def test_an_end_told_after_all_is_not_taken_for_the_next_one() -> None:
    world, call = answered()
    begins(world, call)
    world.time.pass_s(5.1)
    world.fact(f.LegParked, call)
    assert len(heard(world)) == 2
    played(world, call)
    assert world.switch.said("hang_up") != []


def test_an_end_of_a_queued_prompt_told_after_all_is_not_taken_for_the_next_one() -> None:
    world, call = answered()
    played(world, call)
    second = world.switch.said("play")[0]
    world.fact(f.StepDone, call, step_id="1", application="playback", response="FILE PLAYED")
    assert world.switch.said("hang_up") == []
    world.fact(f.StepDone, call, step_id=second[2], application="playback", response="FILE PLAYED")
    assert world.switch.said("hang_up") != []


def test_a_leg_leaves_its_net_with_its_first_prompt_in_one_order() -> None:
    """Cut off after any of the orders, it has the net or a prompt."""
    world, call = answered()
    about = [order[0] for order in world.switch.orders if order[1] == call and order[0] != "dial"]
    beside = ("hang_up_later", "set_variables", "record")
    assert [verb for verb in about if verb not in beside] == ["begin_with"]


def test_a_first_prompt_that_nobody_heard_of_is_ordered_once_more() -> None:
    world, call = answered()
    world.time.pass_s(0.7)
    assert len(world.switch.said("begin_with")) == 2
    world.time.pass_s(2.0)
    assert len(world.switch.said("begin_with")) == 2
    assert world.shop.counters["prompts_again"] == 1
    played(world, call)
    assert len(world.switch.said("play")) == 1


def test_a_first_prompt_that_is_heard_is_not_ordered_again() -> None:
    world, call = answered()
    begins(world, call)
    world.time.pass_s(1.0)
    assert len(heard(world)) == 1


def test_a_park_told_of_before_the_prompt_began_is_not_its_end() -> None:
    world, call = answered()
    world.fact(f.LegParked, call)
    assert len(heard(world)) == 1


def test_a_prompt_that_could_not_be_ordered_is_played_when_the_link_is_back() -> None:
    world, call = answered()
    cut_off(world)
    played(world, call)
    world.time.pass_s(30.0)
    joined_again(world)
    world.time.pass_s(2.2)
    assert len(heard(world)) >= 2
    while not world.switch.said("hang_up"):
        played(world, call)
    world.fact(f.LegEnded, call, cause="NORMAL_CLEARING", ended_by="us")
    assert [cdr["disposition"] for cdr in world.cdrs()] == ["robot_done"]


def test_an_order_to_play_that_was_lost_with_the_link_is_given_again_when_it_is_back() -> None:
    world, _ = answered()
    world.dialer.on_switch(world.switch, "down")
    world.time.pass_s(0.3)
    world.dialer.on_switch(world.switch, "up")
    assert heard(world) == [heard(world)[0]] * 2, "the same prompt"


def test_a_prompt_that_is_being_heard_is_not_begun_again_when_the_link_was_lost() -> None:
    world, call = answered()
    begins(world, call)
    world.dialer.on_switch(world.switch, "down")
    world.dialer.on_switch(world.switch, "up")
    world.time.pass_s(1.0)
    assert len(heard(world)) == 1


def test_a_call_that_could_not_be_ended_is_ended_when_the_link_is_back() -> None:
    world, call = answered()
    played(world, call)
    cut_off(world)
    played(world, call)
    world.time.pass_s(4.0)
    joined_again(world)
    world.time.pass_s(20.0)
    assert ("hang_up", call) in [order[:2] for order in world.switch.orders]


def test_the_last_stop_is_put_off_though_the_link_was_down_when_it_was_due() -> None:
    world, call = answered()
    begins(world, call)
    assert len(world.switch.said("hang_up_later")) == 1
    world.dialer.robots._sessions[call].silent()  # a very long prompt
    world.time.pass_s(55.0)
    cut_off(world)
    world.time.pass_s(20.0)
    joined_again(world)
    world.time.pass_s(1.1)
    assert len(world.switch.said("hang_up_later")) == 2


def test_a_leg_that_an_engine_left_hears_its_prompt_again_in_place_of_what_still_plays() -> None:
    before, call = answered()
    played(before, call)
    marks = [order[2] for order in before.switch.said("set_variables")]
    saved = next(mark["prozvon_step"] for mark in reversed(marks) if "prozvon_step" in mark)
    world, call = answered(saved)
    assert heard(world) == heard(before)[-1:]
    assert world.switch.said("stop_playing") == [] == world.switch.said("park")
    world.fact(f.StepDone, call, step_id="2", application="playback", response="FILE PLAYED")
    assert world.switch.said("hang_up") == [], "the end of what the other engine played"
    played(world, call)
    assert world.switch.said("hang_up") != []


def test_a_robots_leg_ends_by_itself_unless_its_engine_keeps_it_alive() -> None:
    world, call = answered()
    assert world.switch.said("hang_up_later") == [("hang_up_later", call, 120.0)]
    world.time.pass_s(60.1)
    assert len(world.switch.said("hang_up_later")) == 2
