"""Contacts and the person behind them.

A *person* is who legal limits bind; a *contact* is that person's case in one campaign's list.
"""

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Phone:
    """One number of a contact. `number`: E.164 with the plus. `zones`: IANA names it may be in."""

    number: str
    kind: str = "unknown"  # mobile, landline, unknown
    zones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contact:
    """A person's case in a campaign's list, as imported; it does not change while it is dialed.

    `zones`: candidate IANA time zones of the person, best source first resolved; every one must allow a
    call. `zone_source`: where they came from (contact, numbering, campaign_default, phonenumbers).
    `fields`: the row's other columns, for scenarios and the agent's card.
    """

    contact_id: str
    campaign_id: str
    person_id: str
    phones: tuple[Phone, ...]
    name: str = ""
    language: str = ""
    zones: tuple[str, ...] = ()
    zone_source: str = ""
    priority: int = 0  # higher is called first among those due
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the dialing of a contact has come; replaced whole at the end of each attempt.

    `tries`: attempts made per phone number. `by_outcome`: attempts per disposition. `guaranteed`: the next
    call needs an agent reserved before it is launched (after an abandoned call). `dead`: numbers that are
    never to be tried again.
    """

    attempts: int = 0
    tries: dict[str, int] = field(default_factory=dict)
    by_outcome: dict[str, int] = field(default_factory=dict)
    last_outcome: str = ""
    last_attempt_at_s: float = 0.0
    guaranteed: bool = False
    dead: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scheduled:
    """What becomes of a contact: due again at `due_at_s` (epoch seconds), or, with None, done for good."""

    progress: Progress
    due_at_s: float | None
    reason: str


class TouchPhase(StrEnum):
    """How far one attempt reached the person. A reservation counts for every rule until it is settled."""

    RESERVED = "reserved"  # intent stored, end unknown: counts as everything
    UNKNOWN = "unknown"  # a crash hid the end: counts as everything, for ever
    ATTEMPTED = "attempted"  # dialed, never answered
    CONNECTED = "connected"  # answered (person or machine) for `connected_s`
    CONVERSED = "conversed"  # a person talked with an agent or a robot


@dataclass(frozen=True, slots=True)
class Touch:
    """One attempt as the limits see it. `at_s`: wall clock, epoch seconds, of the intent."""

    attempt_id: str
    at_s: float
    phase: TouchPhase
    number: str = ""
    connected_s: float = 0.0
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class PersonHistory:
    """What the store knows of a person when a call is judged.

    `version` changes with every intent and settlement: an intent carries the version it was judged on and
    fails when somebody else was faster. `open_attempt`: the attempt that is under way, or "". `ended`: those
    of the last days that are over and left no touch: they disturbed nobody.
    """

    person_id: str
    version: int = 0
    open_attempt: str = ""
    touches: tuple[Touch, ...] = ()
    ended: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Claimed:
    """A contact taken from the queue under a lease, with all that the gate needs."""

    contact: Contact
    progress: Progress
    history: PersonHistory
    lease_until_s: float


@dataclass(frozen=True, slots=True)
class RowError:
    """A row that cannot be imported: where it is wrong, and what to write instead.

    `row`: its cells as they stood. `went_in`: only a remark, the contact was imported without this value.
    """

    line: int
    column: str
    value: str
    problem: str
    fix: str
    row: tuple[str, ...] = ()
    went_in: bool = False
