"""Why nothing dials: what is said of agents and queues is what a person can act on."""

from types import SimpleNamespace
from typing import Any

import pytest

from engine.app.doctor import examine
from engine.calls.agent import AgentLife
from engine.domain.agent import Agent
from engine.domain.campaign import Campaign, CampaignState, Mode
from engine.ports import QueueSizes

CAMPAIGN = Campaign("spring", "team", Mode.PROGRESSIVE, gateways=(), caller_ids=())


def engine(sizes: QueueSizes, *lives: AgentLife, **counters: int) -> Any:
    return SimpleNamespace(
        switches=SimpleNamespace(ports={}, links={}),
        store=SimpleNamespace(ping=lambda: 0.001, queue_sizes=lambda name, wall_s: sizes),
        clock=SimpleNamespace(now_s=lambda: 0.0, wall_s=lambda: 0.0),
        shop=SimpleNamespace(campaigns={"spring": CAMPAIGN}, may_dial=lambda team: True, counters=counters),
        dialer=SimpleNamespace(
            teams={"team"},
            ownership=SimpleNamespace(elsewhere=set()),
            states={"spring": CampaignState.RUNNING},
            gateways=SimpleNamespace(lines={}),
            agents=SimpleNamespace(lives={life.agent.agent_id: life for life in lives}),
            pacer=SimpleNamespace(decisions={}),
        ),
    )


def found(engine: Any) -> dict[str, dict[str, Any]]:
    return {one["check"]: one for one in examine(engine)}


def test_an_agent_whose_phone_was_not_reached_is_named_with_the_reason() -> None:
    anna = AgentLife(Agent("anna", "team", "1001", "Anna"), why="phone not reached: USER_NOT_REGISTERED")
    agents = found(engine(QueueSizes(1, 0, 0, 0, 0.0), anna))["spring: agents"]
    assert agents["found"] == "anna offline (phone not reached: USER_NOT_REGISTERED)"
    assert "prozvon agent login ID" in agents["fix"]


def test_a_queue_that_is_not_due_says_when_by_the_clock_on_the_wall() -> None:
    queue = found(engine(QueueSizes(0, 3, 0, 1, next_due_at_s=86_400.0 * 365)))["spring: queue"]
    assert "; the next at 197" in queue["found"]


def test_refusals_of_the_gate_are_counted_once_and_not_for_each_campaign() -> None:
    told = found(engine(QueueSizes(1, 0, 0, 0, 0.0), blocked_calling_hours=3, attempts=9))
    assert told["gate"]["found"] == "refused since the start: calling_hours 3"


@pytest.mark.parametrize(
    ("status", "ok", "said"),
    [("UP", True, "1 of 30 channels in use"), ("DOWN", False, "DOWN"), ("", False, "unknown to the switch")],
)
def test_a_gateway_that_the_switch_does_not_know_is_not_called_down(status: str, ok: bool, said: str) -> None:
    dials = engine(QueueSizes(1, 0, 0, 0, 0.0))
    dials.switches.ports["sw1"] = SimpleNamespace(
        up=True, lag_s=lambda: 0.0, gateway_status=lambda name: status
    )
    dials.switches.links["sw1"] = SimpleNamespace(last_error="")
    dials.dialer.gateways.lines["trunk"] = SimpleNamespace(
        terms=SimpleNamespace(switch="sw1"),
        rests_until_s=0.0,
        in_use=1,
        shared=False,
        slice_at=lambda now: (30, 5.0),
    )
    gateway = found(dials)["gateway trunk"]
    assert (gateway["ok"], gateway["found"]) == (ok, said)
    assert ok or gateway["fix"]
