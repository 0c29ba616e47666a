"""Calls that come in, on either switch: queued to agents, served by a robot, and not lost with the engine."""

from tests.stories.live.stage import MUSIC_HZ, MUSIC_S, NOTICE_HZ, Stage

CALLER = "48600999001"


def test_a_caller_is_joined_to_the_free_agent(stage: Stage) -> None:
    stage.works("a1")
    leg, caller = stage.call_in(CALLER)
    agent = stage.in_state("a1", "talking")
    assert agent["attempt"] == leg
    if stage.real:
        stage.hears(caller, stage.phones[0].tone_hz, 0.5)
    caller.hang_up()
    cdr = stage.cdr(leg)
    assert (cdr["mode"], cdr["disposition"], cdr["number"]) == ("inbound", "talked", f"+{CALLER}")
    assert cdr["agent_id"] == "a1"


def test_a_caller_waits_with_music_and_is_told_when_nobody_comes(stage: Stage) -> None:
    leg, caller = stage.call_in(CALLER)
    stage.reaches(leg, "waiting")
    stage.hears(caller, MUSIC_HZ, 2.0)
    stage.hears(caller, NOTICE_HZ, 0.7)
    stage.wait("the end", caller.gone)
    assert stage.cdr(leg)["mode"] == "inbound"


def test_an_agent_who_becomes_ready_gets_the_caller_who_waits(stage: Stage) -> None:
    leg, caller = stage.call_in(CALLER)
    stage.reaches(leg, "waiting")
    stage.works("a1")
    stage.in_state("a1", "talking")
    assert stage.state(leg) == "talking"
    assert not caller.gone()


def test_a_caller_is_served_by_the_scenario(stage: Stage) -> None:
    stage.esl.subscribe("PLAYBACK_START", "PLAYBACK_STOP")
    leg, caller = stage.call_in(CALLER, "48220000201")
    stage.prompt(leg, 1)
    caller.hang_up()
    cdr = stage.cdr(leg)
    assert (cdr["mode"], cdr["campaign_id"], cdr["outcome"]) == ("inbound", "short", "wanted")
    assert cdr["disposition"].startswith("robot")


def test_a_call_to_a_number_that_is_not_ours_is_declined(stage: Stage) -> None:
    if stage.callers is not None:
        call = stage.callers.call("48990000000", f"127.0.0.1:{stage.trunk_port}", CALLER)
        assert call.ended.wait(5)
        assert not call.answered.is_set()
        assert call.status >= 400
    else:
        assert stage.esl.api(f"prozvon_call_in {CALLER} 48990000000").startswith("+OK")
        stage.wait("no leg", lambda: stage.legs() == 0)
    assert stage.engine.calls() == []


def test_the_engine_is_killed_and_the_next_one_finds_the_caller(stage: Stage) -> None:
    leg, caller = stage.call_in(CALLER)
    stage.reaches(leg, "waiting")
    stage.engine.kill()
    stage.hears(caller, MUSIC_HZ, 1.5)
    stage.engine.start()
    stage.reaches(leg, "waiting", 45.0)  # a start takes long where the machine is busy
    stage.works("a1")
    stage.in_state("a1", "talking")
    assert stage.state(leg) == "talking"
    caller.hang_up()
    cdr = stage.cdr(leg)
    assert (cdr["mode"], cdr["disposition"], cdr["number"]) == ("inbound", "talked", f"+{CALLER}")


def test_with_every_engine_dead_a_caller_hears_who_we_are_and_the_call_ends(stage: Stage) -> None:
    leg, caller = stage.call_in(CALLER)
    stage.reaches(leg, "waiting")
    stage.engine.kill()
    stage.hears(caller, NOTICE_HZ, 0.7, MUSIC_S + 5)
    stage.wait("the end", caller.gone, MUSIC_S + 5)
    stage.engine.start()
    assert stage.engine.calls() == []
