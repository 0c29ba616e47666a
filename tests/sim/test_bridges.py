"""Two legs, and what becomes of each when orders cross: the races a dialer has to live with."""

import pytest

from tests.sim.lab import CALM, Lab
from tests.sim.test_sequences import AGENT

PARKS = "park_after_bridge=true"


@pytest.fixture
def lab() -> Lab:
    lab = Lab(f"{CALM}files: {{/abandon.wav: 2.0}}\nnumbers: {{'48601': {{fate: busy, ring_s: 1}}}}")
    lab.parked("agent", "user/1001", AGENT)
    return lab


def bridged(lab: Lab, person: str = "person", variables: str = PARKS) -> None:
    lab.parked(person, variables=variables)
    lab.api(f"uuid_bridge agent {person}")
    lab.run_until("agent", "CHANNEL_BRIDGE")


def test_the_bridge_is_told_once_of_the_first_leg_and_names_both(lab: Lab) -> None:
    bridged(lab)
    told = [event for _, event in lab.events if event["Event-Name"] == "CHANNEL_BRIDGE"]
    assert [event["Unique-ID"] for event in told] == ["agent"]
    assert (told[0]["Bridge-A-Unique-ID"], told[0]["Bridge-B-Unique-ID"]) == ("agent", "person")
    assert told[0]["Other-Leg-Unique-ID"] == "person"
    assert told[0]["variable_bridge_uuid"] == "person"


def test_the_bridge_stands_some_thirty_ms_after_the_order(lab: Lab) -> None:
    lab.parked("person")
    ordered_s = lab.clock.now_s()
    assert lab.api("uuid_bridge agent person") == "+OK person\n"
    lab.run_until("agent", "CHANNEL_BRIDGE")
    assert 0.025 <= lab.when("agent", "CHANNEL_BRIDGE") - ordered_s <= 0.040


@pytest.mark.parametrize("ms_later", [0, 5, 15, 19, 21, 29])
def test_a_person_gone_before_the_bridge_leaves_the_agent_parked_again(lab: Lab, ms_later: int) -> None:
    lab.parked("person")
    lab.forget()
    assert lab.api("uuid_bridge agent person") == "+OK person\n"
    lab.run(ms_later / 1000)
    lab.core.legs["person"].far.hang_up()
    lab.run(0.5)
    assert "CHANNEL_BRIDGE" not in lab.names_of("agent")
    assert lab.names_of("agent")[-1] == "CHANNEL_PARK"
    assert lab.api("uuid_exists agent") == "true"


def test_without_park_on_cancel_that_agent_dies(lab: Lab) -> None:
    lab.parked("other", "user/1002", "park_after_bridge=true")
    lab.parked("person")
    lab.api("uuid_bridge other person")
    lab.core.legs["person"].far.hang_up()
    lab.run(0.5)
    assert lab.of("other", "CHANNEL_HANGUP")[0]["Hangup-Cause"] == "ORIGINATOR_CANCEL"


def test_an_agent_gone_before_the_bridge_leaves_the_person_in_limbo_until_a_new_order(lab: Lab) -> None:
    """Silent, without an event, out of its safety net."""
    net = "'sleep:1800,playback:/abandon.wav,hangup:NORMAL_CLEARING' inline"
    lab.originate("person", f"sofia/gateway/trunk/48600 {net}", PARKS)
    lab.run_until("person", "CHANNEL_EXECUTE")
    lab.api("uuid_bridge agent person")
    lab.api("uuid_kill agent")
    lab.run(0.1)
    lab.forget()
    lab.run(10.0)
    assert lab.names_of("person") == []
    lab.api("uuid_park person")
    lab.run_until("person", "CHANNEL_PARK")


def test_a_leg_that_is_gone_cannot_be_bridged_and_nothing_happens_to_the_other(lab: Lab) -> None:
    lab.forget()
    assert lab.api("uuid_bridge agent nobody") == "-ERR Invalid uuid\n"
    lab.run(1.0)
    assert lab.events == []


def test_a_second_bridge_steals_the_agent_and_the_first_person_parks(lab: Lab) -> None:
    bridged(lab, "first")
    lab.run(1.0)
    bridged(lab, "second")
    lab.run(0.2)
    assert lab.names_of("first")[-1] == "CHANNEL_PARK"
    assert lab.core.legs["agent"].talking_to is lab.core.legs["second"]


def test_two_bridges_ordered_at_once_leave_the_first_person_in_limbo(lab: Lab) -> None:
    for person in ("first", "second"):
        lab.parked(person, variables=PARKS)
    lab.api("uuid_bridge agent first")
    lab.api("uuid_bridge agent second")
    lab.run(0.5)
    assert lab.core.legs["agent"].talking_to is lab.core.legs["second"]
    assert lab.names_of("first")[-1] == "CHANNEL_EXECUTE_COMPLETE"
    assert lab.core.legs["first"].step is None


def test_a_second_bridge_twenty_ms_later_hangs_the_first_person_up(lab: Lab) -> None:
    for person in ("first", "second"):
        lab.parked(person, variables=PARKS)
    lab.api("uuid_bridge agent first")
    lab.run(0.022)
    lab.api("uuid_bridge agent second")
    lab.run(0.5)
    assert "CHANNEL_HANGUP" in lab.names_of("first")
    assert lab.core.legs["agent"].talking_to is lab.core.legs["second"]


def test_a_bridge_sent_at_the_answer_may_make_the_job_say_cancelled_of_a_good_call(lab: Lab) -> None:
    said = set()
    for uuid in ("call-0", "call-f"):
        lab.originate(uuid, "sofia/gateway/trunk/48600 &park()", PARKS)
        lab.run_until(uuid, "CHANNEL_ANSWER")
        lab.api(f"uuid_bridge agent {uuid}")
        lab.run(0.2)
        assert lab.core.legs[uuid].talking_to is lab.core.legs["agent"]
        said.add(lab.jobs[uuid].split()[0])
    assert said == {"+OK", "-ERR"}


def test_a_refused_person_leaves_a_waiting_agent_parked(lab: Lab) -> None:
    lab.originate("person", "sofia/gateway/trunk/48601 &park()")
    lab.run_until("person", "CHANNEL_PROGRESS")
    lab.api("uuid_bridge agent person")
    lab.run(2.0)
    assert lab.of("person", "CHANNEL_HANGUP")[0]["Hangup-Cause"] == "USER_BUSY"
    assert lab.names_of("agent")[-1] == "CHANNEL_PARK"


def test_park_after_bridge_beats_transfer_after_bridge_and_does_not_use_it_up(lab: Lab) -> None:
    bridged(lab, variables=f"{PARKS},transfer_after_bridge=abandon:XML:default")
    lab.api("uuid_kill agent")
    lab.run(0.3)
    assert lab.names_of("person")[-1] == "CHANNEL_PARK"
    assert lab.api("uuid_getvar person transfer_after_bridge") == "abandon:XML:default"


def test_transfer_after_bridge_is_used_up_and_then_the_person_is_hung_up(lab: Lab) -> None:
    bridged(lab, variables="transfer_after_bridge=park:XML:default")
    lab.api("uuid_transfer agent park inline")
    lab.run(0.3)
    assert lab.names_of("person")[-1] == "CHANNEL_PARK"
    assert lab.api("uuid_getvar person transfer_after_bridge") == "_undef_"
    lab.api("uuid_bridge agent person")
    lab.run(0.3)
    lab.api("uuid_transfer agent park inline")
    lab.run(0.3)
    assert lab.of("person", "CHANNEL_HANGUP")[0]["Hangup-Cause"] == "NORMAL_CLEARING"


def test_the_seventy_first_transfer_ends_the_call(lab: Lab) -> None:
    lab.parked("person")
    replies = []
    for _ in range(71):
        replies.append(lab.api("uuid_transfer person park inline"))
        lab.run(0.1)
    assert replies.count("+OK\n") == 69
    assert lab.of("person", "CHANNEL_HANGUP")[0]["Hangup-Cause"] == "EXCHANGE_ROUTING_ERROR"


def test_a_supervisor_hears_call_after_call_and_parks_when_the_agent_goes(lab: Lab) -> None:
    lab.parked("boss", "user/1009")
    lab.api("uuid_transfer boss 'eavesdrop:agent,park' inline")
    lab.run(0.2)
    for person in ("first", "second"):
        bridged(lab, person)
        lab.core.legs[person].far.hang_up()
        lab.run(0.2)
    assert lab.core.legs["boss"].step.application == "eavesdrop"
    lab.api("uuid_kill agent")
    lab.run(0.2)
    assert lab.names_of("boss")[-1] == "CHANNEL_PARK"
