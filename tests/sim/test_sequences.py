"""The same orders to the virtual switch as were given to a real FreeSWITCH: leg by leg the same events.

tests/data/freeswitch/sequences holds what the real one told. The order between two legs is not fixed there
either, so each leg is compared by itself.
"""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.sim.steps import Wake
from tests.sim.lab import CALM, Lab

RECORDED = Path(__file__).parents[1] / "data" / "freeswitch" / "sequences"
AGENT = "park_after_bridge=true,uuid_bridge_park_on_cancel=true,send_silence_when_idle=400"
SOUNDS = "files: {/one-second.wav: 1.0, /closed.wav: 2.0}\n"

Rows = dict[str, list[tuple[str, ...]]]


def recorded(name: str) -> Rows:
    rows: Rows = defaultdict(list)
    for line in (RECORDED / f"{name}.txt").read_text().splitlines():
        if not line.startswith("#"):
            leg, *rest = line.split("\t")
            rows[leg].append(tuple(rest))
    return rows


def told(lab: Lab) -> Rows:
    rows: Rows = defaultdict(list)
    for _, event in lab.events:
        if "Unique-ID" in event and event["Event-Name"] != "CHANNEL_OUTGOING":
            state = f"{event['Channel-State']}/{event['Channel-State-Number']}"
            wanted = (
                "Channel-Call-State",
                "Answer-State",
                "Hangup-Cause",
                "Application",
                "Application-Response",
            )
            described = tuple(event.get(header) or "-" for header in wanted)
            rows[lab.called.get(event["Unique-ID"], event["Unique-ID"])].append(
                (event["Event-Name"], state, *described)
            )
    return rows


def sure(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Without the one state that a real second leg shows in some of its bridges and in others not."""
    return [row for row in rows if row[:3] != ("CHANNEL_STATE", "CS_CONSUME_MEDIA/7", "ACTIVE")]


def agent_and_person(lab: Lab, person: str = "park_after_bridge=true") -> None:
    lab.parked("agent", "user/1001", AGENT)
    lab.parked("person", variables=person)


def bridged(lab: Lab, person: str = "park_after_bridge=true") -> None:
    agent_and_person(lab, person)
    lab.api("uuid_bridge agent person")
    lab.run(0.2)


def in_cs_park(lab: Lab, *legs: str) -> None:
    for leg in legs:
        lab.api(f"uuid_park {leg}")
    lab.run(0.2)
    lab.forget()


def bridge_person_hangs_up(lab: Lab) -> None:
    agent_and_person(lab)
    lab.api("uuid_bridge agent person")
    lab.run(0.2)
    lab.core.legs["person"].far.hang_up()


def bridge_agent_killed(lab: Lab) -> None:
    lab.parked("agent", "user/1001", AGENT)
    in_cs_park(lab, "agent")
    lab.parked("person", variables="uuid_bridge_park_on_cancel=true")
    lab.api("uuid_bridge agent person")
    lab.run(0.2)
    lab.api("uuid_kill agent")


def transfer_agent_out_of_bridge(lab: Lab) -> None:
    bridged(lab, "transfer_after_bridge=abandon:XML:default")
    lab.api("uuid_transfer agent park inline")
    lab.run(0.6)
    lab.api("uuid_transfer person 'playback:/one-second.wav,park' inline")


def uuid_park(lab: Lab) -> None:
    lab.parked("person")
    lab.forget()
    lab.api("uuid_park person")


def transfer_both(lab: Lab) -> None:
    agent_and_person(lab)
    in_cs_park(lab, "person")
    lab.api("uuid_bridge agent person")
    lab.run(0.2)
    lab.api("uuid_transfer person -both park inline")


def queue_cut_by_park(lab: Lab) -> None:
    lab.parked("person")
    for step in ("q0", "q1", "q2"):
        lab.execute("person", "playback", "tone_stream://%(600,0,500)", step, lock=True)
    lab.run(0.3)
    lab.api("uuid_park person")


def nested_playbacks(lab: Lab) -> None:
    lab.parked("person")
    lab.forget()
    lab.execute("person", "playback", "tone_stream://%(800,0,500)", "first")
    lab.run(0.1)
    lab.execute("person", "playback", "tone_stream://%(300,0,500)", "second")


def _two_locked(lab: Lab) -> None:
    lab.parked("person")
    lab.forget()
    lab.execute("person", "playback", "tone_stream://%(900,0,500)", "first", lock=True)
    lab.execute("person", "playback", "tone_stream://%(300,0,500)", "second", lock=True)
    lab.run(0.2)


def break_all(lab: Lab) -> None:
    _two_locked(lab)
    lab.api("uuid_break person all")


def break_(lab: Lab) -> None:
    _two_locked(lab)
    lab.api("uuid_break person")


def no_such_application(lab: Lab) -> None:
    lab.parked("person")
    lab.forget()
    lab.execute("person", "nosuchapp")


def killed_in_playback(lab: Lab) -> None:
    lab.parked("person")
    lab.execute("person", "playback", "tone_stream://%(900,0,500)")
    lab.run(0.2)
    lab.api("uuid_kill person")


def safety_net(lab: Lab) -> None:
    net = "'sleep:800,sleep:${net_more},playback:/one-second.wav,hangup:NORMAL_CLEARING' inline"
    lab.originate("person", f"sofia/gateway/trunk/48600100200 {net}", "ignore_early_media=true")
    lab.run(1.0)


def net_bridged_at_answer(lab: Lab) -> None:
    lab.parked("agent", "user/1001", AGENT)
    net = "'sleep:800,playback:/one-second.wav,hangup:NORMAL_CLEARING' inline"
    lab.originate("person", f"sofia/gateway/trunk/48600100200 {net}", "park_after_bridge=true")
    lab.run_until("person", "CHANNEL_ANSWER")
    lab.api("uuid_bridge agent person")
    lab.run(1.5)
    lab.api("uuid_park person")


def hold(lab: Lab) -> None:
    agent_and_person(lab)
    in_cs_park(lab, "agent", "person")
    lab.api("uuid_bridge agent person")
    lab.run(0.4)
    lab.api(r"uuid_transfer person 'playback:tone_stream://%(300\,0\,500),park' inline")


def blind_transfer(lab: Lab) -> None:
    agent_and_person(lab)
    in_cs_park(lab, "agent")
    lab.api("uuid_bridge agent person")
    lab.run(0.4)
    called = r"bridge:{origination_uuid=third\,x=y}sofia/gateway/trunk/48600"
    lab.api(f"uuid_transfer person 'set:continue_on_fail=true,set:call_timeout=20,{called},park' inline")
    lab.run(2.0)
    lab.core.legs["third"].far.hang_up()


def blind_transfer_busy(lab: Lab) -> None:
    lab.parked("person")
    in_cs_park(lab, "person")
    called = r"bridge:{origination_uuid=third}sofia/gateway/trunk/48601"
    lab.api(f"uuid_transfer person 'set:continue_on_fail=true,set:call_timeout=20,{called},park' inline")
    lab.run(0.6)
    assert lab.api("uuid_getvar person originate_disposition") == "USER_BUSY"


def bridge_while_ringing(lab: Lab) -> None:
    lab.parked("agent", "user/1001", AGENT)
    lab.originate("person", "sofia/gateway/trunk/48602 &park()", "park_after_bridge=true")
    lab.run_until("person", "CHANNEL_PROGRESS")
    lab.api("uuid_bridge agent person")
    lab.run(3.0)
    assert lab.jobs["person"] == "-ERR ORIGINATOR_CANCEL\n"
    lab.api("uuid_kill person")


def _comes_in(lab: Lab) -> str:
    lab.core.socket_address = "127.0.0.1:8084"
    caller = lab.core.call_in("48555", "48221112233").uuid
    lab.called[caller] = "caller"
    return caller


def inbound_socket_refused(lab: Lab) -> None:
    _comes_in(lab)
    lab.run(1.0)
    lab.api("hupall MANAGER_REQUEST")


def inbound_socket(lab: Lab) -> None:
    lab.core.open_socket = lambda step: lab.core.clock.after(0.01, lambda: step.leg.wake(step, Wake.TOLD))
    caller = _comes_in(lab)
    lab.run(0.2)
    lab.execute(caller, "answer")
    lab.run(0.2)
    step = lab.core.legs[caller].steps[0]
    step.leg.wake(step, Wake.PARTED)
    lab.run(0.5)
    lab.api("hupall MANAGER_REQUEST")


STORIES: dict[str, Callable[[Lab], None]] = {
    story.__name__.rstrip("_"): story
    for story in (
        *(
            bridge_person_hangs_up,
            bridge_agent_killed,
            transfer_agent_out_of_bridge,
            uuid_park,
            transfer_both,
        ),
        *(queue_cut_by_park, nested_playbacks, break_all, break_, no_such_application, killed_in_playback),
        *(safety_net, net_bridged_at_answer, hold, blind_transfer, blind_transfer_busy, bridge_while_ringing),
        *(inbound_socket_refused, inbound_socket),
    )
}
PLAN = """
numbers:
  "48601": {fate: busy}
  "48602": {fate: answer, ring_s: 2}
"""


@pytest.mark.parametrize("name", STORIES)
def test_each_leg_tells_what_a_real_one_told(name: str) -> None:
    lab, real = Lab(CALM + SOUNDS + PLAN), recorded(name)
    STORIES[name](lab)
    lab.run(1.7)
    ours = told(lab)
    for leg, rows in real.items():
        assert sure(ours[leg]) == sure(rows), leg
