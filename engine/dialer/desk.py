"""What agents ask for: login to logout, preview and manual calls, hold, transfer, the note after the talk."""

from collections.abc import Callable
from dataclasses import replace

from engine.calls.agent import AgentLife
from engine.calls.attempt import State
from engine.control import NotFound, Refused
from engine.dialer.agents import Agents
from engine.dialer.calls import Calls
from engine.dialer.consult import Consultations
from engine.dialer.launch import Launcher
from engine.dialer.life import CallLife
from engine.dialer.promises import card_of
from engine.dialer.settle import Settler
from engine.dialer.shop import Shop
from engine.dialer.supervisors import Supervisors
from engine.dialer.wayout import WayOut
from engine.domain import agent as a
from engine.domain import facts as f
from engine.domain.campaign import Campaign, Mode
from engine.domain.contact import Claimed
from engine.domain.gate import Blocked

SKIP_REST_S = 600.0
LATE_S = 60.0  # a callback agreed for "now" may be noted a little later


class Desk:
    """Requests of agents, checked against the state of their work."""

    def __init__(
        self,
        shop: Shop,
        calls: Calls,
        agents: Agents,
        launcher: Launcher,
        consultations: Consultations,
        settler: Settler,
        ways: WayOut,
    ) -> None:
        self._shop, self._calls, self._agents, self._launcher = shop, calls, agents, launcher
        self._consultations, self._settler, self._ways = consultations, settler, ways
        self._talks: dict[str, CallLife] = {}
        self.supervisors = Supervisors(shop)
        self._cards: dict[str, tuple[Campaign, Claimed, Callable[[], None]]] = {}
        self.running: set[str] = set()
        agents.listeners.append(self._moved)

    # --- coming and going --------------------------------------------------------------------------

    def life(self, agent_id: str) -> AgentLife:
        if agent_id not in self._agents.lives:
            raise NotFound(f"no agent '{agent_id}'", "agents", "See `prozvon agent list`.")
        return self._agents.lives[agent_id]

    def login(self, agent_id: str) -> None:
        life = self.life(agent_id)
        if agent_id not in self._shop.agents:
            raise NotFound(f"agent '{agent_id}' was taken out of the configuration", "agents", "Put it back.")
        if life.agent.team not in self._shop.leases:
            what = f"team '{life.agent.team}' is another engine's, or not yet taken"
            raise Refused(what, f"agent {agent_id}", "Log in there, or again in a moment.")
        if life.state is not a.AgentState.OFFLINE:
            return
        now = self._shop.clock.now_s()
        self._agents.apply(a.LoginWanted(agent_id, now))
        if life.agent.standing:
            self._agents.raise_leg(agent_id)
        else:
            self._agents.apply(a.PhoneUp(agent_id, now))

    def dismiss(self, agent_id: str) -> None:
        """The configuration knows them no more: they finish their talk, and cannot come back."""
        self._shop.agents.pop(agent_id, None)
        self.say(agent_id, a.LogoutWanted, "taken out of the configuration")

    def let_go(self, team: str) -> None:
        """Another engine has the team: its agents' cards come back to the queue with their leases."""
        for agent_id in [one for one in self._cards if self.life(one).agent.team == team]:
            _, _, cancel = self._cards.pop(agent_id)
            cancel()

    def say(self, agent_id: str, wish: type[a.AgentFact], reason: str = "") -> None:
        """ready, pause, logout."""
        life = self.life(agent_id)
        if wish is a.ReadyWanted and life.state in (a.AgentState.OFFLINE, a.AgentState.CALLING):
            raise Refused(
                f"agent {agent_id} is {life.state.value}", "agent", "Log in first and take the call."
            )
        if wish is a.PauseWanted and life.state is a.AgentState.OFFLINE:
            raise Refused(f"agent {agent_id} is offline", "agent", "Nobody calls them: log in to work.")
        if reason:
            self._shop.note("agent", agent=agent_id, wish=wish.__name__, reason=reason)
        self._close_card(agent_id, "the agent is away") if wish is not a.ReadyWanted else None
        self._agents.apply(wish(agent_id, self._shop.clock.now_s()))

    # --- preview and manual ------------------------------------------------------------------------

    def _moved(self, life: AgentLife, before: a.AgentState) -> None:
        """Remember whom they talk with; a ready agent of a running preview campaign gets the next card."""
        self._remember(life)
        if life.state is not a.AgentState.READY:
            return
        for campaign in self._shop.campaigns.values():
            mine = campaign.team == life.agent.team and campaign.skills <= life.agent.skills
            if campaign.mode is Mode.PREVIEW and campaign.campaign_id in self.running and mine:
                self._shop.tasks.start("card", self.show_card, life.agent.agent_id, campaign)
                return

    def _remember(self, life: AgentLife) -> None:
        """The talk that a note is about. One that was adopted had no beginning for us: its end tells it, or
        the note itself."""
        if (
            life.state in (a.AgentState.TALKING, a.AgentState.WRAP_UP)
            and life.attempt_id in self._calls.lives
        ):
            self._talks[life.agent.agent_id] = self._calls.lives[life.attempt_id]

    def show_card(self, agent_id: str, campaign: Campaign) -> None:
        """Claim the best due contact for this agent to look at; look again later when there is none."""
        life = self.life(agent_id)
        if life.state is not a.AgentState.READY or agent_id in self._cards:
            return
        claimed = self._launcher.claim_one(campaign)
        if claimed is None:
            again = lambda: self._shop.tasks.start("card", self.show_card, agent_id, campaign)  # noqa: E731
            self._shop.timers.after(2.0, "card", again)
            return
        if life.state is not a.AgentState.READY or not self._launcher.may_show(campaign, claimed):
            if life.state is a.AgentState.READY:
                self._shop.tasks.start("card", self.show_card, agent_id, campaign)
            return
        cancel = self._shop.timers.after(campaign.preview_s, "preview", lambda: self._preview_over(agent_id))
        self._cards[agent_id] = (campaign, claimed, cancel)
        self._agents.apply(a.CardShown(agent_id, self._shop.clock.now_s()))
        self._shop.tell("card", agent=agent_id, attempt="", card=self.card(agent_id))

    def card(self, agent_id: str) -> dict[str, object] | None:
        """The contact before the agent: on the line, or in preview."""
        life = self.life(agent_id)
        call = self._calls.lives.get(life.attempt_id)
        if call:
            return card_of(call)
        if agent_id in self._cards:
            campaign, claimed, _ = self._cards[agent_id]
            contact, progress = claimed.contact, claimed.progress
            return {
                "contact_id": contact.contact_id,
                "name": contact.name,
                "number": contact.phones[0].number if contact.phones else "",
                "campaign": campaign.campaign_id,
                "attempts": progress.attempts,
                "last_outcome": progress.last_outcome,
                "fields": dict(contact.fields),
            }
        return None

    def _preview_over(self, agent_id: str) -> None:
        """The agent did not decide in time: the contact goes back, the agent rests."""
        self._close_card(agent_id, "preview time over")
        self._agents.apply(a.PauseWanted(agent_id, self._shop.clock.now_s()))

    def _close_card(self, agent_id: str, why: str, rest_s: float = 0.0) -> None:
        if agent_id in self._cards:
            campaign, claimed, cancel = self._cards.pop(agent_id)
            cancel()
            self._launcher.put_back(campaign, claimed, self._shop.clock.wall_s() + rest_s, why, "preview")

    def accept(self, agent_id: str) -> str:
        """Start the previewed call; the gate is asked again. Returns the attempt's id."""
        life = self.life(agent_id)
        if agent_id not in self._cards:
            raise Refused(f"agent {agent_id} has no card", "preview", "Wait for the next card.")
        campaign, claimed, cancel = self._cards.pop(agent_id)
        cancel()
        return self._dialed(life, campaign, claimed, "preview")

    def _dialed(self, life: AgentLife, campaign: Campaign, claimed: Claimed, path: str) -> str:
        """The attempt's id. Whatever is against the call, the agent does not stay before a spent card."""
        answer: str | Blocked | None = None
        try:
            answer = self._launcher.dial_for(campaign, claimed, life, path)
        finally:
            if not isinstance(answer, str):
                self._agents.apply(a.CardClosed(life.agent.agent_id, self._shop.clock.now_s()))
        if isinstance(answer, str):
            return answer
        contact = claimed.contact.contact_id
        raise Refused(answer.reason, f"contact {contact}: {answer.rule}", f"See `prozvon why {contact}`.")

    def skip(self, agent_id: str) -> None:
        if agent_id not in self._cards:
            raise Refused(f"agent {agent_id} has no card", "preview", "Wait for the next card.")
        self._close_card(agent_id, f"skipped by agent {agent_id}", SKIP_REST_S)
        self._agents.apply(a.CardClosed(agent_id, self._shop.clock.now_s()))

    def dial(self, agent_id: str, campaign: Campaign, claimed: Claimed) -> str:
        """A call the agent asks for by hand, through the same gate."""
        life = self.life(agent_id)
        if life.state not in (a.AgentState.READY, a.AgentState.PAUSED):
            raise Refused(
                f"agent {agent_id} is {life.state.value}", "agent", "Finish the call in hand first."
            )
        self._agents.apply(a.CardShown(agent_id, self._shop.clock.now_s()))
        return self._dialed(life, campaign, claimed, "manual")

    # --- on the call -------------------------------------------------------------------------------

    def call_of(self, agent_id: str, *states: State) -> CallLife:
        life = self.life(agent_id)
        call = self._calls.lives.get(life.attempt_id)
        if call is None or (states and call.state not in states):
            now = call.state.name.lower() if call else "not on a call"
            raise Refused(f"agent {agent_id}: {now}", "call", "This needs a person on the line.")
        return call

    def hang_up(self, agent_id: str) -> None:
        call = self.call_of(agent_id)
        self._calls.post(f.EndWanted(call.leg_id, self._shop.clock.now_s()))

    def hold(self, agent_id: str, on: bool) -> None:
        call = self.call_of(agent_id, State.TALKING if on else State.HELD)
        if not on and self._consultations.of(agent_id):
            self._consultations.cancel(agent_id)  # its end brings the person back
            return
        fact = f.HeldByAgent if on else f.RetrievedByAgent
        self._calls.post(fact(call.leg_id, self._shop.clock.now_s()))

    def mute(self, agent_id: str, on: bool) -> None:
        call = self.call_of(agent_id, State.TALKING)
        self._shop.switches[call.switch].mute(self.life(agent_id).leg_id, on)

    def mask(self, agent_id: str, on: bool) -> None:
        call = self.call_of(agent_id, State.TALKING, State.HELD)
        if not call.recording:
            raise Refused("this call is not recorded", "recording", "Nothing needs masking.")
        self._shop.switches[call.switch].mask_recording(call.leg_id, call.recording, on)

    def transfer(self, agent_id: str, number: str) -> None:
        """Blind transfer of the person; the agent goes to wrap-up."""
        call = self.call_of(agent_id, State.TALKING, State.HELD)
        way = self._ways.take(call, number)
        call.transfer_gateway = way.gateway
        self._calls.post(f.TransferWanted(call.leg_id, self._shop.clock.now_s(), way.number))

    def consult(self, agent_id: str, number: str) -> None:
        """Attended transfer: call `number` first; a second request with "" joins them with the person."""
        self.call_of(agent_id, State.TALKING, State.HELD)
        if number:
            self._consultations.begin(agent_id, number)
        else:
            self._consultations.complete(agent_id)

    def set_extension(self, agent_id: str, extension: str) -> None:
        """The agent works at another phone today."""
        life = self.life(agent_id)
        if life.state is not a.AgentState.OFFLINE:
            raise Refused(f"agent {agent_id} is {life.state.value}", "login", "Log out first.")
        life.agent = replace(life.agent, extension=extension)

    def dispose(self, agent_id: str, outcome: str, callback_at_s: float, note: str) -> str:
        """The agent's note for their last talk, during it or after, and the end of wrap-up. Said again it
        replaces what was said before. Returns the attempt's id."""
        life = self.life(agent_id)
        self._remember(life)
        call = self._talks.get(agent_id)
        if call is None:
            raise Refused(f"agent {agent_id} is {life.state.value}", "agent", "There is no talk to note.")
        if callback_at_s and callback_at_s < self._shop.clock.wall_s() - LATE_S:
            raise Refused("the callback is in the past", "callback_at_s", "Give an epoch second to come.")
        call.noted = outcome
        self._calls.amd.noted(call, outcome)
        if callback_at_s:
            self._settler.call_back(call, callback_at_s)
        if call.state is not State.ENDED:  # it must not be lost with us
            kept = {"prozvon_noted": outcome, "prozvon_callback": f"{callback_at_s:.0f}"}
            self._shop.switches[call.switch].set_variables(call.leg_id, kept)
        self._shop.note(
            "outcome",
            call.intent.person_id,
            attempt_id=call.leg_id,
            contact_id=call.intent.contact_id,
            campaign_id=call.intent.campaign_id,
            agent_id=agent_id,
            outcome=outcome,
            note=note,
            callback_at_s=callback_at_s,
        )
        self._shop.tell("outcome", attempt=call.leg_id, agent=agent_id, outcome=outcome)
        if life.state is a.AgentState.WRAP_UP:
            self._agents.apply(a.WrapUpOver(agent_id, self._shop.clock.now_s()))
        return call.leg_id

    def supervise(self, agent_id: str, extension: str, how: str) -> str:
        """Listen to, whisper to or barge in on an agent. Returns the supervisor's leg."""
        life = self.life(agent_id)
        if not life.leg_id:
            raise Refused(f"agent {agent_id} has no phone up", "agent", "They must be logged in.")
        return self.supervisors.supervise(life, extension, how)
