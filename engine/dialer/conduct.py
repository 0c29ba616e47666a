"""What the table asks for, carried out: orders to the switch, promises of agents, timers that become facts.

Nothing here waits: an order is sent, and what became of it comes back as a fact. A timer that watches over an
order is armed before it: an order may be refused on the spot, when the link is down.
"""

import re
from collections.abc import Callable, Iterable
from typing import Protocol

from engine.calls.attempt import State
from engine.dialer.agents import Agents
from engine.dialer.amd_book import AmdBook
from engine.dialer.life import CallLife
from engine.dialer.screening import NOTICE_MAX_S, Screener, Screening
from engine.dialer.shop import Shop, log
from engine.domain import commands as c
from engine.domain import facts as f
from engine.domain.agent import Joined, PromiseBroken, TalkOver
from engine.domain.campaign import Mode
from engine.domain.errors import SwitchError
from engine.ports import Switch

BRIDGE_TRIES = 3
HELD = "prozvon_held"  # on a person's leg: the agent who holds them
NET_BEHIND_S = 0.2  # our own notice comes first, the net's only without us
NOTICE_BEGINS_S, NOTICE_TRIES = 0.7, 10
"""Told of within 30 to 50 ms where nothing is wrong."""
NOTICE_MARGIN_S = 0.3  # the notice must begin within the limit, and a bridge takes 85-112 ms


class Robots(Protocol):
    def begin(self, life: CallLife) -> None: ...
    def resume(self, life: CallLife) -> None: ...
    def joined(self, life: CallLife) -> None: ...
    def on_fact(self, life: CallLife, fact: f.Fact) -> None: ...
    def end(self, life: CallLife) -> None: ...
    def link_back(self, switch: str, lives: Iterable[CallLife]) -> None:
        """The link to a switch was lost and is there again: orders may have gone with it."""
        ...

    def forget(self, life: CallLife) -> None:
        """Another engine drives the leg now."""
        ...


class Conductor:
    """Carries out the commands of one engine's calls. `post`: how a fact reaches the table again."""

    def __init__(
        self,
        shop: Shop,
        agents: Agents,
        robots: Robots,
        screener: Screener | None,
        book: AmdBook,
        post: Callable[[f.Fact], None],
        settle: Callable[[CallLife], None],
    ) -> None:
        self._shop, self._agents, self._robots = shop, agents, robots
        self.post, self._settle = post, settle
        self._screening = Screening(shop, agents, screener, book, post, self._arm, self._expect_end)

    def forget(self, life: CallLife) -> None:
        """Another engine serves the person now."""
        self._agents.forget(life)

    def carry_out(self, life: CallLife, command: c.Command, fact: f.Fact) -> None:
        switch = self._shop.switches[life.switch]
        match command:
            case c.RouteCall():
                self._route(life)
            case c.StartScreening():
                self._screening.begin(life, switch)
            case c.ListenEarly():
                self._screening.listen_early(life)
            case c.AskAgain():
                self._screening.ask_again(life, switch)
            case c.RouteMachine():
                self._robots.end(life)
                self._screening.route_machine(life, fact, switch)
            case c.AwaitBeep():
                self._screening.await_beep(life, switch)
            case c.TellAgent():
                self._screening.tell_agent(life)
            case c.ReserveAgent():
                self._reserve(life)
            case c.ArmPatience():
                self._arm_patience(life, switch)
            case c.BridgeLegs():
                self._bridge(life, switch, fact)
            case c.RunScript():
                self._robots.begin(life)
                self.record(life)
            case c.ResumeScript():
                self._agents.forget(life)
                self._robots.resume(life)
            case c.BeginTalk():
                self._begin_talk(life, switch)
            case c.PlayAbandonNotice():
                self._abandon(life, switch)
            case c.LeaveMessage():
                self._screening.leave_message(life, switch)
            case c.HoldPerson():
                abandonment = life.campaign.abandonment
                switch.hold(life.leg_id, life.campaign.hold_music, abandonment.notice)
                life.held = True
                switch.set_variables(life.leg_id, {HELD: life.agent_id})  # for who adopts it
            case c.TransferPerson():
                number = fact.number if isinstance(fact, f.TransferWanted) else ""
                to = (number, life.transfer_gateway, life.intent.caller_id, life.campaign.sorry)
                switch.transfer(life.leg_id, *to)
            case c.HangUp(cause=cause):
                self._expect_end(life, 5.0)
                switch.hang_up(life.leg_id, cause)
            case c.ReleaseAgent():
                self._release(life, fact)
            case c.AskSwitch():
                self._ask(life, switch)
            case c.Settle():
                self._settle(life)

    def _route(self, life: CallLife) -> None:
        now = self._shop.clock.now_s()
        if self._screening.wanted(life):
            self.post(f.ScreeningWanted(life.leg_id, now))
        elif life.campaign.mode is Mode.ROBOT:
            self.post(f.RobotWanted(life.leg_id, now))
        else:
            self.post(f.AgentWanted(life.leg_id, now))

    def _reserve(self, life: CallLife) -> None:
        life.disarm("screening", "ask")
        agent = self._agents.reserve(life)
        if agent:
            self.post(
                f.AgentReserved(life.leg_id, self._shop.clock.now_s(), agent.agent.agent_id, agent.leg_id)
            )

    def _arm_patience(self, life: CallLife, switch: Switch) -> None:
        now = self._shop.clock.now_s()
        if not life.waits_since_s:
            life.waits_since_s = wait_begins_s(life, now)
        if any(isinstance(fact, f.AgentReserved) for fact in life.inbox):
            return
        if life.script_waits_s:
            switch.hold(life.leg_id, life.hold_music or life.campaign.hold_music, "")
            self._arm(life, "patience", life.script_waits_s, f.NobodyCame)
        elif life.talked_to or not life.paced or life.campaign.mode is Mode.ROBOT:
            # Not a cold answer: the person knows whom they talk to, so music and a longer wait are right.
            switch.hold(life.leg_id, life.campaign.hold_music, life.campaign.abandonment.notice)
            self._arm(life, "patience", life.max_wait_s, f.PatienceRanOut)
        else:
            limit_s = life.campaign.abandonment.answer_limit_s - NOTICE_MARGIN_S
            life.patience_until_s = max(now, life.waits_since_s + limit_s)
            self._arm(life, "patience", life.patience_until_s - now, f.PatienceRanOut)
            if life.bridge_tries and life.campaign.abandonment.notice:
                # A bridge that failed took the person out of their net: without us they would hear nothing.
                left_s = life.patience_until_s - now + NET_BEHIND_S
                switch.rearm_net(life.leg_id, "", left_s, life.campaign.abandonment.notice)

    def _bridge(self, life: CallLife, switch: Switch, fact: f.Fact) -> None:
        if isinstance(fact, f.AgentReserved):
            life.agent_id, life.agent_leg, life.leg_raised = fact.agent_id, fact.agent_leg_id, False
        if isinstance(fact, f.AgentReserved | f.RetrievedByAgent):
            life.bridge_orders = life.bridge_tries = 0
        life.disarm("patience")
        if not self._agents.leg_ready(life.agent_id):
            if life.leg_raised:
                self._lose_agent(life)
                return
            life.leg_raised = True
            self._agents.raise_leg(life.agent_id)  # dialed per contact: its answer brings us back here
            ring_s = self._agents.lives[life.agent_id].agent.ring_time_s
            self._arm(life, "bridge", ring_s, f.BridgeOverdue)
            return
        life.agent_leg = self._agents.lives[life.agent_id].leg_id
        life.bridge_tries += int(switch.up)  # while the link is away the agent's leg is not to blame
        if life.bridge_tries > BRIDGE_TRIES:
            self._lose_agent(life)
            return
        life.bridge_orders += 1
        patience = min(life.bridge_orders, BRIDGE_TRIES) / 2
        self._arm(life, "bridge", patience * self._shop.bridge_proof_s, f.BridgeOverdue)
        if life.bridge_tries == 1 and not life.talked_to:
            self._agents.alert(life, switch)
        order = switch.bridge if life.bridge_orders == 1 else switch.bridge_again
        order(life.agent_leg, life.leg_id)

    def _lose_agent(self, life: CallLife) -> None:
        """The agent cannot be joined: their leg is in doubt, somebody else takes the person."""
        log.warning("agent cannot be joined", extra={"attempt": life.leg_id, "agent": life.agent_id})
        agent_id, life.agent_id, life.agent_leg = life.agent_id, "", ""
        self._agents.doubt(agent_id)
        self.post(f.AgentLost(life.leg_id, self._shop.clock.now_s()))

    def _begin_talk(self, life: CallLife, switch: Switch) -> None:
        now, first = self._shop.clock.now_s(), not life.talked_to
        life.disarm("bridge", "patience", "ring")
        life.talked_to = life.agent_id
        self._agents.apply(Joined(life.agent_id, now))
        self._robots.joined(life)
        if first:
            life.bridged_at_s = self._shop.clock.wall_s()
            life.wait_s = max(0.0, life.bridged_at_s - life.answered_at_s) if life.answered_at_s else 0.0
            self.record(life, prozvon_talked=life.agent_id)
        if life.held:
            life.held = False
            switch.set_variables(life.leg_id, {HELD: ""})
        if life.campaign.abandonment.notice:
            switch.after_bridge(life.leg_id, life.campaign.abandonment.notice)

    def record(self, life: CallLife, **marks: str) -> None:
        """Start the stereo recording where the campaign wants one and none runs; the path pattern knows
        {date} {campaign} {attempt} {contact} {agent}. Its path, and `marks`, stay on the leg for the engine
        that may adopt it."""
        switch = self._shop.switches[life.switch]
        if not life.recording and life.campaign.record and life.campaign.recording_path:
            life.recording = marks["prozvon_recording"] = life.campaign.recording_path.format(
                date=self._shop.stamp(self._shop.clock.wall_s()),
                campaign=life.campaign.campaign_id,
                attempt=life.leg_id,
                contact=file_word(life.contact.contact_id),
                agent=life.agent_id or "robot",
            )
            life.recording_from_s = self._shop.clock.now_s()
            switch.record(life.leg_id, life.recording)
        if marks:
            switch.set_variables(life.leg_id, marks)

    def _abandon(self, life: CallLife, switch: Switch) -> None:
        self._agents.forget(life)
        if not (life.talked_to or life.campaign.mode is Mode.ROBOT):
            life.abandoned = True
            life.wait_s = self._shop.clock.now_s() - life.waits_since_s
        self._expect_end(life, NOTICE_MAX_S)
        if life.campaign.abandonment.notice:
            self._give_notice(life, switch)
        else:
            switch.hang_up(life.leg_id)

    def _give_notice(self, life: CallLife, switch: Switch, tries: int = NOTICE_TRIES) -> None:
        """Until it is heard: a leg that a failed bridge took out of its net has nothing else, and an order
        can be lost with the link."""

        def unheard() -> None:
            life.timers.pop("notice", None)
            if life.state is State.NOTICE and not life.notice_heard:
                self._shop.count("notices_again")
                self._give_notice(life, switch, tries - 1)

        if tries > 1:
            life.timers["notice"] = self._shop.timers.after(NOTICE_BEGINS_S, "notice", unheard)
        try:
            switch.notice(life.leg_id, life.campaign.abandonment.notice)
        except SwitchError as error:
            log.warning("notice not ordered", extra={"attempt": life.leg_id, "why": str(error)})

    def _release(self, life: CallLife, fact: f.Fact) -> None:
        now = self._shop.clock.now_s()
        if isinstance(fact, f.AgentReserved) and fact.agent_id != life.agent_id:
            self._agents.apply(PromiseBroken(fact.agent_id, now))
            return
        self._agents.forget(life)
        if life.agent_id:
            talked = life.talked_to == life.agent_id
            self._agents.apply((TalkOver if talked else PromiseBroken)(life.agent_id, now))
            life.agent_id = life.agent_leg = ""

    def _ask(self, life: CallLife, switch: Switch) -> None:
        """Late: find out beside us whether the leg lives; a dead one ends with what we know."""

        def ask() -> None:
            try:
                if switch.up and not switch.is_alive(life.leg_id):
                    self.post(lost(life, self._shop.clock.now_s()))
                    return
                if life.state in (State.CLOSING, State.NOTICE):
                    switch.hang_up(life.leg_id)  # it did not hear us the first time
            except SwitchError as error:
                log.warning("leg not asked for", extra={"attempt": life.leg_id, "why": str(error)})
            self._expect_end(life, 15.0)

        self._shop.tasks.start("ask switch", ask)

    # --- timers ------------------------------------------------------------------------------------

    def arm_ring(self, life: CallLife, ring_time_s: float) -> None:
        """Give up ringing ourselves a little after the switch should have; then expect the end."""
        self._arm(life, "ring", ring_time_s + 2.0, f.RingTimeOver)

    def _expect_end(self, life: CallLife, within_s: float) -> None:
        self._arm(life, "end", within_s, f.AnswerOverdue)

    def _arm(self, life: CallLife, name: str, after_s: float, fact: type[f.Fact]) -> None:
        life.disarm(name)

        def fire() -> None:
            life.timers.pop(name, None)
            self.post(fact(life.leg_id, self._shop.clock.now_s()))

        life.timers[name] = self._shop.timers.after(after_s, name, fire)


def file_word(text: str) -> str:
    """A list's own word as a part of a file's name: it leads to no other folder, and breaks no command."""
    return re.sub(r"[^\w.@+-]", "_", text).lstrip(".") or "_"


def wait_begins_s(life: CallLife, now_s: float) -> float:
    """From when the abandonment clock counts: the verdict "person" where it counts from the greeting's end,
    else the answer (the start of the greeting is not heard yet, and the answer is never later)."""
    from_verdict = life.screened and life.campaign.abandonment.clock == "greeting_end"
    return now_s if from_verdict or not life.answered_s else life.answered_s


def lost(life: CallLife, now_s: float) -> f.LegEnded:
    """The end of a leg whose own news of it was lost."""
    life.lost = not (life.bridged_at_s or life.abandoned)
    return f.LegEnded(life.leg_id, now_s, cause="LOST_EVENT", q850=0)
