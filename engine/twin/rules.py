"""The twin's rulebook: the real gate and recycling; one trunk, one own number."""

from engine.callerid import LineChoice, NoLine, OwnNumbers, Trunk, choose_line
from engine.compliance.gate import Gate
from engine.domain.campaign import Campaign
from engine.domain.contact import Phone
from engine.rules import CommonRules

OWN = (OwnNumbers(("+48220000101",)),)


class TwinRules(CommonRules):
    """See `engine.dialer.rulebook.Rulebook`."""

    def __init__(self) -> None:
        super().__init__(Gate())

    def line(
        self, campaign: Campaign, phone: Phone, open_gateways: frozenset[str], wall_s: float
    ) -> LineChoice | NoLine:
        trunks = [Trunk(name, channels_left=int(name in open_gateways)) for name in campaign.gateways]
        return choose_line(phone, trunks, OWN, {})
