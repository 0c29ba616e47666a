"""Agents: who they are, the states of their life, and what happens to them."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Agent:
    """An operator. `extension`: their phone in the switch's directory. `standing`: the leg stays up between
    calls ("nailed up"); otherwise it is dialed per contact. `ring_time_s`: how long their phone
    rings. `connect_tone`: what only they hear as a person is joined, "" nothing. `switch`:
    where their phone is registered first of all, "" anywhere."""

    agent_id: str
    team: str
    extension: str
    name: str = ""
    skills: frozenset[str] = frozenset()
    standing: bool = True
    ring_time_s: float = 20.0
    connect_tone: str = "tone_stream://%(120,0,880)"
    switch: str = ""


class AgentState(StrEnum):
    OFFLINE = "offline"
    CALLING = "calling"  # logged in, their phone rings
    PAUSED = "paused"
    READY = "ready"
    PREVIEW = "preview"  # a contact's card is before them, no call yet
    RESERVED = "reserved"  # promised to one attempt
    TALKING = "talking"
    WRAP_UP = "wrap_up"


@dataclass(frozen=True, slots=True)
class AgentFact:
    """Something that happened to one agent. `at_s`: engine clock, seconds."""

    agent_id: str
    at_s: float


class LoginWanted(AgentFact):
    """The agent comes to work."""


class PhoneUp(AgentFact):
    """The agent's leg is answered and parked."""


class PhoneDown(AgentFact):
    """The agent's leg is gone, or could not be had."""


class LogoutWanted(AgentFact):
    """The agent leaves; a talk is finished first."""


class ReadyWanted(AgentFact):
    """The agent can take a call."""


class PauseWanted(AgentFact):
    """The agent wants no more calls; a talk is finished first."""


class CardShown(AgentFact):
    """Preview: a contact is held for this agent to look at."""


class CardClosed(AgentFact):
    """Preview: skipped, or its time is over."""


class Promised(AgentFact):
    """The agent is held for one attempt and for nobody else."""


class PromiseBroken(AgentFact):
    """The attempt ended before it was joined."""


class Joined(AgentFact):
    """Both hear each other."""


class TalkOver(AgentFact):
    """The person is gone from the agent's line."""


class WrapUpOver(AgentFact):
    """The note is written, or the time for it is over."""
