"""The running step's hands: what it plays, the timer it waits for, the values it collects."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from engine.domain.errors import ConfigError
from engine.domain.prompt import PromptRef
from engine.ivr.script import Script
from engine.ivr.talk import Action, ArmTimer, DisarmTimer, Event, Play, PromptDone, StopPlaying, TimerFired
from engine.ivr.verbs.step import Utterance

LengthOf = Callable[[tuple[PromptRef, ...]], float]


class Stage:
    """One call's. Gathers actions until `drain`. Fulfils `verbs.step.Talk`.

    `heard`: 0..1 of the last message, None where its length is not known. `ids`: counts what was asked of
    the switch, so that answers to something older are told apart.
    """

    def __init__(self, script: Script, fields: Mapping[str, Any], language: str, length_of: LengthOf) -> None:
        self._script, self._fields, self._language, self._length_of = script, fields, language, length_of
        self._out: list[Action] = []
        self._own: list[Event] = []
        self._play_id = self._timer_id = ""
        self._played_at_s = self._length_s = 0.0
        self.now_s = 0.0
        self.ids = 0
        self.heard: float | None = None
        self.outcomes: frozenset[str] = frozenset()
        self.values: dict[str, str] = {}

    # --- what a verb asks for ---------------------------------------------------------------------

    @property
    def playing(self) -> bool:
        return bool(self._play_id)

    def play(self, utterances: Iterable[Utterance]) -> None:
        prompts = self.rendered(utterances)
        if not prompts:
            self._own.append(PromptDone(self.now_s))
            return
        self._play_id = self.step_id()
        self._played_at_s, self._length_s = self.now_s, self._length_of(prompts)
        self.do(Play(self._play_id, prompts))

    def stop(self) -> None:
        if self.playing:
            self._hear(whole=False)
            self.do(StopPlaying())

    def arm(self, seconds: float) -> None:
        self._timer_id = self.step_id()
        self.do(ArmTimer(self._timer_id, seconds))

    def do(self, action: Action) -> None:
        self._out.append(action)

    def step_id(self) -> str:
        self.ids += 1
        return str(self.ids)

    def rendered(self, utterances: Iterable[Utterance]) -> tuple[PromptRef, ...]:
        try:
            return tuple(self._script.render(utterances, self._fields, self._language))
        except ValueError as error:
            raise ConfigError(
                str(error), self._script.name, "Use script.prompts() before the call."
            ) from error

    def text(self, source: str) -> str:
        """A text that is noted, not spoken; one that has no value on this way through the script is empty."""
        try:
            return self._script.texts[source].render({**self.values, **self._fields}, self._language)
        except ValueError:
            return ""

    def evaluate(self, expression: str) -> Any:
        return self._script.conditions[expression].evaluate({**self.values, **self._fields}, self._language)

    # --- what the runner asks for -----------------------------------------------------------------

    def accepts(self, event: Event) -> bool:
        """False for the end of a prompt that was cut, and for a timer that was disarmed meanwhile."""
        if isinstance(event, PromptDone):
            if event.step_id != self._play_id or not self.playing:
                return False
            self._hear(whole=True)
        elif isinstance(event, TimerFired):
            if event.timer_id != self._timer_id or not self._timer_id:
                return False
            self._timer_id = ""
        return True

    def own_event(self) -> Event | None:
        """An event that the stage makes itself: the end of a prompt that had nothing to play."""
        return self._own.pop(0) if self._own else None

    def clear(self, *, leg_lives: bool = True) -> None:
        """The step is over: silence, no timer."""
        if leg_lives:
            self.stop()
        elif self.playing:
            self._hear(whole=False)
        if self._timer_id:
            self.do(DisarmTimer(self._timer_id))
            self._timer_id = ""
        self._own.clear()

    def drain(self) -> list[Action]:
        out, self._out = self._out, []
        return out

    def _hear(self, *, whole: bool) -> None:
        self._play_id = ""
        if whole:
            self.heard = 1.0
        elif self._length_s > 0:
            self.heard = min(1.0, max(0.0, (self.now_s - self._played_at_s) / self._length_s))
        else:
            self.heard = None
