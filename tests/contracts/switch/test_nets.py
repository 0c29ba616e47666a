"""The safety net that a dial string carries: heard when nobody comes, gone when somebody does."""

from typing import Any, cast
from uuid import UUID

from engine.domain import facts as f
from engine.switch import orders
from engine.switch.freeswitch import FreeSwitch
from tests.contracts.switch.calls import PATIENT, Calls, between_ms
from tests.dialer.test_robots import robots_world


def test_nobody_comes_and_the_message_begins_in_time_and_ends_the_call(calls: Calls) -> None:
    person, _ = calls.answered(PATIENT, calls.net())
    answer = calls.esl.wait_event("CHANNEL_ANSWER", person)
    begun = calls.esl.wait_event("PLAYBACK_START", person)
    assert 1_750 < between_ms(answer, begun) < 2_000
    assert begun["Playback-File-Path"] == str(calls.prompt("abandon.wav"))
    end = calls.ended(person)
    assert end["Hangup-Cause"] == "NORMAL_CLEARING"
    assert 900 < between_ms(begun, end) < 1_400


def test_the_net_of_a_screened_call_is_extended_by_a_variable(calls: Calls) -> None:
    person, _ = calls.answered(PATIENT, calls.net(more=True))
    answer = calls.esl.wait_event("CHANNEL_ANSWER", person)
    assert calls.esl.api(f"uuid_setvar {person} net_more 1200") == "+OK\n"
    begun = calls.esl.wait_event("PLAYBACK_START", person)
    assert 2_950 < between_ms(answer, begun) < 3_300


def test_a_net_that_nobody_extends_is_as_short_as_any(calls: Calls) -> None:
    person, _ = calls.answered(PATIENT, calls.net(more=True))
    answer = calls.esl.wait_event("CHANNEL_ANSWER", person)
    assert 1_750 < between_ms(answer, calls.esl.wait_event("PLAYBACK_START", person)) < 2_000


def test_a_park_takes_the_net_away(calls: Calls) -> None:
    person, _ = calls.answered(PATIENT, calls.net())
    calls.esl.wait_event("CHANNEL_EXECUTE", person)
    assert calls.esl.api(f"uuid_park {person}").startswith("+OK")
    calls.esl.wait_event("CHANNEL_PARK", person)
    calls.esl.quiet(lambda e: e["Event-Name"] in ("PLAYBACK_START", "CHANNEL_HANGUP"), for_s=2.2)


def test_a_robot_takes_the_call_out_of_its_net_by_a_transfer(calls: Calls) -> None:
    person, _ = calls.answered(PATIENT, calls.net())
    calls.esl.wait_event("CHANNEL_EXECUTE", person)
    assert calls.esl.api(f"uuid_transfer {person} 'playback:{calls.prompt()},park' inline").startswith("+OK")
    begun = calls.esl.wait_event("PLAYBACK_START", person)
    assert begun["Playback-File-Path"] == str(calls.prompt())
    calls.esl.wait_event("CHANNEL_PARK", person)
    calls.esl.quiet(lambda e: e["Event-Name"] in ("PLAYBACK_START", "CHANNEL_HANGUP"), for_s=0.5)


def test_a_robot_cut_off_after_any_of_its_orders_leaves_nobody_in_silence(calls: Calls) -> None:
    told = robots_orders(str(calls.prompt()))
    assert len(told) >= 3
    people = [calls.answered(PATIENT, calls.net())[0] for _ in range(len(told) + 1)]
    for count, person in enumerate(people):
        calls.esl.wait_event("CHANNEL_EXECUTE", person)
        for order in told[:count]:
            calls.esl.api(order.replace(LEG, person))
    for person in people:
        answer = calls.esl.wait_event("CHANNEL_ANSWER", person)
        assert between_ms(answer, calls.esl.wait_event("PLAYBACK_START", person)) < 2_000


LEG = str(UUID(int=7))


def robots_orders(prompt: str) -> list[str]:
    """All that an engine tells the switch of leg LEG from its answer until the first prompt plays."""
    world = robots_world(file=prompt, leg_id=LEG)
    world.run()
    dialed = len(world.switch.orders)
    world.fact(f.LegAnswered, LEG)
    link = WrittenLink()
    real: Any = FreeSwitch("real", cast(Any, link))
    for verb, *arguments in world.switch.orders[dialed:]:
        getattr(real, verb)(*arguments)
    return link.texts


class WrittenLink:
    def __init__(self) -> None:
        self.texts: list[str] = []

    def send_api(self, text: str) -> None:
        self.texts.append(text)


def test_a_robots_prompt_takes_the_place_of_all_that_was_queued(calls: Calls) -> None:
    """As when it is adopted, or a key cuts its first prompt."""
    person, _ = calls.parked()
    for _ in range(3):
        calls.esl.execute(person, "playback", str(calls.prompt("abandon.wav")))
    calls.esl.wait_event("PLAYBACK_START", person)
    for _ in range(2):
        since = len(calls.esl.events)
        order = orders.begin_with(person, [str(calls.prompt()), str(calls.prompt("abandon.wav"))])
        assert calls.esl.api(order).startswith("+OK")
        begun = calls.esl.wait_event("PLAYBACK_START", person, since=since)
        assert begun["Playback-File-Path"] == str(calls.prompt())
    parked = calls.esl.wait_event("CHANNEL_PARK", person, since=since)
    assert 3_900 < between_ms(begun, parked) < 4_600, "both its prompts, to their end, and no other"
    step = calls.esl.execute(person, "playback", str(calls.prompt("abandon.wav")))
    calls.esl.wait(lambda e: e["Event-Name"] == "CHANNEL_EXECUTE_COMPLETE" and e["Application-UUID"] == step)


def test_the_running_message_is_cut_by_a_bridge(calls: Calls) -> None:
    agent = calls.standing()
    person, _ = calls.answered(PATIENT, calls.net())
    calls.esl.wait_event("PLAYBACK_START", person)
    calls.bridge(agent, person)
    calls.esl.quiet(lambda e: e["Event-Name"] == "CHANNEL_HANGUP", for_s=1.3)


def test_a_net_without_its_message_hangs_up_and_tells_only_by_what_is_missing(calls: Calls) -> None:
    person, _ = calls.answered(PATIENT, calls.net("nosuch.wav"))
    answer = calls.esl.wait_event("CHANNEL_ANSWER", person)
    end = calls.ended(person)
    assert end["Hangup-Cause"] == "NORMAL_CLEARING"
    assert 1_700 < between_ms(answer, end) < 2_100
    assert "PLAYBACK_START" not in calls.esl.names_of(person)


def test_the_dialplan_has_a_net_for_whom_no_dial_string_carries_one(calls: Calls) -> None:
    own = calls.prompt("abandon.wav")
    person, _ = calls.parked(f"abandon_message={own}")
    since = len(calls.esl.events)
    assert calls.esl.api(f"uuid_transfer {person} abandon XML default").startswith("+OK")
    begun = calls.esl.wait_event("PLAYBACK_START", person, since=since)
    assert begun["Playback-File-Path"] == str(own)
    assert calls.ended(person)["Hangup-Cause"] == "NORMAL_CLEARING"


def test_a_net_armed_anew_says_its_question_now_and_its_message_in_its_own_time(calls: Calls) -> None:
    person, _ = calls.answered(PATIENT, calls.net(more=True))
    calls.esl.wait_event("CHANNEL_EXECUTE", person)
    order = orders.rearm_net(person, str(calls.prompt()), 1.5, str(calls.prompt("abandon.wav")))
    assert calls.esl.api(order).startswith("+OK")
    asked = calls.esl.wait_event("PLAYBACK_START", person)
    assert asked["Playback-File-Path"] == str(calls.prompt())
    heard = calls.esl.wait_event("PLAYBACK_STOP", person)
    begun = calls.esl.wait(
        lambda e: e["Event-Name"] == "PLAYBACK_START" and "abandon.wav" in e["Playback-File-Path"], "the net"
    )
    assert 1_450 < between_ms(heard, begun) < 1_750
    assert calls.ended(person)["Hangup-Cause"] == "NORMAL_CLEARING"


def test_a_bridge_takes_a_call_out_of_a_net_armed_anew(calls: Calls) -> None:
    agent = calls.standing()
    person, _ = calls.answered(PATIENT, calls.net(more=True))
    calls.esl.wait_event("CHANNEL_EXECUTE", person)
    calls.esl.api(orders.rearm_net(person, "", 1.0, str(calls.prompt("abandon.wav"))))
    calls.esl.wait_event("CHANNEL_EXECUTE", person)
    calls.bridge(agent, person)
    calls.esl.quiet(lambda e: e["Event-Name"] in ("PLAYBACK_START", "CHANNEL_HANGUP"), for_s=1.4)
