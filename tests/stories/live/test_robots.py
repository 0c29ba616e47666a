"""Robots on live calls, on either switch: keys, barge-in, agents, and the death of the engine."""

import time

from tests.stories.live.stage import MUSIC_HZ, Stage, let_pass


def test_the_whole_reminder_by_keys_to_a_promise(stage: Stage) -> None:
    call = stage.robot_calls()
    stage.prompt(call.attempt, 2)
    let_pass(1.0)
    began = time.monotonic()
    call.person.press("1")  # cuts the question
    stage.prompt(call.attempt, 3)
    assert time.monotonic() - began < 2.0
    let_pass(1.0)
    call.person.press("1")
    stage.prompt(call.attempt, 4)
    cdr = stage.cdr(call.attempt)
    assert cdr["disposition"] == "robot_done"
    assert cdr["outcome"] == "promise_to_pay"
    assert list(cdr["script_path"]) == ["greeting", "who", "reminder", "promise"]
    assert (cdr["digits"], cdr["ended_by"]) == ("11", "us")
    assert call.person.gone()


def test_who_hangs_up_midway_was_reached_in_part(stage: Stage) -> None:
    call = stage.robot_calls()
    stage.prompt(call.attempt, 2)
    call.person.hang_up()
    cdr = stage.cdr(call.attempt)
    assert (cdr["disposition"], cdr["outcome"]) == ("robot_partial", "left_early")
    assert list(cdr["script_path"]) == ["greeting", "who"]


def test_the_scenario_joins_the_person_to_an_agent_who_sees_why(stage: Stage) -> None:
    stage.works("a1")
    call = stage.robot_calls("short")
    agent = stage.in_state("a1", "talking")
    assert agent["attempt"] == call.attempt
    assert agent["card"]["context"] == {"about": "a test"}
    if stage.real:
        stage.hears(call.person, stage.phones[0].tone_hz, 0.5)
    call.person.hang_up()
    stage.in_state("a1", "wrap_up")
    cdr = stage.cdr(call.attempt)
    assert (cdr["disposition"], cdr["outcome"], cdr["agent_id"]) == ("talked", "wanted", "a1")


def test_nobody_is_free_and_the_scenario_goes_on(stage: Stage) -> None:
    call = stage.robot_calls("short")
    stage.hears(call.person, MUSIC_HZ, 1.0)
    cdr = stage.cdr(call.attempt)
    assert (cdr["disposition"], cdr["outcome"]) == ("robot_done", "nobody")
    assert list(cdr["script_path"]) == ["ask", "sorry"]


def test_the_engine_is_killed_and_the_next_one_goes_on_where_the_scenario_stood(stage: Stage) -> None:
    call = stage.robot_calls()
    stage.prompt(call.attempt, 2)
    let_pass(1.0)
    call.person.press("1")
    stage.prompt(call.attempt, 3)
    let_pass(0.5)
    stage.engine.kill()
    let_pass(1.0)
    assert not call.person.gone()
    before = stage.prompts(call.attempt)
    stage.engine.start()
    stage.prompt(call.attempt, before + 1)  # the question begins again
    let_pass(1.0)
    call.person.press("1")
    stage.prompt(call.attempt, before + 2)
    cdr = stage.cdr(call.attempt)
    assert cdr["disposition"] == "robot_done"
    assert cdr["outcome"] == "promise_to_pay"
    assert list(cdr["script_path"]) == ["greeting", "who", "reminder", "promise"]
