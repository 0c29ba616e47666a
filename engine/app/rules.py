"""The engine's rulebook, as the configuration binds it."""

import json

from engine.callerid import LineChoice, NoLine, OwnNumbers, Trunk, choose_line
from engine.compliance.do_not_call_list import DoNotCallList, read_do_not_call
from engine.compliance.gate import Gate
from engine.config import Config, text_of
from engine.dialer.shop import DAY_S, date_of
from engine.domain.campaign import Campaign
from engine.domain.contact import Phone
from engine.rules import CommonRules

LIST_BYTES = 512 * 1024 * 1024  # of numbers never called


class Rules(CommonRules):
    """See `engine.dialer.rulebook.Rulebook`. Caller-ID use is counted per UTC day, kept by save and load."""

    def __init__(self, config: Config) -> None:
        super().__init__(Gate(_do_not_call(config)))
        self._trunks = {
            (one.name, is_open): Trunk(one.name, one.kinds, one.prefixes, channels_left=int(is_open))
            for one in config.gateways
            for is_open in (True, False)
        }
        self._pools = {
            name: OwnNumbers(pool.numbers, pool.kinds, pool.prefixes, pool.daily_cap)
            for name, pool in config.caller_ids.items()
        }
        self._used: dict[str, int] = {}
        self._day = ""

    def become(self, other: "Rules") -> None:
        """A new configuration: new calls are judged by it; today's counts stay."""
        self.gate, self._trunks, self._pools = other.gate, other._trunks, other._pools

    def line(
        self, campaign: Campaign, phone: Phone, open_gateways: frozenset[str], wall_s: float
    ) -> LineChoice | NoLine:
        self._turn_day(wall_s)
        trunks = [
            self._trunks[name, name in open_gateways]
            for name in campaign.gateways
            if (name, True) in self._trunks
        ]
        pools = [self._pools[name] for name in campaign.caller_ids]
        choice = choose_line(phone, trunks, pools, self._used)
        if isinstance(choice, LineChoice):
            self._used[choice.caller_id] = self._used.get(choice.caller_id, 0) + 1
        return choice

    # --- counts ------------------------------------------------------------------------------------

    def _turn_day(self, wall_s: float) -> None:
        day = date_of(int(wall_s // DAY_S))
        if day != self._day:
            self._day, self._used = day, {}

    def save(self) -> bytes:
        return json.dumps({"day": self._day, "used": self._used}).encode()

    def load(self, saved: bytes | None) -> None:
        """What the last engine counted today; an unreadable or old record counts as none."""
        if saved:
            found = json.loads(saved)
            self._day, self._used = str(found["day"]), {str(k): int(v) for k, v in found["used"].items()}


def _do_not_call(config: Config) -> DoNotCallList:
    name = config.calling.do_not_call_file
    if not name:
        return DoNotCallList()
    fix = "Without it nothing may be dialed."
    return read_do_not_call(text_of(config.at(name), "the do-not-call list", fix, LIST_BYTES), name)
