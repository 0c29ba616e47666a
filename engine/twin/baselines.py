"""Pacing schemes that are in use elsewhere, behind our port: what `prozvon bench pacing` compares with.

Each is written from its public description, with the constants that are its documented defaults. None of
them keeps a stated bound; that is what the table is to show.
"""

import math
from collections import deque
from collections.abc import Callable

from engine.pacing.news import CallEnded, CallMoved, News, PersonMissed, PersonServed, TalkEnded, WrapUpEnded
from engine.pacing.snapshot import Decision, Memoryless, Policy, Snapshot

TALKING = frozenset({"talking", "reserved"})
AT_WORK = frozenset({"ready", "talking", "reserved", "wrap_up"})
PICKED_UP = frozenset({"answered", "screening", "waiting"})


def waiting_besides(snapshot: Snapshot) -> int:
    """People who want an operator and whom no policy called."""
    return snapshot.demand.inbound_waiting + snapshot.demand.robot_transfers


class Ratio(Memoryless):
    """So many lines for each ready operator."""

    def __init__(self, lines: float) -> None:
        self._lines = lines

    def decide(self, now_s: float, snapshot: Snapshot) -> Decision:
        wanted = math.ceil(self._lines * snapshot.ready_agents - 1e-9)
        return Decision(
            max(0, wanted - snapshot.in_flight - waiting_besides(snapshot)),
            reason=f"{self._lines:g} lines for each of {snapshot.ready_agents} ready",
        )


class Adaptive(Memoryless):
    """The level of lines per operator that the widely used open dialer moves about.

    Once a second it notes how many operators are ready and how many callers wait; every 15 s the level grows
    by the mean surplus of operators, as a share of those at work, and stays within 1 and 3. Where the day's
    share of drops exceeds the limit (after 50 calls), the level falls back to 1. Lines are topped up every
    2.5 s to level × operators at work, the talks that go on counted as lines.
    """

    SAMPLES, LEVEL_EVERY_S, LAUNCH_EVERY_S, MOST, DAY_S = 15, 15.0, 2.5, 3.0, 86_400.0

    def __init__(self) -> None:
        self._level = 1.0
        self._seen: deque[tuple[int, int, int]] = deque(maxlen=self.SAMPLES)
        self._sample_s = self._level_s = self._launch_s = -math.inf
        self._day_from_s = 0.0
        self._launched = self._live = self._dropped = 0

    def observe(self, news: News) -> None:
        if isinstance(news, PersonServed | PersonMissed):
            self._live += 1
            self._dropped += isinstance(news, PersonMissed)

    def decide(self, now_s: float, snapshot: Snapshot) -> Decision:
        if now_s - self._day_from_s >= self.DAY_S:
            self._day_from_s, self._launched, self._live, self._dropped = now_s, 0, 0, 0
        at_work = sum(agent.state in AT_WORK for agent in snapshot.agents)
        waiting = sum(call.state == "waiting" for call in snapshot.calls) + waiting_besides(snapshot)
        if now_s >= self._sample_s + 1.0:
            self._sample_s = now_s
            self._seen.append((snapshot.ready_agents, waiting, at_work))
        if now_s >= self._level_s + self.LEVEL_EVERY_S and self._seen:
            self._level_s = now_s
            self._move(snapshot.terms.cap)
        if now_s < self._launch_s + self.LAUNCH_EVERY_S:
            return Decision(0, next_check_s=0.5, reason="between two rounds")
        self._launch_s = now_s
        talking = sum(agent.state in TALKING for agent in snapshot.agents)
        lines = round(self._level * (snapshot.ready_agents + talking))
        launch = max(0, lines - talking - snapshot.in_flight - waiting_besides(snapshot))
        self._launched += launch
        return Decision(launch, next_check_s=0.5, reason=f"level {self._level:.2f}")

    def _move(self, limit: float) -> None:
        ready, waiting, at_work = (sum(one) / len(self._seen) for one in zip(*self._seen, strict=True))
        if at_work > 0:
            self._level *= 1.0 + (ready - waiting) / at_work
        if self._launched > 50 and self._dropped > limit * max(1, self._live):
            self._level = 1.0
        self._level = min(self.MOST, max(1.0, self._level))


class Mean:
    """A mean of late, that forgets by a factor with each value; it begins as `value` seen `weight` times."""

    def __init__(self, value: float, weight: float, keep: float = 0.995) -> None:
        self._sum, self._count, self._keep = value * weight, weight, keep

    def add(self, value: float) -> None:
        self._sum, self._count = self._sum * self._keep + value, self._count * self._keep + 1.0

    @property
    def value(self) -> float:
        return self._sum / self._count


class Learned(Memoryless):
    """Base of the schemes that work with means: share of answers, time to the answer, talk and wrap-up."""

    def __init__(self) -> None:
        self.answers, self.ring_s = Mean(0.3, 20.0), Mean(10.0, 3.0)
        self.talk_s, self.wrap_s = Mean(90.0, 3.0), Mean(10.0, 3.0)
        self._launched_s: dict[str, float] = {}

    def observe(self, news: News) -> None:
        match news:
            case CallMoved(attempt_id, "dialing", at_s):
                self._launched_s[attempt_id] = at_s
            case CallMoved(attempt_id, "waiting", at_s):
                began_s = self._launched_s.pop(attempt_id, None)
                if began_s is not None:
                    self.answers.add(1.0)
                    self.ring_s.add(at_s - began_s)
            case CallEnded(attempt_id, _, _):
                if self._launched_s.pop(attempt_id, None) is not None:
                    self.answers.add(0.0)
            case TalkEnded(_, talk_s, _):
                self.talk_s.add(talk_s)
            case WrapUpEnded(_, wrap_up_s, _, True):
                self.wrap_s.add(wrap_up_s)
            case PersonServed() | PersonMissed():
                self.met(isinstance(news, PersonMissed))
            case _:
                pass

    def met(self, missed: bool) -> None:
        """A live answer found an operator, or did not."""


class ErlangC(Learned):
    """Lines from the queue's formula: the offered load is raised until Erlang's C says that a live answer
    waits longer than the clock allows with the probability of the cap, and calls are launched at the rate
    that keeps up that load. It knows rates, not who is about to be free."""

    def __init__(self) -> None:
        super().__init__()
        self._owed, self._at_s = 0.0, 0.0
        self._load: dict[tuple[int, int, int], float] = {}

    def decide(self, now_s: float, snapshot: Snapshot) -> Decision:
        at_work = sum(agent.state in AT_WORK and not agent.leaving for agent in snapshot.agents)
        since_s, self._at_s = min(5.0, now_s - self._at_s), now_s
        if not at_work:
            self._owed = 0.0
            return Decision(0, reason="nobody at work")
        handle_s = self.talk_s.value + self.wrap_s.value
        load = self._load_for(at_work, snapshot.terms.patience_s / handle_s, snapshot.terms.cap)
        answers = max(0.02, self.answers.value)
        rate = load / handle_s / answers
        self._owed = min(self._owed + rate * since_s, max(1.0, 2.0 * rate))
        launch = int(self._owed)
        self._owed -= launch
        return Decision(launch, next_check_s=0.5, reason=f"load {load:.2f} of {at_work}, {rate:.2f} calls/s")

    def _load_for(self, agents: int, patience: float, cap: float) -> float:
        """Erlangs at which P(wait > patience) = cap. `patience`: in mean handling times."""
        key = (agents, round(patience * 200), round(cap * 1e4))
        if key not in self._load:
            low, high = 0.0, float(agents)
            for _ in range(40):
                load = (low + high) / 2
                late = erlang_c(agents, load) * math.exp(-(agents - load) * patience)
                low, high = (load, high) if late < cap else (low, load)
            self._load[key] = low
        return self._load[key]


def erlang_c(agents: int, load: float) -> float:
    """Erlang's C: the probability of waiting, `load` in erlangs, below the number of agents."""
    blocked = 1.0
    for n in range(1, agents + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked / (1.0 - load / agents * (1.0 - blocked))


class Expected(Learned):
    """Expected free operators against expected answers, over a ring time, with memoryless talks (Samuelson's
    idea of 1999), and a slow feedback from the measured abandonment on how much of it is believed."""

    def __init__(self) -> None:
        super().__init__()
        self._belief, self._met, self._missed, self._cap = 0.6, 0, 0, 0.03

    def met(self, missed: bool) -> None:
        self._met += 1
        self._missed += missed
        if self._met >= 50:
            rate = self._missed / self._met
            step = 1.05 if rate < 0.9 * self._cap else 0.8 if rate > 1.5 * self._cap else 0.95
            self._belief = min(3.0, max(0.05, self._belief * step))
            self._met = self._missed = 0

    def decide(self, now_s: float, snapshot: Snapshot) -> Decision:
        self._cap = snapshot.terms.cap
        horizon_s = self.ring_s.value
        talking = sum(agent.state in TALKING for agent in snapshot.agents)
        wrapping = sum(agent.state == "wrap_up" for agent in snapshot.agents)
        free = talking * (1.0 - math.exp(-horizon_s / (self.talk_s.value + self.wrap_s.value)))
        free += wrapping * (1.0 - math.exp(-horizon_s / max(1.0, self.wrap_s.value)))
        picked = [call for call in snapshot.calls if call.needs_agent and not call.reserved_agent]
        up = sum(call.state in PICKED_UP for call in picked)
        ringing = snapshot.in_flight - up
        answers = max(0.05, self.answers.value)
        expected = snapshot.ready_agents + self._belief * free - up - waiting_besides(snapshot)
        one_each = snapshot.ready_agents - snapshot.in_flight - waiting_besides(snapshot)
        launch = max(0, one_each, int((self._belief * expected - ringing * answers) / answers))
        launch = min(launch, max(0, 5 * (talking + wrapping + snapshot.ready_agents) - ringing))
        return Decision(launch, reason=f"{expected:.2f} free soon, {answers:.2f} answered")


class SmallGroup(Learned):
    """For few operators, as sold dialers describe it: progressive by default; a second line is added for an
    operator whose talk has lasted the mean and more, and only while the share of drops of late is below the
    limit. Their descriptions give no formula: this is our reading of "overdial when an agent is about to be
    free"."""

    def __init__(self) -> None:
        super().__init__()
        self._dropped = Mean(0.0, 20.0, keep=0.99)

    def met(self, missed: bool) -> None:
        self._dropped.add(float(missed))

    def decide(self, now_s: float, snapshot: Snapshot) -> Decision:
        ready = snapshot.ready_agents
        ripe = 0
        if self._dropped.value < snapshot.terms.cap:
            ripe = sum(
                (agent.state == "talking" and now_s - agent.since_s >= self.talk_s.value)
                or agent.state == "wrap_up"
                for agent in snapshot.agents
                if not agent.leaving
            )
        launch = max(0, ready + ripe - snapshot.in_flight - waiting_besides(snapshot))
        return Decision(launch, reason=f"{ready} ready, {ripe} about to be")


BASELINES: dict[str, Callable[[], Policy]] = {
    "ratio-1.5": lambda: Ratio(1.5),
    "ratio-2": lambda: Ratio(2.0),
    "ratio-3": lambda: Ratio(3.0),
    "adaptive": Adaptive,
    "erlang-c": ErlangC,
    "expected": Expected,
    "small-group": SmallGroup,
}
