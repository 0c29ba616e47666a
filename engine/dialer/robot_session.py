"""One robot's talk, as its desk keeps it: the scenario's runner, what is being heard, and the timers."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.dialer.life import CallLife
from engine.dialer.shop import log
from engine.domain.campaign import Campaign
from engine.domain.contact import Contact
from engine.domain.errors import ConfigError
from engine.domain.prompt import PromptRef
from engine.ivr.runner import Runner
from engine.ivr.script import Script
from engine.ivr.talk import Action, ArmTimer, ConnectAgent, Finish, HangUp, Play, StopPlaying


class Prompts(Protocol):
    """Prompts as files the switch can play; everything was rendered before the call."""

    def file_of(self, ref: PromptRef) -> str:
        """Path as the switch sees it; "" when it is not there (the prompt is left out, and said)."""
        ...

    def values(self, script: Script, campaign: Campaign, contact: Contact) -> dict[str, Any]:
        """What the scenario may say of this contact. ConfigError: something it needs is missing."""
        ...

    def length_s(self, refs: Sequence[PromptRef]) -> float:
        """Seconds that these last, 0.0 when unknown."""
        ...


@dataclass(slots=True)
class Session:
    """One robot's talk. Four timers, each to be called off: the scenario's own, `let_live` before the last
    stop, `silent`, the watch over the prompt `playing`, and `unheard`, the watch over its beginning.
    `is_heard`: the switch told of that. `opens`: the leg is not parked yet, so that a sound is ordered in one
    with leaving whatever it does (its net, another engine's prompts): cut off at any byte, it has the one or
    the other, and never silence."""

    runner: Runner
    saved: str = ""
    opens: bool = True
    timer: Callable[[], None] | None = None
    timer_id: str = ""
    connecting: bool = False
    hangs_up: bool = False
    unsettled: str = ""
    context: dict[str, str] = field(default_factory=dict)
    let_live: Callable[[], None] | None = None
    playing: str = ""
    is_heard: bool = True
    silent: Callable[[], None] | None = None
    unheard: Callable[[], None] | None = None

    def disarm(self) -> None:
        """The scenario's own timer is called off."""
        if self.timer:
            self.timer()
            self.timer = None

    def still(self) -> None:
        """None of its timers fires any more."""
        self.disarm()
        for call_off in (self.let_live, self.silent, self.unheard):
            if call_off:
                call_off()
        self.let_live = self.silent = self.unheard = None

    def position(self) -> str:
        """Where the scenario stands, as one word for a channel variable."""
        return urlsafe_b64encode(json.dumps(self.runner.save(), separators=(",", ":")).encode()).decode()


def listens(actions: Sequence[Action], is_silent: bool) -> bool:
    """Do these leave the person to speak or to key, with nothing to be heard? `is_silent`: nothing was."""
    if any(isinstance(action, Play | ConnectAgent | HangUp | Finish) for action in actions):
        return False
    return any(
        isinstance(action, StopPlaying) or (is_silent and isinstance(action, ArmTimer)) for action in actions
    )


def runner_of(script: Script, life: CallLife, prompts: Prompts) -> Runner:
    """The scenario for this contact, from where another engine left it. ConfigError: it cannot talk."""
    contact = life.contact
    values = prompts.values(script, life.campaign, contact)
    language = contact.language or life.campaign.language
    saved = life.adopted_step
    if saved:
        try:
            position = json.loads(urlsafe_b64decode(saved))
            return Runner.resume(script, values, language, position, prompts.length_s)
        except (ConfigError, ValueError) as error:
            log.warning("scenario begins anew", extra={"attempt": life.leg_id, "why": str(error)})
    return Runner(script, values, language, prompts.length_s)
