"""One application at work on a leg, and what it may wait for.

An application is a function of its `Step`. A quick one returns None. One that takes time is a generator: it
yields a `Wait` and is sent the `Wake` that ended it; a hang-up or transfer raises GeneratorExit in it.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from enum import Enum, auto
from inspect import GEN_RUNNING, getgeneratorstate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.sim.clock import Timer
    from engine.sim.leg import Leg


class Wake(Enum):
    """Why a waiting application goes on."""

    TIME_UP = auto()
    BROKEN = auto()  # uuid_break
    DIGIT = auto()  # a key was pressed; it lies in `leg.digits`
    TOLD = auto()  # what it asked for is known
    PARTED = auto()  # the other leg, or the client, it was there for is gone


@dataclass(slots=True)
class Wait:
    """`seconds`: how long, None for ever. `digits`: a key ends it. `runs_on`: its time passes while another
    application runs nested in this one (a sleep's does, a playback's does not)."""

    seconds: float | None = None
    digits: bool = False
    runs_on: bool = False


Progress = Generator[Wait, Wake, None]
Application = Callable[["Step"], Progress | None]


@dataclass(slots=True)
class Message:
    """An application that a client asked for by sendmsg, waiting for its turn.

    `loops`: how often; it is repeated only while each run takes half a second or more.
    """

    application: str
    argument: str
    uuid: str
    lock: bool = False
    loops: int = 1


@dataclass(slots=True)
class Step:
    """`uuid`: the Event-UUID its events carry. `message`: who asked for it, if a client did.

    `tells_start`, `tells_end`: whether CHANNEL_EXECUTE and CHANNEL_EXECUTE_COMPLETE are sent; a state of the
    channel that is no application (CS_PARK, a bridge made by uuid_bridge) lacks one or both.
    """

    leg: "Leg"
    application: str
    argument: str
    uuid: str
    message: Message | None = None
    tells_start: bool = True
    tells_end: bool = True
    began_s: float = 0.0
    progress: Progress | None = None
    wait: Wait = field(default_factory=Wait)
    timer: "Timer | None" = None
    due_s: float = 0.0
    left_s: float = 0.0

    @property
    def is_running(self) -> bool:
        """Its own code is on the stack right now, so it can be neither woken nor closed."""
        return self.progress is not None and getgeneratorstate(self.progress) == GEN_RUNNING

    @property
    def locked(self) -> bool:
        """Nothing is run nested in it."""
        return self.message is not None and self.message.lock

    @property
    def described(self) -> dict[str, str]:
        told = {"Application": self.application}
        if self.argument:
            told["Application-Data"] = self.argument
        return told | {"Application-UUID": self.uuid}

    def respond(self, response: str) -> None:
        """Say how it went: the Application-Response of this step, and of an outer one that says nothing."""
        self.leg.variables["current_application_response"] = response
