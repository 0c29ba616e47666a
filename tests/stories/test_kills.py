"""kill -9, of the engine and of its switch: calls live on, nobody is lost, nobody is called twice."""

import os
import random
import signal
import time
from pathlib import Path

import yaml

from tests.stories.audit import hold_against_plan
from tests.stories.configs import campaign, config
from tests.stories.conftest import StartEngine, StartSwitch
from tests.stories.engine_process import EngineProcess, wait_for
from tests.stories.plan import MIX, dialed_twice, numbers
from tests.stories.virtual_switch import invites_of, population


def test_talks_and_ringing_calls_outlive_a_killed_engine(
    engine: StartEngine, switch: StartSwitch, speech: Path
) -> None:
    it = switch(talk_s=11)
    one = engine(config(speech, campaign("c1", ring_time_s=30), agents=4, switch_port=it.port))
    one.agents_work()
    talkers, slow = numbers({"hangs_up": 2}), numbers({"slow": 2})
    one.run("c1", talkers)
    wait_for("two talks", lambda: len(one.calls("talking")) == 2)
    one.add_contacts("c1", slow)
    wait_for("two ringing", lambda: len(one.calls("ringing")) == 2)
    before = {call["attempt"]: call for call in one.calls()}

    one.kill()
    time.sleep(0.5)
    assert all(it.is_alive(attempt) for attempt in before)
    one.start()

    after = {call["attempt"]: call for call in one.calls()}
    assert after.keys() == before.keys()
    talking = {attempt: call["agent"] for attempt, call in before.items() if call["state"] == "talking"}
    assert {
        attempt: call["agent"] for attempt, call in after.items() if call["state"] == "talking"
    } == talking
    assert all(one.agent(agent_id)["state"] == "talking" for agent_id in talking.values())
    wait_for("end of the campaign", lambda: one.is_over("c1"), 60, 0.2)
    wait_for("agents ready again", one.all_ready)

    cdrs = {cdr["attempt_id"]: cdr for cdr in one.cdrs()}
    assert {cdr["disposition"] for cdr in cdrs.values()} == {"talked"}
    for attempt, agent_id in talking.items():
        end = it.ends[attempt]
        assert end["at_s"] - end["answered_at_s"] > 10.9, "somebody hung the talk up"
        assert cdrs[attempt]["agent_id"] == agent_id
        assert cdrs[attempt]["ended_by"] == "them"
    assert dialed_twice(invite["number"] for invite in it.invites) == {}
    assert len(it.invites) == 4


def test_seven_kills_in_one_campaign_lose_nobody_and_call_nobody_twice(
    engine: StartEngine, switch: StartSwitch, speech: Path
) -> None:
    people, moments = numbers(MIX, seed=2), random.Random(7)
    it = switch()
    one = engine(config(speech, campaign("c1"), agents=4, switch_port=it.port))
    one.agents_work()
    one.run("c1", people)
    for kill in range(5):
        time.sleep(moments.uniform(0.05, 1.5))
        one.kill()
        if kill in (1, 3):  # again, while it comes up and takes over
            one.launch()
            time.sleep(moments.uniform(1.0, 3.0))
            one.kill()
        one.start()
    wait_for("end of the campaign", lambda: one.is_over("c1"), 60, 0.2)
    hold_against_plan(one, it, people, crashed=True)
    wait_for("agents ready again", one.all_ready)


def test_the_virtual_switch_dies_and_everything_goes_on_after_its_restart(
    engine: StartEngine, speech: Path, tmp_path: Path
) -> None:
    (tmp_path / "population.yaml").write_text(yaml.safe_dump(population(talk_s=3)))
    own = {"virtual_switch": {"population": str(tmp_path / "population.yaml")}}
    one = engine(config(speech, campaign("c1"), agents=3, **own))
    one.agents_work()
    people = numbers({"hangs_up": 6, "busy": 4})
    one.run("c1", people)
    wait_for("talks", lambda: len(one.calls("talking")) >= 2)
    lost = {call["attempt"] for call in one.calls("talking")}

    os.kill(one.child("sim"), signal.SIGKILL)
    wait_for("news of it", lambda: not one.ask("GET", "/health").ok)
    wait_for("the switch again", one.healthy)
    wait_for("lost talks settled", lambda: lost <= {cdr["attempt_id"] for cdr in one.cdrs()})
    wait_for("agents called again", lambda: one.agent_states()["offline"] == 0)
    wait_for("end of the campaign", lambda: one.is_over("c1"), 40, 0.2)

    cdrs = {cdr["attempt_id"]: cdr for cdr in one.cdrs()}
    assert {cdr["number"] for cdr in cdrs.values()} == set(people)
    assert all(cdrs[attempt]["disposition"] == "talked" for attempt in lost), "they did talk"
    assert all(cdrs[attempt]["cause"] == "LOST_EVENT" for attempt in lost)
    invites = invites_of(one.data / "log" / "invites.jsonl")
    assert dialed_twice(invite["number"] for invite in invites) == {}
    wait_for("agents ready again", one.all_ready)


def test_a_link_that_breaks_again_and_again_and_loses_events_costs_nobody_their_place(
    engine: StartEngine, switch: StartSwitch, speech: Path
) -> None:
    people = numbers(MIX, seed=3)
    it = switch(faults={"event_loss": 0.01, "disconnect_every_s": {"uniform": [2, 4]}})
    one = engine(config(speech, campaign("c1"), agents=6, switch_port=it.port))
    wait_for("agents at work", lambda: at_work(one))
    one.add_contacts("c1", people)
    wait_for("a start", lambda: one.ask("POST", "/v1/campaigns/c1/start").ok)
    wait_for("end of the campaign", lambda: one.is_over("c1"), 60, 0.2)
    hold_against_plan(one, it, people, crashed=True)
    wait_for("agents ready again", lambda: at_work(one))


def test_bridges_that_the_originate_undoes_are_made_again_and_nobody_is_lost(
    engine: StartEngine, switch: StartSwitch, speech: Path
) -> None:
    it = switch(talk_s=0.5, faults={"lost_bridges": 0.5})
    one = engine(config(speech, campaign("c1"), agents=4, switch_port=it.port))
    one.agents_work()
    people = numbers({"hangs_up": 16})
    one.run("c1", people)
    wait_for("end of the campaign", lambda: one.is_over("c1"), 40, 0.2)
    hold_against_plan(one, it, people)
    waits_s = [cdr["bridged_at_s"] - cdr["answered_at_s"] for cdr in one.cdrs()]
    assert sum(wait_s > 0.14 for wait_s in waits_s) > 2, "some were lost"
    assert max(waits_s) < 1.0


def at_work(engine: EngineProcess) -> bool:
    """Everybody ready; who is not yet is asked again, as an agent would do it."""
    for agent in engine.get("/v1/agents"):
        if agent["state"] == "offline":
            engine.ask("POST", f"/v1/agents/{agent['agent_id']}/login")
        elif agent["state"] == "paused":
            engine.ask("POST", f"/v1/agents/{agent['agent_id']}/ready")
    return engine.all_ready()
