"""What agents note after a talk, and the callbacks they promise."""

import pytest

from engine.control import Refused
from engine.domain import facts as f
from tests.dialer.world import World


def talking() -> tuple[World, str]:
    world = World()
    leg = world.log_in()
    world.run()
    (call,) = world.dialed
    world.fact(f.LegAnswered, call)
    world.fact(f.LegBridged, call, peer_id=leg)
    return world, call


def noted(world: World) -> list[object]:
    return [record for kind, record in world.paper.records if kind == "outcome"]


def test_an_outcome_noted_in_the_talk_is_in_the_cdr():
    world, call = talking()
    assert world.dialer.desk.dispose("a1", "promise_to_pay", 0.0, "on Friday") == call
    world.fact(f.LegEnded, call, ended_by="them")
    assert world.cdrs()[0]["outcome"] == "promise_to_pay"
    assert world.store.queue_sizes("c1", world.time.wall_s()).done == 1


def test_a_callback_promised_in_the_talk_is_settled_with_it():
    world, call = talking()
    at_s = world.time.wall_s() + 3600
    world.dialer.desk.dispose("a1", "callback", at_s, "")
    world.fact(f.LegEnded, call, ended_by="them")
    assert world.cdrs()[0]["next_due_at_s"] == at_s
    assert world.store.queue_sizes("c1", world.time.wall_s()).next_due_at_s == at_s


def test_a_callback_promised_in_wrap_up_brings_the_contact_back_and_ends_wrap_up():
    world, call = talking()
    world.fact(f.LegEnded, call, ended_by="them")
    assert world.store.queue_sizes("c1", world.time.wall_s()).done == 1
    at_s = world.time.wall_s() + 3600
    world.dialer.desk.dispose("a1", "callback", at_s, "after lunch")
    assert world.agent() == "ready"
    assert world.store.queue_sizes("c1", world.time.wall_s()).next_due_at_s == at_s
    world.time.pass_s(3601)
    assert len(world.dialed) == 2


def test_a_note_that_comes_after_wrap_up_is_over_still_counts_and_the_last_one_holds():
    world, call = talking()
    world.fact(f.LegEnded, call, ended_by="them")
    world.time.pass_s(11)
    assert world.agent() == "ready"
    for outcome in ("refused", "promise_to_pay"):
        assert world.dialer.desk.dispose("a1", outcome, 0.0, "") == call
    assert [record["outcome"] for record in noted(world)] == ["refused", "promise_to_pay"]
    assert {record["attempt_id"] for record in noted(world)} == {call}


def test_a_callback_in_the_past_and_a_note_without_a_talk_are_refused():
    world, _ = talking()
    with pytest.raises(Refused, match="past"):
        world.dialer.desk.dispose("a1", "callback", world.time.wall_s() - 3600, "")
    other = World()
    other.log_in()
    with pytest.raises(Refused, match="no talk"):
        other.dialer.desk.dispose("a1", "promise_to_pay", 0.0, "")
    assert noted(world) == noted(other) == []
