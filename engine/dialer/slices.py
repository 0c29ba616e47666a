"""Our slice of each gateway while several engines share a trunk: asked for every second."""

from collections.abc import Callable

from engine.dialer.gateways import GatewayBook
from engine.dialer.shop import Shop, log
from engine.domain.campaign import Campaign
from engine.domain.errors import StoreError
from engine.ports import LineAsk, Lines

ASK_S = 1.0
ADOPTED_S = 5.0
"""A dead engine's slice outlives its teams' leases by so much: by then its calls are adopted, and counted."""


class Slices:
    """`dialing()`: our running campaigns; what they could use of a gateway is what we want of it."""

    def __init__(
        self,
        shop: Shop,
        gateways: GatewayBook,
        lines: Lines,
        owner: str,
        dialing: Callable[[], list[Campaign]],
    ) -> None:
        self._shop, self._gateways, self._lines, self._owner = shop, gateways, lines, owner
        self._dialing = dialing
        self._asking = self._stopped = False
        gateways.share()

    def start(self) -> None:
        if not self._stopped:
            self._shop.tasks.start("gateways", self.ask)
            self._shop.timers.after(ASK_S, "gateways", self.start)

    def ask(self) -> None:
        """One round; never two at once, for each answer follows from the one before."""
        if self._asking or not self._gateways.lines:
            return
        self._asking = True
        asked_s, ttl_s = self._shop.clock.now_s(), self._shop.tuning.team_lease_s + ADOPTED_S
        try:
            asks = [self._ask_for(name, asked_s) for name in sorted(self._gateways.lines)]
            for given in self._lines.share(self._owner, asks, ttl_s):
                if given.gateway in self._gateways.lines:
                    line = self._gateways.lines[given.gateway]
                    line.obey(given.channels, given.starts, asked_s + ttl_s, self._shop.clock.now_s())
        except StoreError as error:
            log.warning("gateways not shared", extra={"why": str(error)})
        finally:
            self._asking = False

    def _ask_for(self, name: str, now_s: float) -> LineAsk:
        line = self._gateways.lines[name]
        wanted = sum(campaign.max_calls for campaign in self._dialing() if name in campaign.gateways)
        channels = line.terms.channels
        wanted = 0 if self._stopped else max(1, min(channels, max(wanted, line.in_use)))
        keeps_to = (0, 0) if self._stopped else line.slice_at(now_s)
        return LineAsk(name, channels, line.terms.burst, wanted, line.in_use, keeps_to)

    def stop(self) -> None:
        """Start nothing more; the channels of our calls stay ours until somebody has adopted them."""
        self._stopped = True
        for line in self._gateways.lines.values():
            line.obey(0, 0, 0.0, self._shop.clock.now_s())
        self.ask()
