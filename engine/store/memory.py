"""The store's twin in memory: the same answers, on a clock of your choice."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from typing import Any, Final

from engine.domain.attempt import Cdr, Intent
from engine.domain.campaign import CampaignState
from engine.domain.contact import Claimed, Contact, PersonHistory, Progress, Scheduled, Touch, TouchPhase
from engine.domain.errors import Fenced, StoreError
from engine.ports import Clock, ImportCount, Journal, Lease, OpenAttempt, QueueSizes

TOUCHES_KEPT_S: Final = 100 * 86_400.0
TRIM_ABOVE: Final = 32
ENDED_KEPT_S: Final = 2 * 86_400.0


@dataclass
class _Person:
    version: int = 0
    open_attempt: str = ""
    open_contact: str = ""
    claim: str = ""
    claim_until_s: float = 0.0
    touches: dict[str, Touch] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)


@dataclass
class _Case:
    """A contact and where it stands: queued (due_at_s), claimed, open, or done (none of them)."""

    contact: Contact
    due_at_s: float | None
    progress: Progress = field(default_factory=Progress)
    lease_until_s: float | None = None
    open: bool = False

    @property
    def queued(self) -> bool:
        return self.due_at_s is not None and self.lease_until_s is None and not self.open


@dataclass(slots=True)
class _Queue:
    """One campaign's queue as two heaps of (…, due_at_s, contact_id). What no longer holds is passed over."""

    later: list[tuple[float, str]] = field(default_factory=list)
    due: list[tuple[int, float, str]] = field(default_factory=list)


class MemoryStore:
    """See `engine.ports.ContactStore`. Leases and due instants are judged by `clock.wall_s()`.

    `journal`: receives what the scripts of the real store write by themselves (intent, cdr, blocked).
    """

    def __init__(self, clock: Clock, journal: Journal | None = None) -> None:
        self._clock = clock
        self._journal = journal
        self._owners: dict[str, Lease] = {}
        self._tokens: dict[str, int] = {}
        self._cases: dict[str, _Case] = {}
        self._queues: dict[str, _Queue] = {}
        self._claims: list[tuple[float, str]] = []
        self._people: dict[str, _Person] = {}
        self._numbers: dict[str, set[str]] = {}
        self._open: dict[str, OpenAttempt] = {}
        self._campaigns: dict[str, tuple[dict[str, Any], CampaignState]] = {}
        self._blobs: dict[str, bytes] = {}

    # --- ownership --------------------------------------------------------------------------------------

    def acquire_team(self, team: str, owner: str, ttl_s: float, alone: bool = False) -> Lease | None:
        now = self._clock.wall_s()
        held = self._owners.get(team)
        lives = held is not None and held.until_s > now
        if held and lives and held.owner != owner:
            if not alone:
                return None
            lives = False
        if not lives:
            self._tokens[team] = self._tokens.get(team, 0) + 1
        self._owners[team] = Lease(team, owner, self._tokens[team], now + ttl_s)
        return self._owners[team]

    def release_team(self, lease: Lease) -> None:
        held = self._owners.get(lease.team)
        if held and (held.owner, held.token) == (lease.owner, lease.token):
            self._owners[lease.team] = replace(held, until_s=0.0)

    def _check(self, lease: Lease) -> None:
        if self._tokens.get(lease.team, 0) > lease.token:
            raise Fenced(f"another engine owns team {lease.team}", "memory", "Stop dialing for the team.")

    # --- contacts and queues ----------------------------------------------------------------------------

    def add_contacts(self, contacts: Iterable[tuple[Contact, float]], import_id: str) -> ImportCount:
        added = total = 0
        for contact, due_at_s in contacts:
            total += 1
            for phone in contact.phones:
                self._numbers.setdefault(phone.number, set()).add(contact.contact_id)
            if contact.contact_id not in self._cases:
                due = _instant(due_at_s)
                if due is None:
                    raise StoreError("a contact needs an instant from which it is due", contact.contact_id)
                self._cases[contact.contact_id] = _Case(contact, due)
                self._enqueue(self._cases[contact.contact_id])
                added += 1
        return ImportCount(added, total - added)

    def claim_due(self, lease: Lease, campaign_id: str, limit: int, lease_s: float) -> list[Claimed]:
        if limit <= 0:
            return []
        self._check(lease)
        now = self._clock.wall_s()
        self._return_expired(now)
        queue = self._queues.setdefault(campaign_id, _Queue())
        while queue.later and queue.later[0][0] <= now:
            due_at_s, contact_id = heappop(queue.later)
            heappush(queue.due, (-_level(self._cases[contact_id].contact), due_at_s, contact_id))
        claimed: list[Claimed] = []
        passed_over = []
        while queue.due and len(claimed) < limit:
            entry = heappop(queue.due)
            case = self._cases[entry[2]]
            if not case.queued or case.due_at_s != entry[1]:
                continue  # it has been claimed, called or put off since
            person = self._person(case.contact.person_id)
            if person.open_attempt or person.claim_until_s > now:
                passed_over.append(entry)
                continue
            case.lease_until_s = person.claim_until_s = now + lease_s
            person.claim = case.contact.contact_id
            heappush(self._claims, (case.lease_until_s, case.contact.contact_id))
            claimed.append(self._as_claimed(case, now + lease_s))
        for entry in passed_over:
            heappush(queue.due, entry)
        return claimed

    def _enqueue(self, case: _Case) -> None:
        if case.queued and case.due_at_s is not None:
            queue = self._queues.setdefault(case.contact.campaign_id, _Queue())
            heappush(queue.later, (case.due_at_s, case.contact.contact_id))

    def _return_expired(self, now: float) -> None:
        while self._claims and self._claims[0][0] <= now:
            until_s, contact_id = heappop(self._claims)
            case = self._cases[contact_id]
            if case.lease_until_s == until_s:
                self._unclaim(case)
                self._enqueue(case)

    def _unclaim(self, case: _Case) -> None:
        case.lease_until_s = None
        person = self._person(case.contact.person_id)
        if person.claim == case.contact.contact_id:
            person.claim, person.claim_until_s = "", 0.0

    def put_back(
        self,
        lease: Lease,
        campaign_id: str,
        person_id: str,
        contact_id: str,
        due_at_s: float | None,
        reason: str,
        rule: str = "",
    ) -> None:
        self._check(lease)
        case = self._cases.get(contact_id)
        if case is None or case.lease_until_s is None:
            return
        self._unclaim(case)
        case.due_at_s = _instant(due_at_s)
        self._enqueue(case)
        self._note(
            "blocked",
            person_id,
            {
                "contact_id": contact_id,
                "person_id": person_id,
                "campaign_id": campaign_id,
                "rule": rule,
                "reason": reason,
                "next_due_at_s": case.due_at_s,
            },
        )

    def reschedule(
        self, lease: Lease, campaign_id: str, person_id: str, contact_id: str, due_at_s: float, reason: str
    ) -> bool:
        self._check(lease)
        case = self._cases.get(contact_id)
        if case is None or case.lease_until_s is not None or case.open:
            return False
        due = _instant(due_at_s)
        if case.due_at_s != due:
            case.due_at_s = due
            self._enqueue(case)
            told = {"contact_id": contact_id, "person_id": person_id, "campaign_id": campaign_id}
            self._note("callback", person_id, {**told, "reason": reason, "next_due_at_s": due})
        return True

    def queue_sizes(self, campaign_id: str, wall_s: float) -> QueueSizes:
        cases = [case for case in self._cases.values() if case.contact.campaign_id == campaign_id]
        queued = [case.due_at_s or 0.0 for case in cases if case.queued]
        later = [due_at_s for due_at_s in queued if due_at_s > wall_s]
        busy = sum(1 for case in cases if case.open or case.lease_until_s is not None)
        done = len(cases) - len(queued) - busy
        return QueueSizes(len(queued) - len(later), len(later), busy, done, min(later, default=0.0))

    def find_contact(self, contact_id: str) -> Claimed | None:
        case = self._cases.get(contact_id)
        return None if case is None else self._as_claimed(case, 0.0)

    def contact_of_number(self, number: str) -> list[str]:
        return sorted(self._numbers.get(number, ()))

    # --- attempts ---------------------------------------------------------------------------------------

    def history(self, person_id: str) -> PersonHistory:
        person = self._people.get(person_id, _Person())
        touches = sorted(person.touches.values(), key=lambda touch: (touch.at_s, touch.attempt_id))
        ended = frozenset(person.ended)
        return PersonHistory(person_id, person.version, person.open_attempt, tuple(touches), ended)

    def intend(self, lease: Lease, intent: Intent) -> bool:
        self._check(lease)
        known = self._open.get(intent.attempt_id)
        if known:
            if known.intent == intent:
                return True
            raise StoreError(f"attempt id {intent.attempt_id} carries another intent", fix="Make a new id.")
        person = self._person(intent.person_id)
        if person.open_attempt or person.version != intent.person_version:
            return False
        if intent.attempt_id in person.touches or intent.attempt_id in person.ended:
            return False
        self._open[intent.attempt_id] = OpenAttempt(intent, lease.token)
        person.version += 1
        person.open_attempt = intent.attempt_id
        person.touches[intent.attempt_id] = Touch(
            intent.attempt_id, intent.made_at_s, TouchPhase.RESERVED, intent.number
        )
        if case := self._cases.get(intent.contact_id):
            self._unclaim(case)
            case.open, case.due_at_s, person.open_contact = True, None, intent.contact_id
        self._note("intent", intent.person_id, _record(intent))
        return True

    def settle(self, lease: Lease, cdr: Cdr, touch: Touch | None, then: Scheduled) -> bool:
        self._check(lease)
        if self._open.pop(cdr.attempt_id, None) is None:
            return False
        person = self._person(cdr.person_id)
        case = self._cases.get(person.open_contact)
        person.version += 1
        person.open_attempt = person.open_contact = ""
        if touch:
            person.touches[cdr.attempt_id] = touch
        else:
            person.touches.pop(cdr.attempt_id, None)
            person.ended[cdr.attempt_id] = self._clock.wall_s()
        due_at_s = _instant(then.due_at_s)
        if case:
            case.open, case.due_at_s, case.progress = False, due_at_s, then.progress
            self._enqueue(case)
        if len(person.touches) >= TRIM_ABOVE:
            oldest = self._clock.wall_s() - TOUCHES_KEPT_S
            person.touches = {key: kept for key, kept in person.touches.items() if kept.at_s >= oldest}
            oldest = self._clock.wall_s() - ENDED_KEPT_S
            person.ended = {key: at_s for key, at_s in person.ended.items() if at_s >= oldest}
        self._note(
            "cdr", cdr.person_id, _record(cdr) | {"next_due_at_s": due_at_s, "next_reason": then.reason}
        )
        return True

    def open_attempts(self, team: str) -> list[OpenAttempt]:
        found = [open_ for open_ in self._open.values() if open_.intent.team == team]
        return sorted(found, key=lambda open_: (open_.intent.made_at_s, open_.intent.attempt_id))

    # --- campaigns and small things ---------------------------------------------------------------------

    def set_campaign(self, campaign_id: str, definition: Mapping[str, Any], state: CampaignState) -> None:
        self._campaigns[campaign_id] = (dict(definition), state)

    def campaigns(self) -> list[tuple[str, dict[str, Any], CampaignState]]:
        return [
            (name, dict(definition), state) for name, (definition, state) in sorted(self._campaigns.items())
        ]

    def save_blob(self, name: str, value: bytes) -> None:
        self._blobs[name] = value

    def load_blob(self, name: str) -> bytes | None:
        return self._blobs.get(name)

    def ping(self) -> float:
        return 0.0

    # --- inside -----------------------------------------------------------------------------------------

    def _person(self, person_id: str) -> _Person:
        return self._people.setdefault(person_id, _Person())

    def _as_claimed(self, case: _Case, lease_until_s: float) -> Claimed:
        return Claimed(case.contact, case.progress, self.history(case.contact.person_id), lease_until_s)

    def _note(self, kind: str, person_id: str, record: dict[str, Any]) -> None:
        if self._journal:
            self._journal.append(kind, person_id, record)


def _record(one: Intent | Cdr) -> dict[str, Any]:
    """Its fields as plain data; `decided` is a copy, as the rest cannot change."""
    fields = {name: getattr(one, name) for name in one.__slots__}
    return fields | {"decided": dict(one.decided)}


def _instant(at_s: float | None) -> float | None:
    """Due instants as the real store keeps them: whole milliseconds; None and infinity mean never."""
    return None if at_s is None or math.isinf(at_s) else max(0.0, round(at_s * 1000) / 1000)


def _level(contact: Contact) -> int:
    """Priorities beyond ±1000 count as ±1000."""
    return max(-1000, min(1000, contact.priority))
