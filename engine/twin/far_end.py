"""Who is at the far end of a leg: how long they wait, listen and talk, what they press, as fate has it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from engine.sim.fates import Fate
from engine.twin.time import VirtualTime

MACHINE_LISTENS_S = 60.0

Cancel = Callable[[], None]


@dataclass(slots=True)
class Leg:
    """`fate`: of a person's leg; None for an operator's. Instants on the twin's clock, -1.0: never."""

    leg_id: str
    fate: Fate | None
    born_s: float
    answered_s: float = -1.0
    peer: str = ""
    prompts: int = 0
    heard: bool = False
    pending: list[Cancel] = field(default_factory=list)
    patience: Cancel | None = None
    playing: Cancel | None = None
    leaving: Cancel | None = None
    step: Callable[[], None] | None = None  # tells that the prompt is over

    @property
    def person(self) -> Fate | None:
        """What a person who answered does; None: a machine, or an operator."""
        return self.fate if self.fate is not None and self.fate.kind == "answer" else None


class FarEnd:
    """The switch says what the far end hears; what comes of it is told back, in its time.

    answered ── patience_s ──► gone      a prompt ── listen_s ──► gone      an operator ── talk_s ──► gone

    Keys are pressed some seconds after the prompt they answer began; those of prompt 0 after the answer. A
    machine listens to anything; the operator who hears it hangs up after `machine_heard_s`.
    `over(leg, by)`: "them" or "us" hung up. `pressed(leg, digits)`: whether the leg still hears keys is for
    the switch to say.
    """

    def __init__(
        self,
        time: VirtualTime,
        machine_heard_s: float,
        over: Callable[[Leg, str], None],
        pressed: Callable[[Leg, str], None],
    ) -> None:
        self._time, self._machine_heard_s, self._over, self._pressed = time, machine_heard_s, over, pressed

    def waits(self, leg: Leg) -> None:
        """Nobody talks to them."""
        if person := leg.person:
            leg.patience = self._leaves(leg, person.patience_s, "patience")
            self._press(leg, person, 0)
        elif leg.fate is not None:
            leg.patience = self._leaves(leg, leg.fate.greeting_s + MACHINE_LISTENS_S, "machine")

    def listens(self, leg: Leg) -> None:
        """A prompt begins: silence tries their patience no longer, and from the first prompt they listen."""
        leg.prompts += 1
        if person := leg.person:
            if leg.patience:
                leg.patience()
            if not leg.heard:
                leg.heard = True
                leg.leaving = self._leaves(leg, person.listen_s, "listen")
            self._press(leg, person, leg.prompts)

    def hears_music(self, leg: Leg) -> None:
        """Whoever waits to it knows whom they wait for, and waits as long as a listener listens."""
        if leg.patience and leg.person and leg.heard:
            leg.patience()

    def talks(self, leg: Leg) -> None:
        """With an operator, who hears a machine and hangs up."""
        if person := leg.person:
            leg.leaving = self._leaves(leg, person.talk_s, "talk")
        else:
            leg.leaving = self._time.after(self._machine_heard_s, "machine", lambda: self._over(leg, "us"))

    def _leaves(self, leg: Leg, after_s: float, why: str) -> Cancel:
        return self._time.after(after_s, why, lambda: self._over(leg, "them"))

    def _press(self, leg: Leg, person: Fate, prompt: int) -> None:
        for on_prompt, after_s, digits in person.presses:
            if on_prompt == prompt:
                press = partial(self._pressed, leg, digits)
                leg.pending.append(self._time.after(after_s, "leg", press))
