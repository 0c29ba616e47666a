"""Supervisors: a standing leg each, which listens to one agent after another, whispers to them, barges in."""

from dataclasses import dataclass
from typing import Final

from engine.calls.agent import AgentLife
from engine.control import Refused
from engine.dialer.shop import Shop
from engine.domain import facts as f
from engine.ports import LiveLeg, Switch

LEG_SUPERVISOR: Final = "prozvon_supervisor"
LEG_TEAM: Final = "prozvon_team"
LEG_HOW: Final = "prozvon_how"
LEG_TO: Final = "prozvon_listens_to"
WAYS: Final = ("listen", "whisper", "barge")
HEARS_S: Final = 0.3
"""From a supervisor's answer until their leg listens, and takes its first key."""


@dataclass(slots=True)
class Watch:
    """A supervisor's leg. `to`: the agent's leg that it listens to."""

    leg_id: str
    team: str
    extension: str
    switch: str
    to: str
    how: str
    is_up: bool = False


class Supervisors:
    """By leg. Their legs outlive the engine, and the next one knows them again by their variables."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.by_leg: dict[str, Watch] = {}

    def supervise(self, agent: AgentLife, extension: str, how: str) -> str:
        """`how`: listen, whisper, barge, stop. Calls the supervisor's phone where none is up; later calls
        switch, also to another agent. Returns the supervisor's leg, "" when there is none to stop.

        Raises SwitchError when the switch is away, Refused when `how` is no way to supervise."""
        if how not in (*WAYS, "stop"):
            raise Refused(f"'{how}' is not a way to supervise", "how", "listen, whisper, barge or stop")
        watch = next((one for one in self.by_leg.values() if one.extension == extension), None)
        if how == "stop":
            if watch is not None:
                self._shop.switches[watch.switch].hang_up(watch.leg_id)
                del self.by_leg[watch.leg_id]
            return watch.leg_id if watch else ""
        if watch is not None and watch.switch != agent.switch:
            self._shop.switches[watch.switch].hang_up(watch.leg_id)  # it hears nobody of another switch
            del self.by_leg[watch.leg_id]
            watch = None
        if watch is None:
            return self._call(agent, extension, how)
        switch = self._shop.switches[watch.switch]
        moves = watch.to != agent.leg_id
        if moves and watch.is_up:
            switch.listen_to(watch.leg_id, agent.leg_id)
        watch.to, watch.how = agent.leg_id, how
        switch.set_variables(watch.leg_id, {LEG_TO: watch.to, LEG_HOW: how})
        if moves:
            self._speak_soon(watch)
        else:
            switch.speak(watch.leg_id, how)
        return watch.leg_id

    def _call(self, agent: AgentLife, extension: str, how: str) -> str:
        watch = Watch(self._shop.new_id(), agent.agent.team, extension, agent.switch, agent.leg_id, how)
        marks = {LEG_SUPERVISOR: extension, LEG_TO: agent.leg_id, LEG_HOW: how, LEG_TEAM: watch.team}
        self._shop.switches[watch.switch].call_supervisor(watch.leg_id, extension, agent.leg_id, marks)
        self.by_leg[watch.leg_id] = watch
        return watch.leg_id

    def on_fact(self, fact: f.Fact) -> None:
        watch = self.by_leg[fact.leg_id]
        if isinstance(fact, f.LegEnded | f.OriginateRefused):
            del self.by_leg[fact.leg_id]
        elif isinstance(fact, f.LegAnswered):
            watch.is_up = True
            self._speak_soon(watch)

    def _speak_soon(self, watch: Watch) -> None:
        """A leg that only begins to listen takes no key yet; when it begins anew it says nothing."""

        def speak() -> None:
            if watch.how != "listen" and self.by_leg.get(watch.leg_id) is watch and watch.is_up:
                self._shop.switches[watch.switch].speak(watch.leg_id, watch.how)

        self._shop.timers.after(HEARS_S, "supervisor", speak)

    def adopt(self, team: str, switch: Switch, leg: LiveLeg, agents_legs: frozenset[str]) -> None:
        """A leg from before us: ours again if its agent's is, else over."""
        told = leg.variables
        if LEG_SUPERVISOR not in told or told.get(LEG_TEAM) != team or leg.leg_id in self.by_leg:
            return
        if not leg.answered or told.get(LEG_TO, "") not in agents_legs:
            switch.hang_up(leg.leg_id)
            return
        how = told.get(LEG_HOW, "listen")
        self.by_leg[leg.leg_id] = Watch(
            leg.leg_id, team, told[LEG_SUPERVISOR], switch.name, told[LEG_TO], how, is_up=True
        )

    def let_go(self, team: str) -> None:
        """Another engine serves the team's agents: it knows their supervisors by their legs."""
        for leg_id in [one.leg_id for one in self.by_leg.values() if one.team == team]:
            del self.by_leg[leg_id]

    def sweep(self, switch: str, alive: frozenset[str]) -> None:
        """Legs whose end was not told."""
        for watch in [one for one in self.by_leg.values() if one.switch == switch and one.is_up]:
            if watch.leg_id not in alive:
                del self.by_leg[watch.leg_id]
