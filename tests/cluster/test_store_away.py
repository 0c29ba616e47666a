"""The Redis of an engine is away for a while, for everybody: no new call, every live one goes on."""

import time
from pathlib import Path

from tests.cluster.conftest import StartEngines, owns
from tests.contracts.store.servers import Server
from tests.stories.audit import hold_against_plan
from tests.stories.configs import campaign, config
from tests.stories.conftest import StartSwitch
from tests.stories.engine_process import wait_for
from tests.stories.plan import MIX, numbers

AWAY_S = 10.0


def test_people_who_answer_while_the_store_is_away_are_joined_and_told_of_later(
    redis_server: Server, engines: StartEngines, switch: StartSwitch, speech: Path
) -> None:
    people = numbers({**MIX, "slow": 4}, seed=31)
    it = switch()
    own = {"store": {"url": redis_server.url, "data_dir": "data", "claim_lease_s": 5}}
    (one,) = engines(config(speech, campaign("c1", ring_time_s=20), agents=4, switch_port=it.port, **own))
    one.agents_work()
    one.run("c1", people)
    wait_for("slow ones ringing", lambda: one.calls("ringing"))
    wait_for("some ends", lambda: len(one.cdrs()) >= 3)

    redis_server.written().kill()
    time.sleep(0.5)
    dialed = len(it.invites)
    time.sleep(AWAY_S)
    assert len(it.invites) == dialed, "dialed without a stored intent"
    answered = [end for end in it.ends.values() if end["answered_at_s"]]
    assert answered
    redis_server.start()
    wait_for("the team again", lambda: owns(one), 30)
    wait_for("the end of the list", lambda: one.is_over("c1"), 60, 0.2)
    hold_against_plan(one, it, people, crashed=True)
    wait_for("agents ready again", one.all_ready, 30)
    at: dict[str, str] = {}
    for moved in one.journal("agent"):  # spooled to disk meanwhile: none is lost, none told twice
        if "before" in moved:
            assert moved["before"] == at.get(moved["agent"], moved["before"])
            at[moved["agent"]] = moved["state"]
    assert len(at) == 4
