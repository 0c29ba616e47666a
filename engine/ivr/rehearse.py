"""A scripted caller talks with a script, without a switch: what was said, which ways were taken, the end."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.domain.prompt import PromptRef, Silence, Spoken
from engine.ivr.runner import USED_UP, Report, Runner
from engine.ivr.script import Script
from engine.ivr.talk import (
    Action,
    AgentResult,
    ArmTimer,
    ConnectAgent,
    Digit,
    DisarmTimer,
    Event,
    Finish,
    HangUp,
    HungUp,
    Play,
    PromptDone,
    StopPlaying,
    TimerFired,
)

WORDS_PER_S = 2.5  # how long a text takes that nobody has rendered
KEY_S = 0.3  # between two keys of an answer


@dataclass(frozen=True, slots=True)
class Press:
    """Answer by keys. `early`: in the middle of the next question, which must allow it."""

    keys: str
    early: bool = False


@dataclass(frozen=True, slots=True)
class Silent:
    """Say nothing until the script's patience ends."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Hang up: when it is the caller's turn, or, with `node`, while that node's message is spoken."""

    node: str = ""


@dataclass(frozen=True, slots=True)
class Agent:
    """What becomes of being joined to an agent."""

    comes: bool


Move = Press | Silent | Leave | Agent


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """`transcript`: a line for everything said and done. `problem`: why it could not be played out, or ""."""

    transcript: tuple[str, ...]
    report: Report
    completed: bool
    agent_context: dict[str, str]
    problem: str = ""

    @property
    def edges(self) -> frozenset[tuple[str, str]]:
        """(node, outcome) for each way that was taken."""
        return frozenset(zip(self.report.path, self.report.outcomes, strict=False))


def rehearse(script: Script, fields: Mapping[str, str], language: str, moves: Iterable[Move]) -> Rehearsal:
    """Play one call. `fields`: as a contact has them. ConfigError when they do not fit the script."""
    return _Rehearsal(script, fields, language, moves).play()


def every_edge(script: Script) -> frozenset[tuple[str, str]]:
    """All ways there are, those of a used-up limit included: what a full set of stories covers."""
    found = set[tuple[str, str]]()
    for node in script.nodes.values():
        for edges in node.edges:
            for outcome, edge in edges.items():
                found.add((node.name, outcome))
                if edge.most:
                    found.add((node.name, outcome + USED_UP))
    return frozenset(found)


@dataclass
class _Line:
    """The call as the switch would have it: one prompt, one timer, perhaps an agent on the way."""

    play: Play | None = None
    timer: ArmTimer | None = None
    connect: ConnectAgent | None = None
    finish: Finish | None = None
    said: list[str] = field(default_factory=list)
    context: dict[str, str] = field(default_factory=dict)

    def carry_out(self, actions: Sequence[Action]) -> None:
        for action in actions:
            if isinstance(action, Play):
                self.play = action
                self.said += [f"robot: {_words(prompt)}" for prompt in action.files]
            elif isinstance(action, StopPlaying):
                self.play = None
            elif isinstance(action, ArmTimer):
                self.timer = action
            elif isinstance(action, DisarmTimer):
                self.timer = None
            elif isinstance(action, ConnectAgent):
                self.connect, self.context = action, action.context
                self.said.append("robot: (looks for an agent)")
            elif isinstance(action, HangUp):
                self.said.append("robot: (hangs up)")
            elif isinstance(action, Finish):
                self.finish = action


class _Rehearsal:
    def __init__(
        self, script: Script, fields: Mapping[str, str], language: str, moves: Iterable[Move]
    ) -> None:
        values = script.read_fields(fields, "rehearsal")
        self._runner = Runner(script, values, language, _length_s)
        self._moves = deque(moves)
        self._line = _Line()
        self._now_s = 0.0

    def play(self) -> Rehearsal:
        line = self._line
        line.carry_out(self._runner.start(self._now_s))
        problem = ""
        while not line.finish and not problem:
            problem = self._hear() if line.play else self._answer()
        if not problem and self._moves:
            problem = f"the call is over, and the caller still wants to {_named(self._moves[0])}"
        completed = line.finish is not None and line.finish.completed
        return Rehearsal(tuple(line.said), self._runner.report(), completed, line.context, problem)

    def _tell(self, event: Event) -> None:
        self._line.carry_out(self._runner.on(event))

    def _hear(self) -> str:
        """A message is being spoken: the caller listens, or does not."""
        play, move = self._line.play, self._moves[0] if self._moves else None
        assert play is not None
        if isinstance(move, Leave) and move.node == self._runner.node:
            self._leave(_length_s(play.files) / 2)
        elif isinstance(move, Press) and move.early and self._runner.interruptible:
            self._press(move)
        else:
            self._now_s += _length_s(play.files)
            self._line.play = None
            self._tell(PromptDone(self._now_s, play.step_id))
        return ""

    def _answer(self) -> str:
        """The caller's turn."""
        line, node = self._line, self._runner.node
        move = self._moves[0] if self._moves else None
        if move is None:
            return f"the script waits in {node}, and the story has no more moves"
        if isinstance(move, Leave) and move.node in ("", node):
            self._leave(1.0)
        elif isinstance(move, Agent) and line.connect:
            self._moves.popleft()
            self._now_s += 1.0 if move.comes else line.connect.timeout_s
            line.connect = None
            line.said.append("agent: (answers)" if move.comes else "agent: (nobody comes)")
            self._tell(AgentResult(self._now_s, move.comes))
        elif isinstance(move, Press) and line.timer and not move.early:
            self._press(move)
        elif isinstance(move, Silent) and line.timer:
            self._moves.popleft()
            line.said.append("caller: (silent)")
            self._let_the_timer_run()
        else:
            return f"in {node} nobody can {_named(move)} now"
        return ""

    def _press(self, move: Press) -> None:
        """All keys of an answer; one that is too short ends by the timer."""
        self._moves.popleft()
        self._line.said.append(f"caller: {move.keys}")
        node, edges = self._runner.node, len(self._runner.report().outcomes)
        for key in move.keys:
            self._now_s += KEY_S
            self._tell(Digit(self._now_s, key))
        still_there = node == self._runner.node and edges == len(self._runner.report().outcomes)
        if still_there and self._line.timer:
            self._let_the_timer_run()

    def _let_the_timer_run(self) -> None:
        timer, self._line.timer = self._line.timer, None
        assert timer is not None
        self._now_s += timer.seconds
        self._tell(TimerFired(self._now_s, timer.timer_id))

    def _leave(self, after_s: float) -> None:
        self._moves.popleft()
        self._now_s += after_s
        self._line.said.append("caller: (hangs up)")
        self._tell(HungUp(self._now_s))


def _words(prompt: PromptRef) -> str:
    if isinstance(prompt, Spoken):
        return prompt.text
    return f"({prompt.seconds:g} s of silence)" if isinstance(prompt, Silence) else f"({prompt.path})"


def _length_s(prompts: tuple[PromptRef, ...]) -> float:
    return sum(
        prompt.seconds if isinstance(prompt, Silence) else len(_words(prompt).split()) / WORDS_PER_S
        for prompt in prompts
    )


def _named(move: Move) -> str:
    if isinstance(move, Press):
        return f"press {move.keys}" + (" before the question ends" if move.early else "")
    if isinstance(move, Agent):
        return "be joined to an agent"
    return "be silent" if isinstance(move, Silent) else "hang up"
