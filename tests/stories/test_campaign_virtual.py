"""Whole campaigns on the virtual switch: every outcome as planned, and the numbers add up."""

from collections import Counter
from pathlib import Path

from tests.stories.audit import hold_against_plan
from tests.stories.configs import campaign, config
from tests.stories.conftest import StartEngine, StartSwitch
from tests.stories.engine_process import wait_for
from tests.stories.plan import MIX, disposition_of, numbers

SCENARIO = """
scenario: reminder
version: 1
about: Says who calls and ends.
languages: [en]
vars: {company: {example: Northern Credit, about: who calls}}
dispositions: {told: They heard us., left: They hung up.}
hung_up: left
start: greeting
nodes:
  greeting: {say: {en: "Hello! This is {{ company }}."}, next: bye}
  bye: {do: [hangup], disposition: told}
"""


def test_every_contact_ends_as_planned_and_the_numbers_add_up(
    engine: StartEngine, switch: StartSwitch, speech: Path, tmp_path: Path
) -> None:
    lists = {"talks": numbers(MIX), "robot": numbers(MIX, first=500)}
    (tmp_path / "reminder.yaml").write_text(SCENARIO)
    robot = campaign("robot", mode="robot", script=str(tmp_path / "reminder.yaml"), max_calls=8)
    it = switch()
    one = engine(config(speech, campaign("talks"), robot, agents=8, switch_port=it.port))
    one.agents_work()
    for campaign_id, people in lists.items():
        one.run(campaign_id, people)
    wait_for("end of both campaigns", lambda: one.is_over(*lists), 60, 0.2)

    found = hold_against_plan(one, it, lists["talks"] + lists["robot"])
    assert found["talked"] == found["robot_done"] == MIX["hangs_up"]
    wait_for("agents ready again", one.all_ready)
    for campaign_id, people in lists.items():
        planned = Counter(disposition_of(number, one.campaign(campaign_id)["mode"]) for number in people)
        status = one.campaign(campaign_id)
        sizes = {name: status["queue"][name] for name in ("due", "later", "claimed", "done")}
        assert sizes == {"due": 0, "later": 0, "claimed": 0, "done": len(people)}
        assert Counter(status["results"]) == planned
        summary = one.get(f"/v1/campaigns/{campaign_id}/summary")  # that of the status may be seconds old
        assert summary["attempts"] == len(people)
        assert Counter(summary["by_disposition"]) == planned
    cdrs = one.cdrs()
    talked = [cdr for cdr in cdrs if cdr["disposition"] == "talked"]
    assert all(cdr["agent_id"] in one.agents and 0 < cdr["wait_s"] < 2.0 for cdr in talked)
    assert all(cdr["answered_at_s"] <= cdr["bridged_at_s"] <= cdr["ended_at_s"] for cdr in talked)
    assert {cdr["outcome"] for cdr in cdrs if cdr["disposition"] == "robot_done"} == {"told"}
    assert one.get("/v1/status")["counters"].get("unexpected_facts", 0) == 0
