"""What becomes of calls and agents, told to the pacing policy in pacing's own words.

Only calls that a policy launched and that may need any agent of the team are told of: a call with an agent
held for it, and a robot's call, teach nothing about whether somebody will be free.
"""

from collections.abc import Callable

from engine.calls.agent import AgentLife
from engine.calls.attempt import State
from engine.dialer.life import CallLife
from engine.dialer.settle import ending_of
from engine.domain.agent import AgentState
from engine.domain.attempt import Disposition
from engine.domain.campaign import Mode
from engine.domain.disposition import disposition_of
from engine.pacing.news import CallEnded, CallMoved, News, PersonMissed, PersonServed, TalkEnded, WrapUpEnded
from engine.ports import Clock

WHY = {
    Disposition.DEAD_NUMBER: "dead",
    Disposition.BUSY: "busy",
    Disposition.CONGESTION: "congestion",
    Disposition.SWITCH_BUSY: "congestion",
    Disposition.UNREACHABLE: "unavailable",
    Disposition.NO_ANSWER: "no_answer",
    Disposition.MACHINE: "machine",
    Disposition.FAX: "machine",
    Disposition.ANNOUNCEMENT: "unavailable",
    Disposition.CANCELLED: "cancelled",
}
MOVED = {State.RINGING: "ringing", State.SCREENING: "screening", State.WAITING: "waiting"}


class Reporter:
    """`tell(campaign_id, news)`: news of a campaign's own call. `tell_team(team, news)`: of an agent."""

    def __init__(
        self, clock: Clock, tell: Callable[[str, News], None], tell_team: Callable[[str, News], None]
    ) -> None:
        self._clock, self._tell, self._tell_team = clock, tell, tell_team
        self._talked_s: dict[str, float] = {}

    def call_moved(self, life: CallLife, before: State) -> None:
        """The call has just left the state `before`; the same state: it is new, or early media began."""
        if not concerns_pacing(life) or life.audited:  # whom an audit joins has ended as a machine already
            return
        now, attempt_id, state = self._clock.now_s(), life.leg_id, life.state
        waited_s = now - life.waits_since_s if life.waits_since_s else 0.0
        news: News | None = None
        if state is before is State.DIALING:
            how = "early_media" if life.early_media else "dialing"
            news = CallMoved(attempt_id, how, now, life.call_class)
        elif state is before:
            return
        elif state in MOVED and not (state is State.WAITING and life.talked_to):
            news = CallMoved(attempt_id, MOVED[state], now, life.call_class)
        elif life.told_pacing:
            return
        elif state is State.MAILBOX:  # it may speak for long, and wants nobody
            news = CallEnded(attempt_id, "machine", now)
        elif state is State.TALKING:
            news = PersonServed(attempt_id, waited_s, now)
        elif state is State.NOTICE:
            news = PersonMissed(attempt_id, waited_s, now)
        elif state is State.ENDED:
            if life.person:  # they hung up before anybody came
                news = PersonMissed(attempt_id, waited_s, now)
            else:
                news = CallEnded(attempt_id, WHY.get(disposition_of(ending_of(life)), "failed"), now)
        if news is not None:
            life.told_pacing = isinstance(news, PersonServed | PersonMissed | CallEnded)
            self._tell(life.campaign.campaign_id, news)

    def agent_moved(self, life: AgentLife, before: AgentState) -> None:
        """The agent has just left the state `before`; `life.since_s` is when."""
        now, agent_id = self._clock.now_s(), life.agent.agent_id
        began_s = self._talked_s.pop(agent_id, None)
        if life.state in (AgentState.TALKING, AgentState.WRAP_UP):
            self._talked_s[agent_id] = now
        if began_s is None:
            return
        if before is AgentState.TALKING:
            self._tell_team(life.agent.team, TalkEnded(agent_id, now - began_s, now))
            if life.state is not AgentState.WRAP_UP:
                gone = WrapUpEnded(agent_id, 0.0, now, life.state is AgentState.READY)
                self._tell_team(life.agent.team, gone)
        elif before is AgentState.WRAP_UP:
            # whoever is free again may be promised to a person who waits in the same breath
            ready = life.state not in (AgentState.PAUSED, AgentState.OFFLINE)
            self._tell_team(life.agent.team, WrapUpEnded(agent_id, now - began_s, now, ready))


def concerns_pacing(life: CallLife) -> bool:
    return life.paced and not life.intent.agent_id and life.campaign.mode is not Mode.ROBOT
