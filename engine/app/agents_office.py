"""Agents and calls, as those who steer the engine see them."""

from typing import Any

from engine.app.engine import Engine
from engine.calls.agent import AgentLife
from engine.contacts.numbers import BadNumber, Number, read_number
from engine.contacts.zones import zones_of_place
from engine.control import NotFound, Refused
from engine.dialer.life import CallLife
from engine.dialer.wayout import EXTENSION
from engine.domain import facts as f
from engine.domain.agent import AgentState, LogoutWanted, PauseWanted, ReadyWanted
from engine.domain.contact import Contact, Phone
from engine.logs import masked


class AgentsOffice:
    """The part of `Control` about agents and calls."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    # --- seeing ------------------------------------------------------------------------------------

    def agents(self) -> list[dict[str, Any]]:
        known = self.engine.shop.agents
        lives = self.engine.dialer.agents.lives.values()
        gone = AgentState.OFFLINE  # and taken out of the configuration
        return [self._agent(life) for life in lives if life.agent.agent_id in known or life.state is not gone]

    def agent(self, agent_id: str) -> dict[str, Any]:
        life = self.engine.dialer.desk.life(agent_id)
        return {**self._agent(life), "card": self.engine.dialer.desk.card(agent_id)}

    def _agent(self, life: AgentLife) -> dict[str, Any]:
        call = self.engine.dialer.calls.lives.get(life.attempt_id)
        clock = self.engine.clock
        up_s = (clock.wall_s() - self.engine.started_at_s) * clock.speed  # who never came: since our start
        return {
            "agent_id": life.agent.agent_id,
            "name": life.agent.name,
            "team": life.agent.team,
            "extension": life.agent.extension,
            "state": life.state.value,
            "since_s": round(min(clock.now_s() - life.since_s, up_s), 1),
            "leaving": life.leaving,
            "why": life.why,
            "phone_up": life.phone_up,
            "attempt": life.attempt_id,
            "with": masked(call.intent.number) if call else "",
        }

    def calls(self) -> list[dict[str, Any]]:
        return [self._call(life) for life in self.engine.dialer.calls.lives.values()]

    def _call(self, life: CallLife) -> dict[str, Any]:
        now = self.engine.clock.now_s()
        return {
            "attempt": life.leg_id,
            "campaign": life.campaign.campaign_id,
            "contact_id": life.contact.contact_id,
            "number": masked(life.intent.number),
            "state": life.state.name.lower(),
            "age_s": round(now - life.started_s, 1),
            "state_age_s": round(now - life.since_s, 1),
            "agent": life.agent_id,
            "gateway": life.intent.gateway,
            "caller_id": life.intent.caller_id,
            "amd": life.amd,
        }

    # --- asking ------------------------------------------------------------------------------------

    def agent_login(self, agent_id: str, extension: str = "") -> dict[str, Any]:
        desk = self.engine.dialer.desk
        if extension:
            desk.set_extension(agent_id, extension)
        desk.login(agent_id)
        return self.agent(agent_id)

    def agent_ready(self, agent_id: str) -> dict[str, Any]:
        self.engine.dialer.desk.say(agent_id, ReadyWanted)
        return self.agent(agent_id)

    def agent_pause(self, agent_id: str, reason: str = "") -> dict[str, Any]:
        self.engine.dialer.desk.say(agent_id, PauseWanted, reason)
        return self.agent(agent_id)

    def agent_logout(self, agent_id: str) -> dict[str, Any]:
        self.engine.dialer.desk.say(agent_id, LogoutWanted)
        return self.agent(agent_id)

    def agent_accept(self, agent_id: str) -> dict[str, Any]:
        attempt_id = self.engine.dialer.desk.accept(agent_id)
        return {**self.agent(agent_id), "attempt": attempt_id}

    def agent_skip(self, agent_id: str) -> dict[str, Any]:
        self.engine.dialer.desk.skip(agent_id)
        return self.agent(agent_id)

    def agent_dial(
        self, agent_id: str, campaign_id: str, contact_id: str = "", number: str = ""
    ) -> dict[str, Any]:
        engine = self.engine
        campaign = engine.shop.campaigns.get(campaign_id)
        if campaign is None:
            raise NotFound(f"no campaign '{campaign_id}'", "campaign", "See `prozvon campaign list`.")
        if bool(contact_id) == bool(number):
            raise Refused("name a contact or a number", "agent dial", "Give one of the two.")
        if number:
            contact_id = self._contact_for(campaign_id, number)
        found = engine.store.find_contact(contact_id)
        if found is None:
            raise NotFound(f"no contact '{contact_id}'", "contact", "Import it first.")
        attempt_id = engine.dialer.desk.dial(agent_id, campaign, found)
        return {**self.agent(agent_id), "attempt": attempt_id}

    def _contact_for(self, campaign_id: str, number: str) -> str:
        """The contact that has this number in the campaign, or a new one made for it."""
        read = self._number(number)
        phone = Phone(read.e164, read.kind, zones_of_place(read.place, read.region))
        for contact_id in self.engine.store.contact_of_number(phone.number):
            found = self.engine.store.find_contact(contact_id)
            if found and found.contact.campaign_id == campaign_id:
                return contact_id
        contact = Contact(
            contact_id=f"{campaign_id}-{phone.number.lstrip('+')}",
            campaign_id=campaign_id,
            person_id=phone.number,
            phones=(phone,),
            zones=phone.zones,
            zone_source="phonenumbers",
        )
        never_by_itself_s = self.engine.clock.wall_s() + 10 * 366 * 86_400.0
        self.engine.store.add_contacts([(contact, never_by_itself_s)], "manual")
        return contact.contact_id

    def _number(self, text: str) -> Number:
        """A number that a trunk may be asked for: no premium-rate one, and none that cannot be."""
        try:
            return read_number(text, self.engine.config.calling.country)
        except BadNumber as bad:
            raise Refused(str(bad), "number", bad.fix) from None

    def agent_dispose(
        self, agent_id: str, outcome: str, callback_at_s: float = 0.0, note: str = ""
    ) -> dict[str, Any]:
        attempt_id = self.engine.dialer.desk.dispose(agent_id, outcome, callback_at_s, note)
        return {**self.agent(agent_id), "attempt": attempt_id, "outcome": outcome}

    def agent_hang_up(self, agent_id: str) -> dict[str, Any]:
        self.engine.dialer.desk.hang_up(agent_id)
        return self.agent(agent_id)

    def agent_hold(self, agent_id: str, on: bool) -> dict[str, Any]:
        self.engine.dialer.desk.hold(agent_id, on)
        return self.agent(agent_id)

    def agent_mute(self, agent_id: str, on: bool) -> dict[str, Any]:
        self.engine.dialer.desk.mute(agent_id, on)
        return self.agent(agent_id)

    def agent_transfer(self, agent_id: str, number: str, attended: bool = False) -> dict[str, Any]:
        desk = self.engine.dialer.desk
        if number and not EXTENSION.fullmatch(number):
            number = self._number(number).e164
        if attended:
            desk.consult(agent_id, number)
        else:
            desk.transfer(agent_id, number)
        return self.agent(agent_id)

    def agent_mask(self, agent_id: str, on: bool) -> dict[str, Any]:
        self.engine.dialer.desk.mask(agent_id, on)
        return self.agent(agent_id)

    def hang_up(self, attempt_id: str) -> dict[str, Any]:
        life = self.engine.dialer.calls.lives.get(attempt_id)
        if life is None:
            raise NotFound(f"no live call '{attempt_id}'", "call", "See `prozvon calls`.")
        self.engine.dialer.calls.post(f.EndWanted(attempt_id, self.engine.clock.now_s()))
        return self._call(life)

    def supervise(self, agent_id: str, extension: str, how: str) -> dict[str, Any]:
        leg = self.engine.dialer.desk.supervise(agent_id, extension, how)
        return {"agent_id": agent_id, "extension": extension, "how": how, "leg": leg}
