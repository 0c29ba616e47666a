"""Calls that come in: found by number and case, served by a robot or the agents, counted as demand."""

from dataclasses import dataclass, replace

from engine.dialer.calls import Calls
from engine.dialer.life import CallLife
from engine.dialer.shop import Shop, log
from engine.domain.attempt import Intent
from engine.domain.campaign import Campaign, Mode
from engine.domain.contact import Contact, Phone, Progress
from engine.domain.errors import StoreError


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
        campaign = self._campaign(route)
        contact, progress = self._who(from_number, campaign)
        now, wall = self._shop.clock.now_s(), self._shop.clock.wall_s()
        intent = Intent(
            attempt_id=leg_id,
            contact_id=contact.contact_id,
            person_id=contact.person_id,
            campaign_id=campaign.campaign_id,
            team=campaign.team,
            mode="inbound",
            number=from_number,
            caller_id=to_number,
            gateway="",
            switch=switch,
            made_at_s=wall,
            person_version=0,
        )
        life = CallLife(intent, campaign, contact, progress, switch, started_s=now, since_s=now)
        life.paced = life.stored = False
        life.created_at_s = life.originated_at_s = wall
        life.max_wait_s = route.max_wait_s
        self._calls.add(life)
        self._shop.count("calls_in")
        self._shop.tell("call_in", attempt=leg_id, campaign=campaign.campaign_id, number=from_number)
        return life

    def _campaign(self, route: Route) -> Campaign:
        campaign = self._shop.campaigns[route.campaign_id]
        return replace(campaign, mode=Mode.ROBOT if route.by_robot else Mode.PROGRESSIVE, screening=False)

    def _who(self, number: str, campaign: Campaign) -> tuple[Contact, Progress]:
        """The case of the person who calls, of this campaign if they have one there."""
        plus = number if number.startswith("+") else f"+{number}"
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
