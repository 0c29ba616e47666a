"""The far ends of legs: people, machines and agents' phones, and what they do as the call goes on."""

from functools import partial
from typing import TYPE_CHECKING

from engine.sim.fates import Fate
from engine.sim.outcomes import Refusal
from engine.sim.population import AgentPhone

if TYPE_CHECKING:
    from engine.sim.clock import Action, Timer
    from engine.sim.core import SwitchCore
    from engine.sim.leg import Leg

NETWORK_GIVES_UP_S = 180.0
MACHINE_LISTENS_S = 30.0
FAX_WAITS_S = 20.0
KEY_EVERY_S = 0.25


class FarEnd:
    """Somebody at the other end of a leg. The switch calls these; each does nothing unless it matters."""

    def __init__(self, core: "SwitchCore", leg: "Leg") -> None:
        self.core = core
        self.leg = leg

    def invited(self) -> None:
        """The INVITE arrived."""

    def answered(self) -> None:
        """The leg is up."""

    def prompt_began(self) -> None:
        """A prompt is played to this end."""

    def left_alone(self) -> None:
        """Nothing is played and nobody is there."""

    def joined(self) -> None:
        """Somebody is there: a bridge."""

    def gone(self) -> None:
        """The leg has ended."""

    def send_sound_of(self, target: "Leg") -> None:
        """Let this end hear the far end of another leg."""

    def stop_sound(self) -> None:
        """No more of it."""

    def hang_up(self) -> None:
        self.core.hang_up(self.leg, "NORMAL_CLEARING", by_far_end=True)

    def vanish(self) -> None:
        """Go without a BYE. The switch notices if the leg has a `media_timeout` (milliseconds)."""
        limit = self.leg.variables.get("media_timeout", "")
        if limit.isdigit():
            self.core.clock.after(int(limit) / 1000, lambda: self.core.hang_up(self.leg, "MEDIA_TIMEOUT"))

    def press(self, digits: str) -> None:
        """Press keys one after another; a space is a pause of a second."""
        delay_s = 0.0
        for digit in digits:
            if digit == " ":
                delay_s += 1.0
                continue
            self.core.clock.after(delay_s, partial(self.leg.press, digit))
            delay_s += KEY_EVERY_S


class SilentListener(FarEnd):
    """Takes every call and keeps what it hears to itself, where no listener can be called for real."""

    def invited(self) -> None:
        self.core.clock.after(0.01, lambda: self.core.answered(self.leg))


class Callee(FarEnd):
    """A number of the population, living through its fate.

    INVITE ──setup── 180 ──ring── 200 ──greeting── waits (patience) ──bridge── talks ── BYE
    """

    def __init__(self, core: "SwitchCore", leg: "Leg", fate: Fate) -> None:
        super().__init__(core, leg)
        self.fate = fate
        self.prompts = 0
        self._patience: Timer | None = None
        self._leaving: Timer | None = None

    def invited(self) -> None:
        self._later(self.fate.setup_s, self._respond)

    def _respond(self) -> None:
        leg, fate = self.leg, self.fate
        if not fate.rings and fate.kind != "announcement":
            if fate.kind in ("answer", "voicemail", "fax"):
                leg.ring()
                self.core.answered(leg)
            elif fate.kind == "no_answer":
                leg.ring()
            else:
                self._refuse()
            return
        if fate.kind == "announcement":
            self.core.early_media(leg)
            self._later(fate.greeting_s, self._refuse)
            return
        if "180" in fate.ringback:
            leg.ring()
        if "183" in fate.ringback:
            self.core.early_media(leg)
        if fate.kind == "no_answer":
            self._later(NETWORK_GIVES_UP_S, self._refuse)
        elif fate.refusal is not None or fate.kind == "refused":
            self._later(fate.ring_s, self._refuse)
        else:
            self._later(fate.ring_s, lambda: self.core.answered(leg))

    def _refuse(self) -> None:
        self.core.refused(self.leg, self.fate.refusal or Refusal(480))

    def answered(self) -> None:
        self._press_at(0)
        if self.fate.kind == "voicemail":
            self._later(self.fate.greeting_s + MACHINE_LISTENS_S, self.hang_up)
        elif self.fate.kind == "fax":
            self._later(FAX_WAITS_S, self.hang_up)
        else:
            self.left_alone()

    def prompt_began(self) -> None:
        if self.fate.kind != "answer":
            return
        self.prompts += 1
        self._stop(self._patience)
        if self._leaving is None:
            self._leaving = self._later(self.fate.listen_s, self.hang_up)
        self._press_at(self.prompts)

    def _press_at(self, prompt: int) -> None:
        for on_prompt, after_s, digits in self.fate.presses:
            if on_prompt == prompt:
                self._later(after_s, partial(self.press, digits))

    def left_alone(self) -> None:
        if self.fate.kind == "answer" and self.leg.answered:
            self._stop(self._patience)
            self._patience = self._later(self.fate.patience_s, self.hang_up)

    def joined(self) -> None:
        if self.fate.kind == "answer":
            self._stop(self._patience)
            self._stop(self._leaving)
            self._leaving = self._later(self.fate.talk_s, self.hang_up)

    def gone(self) -> None:
        self._stop(self._patience)
        self._stop(self._leaving)

    def _later(self, delay_s: float, action: "Action") -> "Timer":
        return self.core.clock.after(delay_s, lambda: action() if self.leg.alive else None)

    @staticmethod
    def _stop(timer: "Timer | None") -> None:
        if timer is not None:
            timer.cancel()


class AgentsPhone(FarEnd):
    """An agent's SIP phone: picks up by itself, or refuses, or is left ringing."""

    def __init__(self, core: "SwitchCore", leg: "Leg", phone: AgentPhone) -> None:
        super().__init__(core, leg)
        self.phone = phone

    def invited(self) -> None:
        self.core.clock.after(0.01, self._ring)

    def _ring(self) -> None:
        if not self.leg.alive:
            return
        if self.phone.refuses:
            self.core.refused(self.leg, Refusal(486))
            return
        self.leg.ring()
        if not self.phone.ignores:
            delay_s = self.phone.answer_after_s.draw(self.core.dice)
            self.core.clock.after(delay_s, lambda: self.core.answered(self.leg))

    def answered(self) -> None:
        if self.phone.leaves_after_s is not None:
            self.core.clock.after(self.phone.leaves_after_s.draw(self.core.dice), self.hang_up)
