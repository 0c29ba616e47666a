"""What a reload takes out of the configuration ceases: campaigns stop, agents leave after their talk."""

from pathlib import Path

from tests.stories.configs import campaign, config
from tests.stories.conftest import StartEngine, StartSwitch
from tests.stories.engine_process import wait_for
from tests.stories.plan import numbers


def test_a_campaign_and_an_agent_taken_out_of_the_configuration_cease(
    engine: StartEngine, switch: StartSwitch, speech: Path
) -> None:
    it = switch(talk_s=2)
    one = engine(config(speech, campaign("c1"), campaign("c2"), agents=2, switch_port=it.port))
    one.agents_work()
    one.run("c1", numbers({"hangs_up": 6}))
    wait_for("two talks", lambda: len(one.calls("talking")) == 2)
    one.config["campaigns"] = [campaign("c2")]
    one.config["agents"] = one.config["agents"][:1]
    one.write_config()
    one.reload()
    wait_for("the campaign stopped", lambda: one.campaign("c1")["state"] == "stopped")
    wait_for("the agent gone", lambda: [agent["agent_id"] for agent in one.get("/v1/agents")] == ["a1"])
    wait_for("the other ready", lambda: one.agent("a1")["state"] == "ready")
    assert len(it.invites) == 2
    assert {cdr["disposition"] for cdr in one.cdrs()} == {"talked"}
    assert one.ask("POST", "/v1/agents/a2/login", json={}).status_code == 404
