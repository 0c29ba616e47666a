"""Outbound sessions: the switch connects to a client and hands it one leg (`socket host:port async full`)."""

import logging
from collections.abc import Callable

from gevent.socket import create_connection, socket

from engine import greenlets
from engine.sim import wire
from engine.sim.client import Client
from engine.sim.core import SwitchCore
from engine.sim.headers import channel_headers
from engine.sim.leg import Leg

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 5.0


class LegClient(Client):
    """A client that owns a leg: when either of them goes, so does the other.

    `linger N` keeps the connection N seconds after the leg's end, for the events still on their way.
    """

    def __init__(self, core: SwitchCore, sock: socket, leg: Leg) -> None:
        super().__init__(core, sock)
        self.leg = leg
        self.own_uuid = leg.uuid
        self._linger_s = 0
        core.on_end.append(self._leg_ended)

    def serve(self) -> None:
        try:
            super().serve()
        finally:
            self.core.on_end.remove(self._leg_ended)
            self.core.hang_up(self.leg, "NORMAL_CLEARING")

    def verbs(self) -> dict[str, Callable[[str, wire.Request], None]]:
        return super().verbs() | {"connect": self._connect, "getvar": self._getvar, "resume": self._resume}

    def _connect(self, *_: object) -> None:
        leg = self.leg
        fields = self.core.bus.stamp("CHANNEL_DATA") | channel_headers(leg)
        fields |= {
            name.replace("Caller-", "Channel-", 1): value for name, value in channel_headers(leg).items()
        }
        fields |= {f"variable_{name}": value for name, value in leg.variables.items()}
        self.send(wire.channel_data_reply(fields))

    def _getvar(self, name: str, _: wire.Request) -> None:
        self.reply(self.leg.variables.get(name, ""))

    def _resume(self, *_: object) -> None:
        self.reply("+OK")

    def _linger(self, argument: str, _: wire.Request) -> None:
        self._linger_s = int(argument) if argument.isdigit() else 0
        seconds = f" {self._linger_s} seconds" if self._linger_s else ""
        self.reply(f"+OK will linger{seconds}")

    def _leg_ended(self, leg: Leg) -> None:
        if leg is not self.leg:
            return
        if not self._linger_s:
            self.say_goodbye()
            self._unblock()
            return
        self.send(wire.linger_notice(leg.uuid, leg.name, self._linger_s))
        greenlets.start_later(self._linger_s, "virtual switch linger", self._lingered)

    def _lingered(self) -> None:
        self.say_goodbye()
        self._unblock()

    def _unblock(self) -> None:
        """The reader sits in recv; half-closing our side for reading lets it go once all is sent."""
        greenlets.start_later(0.05, "virtual switch goodbye", self.hang_up)


def connect_out(core: SwitchCore, leg: Leg, argument: str) -> None:
    """Connect to `host:port` for this leg, beside the caller. Refused: the leg is hung up at once."""
    address = argument.split(" ")[0]
    host, _, port = address.rpartition(":")

    def run() -> None:
        try:
            sock = create_connection((host or "127.0.0.1", int(port)), timeout=CONNECT_TIMEOUT_S)
        except (OSError, ValueError) as error:
            log.info("outbound socket refused", extra={"address": address, "error": str(error)})
            core.hang_up(leg, "NORMAL_CLEARING")
            return
        sock.settimeout(None)
        LegClient(core, sock, leg).serve()

    greenlets.start("virtual switch outbound session", run)
