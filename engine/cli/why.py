"""What `prozvon why` prints: first when the next call is and what stands against it, then what has been."""

from collections.abc import Iterator, Mapping
from typing import Any

from engine.cli.tables import cell, line, local_time, pairs, seconds

Record = Mapping[str, Any]


def why_text(data: Mapping[str, Any]) -> str:
    """The answer of `Control.why` for people."""
    progress = data.get("progress") or {}
    last = progress.get("last_outcome")
    facts = {
        "contact": data.get("contact_id"),
        "campaign": data.get("campaign"),
        "numbers": data.get("numbers"),
        "zones": " by ".join(filter(None, (cell(data.get("zones")), cell(data.get("zone_source"))))),
        "attempts": progress.get("attempts", 0),
        "last": f"{last} {local_time(progress.get('last_attempt_at_s') or 0)}" if last else "",
        "dead numbers": progress.get("dead"),
    }
    known = {key: value for key, value in facts.items() if value not in (None, "", [], ())}
    history = [
        f"{local_time(float(one.get('at_s') or 0))}  {_told(one)}" for one in data.get("history") or ()
    ]
    return "\n\n".join(["\n".join(_verdict(data)), pairs(known), *(["\n".join(history)] if history else [])])


def _verdict(data: Mapping[str, Any]) -> Iterator[str]:
    """When, and what is against it; a call under way or a contact that is done need no more words."""
    if data.get("open_attempt"):
        yield f"In a call now: attempt {data['open_attempt']}."
        return
    planned = data.get("next") or {}
    if planned and planned.get("due_at_s") is None:
        yield f"Not called any more: {cell(planned.get('reason'))}."
        return
    if planned:
        yield f"Due {local_time(planned['due_at_s'])}: {cell(planned.get('reason'))}."
    else:
        yield "Due since the import; no call so far."
    now = data.get("now") or {}
    if now.get("allowed"):
        yield f"The gate would let it pass now: {cell(now.get('reason'))}."
    elif now:
        again = now.get("retry_at_s")
        until = f"; it may pass {local_time(again)}" if again else "; this does not end by itself"
        yield f"The gate is against it now, by {now.get('rule')}: {cell(now.get('reason'))}{until}."


def _told(one: Record) -> str:
    """A record of the journal as a sentence."""
    match one.get("kind"):
        case "intent":
            decided = cell((one.get("decided") or {}).get("line"))
            return f"dialed {one.get('number')} as {one.get('caller_id')} ({decided or one.get('gateway')})"
        case "cdr":
            return _ended(one)
        case "blocked":
            again = one.get("next_due_at_s")
            until = f"; again {local_time(again)}" if again else "; for good"
            return f"not dialed, {one.get('rule')}: {cell(one.get('reason'))}{until}"
        case "callback":
            return f"{cell(one.get('reason'))} for {local_time(one.get('next_due_at_s') or 0)}"
        case "outcome":
            note = f": {cell(one.get('note'))}" if one.get("note") else ""
            return f"{one.get('agent_id')} noted {one.get('outcome')}{note}"
        case kind:
            hidden = ("kind", "at_s", "id", "contact_id", "person_id", "campaign_id", "attempt_id")
            return f"{kind}: {line({key: value for key, value in one.items() if key not in hidden})}"


def _ended(one: Record) -> str:
    bridged, ended = float(one.get("bridged_at_s") or 0), float(one.get("ended_at_s") or 0)
    parts = [cell(one.get("disposition")).replace("_", " ")]
    if bridged:
        parts.append(f"{seconds(max(0.0, ended - bridged))} with {one.get('agent_id') or 'the robot'}")
    parts.append(f"{cell(one.get('cause'))} by {cell(one.get('ended_by')) or 'the switch'}")
    if one.get("outcome"):
        parts.append(f"outcome {cell(one['outcome'])}")
    again = one.get("next_due_at_s")
    parts.append(f"again {local_time(again)}" if again else "no retry")
    if one.get("recording"):
        parts.append(cell(one["recording"]))
    return ", ".join(parts)
