"""An engine dies for good, or for a moment: how long its teams stand still."""

import time
from pathlib import Path

from tests.stories.configs import campaign, config
from tests.stories.conftest import StartEngine, StartSwitch
from tests.stories.engine_process import wait_for
from tests.stories.plan import numbers


def test_on_an_embedded_store_the_next_engine_waits_for_no_lease(
    engine: StartEngine, switch: StartSwitch, speech: Path
) -> None:
    it = switch(talk_s=30)
    own = {"store": {"data_dir": "data", "team_lease_s": 120, "claim_lease_s": 60}}
    one = engine(config(speech, campaign("c1"), agents=1, switch_port=it.port, **own))
    one.agents_work()
    one.run("c1", numbers({"hangs_up": 1}))
    wait_for("the talk", lambda: one.calls("talking"))
    one.kill()
    began_s = time.monotonic()
    one.start(timeout_s=30.0)
    assert time.monotonic() - began_s < 30.0
    assert len(one.calls("talking")) == 1
