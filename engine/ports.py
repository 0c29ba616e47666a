"""The engine's edges as protocols. Each has an adapter and a twin in memory; one suite runs on both."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from engine.domain.attempt import Cdr, Intent
from engine.domain.campaign import CampaignState
from engine.domain.contact import Claimed, Contact, PersonHistory, Progress, Touch


class Clock(Protocol):
    """Two clocks: `now_s` for durations (monotonic), `wall_s` for calendars (epoch seconds)."""

    def now_s(self) -> float: ...
    def wall_s(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Lease:
    """Ownership of a team. Every write carries the token; the store refuses one lower than it has seen."""

    team: str
    owner: str
    token: int
    until_s: float


@dataclass(frozen=True, slots=True)
class Scheduled:
    """What becomes of a contact: due again at `due_at_s` (epoch seconds), or, with None, done for good."""

    progress: Progress
    due_at_s: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """An intent whose end is not known to the store. `token`: the fence it was made under."""

    intent: Intent
    token: int


class ContactStore(Protocol):
    """Contacts, people, intents. `now_s` is never passed: leases use the store's own clock.

    Every method may raise StoreError when the store is away; none retries by itself.
    Methods that take `lease` raise Fenced when another engine owns the team.
    """

    def acquire_team(self, team: str, owner: str, ttl_s: float) -> Lease | None:
        """Take or renew the ownership; None while another living engine has it."""
        ...

    def release_team(self, lease: Lease) -> None: ...

    def add_contacts(self, contacts: Iterable[tuple[Contact, float]], import_id: str) -> "ImportCount":
        """Contacts with the epoch second from which each is due. A contact_id that is there already is kept
        as it is and counted as a duplicate. Safe to repeat."""
        ...

    def claim_due(self, lease: Lease, campaign_id: str, limit: int, lease_s: float) -> list[Claimed]:
        """Up to `limit` due contacts, best first; each returns to the queue by itself after `lease_s`."""
        ...

    def put_back(self, lease: Lease, campaign_id: str, person_id: str, contact_id: str,
                 due_at_s: float | None, reason: str, rule: str = "") -> None:
        """End a claim without an attempt: due again then, or (None) retired; the reason is journalled."""
        ...

    def history(self, person_id: str) -> PersonHistory: ...

    def intend(self, lease: Lease, intent: Intent) -> bool:
        """Store the intent, reserve a touch, mark the person busy: atomically. False: the person's version
        moved on or an attempt is open; go back to the gate. Repeating the same intent is True again."""
        ...

    def settle(self, lease: Lease, cdr: Cdr, touch: Touch | None, then: Scheduled) -> bool:
        """End an attempt: journal the CDR, replace its reservation by `touch` (None gives it back), free the
        person, schedule the contact: atomically. False: it was settled already; nothing changed."""
        ...

    def open_attempts(self, team: str) -> list[OpenAttempt]:
        """Every unsettled intent of the team, for recovery after a crash or takeover."""
        ...

    def find_contact(self, contact_id: str) -> Claimed | None:
        """A contact with its progress and history, wherever it is. Lease fields are zero."""
        ...

    def contact_of_number(self, number: str) -> list[str]:
        """Contact ids that have this E.164 number (for calls that come in)."""
        ...

    def queue_sizes(self, campaign_id: str, wall_s: float) -> "QueueSizes": ...

    def set_campaign(self, campaign_id: str, definition: Mapping[str, Any], state: CampaignState) -> None: ...

    def campaigns(self) -> list[tuple[str, dict[str, Any], CampaignState]]: ...

    def save_blob(self, name: str, value: bytes) -> None:
        """Small things that must outlive the process, e.g. what a pacing policy has learned."""
        ...

    def load_blob(self, name: str) -> bytes | None: ...

    def ping(self) -> float:
        """Round trip in seconds."""
        ...


@dataclass(frozen=True, slots=True)
class ImportCount:
    added: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class QueueSizes:
    """`due`: may be claimed now. `later`: due in future, the earliest at `next_due_at_s` (0.0: none)."""

    due: int
    later: int
    claimed: int
    done: int
    next_due_at_s: float


class Journal(Protocol):
    """Facts and decisions, hot tail and archive read as one, oldest first."""

    def append(self, kind: str, shard_of: str, record: Mapping[str, Any]) -> None:
        """`shard_of`: the person the record is about ("" for the system). Never blocks the caller."""
        ...

    def read(self, kinds: frozenset[str] | None = None, since_s: float = 0.0) -> Iterator[dict[str, Any]]: ...
