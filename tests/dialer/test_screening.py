"""A call that AMD judges before anybody talks, with nothing real around it."""

from dataclasses import replace

import pytest

from engine.dialer.life import CallLife
from engine.domain import facts as f
from engine.domain.agent import PauseWanted
from engine.domain.campaign import Abandonment
from tests.dialer.world import World


class Ears:
    """A screener that says nothing by itself and remembers whom it was asked to hear."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.stopped: list[str] = []

    def start(self, life: CallLife) -> None:
        self.heard.append(life.leg_id)

    def stop(self, life: CallLife) -> None:
        self.stopped.append(life.leg_id)


def screened(limits: Abandonment | None = None) -> tuple[World, Ears, str, str]:
    """An answered call under screening: the world, the ears, the agent's leg, the call's."""
    ears = Ears()
    world = World(screening=True, screener=ears)
    if limits:
        world.shop.campaigns["c1"] = replace(world.campaign, abandonment=limits)
    agent_leg = world.log_in()
    world.run()
    (call,) = world.dialed
    world.fact(f.LegAnswered, call, codec="PCMA")
    return world, ears, agent_leg, call


def test_the_net_is_extended_before_anything_else_is_asked_of_the_switch():
    world, ears, _, call = screened()
    assert ears.heard == [call]
    verbs = [order[0] for order in world.switch.orders if order[1] == call]
    assert verbs == ["dial", "extend_net"]
    assert world.switch.said("dial")[0][2].net.extendable


@pytest.mark.parametrize("screening_s", [1.0, 3.0, 6.0])
@pytest.mark.parametrize("limit_s", [0.6, 1.0, 2.0, 3.0])
def test_the_net_never_speaks_before_we_could_and_still_speaks_in_time(screening_s: float, limit_s: float):
    limits = Abandonment(answer_limit_s=limit_s, max_screening_s=screening_s, notice="/prompts/notice.wav")
    world, *_ = screened(limits)
    world.dialer.desk.say("a1", PauseWanted)
    ours_s = 0.0
    while not world.switch.said("notice"):  # AMD never decides, nobody is free: the latest we ever speak
        world.time.pass_s(0.01)
        ours_s += 0.01
        assert ours_s < 20
    (_, _, by_ms), dialed = world.switch.said("extend_net")[0], world.switch.said("dial")[0][2]
    net_s = (dialed.net.after_ms + by_ms) / 1000
    assert screening_s < ours_s <= net_s <= screening_s + limit_s


def test_a_person_goes_to_the_agent_the_instant_amd_says_so():
    world, ears, agent_leg, call = screened()
    assert world.switch.said("bridge") == []
    world.time.pass_s(1.4)
    world.fact(f.PersonDetected, call)
    assert world.switch.said("bridge") == [("bridge", agent_leg, call)]
    world.fact(f.LegBridged, call, peer_id=agent_leg)
    world.time.pass_s(20)
    world.fact(f.LegEnded, call, ended_by="them")
    assert ears.stopped == [call]
    assert world.cdrs()[0]["amd"] == "person"


@pytest.mark.parametrize("kind", ["machine", "fax", "announcement"])
def test_no_agent_ever_hears_a_machine(kind: str):
    world, ears, _, call = screened()
    world.time.pass_s(2.0)
    world.dialer.on_fact(f.MachineDetected(call, world.time.now, kind))
    assert world.switch.said("bridge") == []
    assert world.switch.said("hang_up")[-1][1] == call
    world.fact(f.LegEnded, call, ended_by="us")
    assert ears.stopped == [call]
    assert world.cdrs()[0]["amd"] == kind
    assert world.agent() == "ready"


def test_where_amd_is_silent_the_person_is_served_at_the_deadline():
    world, _, agent_leg, call = screened()
    world.time.pass_s(2.99)
    assert world.switch.said("bridge") == []
    world.time.pass_s(0.02)
    assert world.switch.said("bridge") == [("bridge", agent_leg, call)]
    world.dialer.on_fact(
        f.MachineDetected(call, world.time.now)
    )  # too late to take the person away from the agent
    world.fact(f.LegBridged, call, peer_id=agent_leg)
    world.fact(f.LegEnded, call, ended_by="them")
    assert world.cdrs()[0]["amd"] == "unsure"


def test_a_person_who_hangs_up_under_screening_leaves_no_fork_behind():
    world, ears, _, call = screened()
    world.fact(f.LegEnded, call, ended_by="them")
    assert ears.stopped == [call]
    assert world.agent() == "ready"


def test_a_campaign_without_screening_asks_nobody():
    world, ears = World(), Ears()
    world.log_in()
    world.run()
    world.fact(f.LegAnswered, world.dialed[0])
    assert ears.heard == []
    assert world.switch.said("extend_net") == []


def test_where_the_limit_runs_from_the_answer_amd_leaves_time_for_the_bridge():
    limits = Abandonment(
        clock="answer", answer_limit_s=2.0, max_screening_s=4.0, notice="/prompts/notice.wav"
    )
    world, _, agent_leg, call = screened(limits)
    world.time.pass_s(1.19)
    assert world.switch.said("bridge") == []
    world.time.pass_s(0.02)
    assert world.switch.said("bridge") == [("bridge", agent_leg, call)]
    assert world.switch.said("extend_net")[0][2] == 0
