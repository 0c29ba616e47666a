"""Why was this person called, or not? Everything known of one contact, in one answer."""

import re
from collections.abc import Sequence
from typing import Any

from engine.control import NotFound, Refused
from engine.domain.contact import Claimed
from engine.domain.gate import Blocked
from engine.logs import masked

NUMBER = re.compile(r"\+[0-9]{6,15}")
SCHEDULES = frozenset({"cdr", "blocked", "callback"})
"""Records of the journal that say when a contact is due again."""


def why(engine: Any, asked: str) -> dict[str, Any]:
    """{contact, now: what the gate says this instant, next: when it is due, attempts, history: journal
    records}. `asked`: the contact's id, its id in the list it came from, or one of its numbers (E.164)."""
    found = _find(engine, asked)
    contact, progress = found.contact, found.progress
    contact_id = contact.contact_id
    history = [
        record
        for record in engine.journal.read(
            frozenset({"cdr", "blocked", "intent", "robot", "outcome", "callback"}), 0.0
        )
        if record.get("contact_id") == contact_id
    ]
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
        "next": _next(history),
        "history": history,
    }


def _find(engine: Any, asked: str) -> Claimed:
    """The one contact that is meant. NotFound: none; Refused: several."""
    ids = [asked, *(f"{campaign_id}:{asked}" for campaign_id in engine.shop.campaigns)]
    number = re.sub(r"[\s()-]", "", asked)
    if NUMBER.fullmatch(number):
        ids = engine.store.contact_of_number(number)
    found: list[Claimed] = [one for one in map(engine.store.find_contact, ids) if one is not None]
    if not found:
        fix = "Name it by its id in the list, or by its number with plus and country code."
        raise NotFound(f"no contact '{asked}'", "contacts", fix)
    if len(found) > 1:
        names = ", ".join(one.contact.contact_id for one in found)
        raise Refused(f"'{asked}' is several contacts", names, "Name one of them.")
    return found[0]


def _next(history: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """From the last record that says so: {due_at_s: epoch seconds, None for never again; reason}. Empty
    before the first: due since it was imported."""
    for record in reversed(history):
        if record.get("kind") in SCHEDULES:
            reason = record.get("next_reason") or record.get("reason", "")
            return {"due_at_s": record.get("next_due_at_s"), "reason": reason}
    return {}


def _now(engine: Any, found: Any, campaign: Any) -> dict[str, Any]:
    """What the gate would say to a call this instant."""
    if campaign is None:
        return {"allowed": False, "rule": "campaign", "reason": "its campaign is not there any more"}
    blocked: Blocked | None = None
    wall = engine.clock.wall_s()
    for phone in engine.rules.phones(found.contact, found.progress):
        answer = engine.rules.gate(found.contact, phone, campaign, found.history, wall, "retry", False)
        if not isinstance(answer, Blocked):
            return {"allowed": True, "rule": "", "reason": f"no rule is against {masked(phone.number)}"}
        blocked = blocked or answer
    if blocked is None:
        return {"allowed": False, "rule": "numbers", "reason": "every number is dead or spent"}
    retry = None if blocked.for_ever else blocked.retry_at_s
    return {"allowed": False, "rule": blocked.rule, "reason": blocked.reason, "retry_at_s": retry}
