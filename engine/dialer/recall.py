"""Standing legs that the network lost: called again a few times, with the agent's wish kept meanwhile."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from engine.calls.agent import AgentLife
from engine.domain.agent import AgentState
from engine.ports import Clock, Timers

CALL_AGAIN_S = (2.0, 5.0, 15.0)  # pauses before the leg is called again; then no more
STEADY_S = 60.0  # a leg that stood so long may be called again as often as the first one
NETWORK = frozenset(
    {
        "MEDIA_TIMEOUT",
        "LOST_EVENT",
        "RECOVERY_ON_TIMER_EXPIRE",
        "NETWORK_OUT_OF_ORDER",
        "NORMAL_TEMPORARY_FAILURE",
        "DESTINATION_OUT_OF_ORDER",
        "USER_NOT_REGISTERED",
        "SWITCH_GONE",
        "NO_BRIDGE",
    }
)
"""Causes that are nobody's wish: not the agent's, and not ours."""

AT_WORK = frozenset(AgentState) - {AgentState.OFFLINE, AgentState.CALLING, AgentState.PAUSED}


@dataclass(slots=True)
class Recall:
    """`ready`: what the agent did before, and wants to do again. `up_at_s`: since when the leg stands."""

    times: int
    ready: bool
    call_off: Callable[[], None]
    up_at_s: float = math.inf


class Recalls:
    """Whom to call again, and when. `call(life)`: how a phone is called."""

    def __init__(self, clock: Clock, timers: Timers, call: Callable[[AgentLife], None]) -> None:
        self._clock, self._timers, self._call = clock, timers, call
        self._recalls: dict[str, Recall] = {}

    def lost(self, life: AgentLife, cause: str, was_up: bool) -> float:
        """Still in the state they were lost in. Seconds until the phone is called again; 0.0: it is not."""
        now, recall = self._clock.now_s(), self._recalls.pop(life.agent.agent_id, None)
        steady = was_up and (recall is None or now - recall.up_at_s > STEADY_S)
        times = 0 if recall is None or steady else recall.times
        known = was_up or recall is not None  # a first call that fails is for the agent to mend
        wanted = life.agent.standing and life.leaving != "logout"
        if not (known and wanted and cause in NETWORK and times < len(CALL_AGAIN_S)):
            return 0.0
        ready = life.state in AT_WORK and not life.leaving if was_up or recall is None else recall.ready
        pause_s = CALL_AGAIN_S[times]
        call_off = self._timers.after(pause_s, "agent's phone", lambda: self._again(life))
        self._recalls[life.agent.agent_id] = Recall(times + 1, ready, call_off)
        return pause_s

    def _again(self, life: AgentLife) -> None:
        if life.state is AgentState.OFFLINE and life.agent.agent_id in self._recalls:
            self._call(life)

    def up(self, agent_id: str) -> bool:
        """The phone answered. True: the agent was at work when it was lost, and wants to go on."""
        recall = self._recalls.get(agent_id)
        if recall is None:
            return False
        recall.up_at_s = self._clock.now_s()
        return recall.ready

    def forget(self, agent_id: str) -> None:
        """The agent left, or came back by themselves."""
        if recall := self._recalls.pop(agent_id, None):
            recall.call_off()
