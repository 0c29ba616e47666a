"""A short campaign of a whole engine on the virtual switch comes out as the twin said it would."""

from pathlib import Path

import pytest
import yaml

from engine.twin.world import World
from tests.stories.configs import ONCE, campaign, config
from tests.stories.engine_process import EngineProcess, wait_for
from tests.twin.measured import measured, predicted

LASTS_S, OPERATORS, WRAP_UP_S = 8.0, 8, 0.5
PEOPLE = {
    "shares": {"answer": 0.4, "busy": 0.6},
    "setup_s": 0.1,
    "ring_s": {"uniform": [0.2, 0.8]},
    "talk_s": {"uniform": [0.5, 2.5]},
    "patience_s": 60,
}
"""People in a hurry, so that quarter of a minute is a campaign."""


@pytest.mark.slow
def test_a_short_campaign_on_the_virtual_switch_lies_within_the_twins_interval(tmp_path: Path) -> None:
    people = tmp_path / "people.yaml"
    people.write_text(yaml.safe_dump({"default": PEOPLE, "agents": {"default": {"answer_after_s": 0.1}}}))
    terms = campaign("c1", max_calls=60, ring_time_s=30, wrap_up_s=WRAP_UP_S, record=False)
    engine = EngineProcess(
        tmp_path / "engine",
        config(tmp_path / "speech", terms, agents=OPERATORS, virtual_switch={"population": str(people)}),
    )
    try:
        engine.start()
        engine.agents_work()
        engine.run("c1", [f"+48600{n:06d}" for n in range(600)])
        wait_for("the end of the campaign", lambda: lasted_s(engine) > LASTS_S, 60, 0.5)
        records = [one for kind in ("agent", "intent", "cdr") for one in engine.journal(kind)]
    finally:
        engine.stop()
    begin_s = min(one["at_s"] for one in records if one["kind"] == "intent")
    found = measured(records, begin_s, begin_s + LASTS_S)
    world = World.model_validate(
        {
            "hours": LASTS_S / 3600,
            "operators": {"count": OPERATORS, "wrap_up_s": WRAP_UP_S},
            "campaign": {
                "retries": {name: (rule["after_s"], rule["limit"]) for name, rule in ONCE.items()},
                "calls_per_s": 40,
            },
            "default": PEOPLE,
            "delays": {"check_s": 0.05, "bridge_s": 0.01},
        }
    )
    mean, low, high = predicted(world, 12)["occupancy"]
    assert high - low < 0.25
    assert low <= found["occupancy"] <= high, (found, mean)
    assert found["abandonment"] == 0.0


def lasted_s(engine: EngineProcess) -> float:
    intents = [one["at_s"] for one in engine.journal("intent")]
    return max(intents) - min(intents) if intents else 0.0
