"""Where contacts, attempts and ownership are kept, and what is leased of trunks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from engine.domain.attempt import Cdr, Intent
from engine.domain.campaign import CampaignState
from engine.domain.contact import Claimed, Contact, PersonHistory, Scheduled, Touch


@dataclass(frozen=True, slots=True)
class Lease:
    """Ownership of a team. Every write carries the token; the store refuses one lower than it has seen."""

    team: str
    owner: str
    token: int
    until_s: float


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """An intent whose end is not known to the store. `token`: the fence it was made under."""

    intent: Intent
    token: int


class ContactStore(Protocol):
    """Contacts, people, intents. `now_s` is never passed: leases use the store's own clock.

    Every method may raise StoreError when the store is away; none retries by itself. After a StoreError the
    step may have happened or not; any may be repeated with the same arguments. `settle` then says False if it
    had happened, and what a lost reply of `claim_due` claimed comes back with its lease.
    Methods that take `lease` raise Fenced when another engine owns the team, and then change nothing.
    Instants are kept in whole milliseconds; an infinite one means never, as None does.
    """

    def acquire_team(self, team: str, owner: str, ttl_s: float, alone: bool = False) -> Lease | None:
        """Take or renew the ownership; None while another living engine has it. `owner`: unique to this life
        of this engine. The token rises with each owner; from here every older one is fenced off. `alone`: it
        is proven that no other engine uses this store, so whoever owned the team is dead."""
        ...

    def release_team(self, lease: Lease) -> None: ...

    def add_contacts(self, contacts: Iterable[tuple[Contact, float]], import_id: str) -> "ImportCount":
        """Contacts with the epoch second from which each is due. A contact_id that is there already is kept
        as it is and counted as a duplicate. Safe to repeat."""
        ...

    def claim_due(self, lease: Lease, campaign_id: str, limit: int, lease_s: float) -> list[Claimed]:
        """Up to `limit` due contacts, best first (priority, those beyond ±1000 as ±1000; then who was due
        earlier); each returns to the queue by itself after `lease_s`. Nobody who is being called, or of whom
        another contact is claimed, is among them."""
        ...

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
        """End a claim without an attempt: due again then, or (None) retired; the reason is journalled. Does
        nothing when the claim is over already: its lease ran out, or an intent was stored."""
        ...

    def reschedule(
        self, lease: Lease, campaign_id: str, person_id: str, contact_id: str, due_at_s: float, reason: str
    ) -> bool:
        """A promise to call back: the contact, queued or done, is due at `due_at_s` instead. False, and
        nothing changed: it is unknown, claimed or being called. Safe to repeat."""
        ...

    def history(self, person_id: str) -> PersonHistory:
        """What is known of a person; version 0 and no touches for a stranger. Touches are kept 100 days."""
        ...

    def intend(self, lease: Lease, intent: Intent) -> bool:
        """Store the intent, reserve a touch, mark the person busy: atomically. False: the person's version
        moved on or an attempt is open; go back to the gate. Repeating the same intent is True again; another
        intent under the same attempt id is a StoreError. The contact need not be claimed (an agent dials by
        hand), nor exist (a call without a case)."""
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

    def queue_sizes(self, campaign_id: str, wall_s: float) -> "QueueSizes":
        """As they are at `wall_s`, which is now or later."""
        ...

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
    """`due`: may be claimed now. `later`: due in future, the earliest at `next_due_at_s` (0.0: none).
    `claimed`: claimed or being called. `done`: retired. The four add up to all contacts ever added."""

    due: int
    later: int
    claimed: int
    done: int
    next_due_at_s: float


@dataclass(frozen=True, slots=True)
class LineAsk:
    """What an engine tells of a gateway. `channels`, `starts`: of its contract; so many calls may be begun at
    once, and they come back at its calls per second. `wanted`: channels it has use for, at least 1; 0: it
    leaves. `in_use`: channels its calls are on; `keeps_to`: channels and starts of the last answer that
    reached it, (0, 0) when that has run out."""

    gateway: str
    channels: int
    starts: int
    wanted: int
    in_use: int
    keeps_to: tuple[int, int]


@dataclass(frozen=True, slots=True)
class LineSlice:
    """What of a gateway's contract is this engine's."""

    gateway: str
    channels: int
    starts: int


class Lines(Protocol):
    """The contracts of gateways, shared by engines."""

    def share(self, owner: str, asks: Sequence[LineAsk], ttl_s: float) -> list[LineSlice]:
        """A slice of each, for `ttl_s` from now; all engines' slices together never exceed a contract. To be
        asked for again and again: slices follow what engines want. A smaller slice than before binds from the
        answer on. StoreError: keep to the last answer until its time is over, then start nothing."""
        ...


class IntentBook(Protocol):
    """This machine's own record of intents, on the disk before the call: read first after a crash, so that a
    store that lost its last second (power, failover) cannot make us dial twice."""

    def append(self, intent: Intent, token: int) -> None:
        """On return it is on the disk. StoreError: it may not be; do not dial."""
        ...

    def settled(self, attempt_id: str) -> None: ...
    def open_attempts(self) -> list[OpenAttempt]: ...
