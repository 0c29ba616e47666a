"""Why was this person called, or not? Everything known of one contact, in one answer."""

from typing import Any

from engine.control import NotFound
from engine.domain.gate import Blocked
from engine.logs import masked


def why(engine: Any, contact_id: str) -> dict[str, Any]:
    """{contact, now: what the gate says this instant, attempts, history: journal records}."""
    found = engine.store.find_contact(contact_id)
    if found is None:
        raise NotFound(
            f"no contact '{contact_id}'", "contacts", "Ids are in the imported file or its report."
        )
    contact, progress = found.contact, found.progress
    campaign = engine.shop.campaigns.get(contact.campaign_id)
    return {
        "contact_id": contact_id,
        "campaign": contact.campaign_id,
        "numbers": [masked(phone.number) for phone in contact.phones],
        "zones": list(contact.zones),
        "zone_source": contact.zone_source,
        "progress": {name: getattr(progress, name) for name in progress.__slots__},
        "open_attempt": found.history.open_attempt,
        "touches": [
            {"at_s": t.at_s, "phase": t.phase.value, "outcome": t.outcome, "connected_s": t.connected_s}
            for t in found.history.touches
        ],
        "now": _now(engine, found, campaign),
        "history": [
            record
            for record in engine.journal.read(
                frozenset({"cdr", "blocked", "intent", "robot", "outcome", "callback"}), 0.0
            )
            if record.get("contact_id") == contact_id
        ],
    }


def _now(engine: Any, found: Any, campaign: Any) -> dict[str, Any]:
    """What the gate would say to a call this instant."""
    if campaign is None:
        return {"allowed": False, "rule": "campaign", "reason": "its campaign is not there any more"}
    blocked: Blocked | None = None
    wall = engine.clock.wall_s()
    for phone in engine.rules.phones(found.contact, found.progress, campaign):
        answer = engine.rules.gate(found.contact, phone, campaign, found.history, wall, "retry", False)
        if not isinstance(answer, Blocked):
            return {"allowed": True, "rule": "", "reason": f"no rule is against {masked(phone.number)}"}
        blocked = blocked or answer
    if blocked is None:
        return {"allowed": False, "rule": "numbers", "reason": "every number is dead or spent"}
    retry = None if blocked.for_ever else blocked.retry_at_s
    return {"allowed": False, "rule": blocked.rule, "reason": blocked.reason, "retry_at_s": retry}
