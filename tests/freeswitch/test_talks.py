"""An agent's standing leg, a person, and what both hear: on a real switch with real phones."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from tests.freeswitch.audio import read_wav, tone_seconds, tone_share
from tests.freeswitch.carrier import CUSTOMER_HZ, Carrier
from tests.freeswitch.esl import Esl
from tests.freeswitch.phones import Phone
from tests.freeswitch.switch import ABANDON_HZ, FreeSwitch
from tests.freeswitch.test_outcomes import dial

pytestmark = pytest.mark.freeswitch

STANDING = "park_after_bridge=true,uuid_bridge_park_on_cancel=true,send_silence_when_idle=400"
PATIENT = "park_after_bridge=true,uuid_bridge_park_on_cancel=true"


def standing_leg(esl: Esl, phone: Phone) -> str:
    """Call the agent's phone, which answers by itself, and park the leg."""
    uuid = str(uuid4())
    esl.bgapi(f"originate {{origination_uuid={uuid},{STANDING}}}{phone.dial} &park()")
    esl.wait_event("CHANNEL_ANSWER", uuid)
    esl.wait_event("CHANNEL_PARK", uuid)
    return uuid


def net(message: Path) -> str:
    return f"'sleep:1800,playback:{message},hangup:NORMAL_CLEARING' inline"


def answered(esl: Esl, carrier: Carrier, outcome: str, variables: str, app: str = "&park()") -> str:
    uuid, _ = dial(esl, carrier.number_for(outcome), variables, app)
    esl.wait_event("CHANNEL_ANSWER", uuid)
    return uuid


def bridge(esl: Esl, agent: str, person: str) -> None:
    since = len(esl.events)
    assert esl.api(f"uuid_bridge {agent} {person}") == f"+OK {person}\n"
    joined = esl.wait_event("CHANNEL_BRIDGE", agent, since=since)
    assert joined["Other-Leg-Unique-ID"] == person


def test_two_agents_register_are_called_and_stand_parked(
    esl: Esl, agents: Callable[[int], list[Phone]]
) -> None:
    legs = [standing_leg(esl, phone) for phone in agents(2)]
    assert [esl.api(f"uuid_exists {leg}") for leg in legs] == ["true", "true"]


def test_person_and_agent_talk_and_each_is_on_a_channel_of_the_recording(
    esl: Esl, carrier: Carrier, agents: Callable[[int], list[Phone]], recordings: Path
) -> None:
    phone = agents(1)[0]
    agent = standing_leg(esl, phone)
    person = answered(esl, carrier, "answered", PATIENT)
    bridge(esl, agent, person)
    path = recordings / f"{person}.wav"
    assert esl.api(f"uuid_record {person} start {path} 0 {{RECORD_STEREO=true}}").startswith("+OK")
    esl.wait_event("RECORD_START", person)
    esl.quiet(lambda e: e["Event-Name"] == "CHANNEL_HANGUP", for_s=2.0)
    assert esl.api(f"uuid_record {person} stop {path}").startswith("+OK")
    esl.wait_event("RECORD_STOP", person)
    left, right = read_wav(path)
    assert tone_share(left, CUSTOMER_HZ) > 0.9 > 0.1 > tone_share(left, phone.tone_hz)
    assert tone_share(right, phone.tone_hz) > 0.9 > 0.1 > tone_share(right, CUSTOMER_HZ)
    assert tone_seconds(left, CUSTOMER_HZ) > 1.5
    assert tone_seconds(right, phone.tone_hz) > 1.5


def test_person_hangs_up_and_the_agent_stands_ready_again(
    esl: Esl, carrier: Carrier, agents: Callable[[int], list[Phone]]
) -> None:
    agent = standing_leg(esl, agents(1)[0])
    for _ in range(2):
        person = answered(esl, carrier, "hangs_up", PATIENT)
        since = len(esl.events)
        bridge(esl, agent, person)
        esl.wait_event("CHANNEL_HANGUP", person)
        esl.wait_event("CHANNEL_PARK", agent, since=since)
    assert "CHANNEL_HANGUP" not in esl.names_of(agent)


def test_nobody_comes_and_the_person_hears_who_called_within_two_seconds(
    esl: Esl, carrier: Carrier, freeswitch: FreeSwitch, recordings: Path
) -> None:
    path = recordings / "net.wav"
    person = str(uuid4())
    app = net(freeswitch.media_dir / "abandon.wav")
    start = f"execute_on_answer='record_session {path}',RECORD_STEREO=true,{PATIENT}"
    esl.bgapi(
        f"originate {{origination_uuid={person},ignore_early_media=true,{start}}}"
        f"sofia/gateway/trunk/{carrier.number_for('answered')} {app}"
    )
    answer = esl.wait_event("CHANNEL_ANSWER", person)
    begun = esl.wait_event("PLAYBACK_START", person)
    end = esl.wait_event("CHANNEL_HANGUP_COMPLETE", person)
    waited_us = int(begun["Event-Date-Timestamp"]) - int(answer["Event-Date-Timestamp"])
    assert 1_750_000 < waited_us < 2_000_000
    assert end["Hangup-Cause"] == "NORMAL_CLEARING"
    assert tone_seconds(read_wav(path)[1], ABANDON_HZ) > 0.8


def test_the_agent_is_lost_in_mid_talk_and_the_person_falls_into_the_net_of_the_dialplan(
    esl: Esl, carrier: Carrier, agents: Callable[[int], list[Phone]]
) -> None:
    agent = standing_leg(esl, agents(1)[0])
    person = answered(esl, carrier, "answered", "transfer_after_bridge=abandon:XML:default")
    bridge(esl, agent, person)
    esl.api(f"uuid_kill {agent}")
    lost = esl.wait_event("CHANNEL_HANGUP", agent)
    begun = esl.wait_event("PLAYBACK_START", person)
    assert int(begun["Event-Date-Timestamp"]) - int(lost["Event-Date-Timestamp"]) < 2_100_000
    assert begun["Playback-File-Path"].endswith("/abandon.wav")
    assert esl.wait_event("CHANNEL_HANGUP_COMPLETE", person)["Hangup-Cause"] == "NORMAL_CLEARING"


def test_a_call_may_bring_an_abandon_message_of_its_own(
    esl: Esl, carrier: Carrier, freeswitch: FreeSwitch
) -> None:
    own = freeswitch.media_dir / "prompt.wav"
    person = answered(esl, carrier, "answered", f"abandon_message={own}")
    assert esl.api(f"uuid_transfer {person} abandon XML default").startswith("+OK")
    assert esl.wait_event("PLAYBACK_START", person)["Playback-File-Path"] == str(own)


def test_the_lost_agent_is_replaced_before_the_net_speaks(
    esl: Esl, carrier: Carrier, agents: Callable[[int], list[Phone]]
) -> None:
    first, second = (standing_leg(esl, phone) for phone in agents(2))
    person = answered(esl, carrier, "answered", "transfer_after_bridge=abandon:XML:default")
    bridge(esl, first, person)
    esl.api(f"uuid_kill {first}")
    esl.wait_event("CHANNEL_HANGUP", first)
    bridge(esl, second, person)
    esl.quiet(lambda e: e["Event-Name"] in ("PLAYBACK_START", "CHANNEL_HANGUP"), for_s=2.5)
