"""The last step before the wire: a new attempt with everything decided, and its order to the switch."""

from collections import deque

from engine.callerid import LineChoice
from engine.calls.attempt import State
from engine.dialer.calls import Calls
from engine.dialer.gateways import GatewayBook
from engine.dialer.life import CallLife
from engine.dialer.shop import Shop, log
from engine.domain import facts as f
from engine.domain.attempt import Intent
from engine.domain.campaign import Campaign
from engine.domain.contact import Claimed, Phone
from engine.domain.disposition import STORE_LOST
from engine.domain.errors import SwitchError
from engine.ports import Dial, SafetyNet

NET_LATEST_MS = 1_800  # with every engine dead, a person hears who called within 2 s
NET_SOONEST_MS = 500


def life_of(
    shop: Shop, campaign: Campaign, claimed: Claimed, phone: Phone, line: LineChoice, switch: str
) -> CallLife:
    """A new attempt: its id becomes the leg's id, so at most one call can come of it."""
    now, contact = shop.clock.now_s(), claimed.contact
    intent = Intent(
        attempt_id=shop.new_id(),
        contact_id=contact.contact_id,
        person_id=contact.person_id,
        campaign_id=campaign.campaign_id,
        team=campaign.team,
        mode=campaign.mode.value,
        number=phone.number,
        caller_id=line.caller_id,
        gateway=line.gateway,
        switch=switch,
        made_at_s=shop.clock.wall_s(),
        person_version=claimed.history.version,
        decided={"line": line.reason},
    )
    return CallLife(intent, campaign, contact, claimed.progress, switch, started_s=now, since_s=now)


class Wire:
    """Sends stored intents to their switch. Intents that a slow store let through together go out one after
    another, as their trunk's contract says; so do those that fell due while the process slept."""

    def __init__(self, shop: Shop, calls: Calls, gateways: GatewayBook) -> None:
        self._shop, self._calls, self._gateways = shop, calls, gateways
        self._held: dict[str, deque[CallLife]] = {}
        self._looks_again: set[str] = set()

    def originate(self, life: CallLife) -> None:
        """From here on the facts of the leg are the call's."""
        self._calls.add(life)
        gateway = life.intent.gateway
        if gateway not in self._held and not self._gateways.lines[gateway].order(self._shop.clock.now_s()):
            self._send(life)
            return
        self._shop.count("originates_held")
        self._held.setdefault(gateway, deque()).append(life)
        if gateway not in self._looks_again:
            self._pass(gateway)

    def _pass(self, gateway: str) -> None:
        """Those in line for this trunk, as many as may go now; then look again when the next may."""
        held = self._held[gateway]
        self._looks_again.discard(gateway)
        while held:
            if not self._wanted(held[0]):
                held.popleft()
                continue
            wait_s = self._gateways.lines[gateway].order(self._shop.clock.now_s())
            if wait_s:
                self._looks_again.add(gateway)
                self._shop.timers.after(wait_s, "originate", lambda: self._pass(gateway))
                return
            self._send(held.popleft())
        del self._held[gateway]

    def _wanted(self, life: CallLife) -> bool:
        """It may have been given up while it was held, or its team be another engine's."""
        now = self._shop.clock.now_s()
        if self._calls.lives.get(life.leg_id) is not life:
            return False
        if life.state is not State.DIALING:
            self._calls.post(f.LegEnded(life.leg_id, now, cause="ORIGINATOR_CANCEL", q850=0))
            return False
        if not self._shop.owns_surely(life.campaign.team):
            life.refused = STORE_LOST
            self._calls.post(f.OriginateRefused(life.leg_id, now, STORE_LOST))
            return False
        return True

    def _send(self, life: CallLife) -> None:
        campaign, intent = life.campaign, life.intent
        terms = self._gateways.lines[intent.gateway].terms
        order = Dial(
            leg_id=life.leg_id,
            number=terms.as_dialed(intent.number),
            gateway=intent.gateway,
            caller_id=intent.caller_id,
            ring_time_s=campaign.ring_time_s,
            net=net_of(campaign),
            codec=terms.codec,
            variables={
                "prozvon_attempt": life.leg_id,
                "prozvon_team": campaign.team,
                "prozvon_campaign": campaign.campaign_id,
                "prozvon_contact": intent.contact_id,
            },
        )
        life.originated_at_s, life.since_s = self._shop.clock.wall_s(), self._shop.clock.now_s()
        life.view = None
        self._shop.tell("dial", attempt=life.leg_id, campaign=campaign.campaign_id, number=intent.number)
        try:
            self._shop.switches[life.switch].dial(order)
            self._calls.conduct.arm_ring(life, campaign.ring_time_s)
        except SwitchError as error:
            # The order may have left the socket: never dial again blindly, ask when the switch is back.
            log.warning("originate in doubt", extra={"attempt": life.leg_id, "why": str(error)})
            self._calls.post(f.AnswerOverdue(life.leg_id, self._shop.clock.now_s()))


def net_of(campaign: Campaign) -> SafetyNet | None:
    """The message the dial string itself carries, just within the answer limit."""
    limits = campaign.abandonment
    within_ms = round(limits.answer_limit_s * 1000) - 200
    after_ms = min(NET_LATEST_MS, max(NET_SOONEST_MS, within_ms))
    return SafetyNet(limits.notice, after_ms, campaign.screening) if limits.notice else None
