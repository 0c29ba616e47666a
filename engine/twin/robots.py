"""Robots in a twin: the real desk of robots, the real scenario; prompts that last, and are not heard."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.dialer.conduct import Robots
from engine.dialer.life import CallLife
from engine.dialer.robots import RobotDesk
from engine.dialer.shop import Shop
from engine.domain import facts as f
from engine.domain.campaign import Campaign, Mode
from engine.domain.contact import Contact
from engine.domain.errors import ConfigError
from engine.domain.prompt import PromptRef, Silence, Spoken
from engine.ivr import reading
from engine.ivr.script import Script

WORDS_PER_S = 2.3  # of synthesised speech
RECORDING_S = 4.0  # of a recording, whose length is not looked up
COMPANY = {"company": "Prozvon", "phone": "+48220000101"}


class TwinPrompts:
    """See `engine.dialer.robots.Prompts`. A prompt's file is its length, for the twin's switch."""

    def file_of(self, ref: PromptRef) -> str:
        return f"{self.length_s([ref]):.3f}"

    def values(self, script: Script, campaign: Campaign, contact: Contact) -> dict[str, Any]:
        """Of people who do not exist the scenario says its own examples."""
        return script.read_fields({**COMPANY, **script.examples()}, contact.contact_id)

    def length_s(self, refs: Sequence[PromptRef]) -> float:
        return sum(_length_s(ref) for ref in refs)


def _length_s(ref: PromptRef) -> float:
    match ref:
        case Silence(seconds=seconds):
            return seconds
        case Spoken(text=text):
            return max(0.3, len(text.split()) / WORDS_PER_S)
        case _:
            return RECORDING_S


def prompt_s(path: str) -> float:
    """How long the twin's switch plays it."""
    try:
        return float(path)
    except ValueError:
        return RECORDING_S


def robots_of(mode: Mode, script: str) -> Callable[[Shop, Callable[[f.Fact], None]], Robots]:
    """What talks where no operator does. `script`: the scenario's file. ConfigError: it cannot be used."""
    if not script:
        if mode is Mode.ROBOT:
            raise ConfigError("a robot needs a scenario", "campaign.script", "Name its file.")
        return lambda shop, on_fact: NoRobots()
    try:
        text = Path(script).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"the scenario cannot be read: {error.strerror}", script, "Name its file in campaign.script."
        ) from error
    scripts: Mapping[str, Script] = {script: reading.read(text, script)}
    return lambda shop, on_fact: RobotDesk(shop, on_fact, scripts, TwinPrompts())


class NoRobots:
    """See `engine.dialer.conduct.Robots`: for campaigns in which operators talk."""

    def begin(self, life: CallLife) -> None: ...
    def resume(self, life: CallLife) -> None: ...
    def joined(self, life: CallLife) -> None: ...
    def on_fact(self, life: CallLife, fact: f.Fact) -> None: ...
    def end(self, life: CallLife) -> None: ...
    def forget(self, life: CallLife) -> None: ...
    def link_back(self, switch: str, lives: Iterable[CallLife]) -> None: ...
