"""One engine, two switches: one dies in the middle of a campaign, and comes back."""

from pathlib import Path

from tests.cluster.conftest import StartEngines
from tests.stories.configs import campaign, config
from tests.stories.conftest import StartSwitch
from tests.stories.engine_process import EngineProcess, wait_for
from tests.stories.plan import MIX, dialed_twice, numbers


def standing(engine: EngineProcess) -> list[str]:
    return sorted(agent["state"] for agent in engine.get("/v1/agents"))


def test_a_dead_switchs_agents_work_on_at_the_other_and_the_list_is_called_to_its_end(
    engines: StartEngines, switch: StartSwitch, speech: Path
) -> None:
    people = numbers({name: 4 * many for name, many in MIX.items()}, seed=21)
    one, two = switch(talk_s=2), switch(talk_s=2)
    own = {
        "switches": [
            {"name": "left", "port": one.port, "password": "ClueCon"},
            {"name": "right", "port": two.port, "password": "ClueCon"},
        ],
        "gateways": [
            {"name": "trunk", "switch": "left", "channels": 30, "calls_per_s": 30},
            {"name": "second", "switch": "right", "channels": 30, "calls_per_s": 30},
        ],
        "teams": [{"name": "team", "switch": "left"}],
    }
    both = campaign("c1", gateways=["trunk", "second"], calls_per_s=3)
    (engine,) = engines(config(speech, both, agents=6, switch_port=one.port, **own))
    engine.agents_work()
    engine.run("c1", people)
    wait_for("talks", lambda: len(engine.calls("talking")) > 2)
    assert two.invites == [], "nobody stands there"

    one.kill()
    wait_for("calls at the other", lambda: len(two.invites) > 5, 60)
    assert "offline" not in standing(engine)
    one.start()
    wait_for("the end of the list", lambda: engine.is_over("c1"), 90, 0.2)

    cdrs = engine.cdrs()
    assert {cdr["number"] for cdr in cdrs} == set(people)
    assert len(cdrs) == len(people)
    assert dialed_twice(invite["number"] for invite in [*one.invites, *two.invites]) == {}
    wait_for("agents ready again", engine.all_ready, 30)
