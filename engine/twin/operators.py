"""Operators at work in virtual time: they come and go by the plan, wrap up, and take their breaks."""

import random
from collections.abc import Callable

from engine.calls.agent import AgentLife
from engine.dialer.dialer import Dialer
from engine.domain.agent import Agent, AgentState, LogoutWanted, PauseWanted, ReadyWanted
from engine.twin.time import VirtualTime
from engine.twin.world import Operators

AT_WORK = (AgentState.READY, AgentState.RESERVED, AgentState.TALKING)


def agents_of(plan: Operators) -> dict[str, Agent]:
    """Everybody who may ever be at work by the plan."""
    most = max([plan.count, *(count for _, count in plan.staffing)])
    return {name: Agent(name, "team", str(1000 + n)) for n, name in enumerate(map(name_of, range(most)))}


def name_of(number: int) -> str:
    return f"op{number:04d}"


class Crew:
    """Each operator draws from a source of their own: what one does changes nothing for the others."""

    def __init__(self, plan: Operators, dialer: Dialer, time: VirtualTime, seed: int) -> None:
        self._plan, self._dialer, self._time = plan, dialer, time
        self._dice = {name: random.Random(f"{seed}|{name}") for name in dialer.shop.agents}
        self._wanted = 0
        self._break_due: set[str] = set()
        dialer.agents.listeners.append(self._moved)

    def begin(self) -> None:
        self._staff(self._plan.staffing[0][1] if self._from_start else self._plan.count)
        for hour, count in self._plan.staffing[int(self._from_start) :]:
            self._time.after(hour * 3600.0, "staffing", self._later(count))

    @property
    def _from_start(self) -> bool:
        return bool(self._plan.staffing) and self._plan.staffing[0][0] <= 0.0

    def _later(self, count: int) -> Callable[[], None]:
        return lambda: self._staff(count)

    def _staff(self, count: int) -> None:
        """The first `count` are at work from now on, the others leave after their talk."""
        desk = self._dialer.desk
        for number, name in enumerate(self._dialer.shop.agents):
            state = self._dialer.agents.lives[name].state
            if number < count and number >= self._wanted:
                if state is AgentState.OFFLINE:
                    desk.login(name)
                    if self._plan.works_s:
                        self._plan_break(name)
            elif count <= number < self._wanted and state is not AgentState.OFFLINE:
                desk.say(name, LogoutWanted)
        self._wanted = count

    def _moved(self, life: AgentLife, before: AgentState) -> None:
        name = life.agent.agent_id
        match life.state:
            case AgentState.PAUSED if before is AgentState.CALLING:
                self._time.after(0.0, "ready", lambda: self._ready(name))
            case AgentState.PAUSED:
                rest_s = self._plan.break_s.draw(self._dice[name])
                self._time.after(rest_s, "break over", lambda: self._back(name))
            case AgentState.WRAP_UP:
                since_s = life.since_s
                wrap_s = self._plan.wrap_up_s.draw(self._dice[name])
                self._time.after(wrap_s, "wrapped up", lambda: self._wrapped(life, since_s))
            case _:
                pass

    def _ready(self, name: str) -> None:
        if self._dialer.agents.lives[name].state is AgentState.PAUSED:
            self._dialer.desk.say(name, ReadyWanted)

    def _wrapped(self, life: AgentLife, since_s: float) -> None:
        if life.state is not AgentState.WRAP_UP or life.since_s != since_s:
            return
        name = life.agent.agent_id
        if life.leaving == "logout":
            self._dialer.desk.say(name, LogoutWanted)
        elif life.leaving or name in self._break_due:
            self._break_due.discard(name)
            self._dialer.desk.say(name, PauseWanted)
        else:
            self._dialer.desk.say(name, ReadyWanted)

    # --- breaks ------------------------------------------------------------------------------------

    def _plan_break(self, name: str) -> None:
        assert self._plan.works_s is not None
        works_s = self._plan.works_s.draw(self._dice[name])
        self._time.after(works_s, "break", lambda: self._break(name))

    def _break(self, name: str) -> None:
        """At once when they are free; in a talk they say so now, and go after their wrap-up."""
        state = self._dialer.agents.lives[name].state
        if state is AgentState.WRAP_UP:
            self._break_due.add(name)
        elif state in AT_WORK:
            self._dialer.desk.say(name, PauseWanted)

    def _back(self, name: str) -> None:
        self._ready(name)
        if self._plan.works_s:
            self._plan_break(name)
