"""Calls that come in, at the edge: the switch hands them over, we answer and take them to the dialer."""

from engine.app.runtime import SystemClock
from engine.app.switches import Switches
from engine.config.installation import Inbound as InboundConfig
from engine.contacts.numbers import BadNumber, read_number
from engine.dialer.inbound import Inbound, plain_number
from engine.domain.errors import SwitchError
from engine.switch.freeswitch import FreeSwitch
from engine.switch.outbound import OutboundServer, Session

LEAVES_S = 5.0


class Doorkeeper:
    """Listens where freeswitch-conf's `prozvon_inbound_socket` points."""

    def __init__(
        self, config: InboundConfig, inbound: Inbound, switches: Switches, clock: SystemClock, country: str
    ) -> None:
        self._inbound, self._switches, self._country = inbound, switches, country
        self._server = OutboundServer(
            config.host,
            config.port,
            self._serve,
            lambda fact: None,  # the links tell the facts of all legs already
            clock,
            events=False,
            most_calls=config.max_calls,
        )

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    def _serve(self, session: Session) -> None:
        """Answer, and take the leg out of this socket at once: it must survive us like any other call."""
        to_number = session.variables.get("Caller-Destination-Number", "")
        route = self._inbound.route_of(to_number)
        if route is None:
            session.hangup("CALL_REJECTED")
            session.wait_over(LEAVES_S)
            return
        caller = e164(session.variables.get("Caller-Caller-ID-Number", ""), self._country)
        switch = self._switch_of(session)
        life = self._inbound.accept(session.leg_id, caller, to_number, switch.name, route)
        campaign = life.campaign
        marks, notice = self._inbound.marks(life), campaign.abandonment.notice
        switch.take_over(session.leg_id, marks, campaign.hold_music, notice)
        session.wait_over(LEAVES_S)

    def _switch_of(self, session: Session) -> FreeSwitch:
        """The switch that handed us the leg, by its Core-UUID."""
        core = session.variables.get("Core-UUID", "")
        for name, link in self._switches.links.items():
            if link.core_uuid == core:
                return self._switches.ports[name]
        raise SwitchError("a call from a switch we have no link to", core, "Add it to `switches`.")


def e164(text: str, country: str) -> str:
    """A caller's number as cases know it: networks send it national, international, with or without plus."""
    digits = plain_number(text)
    for spelling in (digits, f"+{digits}"):
        try:
            return read_number(spelling, country).e164
        except BadNumber:
            continue
    return digits
