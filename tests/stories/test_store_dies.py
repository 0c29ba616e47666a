"""kill -9 of the embedded store in the middle of a campaign: it is started again, and nothing is lost."""

import json
import os
import signal
from pathlib import Path

from tests.stories.audit import hold_against_plan
from tests.stories.configs import campaign, config
from tests.stories.conftest import StartEngine, StartSwitch
from tests.stories.engine_process import EngineProcess, wait_for
from tests.stories.plan import MIX, numbers


def stores_of(one: EngineProcess) -> list[int]:
    """Process ids of the stores it has started, from its log."""
    started = (json.loads(line) for line in one.log_lines() if "embedded store started" in line)
    return [int(record["pid"]) for record in started]


def test_the_store_dies_and_everybody_is_called_once_with_their_true_end(
    engine: StartEngine, switch: StartSwitch, speech: Path
) -> None:
    people = numbers(MIX, seed=5)
    it = switch()
    one = engine(config(speech, campaign("c1"), agents=4, switch_port=it.port))
    one.agents_work()
    one.run("c1", people)
    wait_for("some ends", lambda: len(one.cdrs()) >= 5)
    (dead,) = stores_of(one)
    os.kill(dead, signal.SIGKILL)
    wait_for("another store", lambda: len(stores_of(one)) == 2)
    wait_for("fit to dial", one.healthy)
    wait_for("end of the campaign", lambda: one.is_over("c1"), 60, 0.2)
    hold_against_plan(one, it, people)
    wait_for("agents ready again", one.all_ready)
