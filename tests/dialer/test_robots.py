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
    """Every prompt is a file of its own and lasts two seconds."""

    def file_of(self, ref: PromptRef) -> str:
        return f"/prompts/{ref}.wav"

    def values(self, script: Script, campaign: Campaign, contact: Contact) -> dict[str, Any]:
        return {}

    def length_s(self, refs: Sequence[PromptRef]) -> float:
        return 2.0


def answered(step: str = "") -> tuple[World, str]:
    """A robot's call whose person has picked up and hears the first prompt. `step`: where another engine
    left the scenario."""
    scripts = {"two": read(SCRIPT, "two.yaml")}
    world = World(
        mode=Mode.ROBOT, script="two", robots=lambda shop, tell: RobotDesk(shop, tell, scripts, Tape())
    )
    world.run()
    call = world.dialed[0]
    world.dialer.calls.lives[call].adopted_step = step
    world.fact(f.LegAnswered, call)
    assert len(world.switch.said("play")) == (0 if step else 1)
    return world, call


def played(world: World) -> None:
    _, leg, step_id, _ = world.switch.said("play")[-1]
    world.fact(f.StepDone, leg, step_id=step_id, application="playback", response="FILE PLAYED")


def cut_off(world: World) -> None:
    def refuse(*_: object) -> None:
        raise SwitchGone("the link to the switch is down", "sw1")

    for verb in ("play", "park", "set_variables", "hang_up_later", "hang_up"):
        setattr(world.switch, verb, refuse)


def joined_again(world: World) -> None:
    for verb in ("play", "park", "set_variables", "hang_up_later", "hang_up"):
        delattr(world.switch, verb)


def test_the_end_of_a_prompt_is_never_told_and_the_scenario_goes_on() -> None:
    world, call = answered()
    world.time.pass_s(4.9)
    assert len(world.switch.said("play")) == 1
    world.time.pass_s(0.2)
    assert len(world.switch.said("play")) == 2
    assert world.shop.counters["prompts_overdue"] == 1
    played(world)
    assert ("hang_up", call, "NORMAL_CLEARING") in world.switch.orders
    world.time.pass_s(10.0)
    assert world.shop.counters["prompts_overdue"] == 1


def test_an_end_told_after_all_is_not_taken_for_the_next_one() -> None:
    world, _ = answered()
    first = world.switch.said("play")[0]
    world.time.pass_s(5.1)
    world.fact(f.StepDone, first[1], step_id=first[2], application="playback", response="FILE PLAYED")
    assert len(world.switch.said("play")) == 2
    assert world.switch.said("hang_up") == []


def test_a_prompt_that_could_not_be_ordered_is_played_when_the_link_is_back() -> None:
    world, call = answered()
    cut_off(world)
    played(world)
    world.time.pass_s(30.0)
    joined_again(world)
    world.time.pass_s(2.2)
    assert len(world.switch.said("play")) >= 2
    while not world.switch.said("hang_up"):
        played(world)
    world.fact(f.LegEnded, call, cause="NORMAL_CLEARING", ended_by="us")
    assert [cdr["disposition"] for cdr in world.cdrs()] == ["robot_done"]


def test_an_order_to_play_that_was_lost_with_the_link_is_given_again_when_it_is_back() -> None:
    world, call = answered()
    world.dialer.on_switch(world.switch, "down")
    world.time.pass_s(0.3)
    world.dialer.on_switch(world.switch, "up")
    assert world.switch.said("park_anew") == [("park_anew", call)]
    world.fact(f.LegParked, call)
    assert len(world.switch.said("play")) == 2
    assert world.switch.said("play")[0][3] == world.switch.said("play")[1][3], "the same prompt"


def test_a_prompt_that_is_being_heard_is_not_begun_again_when_the_link_was_lost() -> None:
    world, call = answered()
    world.fact(f.StepStarted, call, application="playback", argument="/prompts/one.wav")
    world.dialer.on_switch(world.switch, "down")
    world.dialer.on_switch(world.switch, "up")
    world.time.pass_s(1.0)
    assert len(world.switch.said("play")) == 1


def test_a_call_that_could_not_be_ended_is_ended_when_the_link_is_back() -> None:
    world, call = answered()
    played(world)
    cut_off(world)
    played(world)
    world.time.pass_s(4.0)
    joined_again(world)
    world.time.pass_s(20.0)
    assert ("hang_up", call) in [order[:2] for order in world.switch.orders]


def test_the_last_stop_is_put_off_though_the_link_was_down_when_it_was_due() -> None:
    world, call = answered()
    assert len(world.switch.said("hang_up_later")) == 1
    world.dialer.robots._sessions[call].silent()  # a very long prompt
    world.time.pass_s(55.0)
    cut_off(world)
    world.time.pass_s(20.0)
    joined_again(world)
    world.time.pass_s(1.1)
    assert len(world.switch.said("hang_up_later")) == 2


def test_a_leg_that_an_engine_left_is_parked_anew_and_spoken_to_only_when_it_stands() -> None:
    before, call = answered()
    played(before)
    marks = [order[2] for order in before.switch.said("set_variables")]
    saved = next(mark["prozvon_step"] for mark in reversed(marks) if "prozvon_step" in mark)
    world, call = answered(saved)
    assert world.switch.said("park") == []
    assert world.switch.said("park_anew") == [("park_anew", call)]
    assert world.switch.said("play") == []
    world.fact(f.LegParked, call)
    assert len(world.switch.said("play")) == 1


def test_a_robots_leg_ends_by_itself_unless_its_engine_keeps_it_alive() -> None:
    world, call = answered()
    assert world.switch.said("hang_up_later") == [("hang_up_later", call, 120.0)]
    world.time.pass_s(60.1)
    assert len(world.switch.said("hang_up_later")) == 2
