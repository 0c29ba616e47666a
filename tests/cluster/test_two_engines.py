"""Two engines, one Redis, one switch: one owns the team, the other takes over when it dies or sleeps."""

import os
import signal
import time
from pathlib import Path
from typing import Any

from tests.cluster.conftest import StartEngines, owns
from tests.contracts.store.servers import Server
from tests.stories.configs import campaign, config
from tests.stories.conftest import StartSwitch
from tests.stories.engine_process import EngineProcess, wait_for
from tests.stories.plan import MIX, dialed_twice, numbers

TAKEOVER_S = 10.0


def sharing(server: Server, speech: Path, port: int, **terms: Any) -> dict[str, Any]:
    """With the lease that a fresh configuration has."""
    own = {"store": {"url": server.url, "data_dir": "data", "claim_lease_s": 5}}
    return config(speech, campaign("c1", **terms), agents=4, switch_port=port, **own)


def test_a_killed_engines_talks_and_list_go_on_at_the_other_within_ten_seconds(
    redis_server: Server, engines: StartEngines, switch: StartSwitch, speech: Path
) -> None:
    it = switch(talk_s=25)
    one, two = engines(*(sharing(redis_server, speech, it.port) for _ in range(2)))
    assert not owns(two)
    one.agents_work()
    one.run("c1", numbers({"hangs_up": 4}))
    wait_for("four talks", lambda: len(one.calls("talking")) == 4)
    two.add_contacts("c1", numbers({"busy": 6}))
    talking = {call["attempt"]: call["agent"] for call in one.calls("talking")}
    before = len(wait_for("an archive each", lambda: two.cdrs() == one.cdrs() and [True]))

    one.kill()
    died_s = time.monotonic()
    wait_for("takeover", lambda: owns(two), 30, 0.02)
    took_s = time.monotonic() - died_s
    print(f"taken over {took_s:.2f} s after kill -9")
    assert took_s < TAKEOVER_S
    assert {call["attempt"]: call["agent"] for call in two.calls("talking")} == talking
    assert two.campaign("c1")["state"] == "running", "started at the other engine"
    wait_for("the end of the list", lambda: two.is_over("c1"), 60, 0.2)
    cdrs = two.cdrs()
    assert len(cdrs) == len({cdr["attempt_id"] for cdr in cdrs}) == 10
    assert {cdr["disposition"] for cdr in cdrs} == {"talked", "busy"}
    assert dialed_twice(invite["number"] for invite in it.invites) == {}
    assert before

    one.start()  # the dead one comes back, and stands by
    wait_for("the whole journal at both", lambda: ids(one) == ids(two))
    assert not owns(one)


def ids(engine: EngineProcess) -> list[str]:
    return sorted(cdr["attempt_id"] for cdr in engine.cdrs())


def test_engines_that_die_in_turns_call_everybody_once_and_each_keeps_the_whole_journal(
    redis_server: Server, engines: StartEngines, switch: StartSwitch, speech: Path
) -> None:
    people = numbers({name: 2 * many for name, many in MIX.items()}, seed=9)
    it = switch()
    terms = {"calls_per_s": 3}
    pair = engines(*(sharing(redis_server, speech, it.port, **terms) for _ in range(2)))
    pair[0].agents_work()
    pair[0].run("c1", people)
    for turn in range(4):
        dies, lives = pair[turn % 2], pair[1 - turn % 2]
        time.sleep(2.5)
        if turn == 2:  # not dead, only asleep: it wakes up as somebody who owns nothing
            os.kill(dies.pid, signal.SIGSTOP)
            wait_for("takeover", lambda e=lives: owns(e), 20)  # type: ignore[misc]
            os.kill(dies.pid, signal.SIGCONT)
            continue
        dies.kill()
        wait_for("takeover", lambda e=lives: owns(e), 20)  # type: ignore[misc]
        dies.start()
    owner = next(one for one in pair if owns(one))
    wait_for("the end of the list", lambda: owner.is_over("c1"), 60, 0.2)
    for one in pair:
        cdrs = one.cdrs()
        assert len(cdrs) == len({cdr["attempt_id"] for cdr in cdrs})
        assert {cdr["number"] for cdr in cdrs} == set(people)
    invites = it.invites
    assert dialed_twice(invite["number"] for invite in invites) == {}
    assert {invite["uuid"] for invite in invites} <= set(ids(pair[0]))
    wait_for("agents ready again", owner.all_ready, 30)
