"""The pure rooms bound together as the twin's rulebook: the real gate, recycling and choice of a line."""

from collections.abc import Sequence

from engine.callerid import LineChoice, NoLine, OwnNumbers, Trunk, choose_line
from engine.compliance.gate import Gate
from engine.contacts.recycling import after_attempt, phones_in_turn
from engine.domain.attempt import Disposition
from engine.domain.campaign import Campaign
from engine.domain.contact import Contact, PersonHistory, Phone, Progress, Scheduled
from engine.domain.disposition import Ending, disposition_of
from engine.domain.gate import Allowed, Blocked

OWN = (OwnNumbers(("+48220000101",)),)


class TwinRules:
    """See `engine.dialer.rulebook.Rulebook`. One trunk, one own number."""

    def __init__(self) -> None:
        self._gate = Gate()

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
        return self._gate.judge(contact, phone, campaign, history, wall_s, path, agent_guaranteed)

    def phones(self, contact: Contact, progress: Progress, campaign: Campaign) -> Sequence[Phone]:
        return phones_in_turn(contact, progress)

    def line(
        self, campaign: Campaign, phone: Phone, open_gateways: frozenset[str], wall_s: float
    ) -> LineChoice | NoLine:
        trunks = [Trunk(name, channels_left=int(name in open_gateways)) for name in campaign.gateways]
        return choose_line(phone, trunks, OWN, {})

    def disposition(self, ending: Ending) -> Disposition:
        return disposition_of(ending)

    def after(
        self,
        contact: Contact,
        phone: str,
        progress: Progress,
        end: Disposition,
        campaign: Campaign,
        wall_s: float,
    ) -> Scheduled:
        return after_attempt(contact, phone, progress, end, campaign, wall_s)
