"""The store's twin in memory: the same answers, on a clock of your choice."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from engine.domain.attempt import Cdr, Intent
from engine.domain.campaign import CampaignState
from engine.domain.contact import Claimed, Contact, PersonHistory, Scheduled, Touch, TouchPhase
from engine.domain.errors import Fenced, StoreError
from engine.ports import Clock, ImportCount, Journal, Lease, OpenAttempt, QueueSizes
from engine.store.codec import instant, put_off
from engine.store.memory_queue import Case, MemoryQueue

TOUCHES_KEPT_S: Final = 100 * 86_400.0
TRIM_ABOVE: Final = 32
ENDED_KEPT_S: Final = 2 * 86_400.0


@dataclass
class _Person:
    version: int = 0
    open_attempt: str = ""
    open_contact: str = ""
    touches: dict[str, Touch] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)


class MemoryStore:
    """See `engine.ports.ContactStore`. Leases and due instants are judged by `clock.wall_s()`.

    `journal`: receives what the scripts of the real store write by themselves (intent, cdr, blocked).
    """

    def __init__(self, clock: Clock, journal: Journal | None = None) -> None:
        self._clock = clock
        self._journal = journal
        self._owners: dict[str, Lease] = {}
        self._tokens: dict[str, int] = {}
        self._queue = MemoryQueue()
        self._people: dict[str, _Person] = {}
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
            added += self._queue.add(contact, due_at_s)
        return ImportCount(added, total - added)

    def claim_due(self, lease: Lease, campaign_id: str, limit: int, lease_s: float) -> list[Claimed]:
        if limit <= 0:
            return []
        self._check(lease)
        now = self._clock.wall_s()
        cases = self._queue.claim(campaign_id, limit, now, now + lease_s, self._is_called)
        return [self._as_claimed(case, now + lease_s) for case in cases]

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
        case = self._queue.find(contact_id)
        if case is None or case.lease_until_s is None:
            return
        self._queue.unclaim(case)
        self._queue.schedule(case, due_at_s)
        told = put_off(contact_id, person_id, campaign_id, case.due_at_s, reason, rule)
        self._note("blocked", person_id, told)

    def reschedule(
        self, lease: Lease, campaign_id: str, person_id: str, contact_id: str, due_at_s: float, reason: str
    ) -> bool:
        self._check(lease)
        case = self._queue.find(contact_id)
        if case is None or case.lease_until_s is not None or case.open:
            return False
        if case.due_at_s != instant(due_at_s):
            self._queue.schedule(case, due_at_s)
            told = put_off(contact_id, person_id, campaign_id, case.due_at_s, reason)
            self._note("callback", person_id, told)
        return True

    def queue_sizes(self, campaign_id: str, wall_s: float) -> QueueSizes:
        return self._queue.sizes(campaign_id, wall_s)

    def find_contact(self, contact_id: str) -> Claimed | None:
        case = self._queue.find(contact_id)
        return None if case is None else self._as_claimed(case, 0.0)

    def contact_of_number(self, number: str) -> list[str]:
        return self._queue.contacts_of(number)

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
        if case := self._queue.find(intent.contact_id):
            self._queue.unclaim(case)
            case.open, case.due_at_s, person.open_contact = True, None, intent.contact_id
        self._note("intent", intent.person_id, _record(intent))
        return True

    def settle(self, lease: Lease, cdr: Cdr, touch: Touch | None, then: Scheduled) -> bool:
        self._check(lease)
        if self._open.pop(cdr.attempt_id, None) is None:
            return False
        person = self._person(cdr.person_id)
        case = self._queue.find(person.open_contact)
        person.version += 1
        person.open_attempt = person.open_contact = ""
        if touch:
            person.touches[cdr.attempt_id] = touch
        else:
            person.touches.pop(cdr.attempt_id, None)
            person.ended[cdr.attempt_id] = self._clock.wall_s()
        if case:
            case.open, case.progress = False, then.progress
            self._queue.schedule(case, then.due_at_s)
        if len(person.touches) >= TRIM_ABOVE:
            oldest = self._clock.wall_s() - TOUCHES_KEPT_S
            person.touches = {key: kept for key, kept in person.touches.items() if kept.at_s >= oldest}
            oldest = self._clock.wall_s() - ENDED_KEPT_S
            person.ended = {key: at_s for key, at_s in person.ended.items() if at_s >= oldest}
        then_due = {"next_due_at_s": instant(then.due_at_s), "next_reason": then.reason}
        self._note("cdr", cdr.person_id, _record(cdr) | then_due)
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

    def _is_called(self, person_id: str) -> bool:
        return person_id in self._people and bool(self._people[person_id].open_attempt)

    def _as_claimed(self, case: Case, lease_until_s: float) -> Claimed:
        return Claimed(case.contact, case.progress, self.history(case.contact.person_id), lease_until_s)

    def _note(self, kind: str, person_id: str, record: dict[str, Any]) -> None:
        if self._journal:
            self._journal.append(kind, person_id, record)


def _record(one: Intent | Cdr) -> dict[str, Any]:
    """Its fields as plain data; `decided` is a copy, as the rest cannot change."""
    fields = {name: getattr(one, name) for name in one.__slots__}
    return fields | {"decided": dict(one.decided)}
