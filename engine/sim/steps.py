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
    PARTED = auto()  # the other leg of the bridge is gone


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
class Step:
    """`uuid`: the Event-UUID its events carry. `locked`: nothing is run nested in it."""

    leg: "Leg"
    application: str
    argument: str
    uuid: str
    locked: bool = False
    response: str = "_none_"
    progress: Progress | None = None
    wait: Wait = field(default_factory=Wait)
    timer: "Timer | None" = None
    due_s: float = 0.0
    left_s: float = 0.0

    @property
    def is_running(self) -> bool:
        """Its own code is on the stack right now, so it can be neither woken nor closed."""
        return self.progress is not None and getgeneratorstate(self.progress) == GEN_RUNNING


@dataclass(slots=True)
class Message:
    """An application that a client asked for by sendmsg, waiting for its turn."""

    application: str
    argument: str
    uuid: str
    lock: bool = False
    loops: int = 1
