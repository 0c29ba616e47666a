"""The way out for a second leg of a call: to an extension of the switch, or through a trunk with room."""

import re
from typing import NamedTuple

from engine.control import Refused
from engine.dialer.gateways import GatewayBook
from engine.dialer.life import CallLife
from engine.dialer.shop import Shop

EXTENSION = re.compile(r"\d{2,6}")


class Way(NamedTuple):
    """`number`: as the trunk wants it. `gateway`: "" for an extension of the switch."""

    number: str
    gateway: str
    codec: str


class WayOut:
    """Transfers and consultations use up a trunk's contract like any other call."""

    def __init__(self, shop: Shop, gateways: GatewayBook) -> None:
        self._shop, self._gateways = shop, gateways

    def take(self, call: CallLife, number: str) -> Way:
        """A channel for `number`, on the call's switch; Refused when no trunk of the campaign has one."""
        if EXTENSION.fullmatch(number):
            return Way(number, "", "")
        now = self._shop.clock.now_s()
        for name in dict.fromkeys((call.intent.gateway, *call.campaign.gateways)):
            line = self._gateways.lines.get(name)
            if line and line.terms.switch == call.switch and self._gateways.take(name, now):
                return Way(line.terms.as_dialed(number), name, line.terms.codec)
        raise Refused("no trunk can take another call now", "transfer", "Try again in a moment.")

    def give_back(self, gateway: str) -> None:
        if gateway:
            self._gateways.give_back(gateway, False, self._shop.clock.now_s())
