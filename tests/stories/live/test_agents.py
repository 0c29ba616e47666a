"""What agents do on live calls, on either switch."""

import time
from pathlib import Path

from tests.freeswitch.audio import read_wav, tone_seconds
from tests.stories.live.stage import MUSIC_HZ, PERSON_HZ, SORRY_HZ, WARNING_HZ, Stage, let_pass


def test_pause_in_a_talk_waits_for_its_end_and_logout_hangs_the_phone_up(stage: Stage) -> None:
    stage.works("a1")
    talk = stage.talk("a1")
    stage.do("a1", "pause", reason="lunch")
    assert stage.engine.agent("a1")["state"] == "talking"
    talk.person.hang_up()
    stage.in_state("a1", "wrap_up")
    stage.do("a1", "dispose", outcome="promise_to_pay", note="on Friday")
    stage.in_state("a1", "paused")
    cdr = stage.cdr(talk.attempt)
    assert (cdr["disposition"], cdr["mode"], cdr["agent_id"]) == ("talked", "manual", "a1")
    stage.wait("the note", lambda: stage.cdr(talk.attempt).get("note") == "on Friday")
    assert stage.cdr(talk.attempt)["outcome"] == "promise_to_pay"
    stage.do("a1", "logout")
    stage.wait("no leg left", lambda: stage.legs() == 0)


def test_a_callback_promised_after_the_talk_makes_the_contact_due_then(stage: Stage) -> None:
    stage.works("a1")
    talk = stage.talk("a1")
    stage.do("a1", "hangup")
    stage.in_state("a1", "wrap_up")
    cdr = stage.cdr(talk.attempt)
    at_s = time.time() + 7200
    stage.do("a1", "dispose", outcome="callback", callback_at_s=at_s)
    later = stage.engine.campaign("hand")["queue"]
    assert abs(later["next_due_at_s"] - at_s) < 1

    def told() -> set[str]:
        why = stage.engine.get(f"/v1/contacts/{cdr['contact_id']}/why")
        return {one["kind"] for one in why["history"]}

    stage.wait("the story of the callback", lambda: told() >= {"cdr", "outcome", "callback"})


def test_hold_plays_music_and_the_agent_takes_the_person_back(stage: Stage) -> None:
    stage.works("a1")
    talk = stage.talk("a1")
    stage.do("a1", "hold", on=True)
    stage.reaches(talk.attempt, "held")
    stage.hears(talk.person, MUSIC_HZ, 0.5)
    stage.do("a1", "hold", on=False)
    stage.reaches(talk.attempt, "talking")
    if stage.real:
        before = talk.person.heard(stage.phones[0].tone_hz) or 0.0
        stage.hears(talk.person, stage.phones[0].tone_hz, before + 0.5)


def test_a_muted_agent_is_not_heard_until_unmuted(stage: Stage) -> None:
    stage.works("a1")
    talk = stage.talk("a1")
    agent_hz = stage.phones[0].tone_hz if stage.real else 700.0
    stage.hears(talk.person, agent_hz, 0.5)
    stage.do("a1", "mute", on=True)
    let_pass(0.3)
    before = talk.person.heard(agent_hz)
    let_pass(0.7)
    assert (talk.person.heard(agent_hz) or 0.0) - (before or 0.0) < 0.2
    stage.do("a1", "mute", on=False)
    stage.hears(talk.person, agent_hz, (before or 0.0) + 0.5)


def test_the_agent_hangs_up_and_the_person_is_let_go(stage: Stage) -> None:
    stage.works("a1")
    talk = stage.talk("a1")
    stage.do("a1", "hangup")
    stage.wait("person let go", talk.person.gone)
    stage.in_state("a1", "wrap_up")
    assert stage.cdr(talk.attempt)["ended_by"] == "us"
    assert stage.engine.agent("a1")["phone_up"]


def test_the_person_is_transferred_to_another_agents_phone_and_the_agent_is_free(stage: Stage) -> None:
    stage.works("a1")
    talk = stage.talk("a1")
    stage.do("a1", "transfer", number="1003")
    stage.in_state("a1", "wrap_up")
    if stage.real:
        stage.hears(talk.person, stage.phones[2].tone_hz, 0.5)
    assert not talk.person.gone()
    talk.person.hang_up()
    assert stage.cdr(talk.attempt)["disposition"] == "talked"
    stage.wait("only the agent's leg", lambda: stage.legs() == 1)


def test_the_person_is_transferred_to_a_number_and_both_are_let_go_when_it_hangs_up(stage: Stage) -> None:
    stage.works("a1")
    talk = stage.talk("a1")
    third = stage.number()
    stage.do("a1", "transfer", number=third)
    stage.in_state("a1", "wrap_up")
    stage.wait("the third leg", lambda: stage.legs() == 3)
    if stage.real:
        theirs = stage.person("", third)
        stage.hears(talk.person, PERSON_HZ, 0.5)
        theirs.hang_up()
        stage.wait("person let go", talk.person.gone)
    else:
        talk.person.hang_up()
    stage.cdr(talk.attempt)
    stage.wait("only the agent's leg", lambda: stage.legs() == 1)


def test_a_transfer_to_a_busy_number_is_regretted_and_the_call_ends(stage: Stage) -> None:
    stage.works("a1")
    talk = stage.talk("a1")
    stage.do("a1", "transfer", number=stage.number("busy"))
    stage.hears(talk.person, SORRY_HZ, 0.7)
    stage.wait("person let go", talk.person.gone)
    assert stage.cdr(talk.attempt)["disposition"] == "talked"


def test_an_attended_transfer_is_completed(stage: Stage) -> None:
    stage.works("a1")
    talk = stage.talk("a1")
    stage.do("a1", "transfer", number="1003", attended=True)
    stage.reaches(talk.attempt, "held")
    stage.hears(talk.person, MUSIC_HZ, 0.3)
    stage.wait("completed", lambda: _complete(stage, "a1"))
    stage.in_state("a1", "wrap_up")
    if stage.real:
        stage.hears(talk.person, stage.phones[2].tone_hz, 0.5)
    assert stage.engine.agent("a1")["phone_up"]
    talk.person.hang_up()
    assert stage.cdr(talk.attempt)["disposition"] == "talked"
    stage.wait("only the agent's leg", lambda: stage.legs() == 1)


def _complete(stage: Stage, agent_id: str) -> bool:
    return bool(
        stage.engine.ask("POST", f"/v1/agents/{agent_id}/transfer", json={"number": "", "attended": True}).ok
    )


def test_a_third_party_that_refuses_leaves_agent_and_person_together(stage: Stage) -> None:
    stage.works("a1")
    talk = stage.talk("a1")
    stage.do("a1", "transfer", number=stage.number("busy"), attended=True)
    stage.reaches(talk.attempt, "talking")
    assert stage.engine.agent("a1")["state"] == "talking"


def test_an_attended_transfer_is_called_off_and_the_person_comes_back(stage: Stage) -> None:
    stage.works("a1")
    talk = stage.talk("a1")
    stage.do("a1", "transfer", number="1003", attended=True)
    stage.wait("the third leg", lambda: stage.legs() == 3)
    stage.do("a1", "hold", on=False)
    stage.reaches(talk.attempt, "talking")
    stage.wait("two legs", lambda: stage.legs() == 2)


def test_a_person_who_hangs_up_meanwhile_frees_agent_and_third_party(stage: Stage) -> None:
    stage.works("a1")
    talk = stage.talk("a1")
    stage.do("a1", "transfer", number="1003", attended=True)
    stage.wait("the third leg", lambda: stage.legs() == 3)
    talk.person.hang_up()
    stage.in_state("a1", "wrap_up")
    stage.wait("only the agent's leg", lambda: stage.legs() == 1)
    assert stage.engine.agent("a1")["phone_up"]


def test_an_agents_leg_lost_in_a_talk_is_called_again_and_the_person_waits_for_it(stage: Stage) -> None:
    stage.works("a1")
    talk = stage.talk("a1")
    leg = _agents_leg(stage, talk.attempt)
    assert stage.esl.api(f"uuid_kill {leg} MEDIA_TIMEOUT").startswith("+OK")
    stage.in_state("a1", "offline")
    assert "MEDIA_TIMEOUT" in stage.engine.agent("a1")["why"]
    stage.hears(talk.person, MUSIC_HZ, 0.5)
    stage.reaches(talk.attempt, "talking")
    assert stage.engine.agent("a1")["phone_up"]
    assert not talk.person.gone()


def _agents_leg(stage: Stage, attempt: str) -> str:
    return stage.esl.api(f"uuid_getvar {attempt} signal_bond").strip()


def test_an_agent_on_demand_is_called_for_the_contact_only(stage: Stage) -> None:
    stage.works("a3")
    assert stage.legs() == 0
    talk = stage.talk("a3", "called")
    stage.wait("both legs", lambda: stage.legs() == 2)
    talk.person.hang_up()
    stage.in_state("a3", "wrap_up")
    stage.wait("no leg left", lambda: stage.legs() == 0)
    stage.do("a3", "ready")
    stage.in_state("a3", "ready")


def test_the_warning_is_the_first_thing_the_person_hears(stage: Stage) -> None:
    stage.works("a1")
    talk = stage.talk("a1", "warned")
    stage.hears(talk.person, WARNING_HZ, 1.5)
    if stage.real:
        assert (talk.person.heard(stage.phones[0].tone_hz) or 0.0) < 0.4
        stage.hears(talk.person, stage.phones[0].tone_hz, 0.5)
    talk.person.hang_up()
    stage.cdr(talk.attempt)


def test_both_are_recorded_and_card_digits_are_masked(stage: Stage) -> None:
    stage.works("a1")
    talk = stage.talk("a1")
    let_pass(1.0)
    stage.do("a1", "mask", on=True)
    let_pass(1.5)
    stage.do("a1", "mask", on=False)
    let_pass(1.0)
    talk.person.hang_up()
    path = Path(stage.cdr(talk.attempt)["recording"])
    stage.wait("recording", path.exists)
    left, right = read_wav(path)
    if stage.real:
        assert 1.2 < tone_seconds(left, PERSON_HZ) < 3.0
        assert 1.2 < tone_seconds(right, stage.phones[0].tone_hz) < 3.0
        assert len(left) / 8000 > 3.0


def test_a_supervisor_listens_whispers_barges_and_stops(stage: Stage) -> None:
    stage.works("a1")
    talk = stage.talk("a1")
    ask = {"agent_id": "a1", "extension": "1003"}
    stage.engine.post("/v1/supervise", how="listen", **ask)
    stage.wait("the supervisor's leg", lambda: stage.legs() == 3)
    let_pass(0.5)
    supervisor_hz = stage.phones[2].tone_hz if stage.real else 720.0
    assert (talk.person.heard(supervisor_hz) or 0.0) < 0.3
    stage.engine.post("/v1/supervise", how="whisper", **ask)
    let_pass(0.7)
    assert (talk.person.heard(supervisor_hz) or 0.0) < 0.3
    stage.engine.post("/v1/supervise", how="barge", **ask)
    stage.hears(talk.person, supervisor_hz, 0.5)
    stage.engine.post("/v1/supervise", how="stop", **ask)
    stage.wait("two legs", lambda: stage.legs() == 2)
    assert stage.state(talk.attempt) == "talking"
    stage.engine.post("/v1/supervise", how="listen", **ask)
    stage.wait("the supervisor's leg again", lambda: stage.legs() == 3)


def test_preview_shows_skips_times_out_and_dials_on_accept(stage: Stage) -> None:
    numbers = [stage.number() for _ in range(2)]
    stage.works("a1")
    stage.engine.run("cards", numbers)
    first = stage.in_state("a1", "preview")["card"]["contact_id"]
    stage.do("a1", "skip")
    second = stage.in_state("a1", "preview")["card"]["contact_id"]
    assert first != second
    stage.in_state("a1", "paused", 10)  # nobody decided
    stage.do("a1", "ready")
    assert stage.in_state("a1", "preview")["card"]["contact_id"] == second
    attempt = stage.do("a1", "accept")["attempt"]
    stage.in_state("a1", "talking")
    stage.do("a1", "hangup")
    cdr = stage.cdr(attempt)
    assert (cdr["mode"], cdr["disposition"], cdr["contact_id"]) == ("preview", "talked", second)


def test_nobody_free_in_time_and_the_person_hears_who_called(stage: Stage) -> None:
    stage.works("a1")
    number = stage.number("slow")
    stage.engine.run("line", [number])
    stage.wait("the call", lambda: stage.engine.calls("dialing", "ringing"))
    stage.do("a1", "pause")
    if stage.real:
        person = stage.person("", number)
        stage.hears(person, 440.0, 0.7, 12)
    cdr = stage.wait("CDR", lambda: [c for c in stage.engine.cdrs() if c["number"] == number])[0]
    assert cdr["disposition"] == "abandoned"
    assert cdr["ended_at_s"] - cdr["answered_at_s"] < 3.5
