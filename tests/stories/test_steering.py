"""Campaigns and configuration changed from outside while calls run."""

from pathlib import Path

from tests.stories.audit import hold_against_plan
from tests.stories.configs import campaign, config
from tests.stories.conftest import StartEngine, StartSwitch
from tests.stories.engine_process import EngineProcess, wait_for
from tests.stories.plan import numbers


def test_campaigns_are_made_paused_changed_and_stopped_while_calls_run(
    engine: StartEngine, switch: StartSwitch, speech: Path
) -> None:
    it = switch(talk_s={"uniform": [0.3, 0.8]})
    one = engine(config(speech, campaign("c1", max_calls=2), agents=4, switch_port=it.port))
    one.agents_work()
    first = numbers({"hangs_up": 16, "busy": 6})
    one.run("c1", first)
    wait_for("calls", lambda: one.campaign("c1")["attempts"] >= 3)

    one.post("/v1/campaigns/c1/pause")
    wait_for("live calls over", lambda: not one.calls())
    made, queue = len(it.invites), one.campaign("c1")["queue"]
    assert queue["claimed"] == 0
    assert queue["due"] + made == len(first)

    one.post("/v1/campaigns", **campaign("c2", max_calls=1, priority=10))
    second = numbers({"busy": 10}, first=500)
    one.run("c2", second)
    wait_for("end of the second", lambda: one.is_over("c2"), 30)
    assert len(it.invites) == made + len(second), "the paused one made calls"

    one.patch("/v1/campaigns/c1", max_calls=4)
    one.post("/v1/campaigns/c1/start")
    wait_for("four at once", lambda: len(one.calls()) == 4)
    one.post("/v1/campaigns/c1/stop")
    wait_for("live calls over", lambda: not one.calls())
    stopped_at = len(it.invites)
    one.post("/v1/campaigns/c1/start")
    wait_for("end of the first", lambda: one.is_over("c1"), 30)
    assert len(it.invites) == len(first) + len(second) > stopped_at
    hold_against_plan(one, it, first + second)
    assert one.ask("POST", "/v1/campaigns", json=campaign("c2")).status_code == 409
    assert one.ask("PATCH", "/v1/campaigns/c1", json={"max_calls": "many"}).status_code == 422


def test_config_yaml_is_read_again_on_sighup_and_a_wrong_one_changes_nothing(
    engine: StartEngine, switch: StartSwitch, speech: Path
) -> None:
    it = switch(talk_s=1.5)
    one = engine(config(speech, campaign("c1", max_calls=1), agents=3, switch_port=it.port))
    one.agents_work()
    one.run("c1", numbers({"hangs_up": 8}))
    wait_for("a talk", lambda: one.calls("talking"))
    assert len(one.calls()) == 1

    right = one.config["campaigns"]
    one.config["campaigns"] = [{**right[0], "max_cals": 3}]
    one.write_config()
    one.reload()
    said = wait_for("a word about it", lambda: [line for line in one.log_lines() if "not taken over" in line])
    assert "config.yaml" in said[0]
    assert "max_calls" in said[0], "the nearest known key"
    assert one.healthy()

    one.config["campaigns"] = [{**right[0], "max_calls": 3}, campaign("c2")]
    one.write_config()
    one.reload()
    wait_for("the new campaign", lambda: len(one.get("/v1/campaigns")) == 2)
    wait_for("three at once", lambda: len(one.calls()) == 3)
    one.run("c2", numbers({"busy": 3}))
    wait_for("end of both", lambda: one.is_over("c1", "c2"), 40, 0.2)
    hold_against_plan(one, it, numbers({"hangs_up": 8}) + numbers({"busy": 3}))


def test_a_start_takes_a_campaign_of_the_file_from_the_file_and_one_of_the_api_as_the_api_left_it(
    engine: StartEngine, switch: StartSwitch, speech: Path
) -> None:
    it = switch(talk_s=1.5)
    one = engine(config(speech, campaign("c1", max_calls=1), agents=4, switch_port=it.port))
    one.patch("/v1/campaigns/c1", max_calls=4)
    one.post("/v1/campaigns", **campaign("c2", max_calls=1))
    one.patch("/v1/campaigns/c2", max_calls=3)
    for _life in range(2):
        one.stop()
        one.launch()
        wait_for("the new life", one.healthy)
    said = [line for line in one.log_lines() if "as the file has it" in line]
    assert len(said) == 1, "once, not at every start"
    assert "c1" in said[0]
    assert "max_calls" in said[0]
    one.agents_work()
    one.run("c1", numbers({"hangs_up": 3}))
    wait_for("a talk", lambda: one.calls("talking"))
    assert len(one.calls()) == 1
    one.post("/v1/campaigns/c1/pause")
    one.run("c2", numbers({"hangs_up": 4}, first=500))
    wait_for(
        "three at once",
        lambda: len(one.campaign("c2")["calls"]) and sum(one.campaign("c2")["calls"].values()) == 3,
    )


def test_a_scenario_that_is_wrong_is_told_before_any_call_and_the_engine_leaves_nothing_behind(
    speech: Path, tmp_path: Path
) -> None:
    (tmp_path / "wrong.yaml").write_text("scenario: wrong\nversion: 1\nstart: nowhere\n")
    robot = campaign("c1", mode="robot", script=str(tmp_path / "wrong.yaml"))
    one = EngineProcess(tmp_path / "engine", config(speech, robot))
    one.launch()
    assert one.wait_end() == 2
    said = one.log_lines()[-1]
    assert "wrong.yaml:" in said
    assert "Traceback" not in one.log.read_text()
    assert not (one.data / "store" / "store.sock").exists(), "the store still runs"
