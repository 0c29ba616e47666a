"""Short words for the contract suite: a store, its clock, and how to make the things it keeps."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from engine.domain.attempt import Cdr, Intent
from engine.domain.contact import Claimed, Contact, Phone, Progress, Scheduled, Touch, TouchPhase
from engine.ports import ContactStore, Lease

NOON_S = 1_790_000_000.0


class FakeClock:
    def __init__(self) -> None:
        self.at_s = NOON_S

    def now_s(self) -> float:
        return self.at_s - NOON_S

    def wall_s(self) -> float:
        return self.at_s

    def until(self, at_s: float) -> None:
        self.at_s = max(self.at_s, at_s + 0.001)


@dataclass
class World:
    """`wall_s`: the clock the store judges by. `until`: let that clock pass an instant."""

    store: ContactStore
    wall_s: Callable[[], float]
    until: Callable[[float], None]

    def owner(self, name: str = "engine-1", ttl_s: float = 60.0) -> Lease:
        lease = self.store.acquire_team("north", name, ttl_s)
        assert lease is not None
        return lease

    def add(self, *contacts: Contact, due_in_s: float = -60.0) -> None:
        due_at_s = self.wall_s() + due_in_s
        self.store.add_contacts([(contact, due_at_s) for contact in contacts], "import-1")

    def claim(
        self, lease: Lease, limit: int = 10, lease_s: float = 60.0, campaign: str = "reminders"
    ) -> list[str]:
        return [one.contact.contact_id for one in self.claimed(lease, limit, lease_s, campaign)]

    def claimed(
        self, lease: Lease, limit: int = 10, lease_s: float = 60.0, campaign: str = "reminders"
    ) -> list[Claimed]:
        return self.store.claim_due(lease, campaign, limit, lease_s)

    def put_back(
        self, lease: Lease, contact: Contact, due_at_s: float | None, reason: str = "too early"
    ) -> None:
        self.store.put_back(
            lease,
            contact.campaign_id,
            contact.person_id,
            contact.contact_id,
            due_at_s,
            reason,
            "calling_hours",
        )

    def sizes(self, campaign: str = "reminders") -> tuple[int, int, int, int]:
        """due, later, claimed, done"""
        sizes = self.store.queue_sizes(campaign, self.wall_s())
        return sizes.due, sizes.later, sizes.claimed, sizes.done


def case(
    contact_id: str, person_id: str = "", campaign_id: str = "reminders", priority: int = 0, number: str = ""
) -> Contact:
    return Contact(
        contact_id,
        campaign_id,
        person_id or f"person of {contact_id}",
        (Phone(number or "+48600100200", "mobile", ("Europe/Warsaw",)),),
        name="Жанна Łęcka",
        zones=("Europe/Warsaw", "Asia/Omsk"),
        zone_source="contact",
        priority=priority,
        fields={"debt": "1 200,50", "currency": "PLN"},
    )


def intent_for(contact: Contact, version: int = 0, attempt_id: str = "") -> Intent:
    return Intent(
        attempt_id or str(uuid4()),
        contact.contact_id,
        contact.person_id,
        contact.campaign_id,
        "north",
        "progressive",
        contact.phones[0].number,
        "+48220000000",
        "trunk-1",
        "switch-1",
        NOON_S,
        version,
        decided={"number": "first of two", "gateway": "mobile"},
    )


def cdr_of(intent: Intent, disposition: str = "busy") -> Cdr:
    return Cdr(
        intent.attempt_id,
        intent.contact_id,
        intent.person_id,
        intent.campaign_id,
        intent.team,
        intent.mode,
        intent.number,
        intent.caller_id,
        intent.gateway,
        intent.switch,
        disposition,
        intent.made_at_s,
        ended_at_s=NOON_S + 20,
        cause="USER_BUSY",
        q850=17,
        sip_code=486,
        script_path=("greet", "menu"),
    )


def touch_of(intent: Intent, phase: TouchPhase = TouchPhase.ATTEMPTED) -> Touch:
    return Touch(intent.attempt_id, intent.made_at_s, phase, intent.number, outcome="busy")


def again(due_at_s: float | None, attempts: int = 1) -> Scheduled:
    progress = Progress(attempts, {"+48600100200": attempts}, {"busy": attempts}, "busy", NOON_S)
    return Scheduled(progress, due_at_s, "busy: again" if due_at_s is not None else "enough attempts")
