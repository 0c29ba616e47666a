"""A predictive campaign from the first call to one that has learned, seen from outside: by its events, its
metrics, its journal."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

from tests.stories.configs import campaign, config
from tests.stories.conftest import StartEngine, StartSwitch
from tests.stories.engine_process import EngineProcess, wait_for

AGENTS, PEOPLE, CAP, ALLOWANCE = 5, 420, 0.2, 3.0
NOTHING_YET = "nothing is known yet"


@contextmanager
def decisions_of(one: EngineProcess) -> Iterator[list[dict[str, Any]]]:
    """What the event stream says of decisions, taken down as it comes."""
    response, heard = one.ask("GET", "/v1/events", stream=True), []
    assert response.ok, response.text

    def listen() -> None:
        with suppress(OSError, AttributeError, ValueError):  # closed in the middle of a line
            for line in response.iter_lines():
                if line.startswith(b"data:"):
                    heard.append(json.loads(line[5:]))

    Thread(target=listen, daemon=True).start()
    yield heard
    response.close()


def learned(event: dict[str, Any]) -> bool:
    return event["kind"] == "pacing" and "risk" in event["reason"]


def test_it_learns_to_dial_more_than_one_call_for_each_ready_agent_and_keeps_its_cap(
    engine: StartEngine, switch: StartSwitch, speech: Path
) -> None:
    it = switch(shares={"answer": 0.3, "rejected": 0.7}, ring_s={"uniform": [0.3, 0.8]}, talk_s=1.2)
    terms = campaign("c1", mode="predictive", max_calls=60, predicting={"cap": CAP})
    one = engine(config(speech, terms, agents=AGENTS, switch_port=it.port))
    with decisions_of(one) as heard:
        one.agents_work()
        one.run("c1", [f"+4860010{n:04d}" for n in range(PEOPLE)])

        def more_than_one_each() -> list[dict[str, Any]]:
            return [e for e in heard if learned(e) and e["launch"] > e["numbers"]["agents_ready"] > 0]

        found = wait_for("decision for more calls than agents", more_than_one_each, 40)[0]["numbers"]
    early = [e for e in heard if e["kind"] == "pacing" and NOTHING_YET in e["reason"]]
    assert early, "it begins without knowledge"
    assert all(event["launch"] <= AGENTS for event in early)
    assert 0.1 < found["answer_probability"] < 0.6
    assert found["risk"] <= found["theta"]
    metrics = one.ask("GET", "/metrics").text
    told = re.findall(r'^prozvon_pacing\{campaign="c1",what="(\w+)"\} \S+$', metrics, re.MULTILINE)
    assert {"theta", "risk", "agents_ready", "answer_probability", "abandoned_24h"} <= set(told)
    one.post("/v1/campaigns/c1/stop")
    wait_for("no call is left", lambda: not one.calls(), 20)
    ends = [cdr["disposition"] for cdr in one.cdrs()]
    live = ends.count("talked") + ends.count("abandoned")
    assert live >= 10
    assert ends.count("abandoned") <= CAP * live + ALLOWANCE
    assert any(note["launch"] and "risk" in note["reason"] for note in one.journal("decision"))
