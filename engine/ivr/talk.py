"""What a call tells a scenario, and what a scenario asks of a call. No switch in sight."""

from dataclasses import dataclass, field

from engine.domain.prompt import PromptRef


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the call. `at_s`: engine clock, seconds."""

    at_s: float


@dataclass(frozen=True, slots=True)
class PromptDone(Event):
    """Everything asked for by the Play of this `step_id` has been heard (or could not be played)."""

    step_id: str = ""


@dataclass(frozen=True, slots=True)
class Digit(Event):
    """The person pressed a key: 0-9, *, #, A-D."""

    key: str = ""


@dataclass(frozen=True, slots=True)
class TimerFired(Event):
    timer_id: str = ""


class HungUp(Event):
    """The person's leg is gone."""


@dataclass(frozen=True, slots=True)
class AgentResult(Event):
    """The answer to ConnectAgent. `joined`: an agent talks with the person; False: nobody came in time."""

    joined: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """Something the scenario asks for. Actions are carried out in their order."""


@dataclass(frozen=True, slots=True)
class Play(Action):
    """Play these one after another, then tell PromptDone with this `step_id`, once."""

    step_id: str
    files: tuple[PromptRef, ...]


@dataclass(frozen=True, slots=True)
class StopPlaying(Action):
    """Be silent at once and forget what was still to be played. A PromptDone may or may not follow."""


@dataclass(frozen=True, slots=True)
class ArmTimer(Action):
    """Tell TimerFired with this `timer_id` after `seconds`. There is one timer: a new one replaces it."""

    timer_id: str
    seconds: float


@dataclass(frozen=True, slots=True)
class DisarmTimer(Action):
    timer_id: str


@dataclass(frozen=True, slots=True)
class ConnectAgent(Action):
    """Join the person to an agent, with `context` for the agent's card; answer with AgentResult.

    Nobody within `timeout_s`: AgentResult(joined=False). `hold`: what the person hears meanwhile, repeated;
    empty means the campaign's hold music.
    """

    step_id: str
    context: dict[str, str]
    timeout_s: float
    hold: tuple[PromptRef, ...] = ()


@dataclass(frozen=True, slots=True)
class HangUp(Action):
    """End the call. `reason`: hangup, busy or decline."""

    reason: str = "hangup"


@dataclass(frozen=True, slots=True)
class Finish(Action):
    """The scenario is over, always the last action; it does not end the call by itself.

    `disposition`: one of the scenario's own. `completed`: by its own hand, not because the person left.
    `values`: what was collected.
    """

    disposition: str
    values: dict[str, str] = field(default_factory=dict)
    completed: bool = True
