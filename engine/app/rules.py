"""The pure rooms bound together as the dialer's rulebook."""

from collections.abc import Mapping

from engine.callerid import Pools, choose_line
from engine.compliance.gate import Gate
from engine.contacts.recycling import after_attempt, next_phone
from engine.dialer.rulebook import LineChoice
from engine.domain.attempt import Disposition
from engine.domain.campaign import Campaign
from engine.domain.contact import Contact, PersonHistory, Phone, Progress, Scheduled
from engine.domain.disposition import Ending, disposition_of
from engine.domain.gate import Allowed, Blocked


class Rules:
    """See `engine.dialer.rulebook.Rulebook`. `gate`, `pools` are replaced on reload."""

    def __init__(self, gate: Gate, pools: Mapping[str, object]) -> None:
        self.gate_of, self.pools = gate, pools
