"""Legs that only listen: the fork that feeds the media process, and a supervisor."""

import time
from collections.abc import Iterator
from uuid import uuid4

import pytest

from engine.switch import orders, questions, sound_orders
from tests.contracts.switch.calls import Calls
from tests.freeswitch.farend import Call, FarEnd


@pytest.fixture
def listener() -> Iterator[FarEnd]:
    """The media process's ear."""
    ear = FarEnd()
    yield ear
    ear.close()


def hears(call: Call, packets: int, timeout_s: float = 5.0) -> None:
    """So many packets of 20 ms more have come."""
    wanted, deadline = len(call.heard) + packets, time.monotonic() + timeout_s
    while len(call.heard) < wanted:
        assert time.monotonic() < deadline, f"{len(call.heard)} of {wanted} packets came"
        time.sleep(0.02)


def fork(calls: Calls, leg: str, listener: FarEnd) -> str:
    fork_id = str(uuid4())
    to = f"sofia/media/amd@127.0.0.1:{listener.port}"
    calls.esl.bgapi(orders.fork_audio(leg, fork_id, to, codec="PCMA"))
    return fork_id


def test_a_fork_carries_the_persons_sound_on_through_bridge_and_park(calls: Calls, listener: FarEnd) -> None:
    agent, (person, _) = calls.standing(), calls.parked()
    fork(calls, person, listener)
    ear = listener.wait_call()
    hears(ear, 25)
    calls.bridge(agent, person)
    hears(ear, 25)
    calls.esl.api(f"uuid_transfer {person} -both park inline")
    hears(ear, 25)


def test_the_fork_ends_with_its_call(calls: Calls, listener: FarEnd) -> None:
    person, who = calls.parked()
    fork_id = fork(calls, person, listener)
    ear = listener.wait_call()
    hears(ear, 5)
    who.hang_up()
    calls.ended(person)
    assert calls.ended(fork_id)["Hangup-Cause"] == "NORMAL_CLEARING"
    assert ear.ended.wait(3)


def test_the_end_of_a_fork_is_nothing_to_its_call(calls: Calls, listener: FarEnd) -> None:
    person, _ = calls.parked()
    fork_id = fork(calls, person, listener)
    hears(listener.wait_call(), 5)
    calls.esl.api(orders.hang_up(fork_id))
    calls.ended(fork_id)
    calls.esl.quiet(lambda e: e["Event-Name"] == "CHANNEL_HANGUP", for_s=0.3)
    assert calls.esl.api(questions.exists(person)) == "true"


def test_a_fork_that_nobody_takes_leaves_the_call_alone(calls: Calls, listener: FarEnd) -> None:
    person, _ = calls.parked()
    to = f"sofia/media/amd@127.0.0.1:{listener.port}"
    listener.close()
    job = calls.esl.bgapi(orders.fork_audio(person, str(uuid4()), to, codec="PCMA"))
    assert calls.esl.wait_job(job).startswith("-ERR ")
    assert calls.esl.api(questions.exists(person)) == "true"


def test_a_supervisor_listens_to_an_agent_and_parks_when_the_agent_goes(calls: Calls) -> None:
    agent, supervisor = calls.standing(0), calls.standing(1)
    person, who = calls.parked()
    calls.bridge(agent, person)
    since = len(calls.esl.events)
    assert calls.esl.api(orders.supervise(supervisor, agent)).startswith("+OK")
    calls.esl.wait(
        lambda e: (
            e["Event-Name"] == "CHANNEL_EXECUTE"
            and e["Unique-ID"] == supervisor
            and e["Application"] == "eavesdrop"
        ),
        "the supervisor's eavesdrop",
        since=since,
    )
    for to in ("agent", "both", "customer", "nobody"):
        assert calls.esl.api(orders.supervisor_speaks(supervisor, to)).startswith("+OK")
    since = len(calls.esl.events)
    who.hang_up()
    calls.esl.wait_event("CHANNEL_PARK", agent, since=since)
    assert calls.esl.api(questions.exists(supervisor)) == "true"
    calls.esl.api(orders.hang_up(agent))
    calls.esl.wait_event("CHANNEL_PARK", supervisor, since=since)


def test_the_agents_leg_hears_a_tone_without_leaving_its_park(calls: Calls) -> None:
    agent = calls.standing()
    assert calls.esl.api(sound_orders.whisper(agent, "tone_stream://%(150,0,1400)")).startswith("+OK")
    calls.esl.quiet(lambda e: e["Event-Name"] in ("CHANNEL_UNPARK", "CHANNEL_HANGUP"), for_s=0.4)
