"""What a rule is shown when it judges a call, and what every rule looks like."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

from engine.compliance.calendars import Calendars
from engine.compliance.do_not_call_list import DoNotCallList
from engine.domain.campaign import Campaign
from engine.domain.contact import Contact, PersonHistory, Phone
from engine.domain.gate import Blocked


@dataclass(slots=True)
class Case:
    """One call that wants to be made. `wall_s`: the instant judged, epoch seconds.

    `zones`: candidate time zones of the person; a rule about local time must hold in each of them.
    `agent_guaranteed`: an agent is held before the number is dialed, so nobody can be abandoned.
    """

    contact: Contact
    phone: Phone
    campaign: Campaign
    history: PersonHistory
    zones: tuple[str, ...]
    agent_guaranteed: bool
    path: str
    calendars: Calendars
    do_not_call: DoNotCallList
    wall_s: float


class Rule(Protocol):
    """Judges a case. Made once from its parameters; it may remember, but the same case has one answer."""

    name: ClassVar[str]

    @property
    def needs_zone(self) -> bool:
        """Does it look at local time, so that a person without a known zone cannot be judged?"""
        ...

    def judge(self, case: Case) -> Blocked | None:
        """None: nothing against the call. `retry_at_s` is later than `case.wall_s`, and before it this rule
        would not let the call pass."""
        ...
