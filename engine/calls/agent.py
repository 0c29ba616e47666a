"""The life of an agent, as one table.

```text
OFFLINE ─login─► CALLING ─phone up─► PAUSED ◄─────pause──────┐
                                       │ready                 │
                                       ▼                      │
            ┌──────────────────────► READY ─card─► PREVIEW ───┤
            │ wrap-up over             │promised     │promised│
            │                          ▼             ▼        │
         WRAP_UP ◄─talk over─ TALKING ◄─joined─ RESERVED ─promise broken─► READY
```
A wish to pause or leave in the middle of a call is kept in `leaving` and granted when the call is over. So is
the pause of an agent who dials by hand while paused: afterwards they are paused again.
"""

from dataclasses import dataclass, field

from engine.domain.agent import (
    Agent,
    AgentFact,
    AgentState,
    CardClosed,
    CardShown,
    Joined,
    LoginWanted,
    LogoutWanted,
    PauseWanted,
    PhoneDown,
    PhoneUp,
    PromiseBroken,
    Promised,
    ReadyWanted,
    TalkOver,
    WrapUpOver,
)
from engine.domain.errors import UnexpectedFact

S = AgentState
BUSY = (S.RESERVED, S.TALKING, S.WRAP_UP)

TABLE: dict[tuple[AgentState, type[AgentFact]], AgentState] = {
    (S.OFFLINE, LoginWanted): S.CALLING,
    (S.CALLING, PhoneUp): S.PAUSED,
    (S.PAUSED, ReadyWanted): S.READY,
    (S.READY, PauseWanted): S.PAUSED,
    (S.READY, CardShown): S.PREVIEW,
    (S.PAUSED, CardShown): S.PREVIEW,  # a manual call may be made while paused
    (S.READY, Promised): S.RESERVED,
    (S.PREVIEW, Promised): S.RESERVED,
    (S.PREVIEW, CardClosed): S.READY,
    (S.PREVIEW, PauseWanted): S.PAUSED,
    (S.RESERVED, Joined): S.TALKING,
    (S.RESERVED, PromiseBroken): S.READY,
    (S.TALKING, TalkOver): S.WRAP_UP,
    (S.TALKING, Joined): S.TALKING,  # back from hold, or a rebridge
    (S.WRAP_UP, WrapUpOver): S.READY,
    (S.WRAP_UP, ReadyWanted): S.READY,
    (S.WRAP_UP, PauseWanted): S.PAUSED,
}
# Said twice, or too late: nothing changes, and that is meant.
TABLE |= {(s, LoginWanted): s for s in S if s is not S.OFFLINE}
TABLE |= {(s, ReadyWanted): s for s in (S.READY, S.CALLING, S.PREVIEW, S.RESERVED, S.TALKING)}
TABLE |= {(s, PauseWanted): s for s in (S.PAUSED, S.CALLING, S.RESERVED, S.TALKING)}
TABLE |= {(s, PhoneUp): s for s in S if s is not S.CALLING}
TABLE |= {(s, WrapUpOver): s for s in S if s is not S.WRAP_UP}
TABLE |= {(s, TalkOver): s for s in S if s not in (S.TALKING, S.RESERVED)}
TABLE[S.RESERVED, TalkOver] = S.READY
TABLE |= {(s, PromiseBroken): s for s in S if s is not S.RESERVED}
TABLE |= {(s, CardClosed): s for s in S if s is not S.PREVIEW}
TABLE |= {(s, Joined): s for s in (S.OFFLINE, S.CALLING, S.PAUSED, S.READY, S.PREVIEW, S.WRAP_UP)}
TABLE |= {(s, gone): S.OFFLINE for s in S for gone in (PhoneDown, LogoutWanted)}
TABLE |= {(s, LogoutWanted): s for s in (S.RESERVED, S.TALKING)}


@dataclass(slots=True)
class AgentLife:
    """One agent as the engine knows them. Instants on the engine's clock.

    `leaving`: what the agent asked for in the middle of a call: "", "pause" or "logout".
    `phone_up`: there is an answered leg (for an agent with a standing leg: always while logged in).
    `why`: what took them offline, for their screen; "" when they left by themselves.
    """

    agent: Agent
    state: AgentState = S.OFFLINE
    since_s: float = 0.0
    leg_id: str = ""
    switch: str = ""
    phone_up: bool = False
    attempt_id: str = ""
    leaving: str = ""
    why: str = ""
    wrap_up_s: float = 15.0
    history: list[tuple[float, str]] = field(default_factory=list)

    def apply(self, fact: AgentFact) -> AgentState:
        """Move by the table; return the new state. An undrawn arrow raises UnexpectedFact, nothing moves."""
        key = (self.state, type(fact))
        if key not in TABLE:
            raise UnexpectedFact(
                f"{type(fact).__name__} while {self.state}",
                fact.agent_id,
                "Draw the arrow in calls/agent.py.",
            )
        before, after = self.state, TABLE[key]
        if isinstance(fact, PauseWanted) and before in (S.RESERVED, S.TALKING):
            self.leaving = "pause"
        elif isinstance(fact, LogoutWanted) and before in (S.RESERVED, S.TALKING):
            self.leaving = "logout"
        elif isinstance(fact, CardShown) and before is S.PAUSED:
            self.leaving = "pause"
        elif isinstance(fact, ReadyWanted):
            self.leaving = ""
        if after is S.READY and self.leaving:
            after = S.OFFLINE if self.leaving == "logout" else S.PAUSED
        if after is S.PAUSED:
            self.leaving = ""
        if after is S.OFFLINE:
            self.leaving, self.phone_up, self.attempt_id = "", False, ""
        if after in (S.READY, S.PAUSED, S.WRAP_UP):
            self.attempt_id = "" if after is not S.WRAP_UP else self.attempt_id
        if after is not before:
            self.state, self.since_s = after, fact.at_s
            self.history.append((fact.at_s, after.value))
            del self.history[:-200]
        return after
