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
from engine.sim.steps import Step, Wake

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 5.0


class LegClient(Client):
    """A client that was handed a leg. When it goes, the leg's plan goes on, which mostly means its end.

    `linger N` keeps the connection N seconds after the leg's end, for the events still on their way.
    """

    def __init__(self, core: SwitchCore, sock: socket, step: Step) -> None:
        super().__init__(core, sock, None)
        self.leg = step.leg
        self.own_uuid = step.leg.uuid
        self._step = step
        self._linger_s = 0
        core.on_end.append(self._leg_ended)

    def serve(self) -> None:
        try:
            super().serve()
        finally:
            self.core.on_end.remove(self._leg_ended)
            self.leg.wake(self._step, Wake.PARTED)

    def verbs(self) -> dict[str, Callable[[str, wire.Request], None]]:
        own = {"connect": self._connect, "resume": self._resume, "nolinger": self._nolinger}
        return super().verbs() | own

    def _connect(self, *_: object) -> None:
        leg = self.leg
        basics = channel_headers(leg)
        fields = self.core.bus.stamp("CHANNEL_DATA")
        fields |= {
            name.replace("Caller-", "Channel-", 1): value
            for name, value in basics.items()
            if name.startswith("Caller-")
        }
        fields |= basics | {f"variable_{name}": value for name, value in leg.variables.items()}
        self.send(wire.channel_data_reply(fields))

    def _resume(self, *_: object) -> None:
        self.reply("+OK")

    def _nolinger(self, *_: object) -> None:
        self._linger_s = 0
        self.reply("+OK will not linger")

    def _linger(self, argument: str, _: wire.Request) -> None:
        self._linger_s = int(argument) if argument.isdigit() else 0
        seconds = f" {self._linger_s} seconds" if self._linger_s else ""
        self.reply(f"+OK will linger{seconds}")

    def _leg_ended(self, leg: Leg) -> None:
        if leg is not self.leg:
            return
        if not self._linger_s:
            self._leave()
            return
        self.send(wire.linger_notice(leg.uuid, leg.name, self._linger_s))
        greenlets.start_later(self._linger_s, "virtual switch linger", self._leave)

    def _leave(self) -> None:
        """Say goodbye; the reader sits in recv and is let go once what is left has been sent."""
        self.say_goodbye()
        greenlets.start_later(0.05, "virtual switch goodbye", self.hang_up)


def connect_out(core: SwitchCore, step: Step) -> None:
    """Connect to the step's `host:port`, beside the caller, and wake it: TOLD when there, PARTED when not."""
    address = step.argument.split(" ")[0]
    host, _, port = address.rpartition(":")

    def run() -> None:
        try:
            sock = create_connection((host or "127.0.0.1", int(port)), timeout=CONNECT_TIMEOUT_S)
        except (OSError, ValueError) as error:
            log.info("outbound socket refused", extra={"address": address, "error": str(error)})
            step.leg.wake(step, Wake.PARTED)
            return
        sock.settimeout(None)
        step.leg.variables["socket_host"] = host
        client = LegClient(core, sock, step)
        step.leg.wake(step, Wake.TOLD)
        client.serve()

    greenlets.start("virtual switch outbound session", run)
