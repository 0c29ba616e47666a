"""What the table asks for, carried out: orders to the switch, promises of agents, timers that become facts.

Nothing here waits: an order is sent, and what became of it comes back as a fact. A timer that watches over an
order is armed before it: an order may be refused on the spot, when the link is down.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from engine.calls.attempt import State
from engine.dialer.agents import Agents
from engine.dialer.amd_book import AmdBook
from engine.dialer.joining import HELD, Joining, record
from engine.dialer.life import CallLife
from engine.dialer.patience import Patience
from engine.dialer.screening import Screener, Screening
from engine.dialer.shop import Shop, log
from engine.domain import commands as c
from engine.domain import facts as f
from engine.domain.agent import PromiseBroken, TalkOver
from engine.domain.campaign import Mode
from engine.domain.errors import SwitchError
from engine.ports import Switch


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
        self._joining = Joining(shop, agents, post, self._arm)
        self._patience = Patience(shop, agents, self._arm, self._expect_end)

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
                self._joining.reserve(life)
            case c.ArmPatience():
                self._patience.begin(life, switch)
            case c.BridgeLegs():
                self._joining.bridge(life, switch, fact)
            case c.RunScript():
                self._robots.begin(life)
                record(self._shop, life)
            case c.ResumeScript():
                self._agents.forget(life)
                self._robots.resume(life)
            case c.BeginTalk():
                self._joining.begin_talk(life, switch)
                self._robots.joined(life)
            case c.PlayAbandonNotice():
                self._patience.abandon(life, switch)
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


def lost(life: CallLife, now_s: float) -> f.LegEnded:
    """The end of a leg whose own news of it was lost."""
    life.lost = not (life.bridged_at_s or life.abandoned)
    return f.LegEnded(life.leg_id, now_s, cause="LOST_EVENT", q850=0)
