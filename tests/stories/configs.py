"""Configurations of the stories: a team, agents with quick wrap-up, campaigns that may call at any hour."""

from pathlib import Path
from typing import Any

from tests.freeswitch.switch import free_ports

EVERYTHING = ("busy", "no_answer", "unreachable", "rejected", "congestion", "hung_up", "robot_partial")
ONCE = {outcome: {"after_s": 3600, "limit": 0} for outcome in (*EVERYTHING, "unknown", "abandoned")}
"""Retries: none. Each contact is called once, so that every disposition can be held against the plan."""


def campaign(campaign_id: str, mode: str = "progressive", **terms: Any) -> dict[str, Any]:
    return {
        "id": campaign_id,
        "mode": mode,
        "team": "team",
        "gateways": ["trunk"],
        "caller_ids": ["main"],
        "max_calls": 40,
        "calls_per_s": 40,
        "ring_time_s": 5,
        "wrap_up_s": 0.2,
        "retries": ONCE,
        **terms,
    }


def config(
    speech: Path,
    *campaigns: dict[str, Any],
    agents: int = 4,
    switch_port: int = 0,
    **sections: Any,
) -> dict[str, Any]:
    """`speech`: where spoken phrases are kept from test to test. `switch_port` 0: the engine's own virtual
    switch. `sections` go in as they are, in place of these."""
    api_port, inbound_port = free_ports(2)
    found: dict[str, Any] = {
        "gateways": [{"name": "trunk", "channels": 60, "calls_per_s": 60, "rest_after_failures": 1000}],
        "caller_ids": {"main": {"numbers": ["+48220000101"]}},
        "teams": [{"name": "team"}],
        "agents": [
            {"id": f"a{n}", "name": f"Agent {n}", "extension": str(1000 + n), "team": "team"}
            for n in range(1, agents + 1)
        ],
        "campaigns": list(campaigns),
        "calling": {"rules": []},
        "store": {"data_dir": "data", "team_lease_s": 2, "claim_lease_s": 5},
        "api": {"port": api_port},
        "inbound": {"port": inbound_port},
        "tts": {"cache_dir": str(speech)},
        "logging": {"level": "info", "format": "json"},
    }
    if switch_port:
        found["switches"] = [{"name": "virtual-1", "port": switch_port, "password": "ClueCon"}]
    return found | sections
