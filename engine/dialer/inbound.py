"""Calls that come in: found by number and case, served by a robot or the agents, counted as demand."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.dialer.calls import Calls
from engine.dialer.life import CallLife
from engine.dialer.shop import Shop, log
from engine.domain.attempt import Intent
from engine.domain.campaign import Campaign, Mode
from engine.domain.contact import Contact, Phone, Progress
from engine.domain.errors import StoreError
from engine.ports import LiveLeg

MARK = "prozvon_inbound"
WITHHELD = "withheld"


def plain_number(text: str) -> str:
    """Digits, with the plus if there was one: whatever the network sent as a caller's number."""
    return re.sub(r"(?!^\+)[^0-9]", "", text.strip())[:20]


@dataclass(frozen=True, slots=True)
class Route:
    """Whom a call to `prefix` reaches. `by_robot`: the campaign's scenario talks, else its team's agents."""

    prefix: str
    campaign_id: str
    by_robot: bool
    max_wait_s: float


class Inbound:
    """Makes a live call of each that comes in. `routes`: first match serves, replaced on reload."""

    def __init__(self, shop: Shop, calls: Calls, routes: tuple[Route, ...]) -> None:
        self._shop, self._calls, self.routes = shop, calls, routes

    def route_of(self, to_number: str) -> Route | None:
        """Who serves a call to this number; None: nobody, it is to be declined."""
        called = to_number.lstrip("+")
        for route in self.routes:
            if called.startswith(route.prefix.lstrip("+")) and route.campaign_id in self._shop.campaigns:
                return route
        return None

    def accept(self, leg_id: str, from_number: str, to_number: str, switch: str, route: Route) -> CallLife:
        """From here on the leg's facts are handled like any call's: its answer brings it to an agent."""
        life = self._life(leg_id, plain_number(from_number), plain_number(to_number), switch, route)
        life.created_at_s = self._shop.clock.wall_s()
        self._calls.add(life)
        self._shop.count("calls_in")
        campaign_id, number = life.intent.campaign_id, life.intent.number
        self._shop.tell("call_in", attempt=leg_id, campaign=campaign_id, number=number)
        return life

    def marks(self, life: CallLife) -> dict[str, str]:
        """What stays on the leg, so that another engine knows whose call it is."""
        return {
            MARK: life.intent.campaign_id,
            "prozvon_team": life.intent.team,
            "prozvon_serve": life.campaign.mode.value,
            "prozvon_from": life.intent.number,
            "prozvon_to": life.intent.caller_id,
            "prozvon_wait": f"{life.max_wait_s:g}",
        }

    def life_of(self, leg: LiveLeg, switch: str) -> CallLife | None:
        """A call that came in to an engine that is gone; None: its campaign is gone as well."""
        told: Mapping[str, str] = leg.variables
        campaign_id = told.get(MARK, "")
        if campaign_id not in self._shop.campaigns:
            return None
        wait = told.get("prozvon_wait", "")
        by_robot = told.get("prozvon_serve") == Mode.ROBOT.value
        route = Route("", campaign_id, by_robot, float(wait) if wait.replace(".", "").isdigit() else 60.0)
        called = told.get("prozvon_to", "")
        return self._life(leg.leg_id, told.get("prozvon_from", ""), called, switch, route)

    def _life(self, leg_id: str, number: str, called: str, switch: str, route: Route) -> CallLife:
        campaign = self._campaign(route)
        contact, progress = self._who(number, campaign)
        now, wall = self._shop.clock.now_s(), self._shop.clock.wall_s()
        intent = Intent(
            attempt_id=leg_id,
            contact_id=contact.contact_id,
            person_id=contact.person_id,
            campaign_id=campaign.campaign_id,
            team=campaign.team,
            mode="inbound",
            number=number,
            caller_id=called,
            gateway="",
            switch=switch,
            made_at_s=wall,
            person_version=0,
        )
        life = CallLife(intent, campaign, contact, progress, switch, started_s=now, since_s=now)
        life.paced = life.stored = False
        life.originated_at_s, life.max_wait_s = wall, route.max_wait_s
        return life

    def _campaign(self, route: Route) -> Campaign:
        campaign = self._shop.campaigns[route.campaign_id]
        return replace(campaign, mode=Mode.ROBOT if route.by_robot else Mode.PROGRESSIVE, screening=False)

    def _who(self, number: str, campaign: Campaign) -> tuple[Contact, Progress]:
        """The case of the person who calls, of this campaign if they have one there."""
        plus = number if number.startswith("+") else f"+{number}"
        if len(plus) < 4:
            return Contact(f"caller-{WITHHELD}", campaign.campaign_id, WITHHELD, ()), Progress()
        try:
            cases = [self._shop.store.find_contact(c) for c in self._shop.store.contact_of_number(plus)]
        except StoreError as error:
            log.warning("caller not looked up", extra={"why": str(error)})
            cases = []
        known = [case for case in cases if case]
        for case in sorted(known, key=lambda case: case.contact.campaign_id != campaign.campaign_id):
            return case.contact, case.progress
        phone = Phone(plus)
        return Contact(f"caller-{plus.lstrip('+')}", campaign.campaign_id, plus, (phone,)), Progress()
