"""Small scripts, and calls through them."""

import re

from engine.domain.prompt import Recording, Silence, Spoken
from engine.ivr.reading import read
from engine.ivr.runner import Runner
from engine.ivr.script import Script
from engine.ivr.talk import (
    Action,
    AgentResult,
    ArmTimer,
    Digit,
    Event,
    Finish,
    HungUp,
    Play,
    PromptDone,
    TimerFired,
)

HEAD = """\
scenario: test
languages: [en]
vars:
  name: {example: Ann, default: Ann}
  amount: {type: money, example: 100, default: 100}
  due: {type: date, example: 2026-12-01, default: 2026-12-01}
dispositions: {left: gone DISPOSITIONS}
hung_up: left
start: first
nodes:
"""
ENDS = {
    "yes": "  yes: {do: [{say: Good}, hangup], disposition: agreed}\n",
    "no": "  no: {do: [{say: Bad}, hangup], disposition: refused}\n",
}
DISPOSITIONS = {"yes": "agreed", "no": "refused", "handed": "handed"}


def script(nodes: str, head: str = HEAD) -> Script:
    """A script of these nodes (indented by two); `yes` and `no`, to end in, are there if named."""
    named = [word for word in DISPOSITIONS if re.search(rf"\b{word}\b", nodes)]
    known = "".join(f", {DISPOSITIONS[word]}: x" for word in named)
    text = head.replace("DISPOSITIONS", known) + nodes + "".join(ENDS.get(word, "") for word in named)
    return read(text, "test.yaml")


class Call:
    """One call through a script, with a clock of its own; the line is played by the test."""

    def __init__(self, played: Script, fields: dict[str, str] | None = None, length_s: float = 4.0) -> None:
        self.script, self._length_s = played, length_s
        self.values = played.read_fields(fields or {}, "contact 1")
        self.runner = Runner(played, self.values, "en", lambda prompts: self._length_s)
        self.now_s = 100.0
        self.actions: list[Action] = []
        self._note(self.runner.start(self.now_s))

    def _note(self, actions: list[Action]) -> list[Action]:
        self.actions += actions
        return actions

    def tell(self, event: Event) -> list[Action]:
        return self._note(self.runner.on(event))

    def adopt(self) -> list[Action]:
        """The engine dies; another takes the call over."""
        self.runner = Runner.resume(self.script, self.values, "en", self.runner.save(), lambda prompts: 4.0)
        return self._note(self.runner.start(self.now_s))

    def last(self, kind: type[Action]) -> Action:
        return next(action for action in reversed(self.actions) if isinstance(action, kind))

    def hear(self) -> list[Action]:
        """The message is heard to its end."""
        play = self.last(Play)
        assert isinstance(play, Play)
        self.now_s += self._length_s
        return self.tell(PromptDone(self.now_s, play.step_id))

    def press(self, keys: str) -> list[Action]:
        return [action for key in keys for action in self.tell(Digit(self.now_s, key))]

    def wait(self) -> list[Action]:
        """Nothing happens until the timer fires."""
        timer = self.last(ArmTimer)
        assert isinstance(timer, ArmTimer)
        self.now_s += timer.seconds
        return self.tell(TimerFired(self.now_s, timer.timer_id))

    def agent(self, joined: bool) -> list[Action]:
        return self.tell(AgentResult(self.now_s, joined))

    def leave(self) -> list[Action]:
        return self.tell(HungUp(self.now_s))

    @property
    def heard(self) -> list[str]:
        """Everything played, as text."""
        return [words(each) for play in self.actions if isinstance(play, Play) for each in play.files]

    @property
    def end(self) -> Finish | None:
        return next((action for action in self.actions if isinstance(action, Finish)), None)


def words(prompt: Spoken | Recording | Silence) -> str:
    if isinstance(prompt, Spoken):
        return prompt.text
    return f"({prompt.seconds:g} s)" if isinstance(prompt, Silence) else f"({prompt.path})"
