"""The pure rooms as the dialer asks them: gate, phone, line, what comes next. Bound once, in app.py."""

from collections.abc import Sequence
from typing import Protocol

from engine.callerid import LineChoice, NoLine
from engine.domain.attempt import Disposition
from engine.domain.campaign import Campaign
from engine.domain.contact import Contact, PersonHistory, Phone, Progress, Scheduled
from engine.domain.disposition import Ending
from engine.domain.gate import Allowed, Blocked


class Rulebook(Protocol):
    """Pure answers; `wall_s` is epoch seconds."""

    def gate(
        self,
        contact: Contact,
        phone: Phone,
        campaign: Campaign,
        history: PersonHistory,
        wall_s: float,
        path: str,
        agent_guaranteed: bool,
    ) -> Allowed | Blocked:
        """`path`: first, retry, callback, preview, manual, robot."""
        ...

    def phones(self, contact: Contact, progress: Progress) -> Sequence[Phone]:
        """The numbers to try, the first one now; empty: every number is dead or spent."""
        ...

    def line(
        self, campaign: Campaign, phone: Phone, open_gateways: frozenset[str], wall_s: float
    ) -> LineChoice | NoLine:
        """Among the gateways that may start a call now."""
        ...

    def disposition(self, ending: Ending) -> Disposition: ...

    def after(
        self,
        contact: Contact,
        phone: str,
        progress: Progress,
        end: Disposition,
        campaign: Campaign,
        wall_s: float,
        callback_at_s: float | None = None,
    ) -> Scheduled:
        """The contact's progress after this end, and when it is due again (None: never). `callback_at_s`:
        promised to the person."""
        ...
