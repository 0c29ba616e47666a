"""Leads one call through a script: events in, actions out. Pure: time comes with the events.

    runner = Runner(script, script.read_fields(contact.fields, contact.contact_id), contact.language)
    carry_out(runner.start(now_s))
    … carry_out(runner.on(event)) until runner.finished

`save()` is small enough for a channel variable of the call. An engine that adopts the call makes its runner
with `Runner.resume`; the step the person was in begins again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.domain.errors import ConfigError
from engine.ivr.script import Script
from engine.ivr.stage import LengthOf, Stage
from engine.ivr.talk import Action, Digit, Event, Finish, HungUp, StopPlaying
from engine.ivr.verbs.step import DONE, KEYS, Run

MOST_STEPS_AT_ONCE = (
    500  # without hearing from the call: the lint lets no circle be endless, this is the belt
)
MOST_KEYS = 64  # remembered for the report
USED_UP = "/then"  # an outcome whose limit was reached


@dataclass(frozen=True, slots=True)
class Report:
    """What the statistics want to know of one call.

    `path`: nodes in order; `outcomes`: how each but the last was left. `keys`: all that were pressed, also
    those that counted for nothing. `heard`: 0..1 of the last message, None where its length is not known.
    """

    path: tuple[str, ...]
    outcomes: tuple[str, ...]
    keys: str
    heard: float | None
    disposition: str
    values: dict[str, str]
    finished: bool


class Runner:
    """One call. `values`: from `script.read_fields`. `length_of`: seconds that prompts last, 0.0 unknown."""

    def __init__(
        self,
        script: Script,
        values: Mapping[str, Any],
        language: str,
        length_of: LengthOf = lambda prompts: 0.0,
    ) -> None:
        self._script = script
        self._stage = Stage(script, values, script.language_for(language), length_of)
        self._path = [script.start]
        self._outcomes: list[str] = []
        self._step = 0
        self._taken: dict[str, int] = {}  # how often each limited way was taken
        self._keys = ""
        self._disposition = script.hung_up
        self._run: Run | None = None
        self._adopted = False
        self.finished = False

    @property
    def node(self) -> str:
        """Where the call stands."""
        return self._path[-1]

    @property
    def interruptible(self) -> bool:
        """Would a key cut what is being played?"""
        return self._stage.playing and self._script.nodes[self.node].steps[self._step].interruptible

    def start(self, now_s: float) -> list[Action]:
        """The first actions. `now_s`: engine clock."""
        self._stage.now_s = now_s
        if self._adopted:
            self._stage.do(StopPlaying())
        self._enter()
        self._advance(None)
        return self._stage.drain()

    def on(self, event: Event) -> list[Action]:
        """What to do about it; nothing for what comes late: a cut prompt's end, a disarmed timer."""
        self._stage.now_s = event.at_s
        if isinstance(event, Digit):
            if not KEYS.fullmatch(event.key) or len(event.key) != 1:
                return []
            self._keys = (self._keys + event.key)[:MOST_KEYS]
        if self.finished or not self._stage.accepts(event):
            return []
        if isinstance(event, HungUp):
            self._stage.clear(leg_lives=False)
            self._finish(completed=False)
        else:
            self._advance(event)
        return self._stage.drain()

    def report(self) -> Report:
        return Report(
            tuple(self._path),
            tuple(self._outcomes),
            self._keys,
            self._stage.heard,
            self._disposition,
            dict(self._stage.values),
            self.finished,
        )

    # --- from step to step ------------------------------------------------------------------------

    def _enter(self) -> None:
        node = self._script.nodes[self.node]
        self._disposition = node.disposition or self._disposition
        self._stage.outcomes = frozenset(node.edges[self._step])
        self._run = node.steps[self._step].run(self._stage)

    def _advance(self, event: Event | None) -> None:
        """Give the running step its event (None: it begins) and follow the edges while steps end."""
        for _ in range(MOST_STEPS_AT_ONCE):
            outcome = self._send(event)
            if outcome is None:
                event = self._stage.own_event()
                if event is None:
                    return
            else:
                self._leave(outcome)
                if self.finished:
                    return
                self._enter()
                event = None
        raise ConfigError("the scenario runs in a circle", f"{self._script.name}.{self.node}")

    def _send(self, event: Event | None) -> str | None:
        """The step's outcome, or None while it waits."""
        assert self._run is not None
        try:
            if event is None:
                next(self._run)
            else:
                self._run.send(event)
        except StopIteration as end:
            return str(end.value)
        return None

    def _leave(self, outcome: str) -> None:
        self._stage.clear()
        node = self._script.nodes[self.node]
        edge = node.edges[self._step].get(outcome)
        if edge is None and outcome == DONE and self._step + 1 < len(node.steps):
            self._step += 1
        elif edge is None:
            self._finish(completed=True)
        else:
            key = f"{self._place(self.node)}.{self._step}.{outcome}"
            taken = self._taken.get(key, 0)
            used_up = 0 < edge.most <= taken
            if edge.most and not used_up:
                self._taken[key] = taken + 1
            self._outcomes.append(outcome + USED_UP if used_up else outcome)
            self._path.append(edge.then if used_up else edge.target)
            self._step = 0

    def _finish(self, *, completed: bool) -> None:
        self.finished = True
        self._stage.do(Finish(self._disposition, dict(self._stage.values), completed))

    def _place(self, node: str) -> int:
        return self._script.places[node]

    # --- from engine to engine --------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        """The position, as plain data of one to three hundred bytes: it changes only when a step ends."""
        return {
            "f": self._script.fingerprint,
            "p": [self._place(node) for node in self._path],
            "o": self._outcomes.copy(),
            "s": self._step,
            "i": self._stage.ids,
            "t": self._taken.copy(),
            "k": self._keys,
            "d": self._disposition,
            "v": self._stage.values.copy(),
        }

    @classmethod
    def resume(
        cls,
        script: Script,
        values: Mapping[str, Any],
        language: str,
        saved: Mapping[str, Any],
        length_of: LengthOf = lambda prompts: 0.0,
    ) -> "Runner":
        """A runner that stands where `saved` says; `start` begins that step again.

        Raises ConfigError if `saved` belongs to another script, or is not from `save` at all.
        """
        runner = cls(script, values, language, length_of)
        try:
            if saved["f"] != script.fingerprint:
                raise ConfigError("the scenario was changed during the call", script.name)
            names = list(script.nodes)
            runner._path = [names[int(place)] for place in saved["p"]]
            runner._outcomes = [str(outcome) for outcome in saved["o"]]
            runner._step = int(saved["s"])
            _ = script.nodes[runner.node].steps[runner._step]
            runner._taken = {str(key): int(taken) for key, taken in saved["t"].items()}
            runner._keys, runner._disposition = str(saved["k"]), str(saved["d"])
            runner._stage.ids = int(saved["i"])
            runner._stage.values = {str(name): str(value) for name, value in saved["v"].items()}
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise ConfigError("this is not the position of a call", script.name) from error
        runner._adopted = True
        return runner
