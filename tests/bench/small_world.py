"""A list, a trunk, people and agents in one heap of events: the smallest world to judge a policy in.

No engine, no sockets: what a policy is told and asked comes straight from here, so that a thousand campaigns
fit into minutes. People answer after a random ring, or do not; the answer rate jumps; agents come and go; the
policy is asked after events, but never twice within `gap_s`.
"""

import heapq
import random
from dataclasses import dataclass
from typing import Any

from engine.pacing.news import CallEnded, CallMoved, PersonMissed, PersonServed, TalkEnded, WrapUpEnded
from engine.pacing.snapshot import AgentView, CallView, Policy, Snapshot, Terms, UnpacedDemand

NO_DEMAND = UnpacedDemand()


@dataclass(frozen=True, slots=True)
class Plan:
    """A campaign. `answer`: P(a person picks up) at first; `shocks_s`: mean seconds between its jumps, 0 for
    none; `talk_s`, `talk_cv`: of talks; `come_and_go_s`: mean seconds between changes of a third of the team,
    0 for none; `progress`: the trunk tells of ringing; `lives`: live answers until the end."""

    agents: int
    answer: float
    shocks_s: float
    talk_s: float
    talk_cv: float
    wrap_up_s: float
    ring_s: float
    come_and_go_s: float
    progress: bool
    lives: int


@dataclass(slots=True)
class Sum:
    """What came of it. `busy_s`, `staffed_s`: agent seconds; `worst`: the most abandoned in 500 live answers
    in a row, or in all where there are fewer."""

    live: int = 0
    abandoned: int = 0
    launched: int = 0
    cancelled: int = 0
    busy_s: float = 0.0
    staffed_s: float = 0.0
    decisions: int = 0
    worst: int = 0

    @property
    def rate(self) -> float:
        return self.abandoned / max(1, self.live)

    @property
    def occupancy(self) -> float:
        return self.busy_s / max(1.0, self.staffed_s)


def drawn(seed: int) -> Plan:
    """A campaign of which nobody could say that it was chosen."""
    dice = random.Random(seed)
    agents = max(1, round(300.0 ** dice.random()))
    return Plan(
        agents=agents,
        answer=dice.uniform(0.08, 0.7),
        shocks_s=dice.choice((0.0, 300.0, 900.0, 1_800.0)),
        talk_s=40.0 * 6.0 ** dice.random(),
        talk_cv=dice.choice((0.6, 1.0, 1.4)),
        wrap_up_s=dice.choice((3.0, 12.0, 30.0)),
        ring_s=dice.uniform(6.0, 15.0),
        come_and_go_s=dice.choice((0.0, 900.0)),
        progress=dice.random() < 0.5,
        lives=max(60, round(agents * dice.uniform(1.0, 3.0))),
    )


class World:
    """One campaign under one policy; `run` plays it to its end."""

    def __init__(
        self, plan: Plan, policy: Policy, seed: int, terms: Terms | None = None, gap_s: float = 0.05
    ):
        self.plan, self.policy, self.gap_s = plan, policy, gap_s
        self.terms = terms or Terms()
        self.dice = random.Random(seed)
        self.now = 0.0
        self.heap: list[tuple[float, int, str, Any]] = []
        self.order = 0
        self.answer = plan.answer
        self.calls: dict[str, list[Any]] = {}  # id → [state, launched, since]
        self.waiting: dict[str, float] = {}
        self.agents: dict[str, list[Any]] = {f"a{n}": ["ready", 0.0] for n in range(plan.agents)}
        self.leaving: set[str] = set()
        self.away: list[str] = []
        self.sum = Sum()
        self.missed: list[bool] = []
        self.asked_s = -1.0
        self.will_ask = False
        self.seen_s = 0.0

    def at(self, after_s: float, what: str, about: Any = None) -> None:
        self.order += 1
        heapq.heappush(self.heap, (self.now + after_s, self.order, what, about))

    def run(self) -> Sum:
        if self.plan.shocks_s:
            self.at(self.dice.expovariate(1.0 / self.plan.shocks_s), "shock")
        if self.plan.come_and_go_s:
            self.at(self.dice.expovariate(1.0 / self.plan.come_and_go_s), "staff")
        self.poke()
        limit_s = 40.0 * self.plan.lives * (self.plan.talk_s + 30.0) / self.plan.agents
        while self.sum.live < self.plan.lives and self.now < limit_s:
            self.now, _, what, about = heapq.heappop(self.heap)
            getattr(self, f"_{what}")(about)
            if what != "ask" and (what != "tick" or about == self.sum.decisions):
                self.poke()
        window = min(500, len(self.missed))
        self.sum.worst = sum(self.missed[:window])
        count = self.sum.worst
        for k in range(window, len(self.missed)):
            count += self.missed[k] - self.missed[k - window]
            self.sum.worst = max(self.sum.worst, count)
        return self.sum

    # --- decisions ---------------------------------------------------------------------------------

    def poke(self) -> None:
        if not self.will_ask:
            self.will_ask = True
            self.at(max(0.0, self.asked_s + self.gap_s - self.now), "ask")

    def _tick(self, number: int) -> None:
        """Nothing has happened for as long as the policy could wait."""

    def _ask(self, _: None) -> None:
        self.will_ask, self.asked_s = False, self.now
        self._count()
        now, own = self.now, "list"
        calls = [CallView(name, c[0], c[1], c[2], own) for name, c in self.calls.items()]
        calls += [CallView(name, "waiting", since, since, own) for name, since in self.waiting.items()]
        agents = tuple(AgentView(name, a[0], a[1], name in self.leaving) for name, a in self.agents.items())
        seen = Snapshot(
            "c", tuple(calls), agents, NO_DEMAND, 100_000, 100_000, terms=self.terms, upcoming=(own,)
        )
        decision = self.policy.decide(now, seen)
        self.sum.decisions += 1
        for name in decision.cancel:
            if self.calls.get(name, ("",))[0] == "ringing":
                del self.calls[name]
                self.sum.cancelled += 1
                self.policy.observe(CallEnded(name, "cancelled", now))
        for _ in range(decision.launch):
            self._launch()
        self.at(decision.next_check_s, "tick", self.sum.decisions)

    def _count(self) -> None:
        passed, self.seen_s = self.now - self.seen_s, self.now
        busy = sum(a[0] != "ready" for a in self.agents.values())
        self.sum.busy_s += passed * busy
        self.sum.staffed_s += passed * len(self.agents)

    # --- calls -------------------------------------------------------------------------------------

    def _launch(self) -> None:
        dice, plan = self.dice, self.plan
        self.sum.launched += 1
        name = f"{self.sum.launched}"
        self.calls[name] = ["dialing", self.now, self.now]
        self.policy.observe(CallMoved(name, "dialing", self.now, "list"))
        fate, dial_s = dice.random(), min(4.0, 0.5 + dice.expovariate(1.0))
        if dice.random() < 0.12:
            self.at(dial_s, "end", (name, "dead"))
            return
        if plan.progress:
            self.at(dial_s, "ring", name)
        pick_up_s = dial_s + dice.gammavariate(4.0, plan.ring_s / 4.0)
        if fate < self.answer and pick_up_s < 30.0:
            self.at(pick_up_s, "live", name)
        else:
            self.at(30.0, "end", (name, "no_answer"))

    def _ring(self, name: str) -> None:
        if name in self.calls:
            self.calls[name][0], self.calls[name][2] = "ringing", self.now
            self.policy.observe(CallMoved(name, "ringing", self.now))

    def _end(self, about: tuple[str, str]) -> None:
        if self.calls.pop(about[0], None):
            self.policy.observe(CallEnded(about[0], about[1], self.now))

    def _live(self, name: str) -> None:
        if self.calls.pop(name, None) is None:
            return
        self.sum.live += 1
        self.policy.observe(CallMoved(name, "waiting", self.now))
        free = next((a for a, one in self.agents.items() if one[0] == "ready" and a not in self.leaving), "")
        if free:
            self._join(name, free, 0.0)
        else:
            self.waiting[name] = self.now
            self.at(self.terms.patience_s, "give_up", name)

    def _give_up(self, name: str) -> None:
        since = self.waiting.pop(name, None)
        if since is not None:
            self.sum.abandoned += 1
            self.missed.append(True)
            self.policy.observe(PersonMissed(name, self.now - since, self.now))

    # --- agents ------------------------------------------------------------------------------------

    def _join(self, name: str, agent: str, waited_s: float) -> None:
        self._count()
        self.missed.append(False)
        self.policy.observe(PersonServed(name, waited_s, self.now))
        self.agents[agent] = ["talking", self.now]
        shape = 1.0 / self.plan.talk_cv**2
        self.at(self.dice.gammavariate(shape, self.plan.talk_s / shape), "talked", agent)

    def _talked(self, agent: str) -> None:
        talk_s = self.now - self.agents[agent][1]
        self.agents[agent] = ["wrap_up", self.now]
        self.policy.observe(TalkEnded(agent, talk_s, self.now))
        self.at(self.plan.wrap_up_s * self.dice.uniform(0.5, 1.5), "wrapped", agent)

    def _wrapped(self, agent: str) -> None:
        self._count()
        wrap_s = self.now - self.agents[agent][1]
        ready = agent not in self.leaving
        self.policy.observe(WrapUpEnded(agent, wrap_s, self.now, ready))
        if ready:
            self._free(agent)
        else:
            self._leave(agent)

    def _free(self, agent: str) -> None:
        self.agents[agent] = ["ready", self.now]
        if self.waiting:
            name = next(iter(self.waiting))
            self._join(name, agent, self.now - self.waiting.pop(name))

    def _leave(self, agent: str) -> None:
        del self.agents[agent]
        self.leaving.discard(agent)
        self.away.append(agent)

    # --- shocks ------------------------------------------------------------------------------------

    def _shock(self, _: None) -> None:
        factor = self.dice.choice((0.33, 0.5, 2.0, 3.0))
        self.answer = min(0.75, max(0.05, self.answer * factor))
        self.at(self.dice.expovariate(1.0 / self.plan.shocks_s), "shock")

    def _staff(self, _: None) -> None:
        """A third of the team goes after what they are doing, or comes back."""
        self._count()
        if self.away:
            for agent in self.away:
                self._free(agent)
            self.away.clear()
        else:
            for agent in sorted(self.agents)[: len(self.agents) // 3]:
                if self.agents[agent][0] == "ready":
                    self._leave(agent)
                else:
                    self.leaving.add(agent)
        self.at(self.dice.expovariate(1.0 / self.plan.come_and_go_s), "staff")
