"""What is played, pressed and recorded on a leg that somebody drives over the Event Socket."""

import pytest

from engine.switch.vocabulary import facts_of
from tests.contracts.switch.calls import PATIENT, Calls, between_ms
from tests.contracts.switch.switches import AGENT_HZ, CUSTOMER_HZ
from tests.freeswitch.audio import read_wav, tone_seconds


def test_a_prompt_is_played_and_its_end_carries_our_id(calls: Calls) -> None:
    person, _ = calls.parked()
    step = calls.esl.execute(person, "playback", str(calls.prompt()))
    calls.esl.wait(lambda e: e["Event-Name"] == "CHANNEL_EXECUTE" and e["Application-UUID"] == step)
    done = calls.esl.wait(lambda e: _done(e, step), "the end of the prompt")
    assert (done["Application"], done["Application-Data"]) == ("playback", str(calls.prompt()))
    assert done["Application-Response"] == "FILE PLAYED"
    assert 2_900 < between_ms(calls.esl.wait_event("PLAYBACK_START", person), done) < 3_400


def test_a_prompt_that_the_end_of_the_call_cut_says_so(calls: Calls) -> None:
    person, far = calls.parked()
    step = calls.esl.execute(person, "playback", str(calls.prompt()))
    calls.esl.wait_event("PLAYBACK_START", person)
    far.hang_up()
    done = calls.esl.wait(lambda e: _done(e, step), "the end of the prompt")
    assert done["Answer-State"] == "hangup"
    assert facts_of(done, 0.0) == []
    assert calls.ended(person)["Hangup-Cause"] == "NORMAL_CLEARING"


def test_prompts_with_event_lock_follow_one_another(calls: Calls) -> None:
    person, _ = calls.parked()
    steps = [calls.esl.execute(person, "sleep", "300") for _ in range(3)]
    ends = [calls.esl.wait(lambda e, s=step: _done(e, s), "the end of a step") for step in steps]
    assert 250 < between_ms(ends[0], ends[1]) < 500
    assert 250 < between_ms(ends[1], ends[2]) < 500


def test_a_break_ends_the_running_prompt_and_the_next_one_begins(calls: Calls) -> None:
    person, _ = calls.parked()
    first = calls.esl.execute(person, "playback", str(calls.prompt()))
    second = calls.esl.execute(person, "playback", str(calls.prompt("abandon.wav")))
    calls.esl.wait_event("PLAYBACK_START", person)
    since = len(calls.esl.events)
    assert calls.esl.api(f"uuid_break {person}").startswith("+OK")
    stop = calls.esl.wait_event("PLAYBACK_STOP", person)
    assert stop["Playback-Status"] == "break"
    assert calls.esl.wait(lambda e: _done(e, first))["Application-Response"] == "FILE PLAYED"
    begun = calls.esl.wait_event("PLAYBACK_START", person, since=since)
    assert begun["Playback-File-Path"] == str(calls.prompt("abandon.wav"))
    calls.esl.wait(lambda e: _done(e, second))


def test_a_break_of_all_drops_what_waits_without_a_word(calls: Calls) -> None:
    person, _ = calls.parked()
    calls.esl.execute(person, "playback", str(calls.prompt()))
    waiting = calls.esl.execute(person, "playback", str(calls.prompt("abandon.wav")))
    calls.esl.wait_event("PLAYBACK_START", person)
    assert calls.esl.api(f"uuid_break {person} all").startswith("+OK")
    calls.esl.wait_event("PLAYBACK_STOP", person)
    calls.esl.quiet(lambda e: _done(e, waiting) or e["Event-Name"] == "PLAYBACK_START", for_s=0.5)


def test_prompts_ordered_straight_after_a_break_of_all_are_played(calls: Calls) -> None:
    person, _ = calls.parked()
    calls.esl.execute(person, "playback", str(calls.prompt()))
    calls.esl.wait_event("PLAYBACK_START", person)
    since = len(calls.esl.events)
    calls.esl.send(f"api uuid_break {person} all")  # as an engine does: without waiting for the reply
    steps = [calls.esl.execute(person, "playback", str(calls.prompt("abandon.wav"))) for _ in range(2)]
    for step in steps:
        calls.esl.wait(lambda e, s=step: _done(e, s), "the end of a prompt")
    begun = [e for e in calls.esl.events[since:] if e["Event-Name"] == "PLAYBACK_START"]
    assert [e["Playback-File-Path"] for e in begun] == [str(calls.prompt("abandon.wav"))] * 2
    assert between_ms(begun[0], begun[1]) > 900


def test_a_break_while_nothing_is_played_does_not_cut_the_next_prompt(calls: Calls) -> None:
    person, _ = calls.parked()
    assert calls.esl.api(f"uuid_break {person} all").startswith("+OK")
    step = calls.esl.execute(person, "playback", str(calls.prompt("abandon.wav")))
    begun = calls.esl.wait_event("PLAYBACK_START", person)
    assert between_ms(begun, calls.esl.wait(lambda e: _done(e, step), "its end")) > 900


def test_a_leg_parked_by_order_and_parked_again_is_deaf_until_it_is_transferred(calls: Calls) -> None:
    person, _ = calls.answered(PATIENT, calls.net())
    assert calls.esl.api(f"uuid_park {person}").startswith("+OK")
    calls.esl.wait_event("CHANNEL_PARK", person)
    first = calls.esl.execute(person, "playback", str(calls.prompt()))
    calls.esl.wait_event("PLAYBACK_START", person)
    since = len(calls.esl.events)
    assert calls.esl.api(f"uuid_park {person}").startswith("+OK")
    assert calls.esl.wait(lambda e: _done(e, first))["Application-Response"] == "PLAYBACK ERROR"
    calls.esl.execute(person, "playback", str(calls.prompt()))
    calls.esl.quiet(lambda e: e["Event-Name"] in ("CHANNEL_PARK", "PLAYBACK_START"), for_s=1.0)
    assert calls.esl.api(f"uuid_transfer {person} park inline").startswith("+OK")
    calls.esl.wait_event("CHANNEL_PARK", person, since=since)
    calls.esl.execute(person, "playback", str(calls.prompt("abandon.wav")))
    calls.esl.wait_event("PLAYBACK_START", person, since=since)


def test_a_missing_prompt_says_so_and_the_call_goes_on(calls: Calls) -> None:
    person, _ = calls.parked()
    step = calls.esl.execute(person, "playback", "/nosuch/prompt.wav")
    done = calls.esl.wait(lambda e: _done(e, step))
    assert done["Application-Response"] == "FILE NOT FOUND"
    assert "PLAYBACK_START" not in calls.esl.names_of(person)
    assert calls.esl.api(f"uuid_exists {person}") == "true"


def test_a_prompt_on_a_leg_that_is_gone_is_refused(calls: Calls) -> None:
    uuid, job = calls.dial_number("busy")
    calls.esl.wait_job(job)
    calls.esl.wait_event("CHANNEL_DESTROY", uuid)
    reply = calls.esl.command(f"sendmsg {uuid}\ncall-command: execute\nexecute-app-name: park")
    assert reply["Reply-Text"] == f"-ERR invalid session id [{uuid}]"


def test_a_message_hangs_a_leg_up_with_a_cause(calls: Calls) -> None:
    person, _ = calls.parked()
    calls.esl.command(f"sendmsg {person}\ncall-command: hangup\nhangup-cause: USER_BUSY")
    assert calls.ended(person)["Hangup-Cause"] == "USER_BUSY"


@pytest.mark.parametrize("while_playing", [False, True])
def test_keys_are_told_one_by_one(calls: Calls, while_playing: bool) -> None:
    person, who = calls.parked()
    if while_playing:
        calls.esl.execute(person, "playback", str(calls.prompt()))
        calls.esl.wait_event("PLAYBACK_START", person)
    who.press("15#")
    keys: list[str] = []
    for event in calls.esl.stream(5.0):
        if event["Event-Name"] == "DTMF" and event["Unique-ID"] == person:
            keys.append(event["DTMF-Digit"])
            assert int(event["DTMF-Duration"]) > 0
        if len(keys) == 3:
            break
    assert keys == ["1", "5", "#"]
    assert "PLAYBACK_STOP" not in calls.esl.names_of(person)


def test_digits_are_collected_into_a_variable(calls: Calls) -> None:
    person, who = calls.parked()
    prompts = f"{calls.prompt()} silence_stream://250"
    step = calls.esl.execute(person, "play_and_get_digits", f"1 2 1 3000 # {prompts} answer [0-9]+ 1500")
    calls.esl.wait_event("PLAYBACK_START", person)
    who.press("42#")
    done = calls.esl.wait(lambda e: _done(e, step))
    assert done["variable_answer"] == "42"
    assert done["variable_read_result"] == "success"


def test_no_digits_leave_the_variable_unset(calls: Calls) -> None:
    person, _ = calls.parked()
    prompts = "silence_stream://100 silence_stream://100"
    step = calls.esl.execute(person, "play_and_get_digits", f"1 1 1 500 # {prompts} answer [12] 500")
    done = calls.esl.wait(lambda e: _done(e, step))
    assert "variable_answer" not in done
    assert done["variable_read_result"] == "failure"


def test_a_stereo_recording_has_the_person_left_and_the_agent_right(calls: Calls) -> None:
    agent, (person, _) = calls.standing(), calls.parked("park_after_bridge=true,send_silence_when_idle=400")
    calls.bridge(agent, person)
    path = calls.switch.recordings_dir / f"{person}.wav"
    assert calls.esl.api(f"uuid_record {person} start {path} 0 {{RECORD_STEREO=true}}") == "+OK Success\n"
    begun = calls.esl.wait_event("RECORD_START", person)
    calls.esl.quiet(lambda e: e["Event-Name"] == "CHANNEL_HANGUP", for_s=2.0)
    assert calls.esl.api(f"uuid_record {person} stop {path}").startswith("+OK")
    stop = calls.esl.wait_event("RECORD_STOP", person)
    assert begun["Record-File-Path"] == stop["Record-File-Path"] == str(path)
    left, right = read_wav(path)
    assert 1.7 < len(left) / 8000 < 2.8
    assert tone_seconds(left, CUSTOMER_HZ) > 0.5 > 0.1 > tone_seconds(left, AGENT_HZ)
    assert tone_seconds(right, AGENT_HZ) > 0.5 > 0.1 > tone_seconds(right, CUSTOMER_HZ)


def test_a_masked_recording_keeps_the_time_and_not_the_voices(calls: Calls) -> None:
    agent, (person, _) = calls.standing(), calls.parked("park_after_bridge=true,send_silence_when_idle=400")
    calls.bridge(agent, person)
    path = calls.switch.recordings_dir / f"{person}.wav"
    calls.esl.api(f"uuid_record {person} start {path} 0 {{RECORD_STEREO=true}}")
    assert calls.esl.api(f"uuid_record {person} mask {path}").startswith("+OK")
    calls.esl.quiet(lambda e: e["Event-Name"] == "CHANNEL_HANGUP", for_s=1.5)
    calls.esl.api(f"uuid_record {person} stop {path}")
    calls.esl.wait_event("RECORD_STOP", person)
    left, right = read_wav(path)
    assert len(left) / 8000 > 1.2
    assert tone_seconds(left, CUSTOMER_HZ) < 0.3
    assert tone_seconds(right, AGENT_HZ) < 0.3


def test_a_recording_that_cannot_be_written_is_refused(calls: Calls) -> None:
    person, _ = calls.parked()
    reply = calls.esl.api(f"uuid_record {person} start /nosuch/place/x.mp3")
    assert reply == "-ERR Cannot record session!\n"


def _done(event: dict[str, object], step: str) -> bool:
    return event["Event-Name"] == "CHANNEL_EXECUTE_COMPLETE" and event.get("Application-UUID") == step
