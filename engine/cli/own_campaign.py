"""A campaign of config.yaml in the words of the twin's file: what would come of ours?"""

from typing import Any

from engine.config import Config
from engine.domain.campaign import Mode
from engine.domain.errors import ConfigError, did_you_mean


def changes_of(config: Config, campaign_id: str) -> dict[str, Any]:
    """Sections `campaign`, `operators`, `trunk` and `zone` for `World.but`. ConfigError: no such campaign."""
    found = next((one for one in config.campaigns if one.id == campaign_id), None)
    if found is None:
        known = [one.id for one in config.campaigns]
        raise ConfigError(f"no campaign '{campaign_id}'", "--campaign", did_you_mean(campaign_id, known))
    trunks = [one for one in config.gateways if one.name in found.gateways]
    clock, wish = found.abandonment, found.predicting
    terms = {
        "mode": Mode(found.mode).value,
        "cap": wish.cap,
        "reserve": wish.reserve,
        "largest_ratio": wish.largest_ratio,
        "cancel_after_s": wish.cancel_after_s,
        "cancel_share": wish.cancel_share,
        "max_calls": found.max_calls,
        "calls_per_s": found.calls_per_s,
        "ring_time_s": found.ring_time_s,
        "wrap_up_s": found.wrap_up_s,
        "answer_limit_s": clock.answer_limit_s,
        "clock": clock.clock,
        "max_screening_s": clock.max_screening_s,
        "lockout_s": clock.lockout_s,
        "screening": found.screening,
        "script": str(config.at(found.script)) if found.script else "",
        "attempts_limit": found.attempts_limit,
        "retries": {str(name): (rule.after_s, rule.limit) for name, rule in found.retries.items()},
        "rules": {rule.rule: dict(rule.params) for rule in (*config.calling.rules, *found.rules)},
    }
    changes: dict[str, Any] = {
        "campaign": terms,
        "trunk": {
            "channels": sum(one.channels for one in trunks),
            "calls_per_s": sum(one.calls_per_s for one in trunks),
        },
    }
    operators = sum(one.team == found.team and set(found.skills) <= set(one.skills) for one in config.agents)
    if operators:
        changes["operators"] = {"count": operators, "staffing": ()}
    zone = found.zone or config.calling.zone
    return changes | ({"zone": zone} if zone else {})
