"""Who is on the lists, and whose turn it is: in memory. The twin of redis_queue.py.

Contacts are added, found, counted and claimed here; what then happens to one of them is the store's own.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush

from engine.domain.contact import Contact, Progress
from engine.domain.errors import StoreError
from engine.ports import QueueSizes
from engine.store.codec import instant


@dataclass
class Case:
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
class _Heaps:
    """One campaign's queue as two heaps of (…, due_at_s, contact_id). What no longer holds is passed over."""

    later: list[tuple[float, str]] = field(default_factory=list)
    due: list[tuple[int, float, str]] = field(default_factory=list)


class MemoryQueue:
    """All campaigns' cases. Of a person one at a time is claimed."""

    def __init__(self) -> None:
        self._cases: dict[str, Case] = {}
        self._numbers: dict[str, set[str]] = {}
        self._heaps: defaultdict[str, _Heaps] = defaultdict(_Heaps)  # by campaign
        self._claims: list[tuple[float, str]] = []  # a heap of (until_s, contact_id)
        self._claimed: dict[str, Case] = {}  # by person

    def add(self, contact: Contact, due_at_s: float) -> bool:
        """Was it new?"""
        for phone in contact.phones:
            self._numbers.setdefault(phone.number, set()).add(contact.contact_id)
        if contact.contact_id in self._cases:
            return False
        due = instant(due_at_s)
        if due is None:
            raise StoreError("a contact needs an instant from which it is due", contact.contact_id)
        case = self._cases[contact.contact_id] = Case(contact, due)
        self._enqueue(case)
        return True

    def claim(
        self, campaign_id: str, limit: int, now_s: float, until_s: float, is_called: Callable[[str], bool]
    ) -> list[Case]:
        """Best first. `is_called`: whether a person has an open attempt."""
        self._return_expired(now_s)
        queue = self._heaps[campaign_id]
        while queue.later and queue.later[0][0] <= now_s:
            due_at_s, contact_id = heappop(queue.later)
            heappush(queue.due, (-_level(self._cases[contact_id].contact), due_at_s, contact_id))
        claimed: list[Case] = []
        passed_over = []
        while queue.due and len(claimed) < limit:
            entry = heappop(queue.due)
            case = self._cases[entry[2]]
            if not case.queued or case.due_at_s != entry[1]:
                continue  # it has been claimed, called or put off since
            person_id = case.contact.person_id
            if is_called(person_id) or person_id in self._claimed:
                passed_over.append(entry)
                continue
            case.lease_until_s, self._claimed[person_id] = until_s, case
            heappush(self._claims, (until_s, case.contact.contact_id))
            claimed.append(case)
        for entry in passed_over:
            heappush(queue.due, entry)
        return claimed

    def unclaim(self, case: Case) -> None:
        case.lease_until_s = None
        if self._claimed.get(case.contact.person_id) is case:
            del self._claimed[case.contact.person_id]

    def schedule(self, case: Case, due_at_s: float | None) -> None:
        """Due then, or (None) done."""
        case.due_at_s = instant(due_at_s)
        self._enqueue(case)

    def sizes(self, campaign_id: str, wall_s: float) -> QueueSizes:
        cases = [case for case in self._cases.values() if case.contact.campaign_id == campaign_id]
        queued = [case.due_at_s or 0.0 for case in cases if case.queued]
        later = [due_at_s for due_at_s in queued if due_at_s > wall_s]
        busy = sum(1 for case in cases if case.open or case.lease_until_s is not None)
        done = len(cases) - len(queued) - busy
        return QueueSizes(len(queued) - len(later), len(later), busy, done, min(later, default=0.0))

    def find(self, contact_id: str) -> Case | None:
        return self._cases.get(contact_id)

    def contacts_of(self, number: str) -> list[str]:
        return sorted(self._numbers.get(number, ()))

    def _enqueue(self, case: Case) -> None:
        if case.queued and case.due_at_s is not None:
            heappush(self._heaps[case.contact.campaign_id].later, (case.due_at_s, case.contact.contact_id))

    def _return_expired(self, now_s: float) -> None:
        while self._claims and self._claims[0][0] <= now_s:
            until_s, contact_id = heappop(self._claims)
            case = self._cases[contact_id]
            if case.lease_until_s == until_s:
                self.unclaim(case)
                self._enqueue(case)


def _level(contact: Contact) -> int:
    """Priorities beyond ±1000 count as ±1000."""
    return max(-1000, min(1000, contact.priority))
