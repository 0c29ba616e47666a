"""What a pacing decision costs: `python -m tests.bench.pacing`. 300 agents, 600 calls, progressive mode:
snapshot of the whole team, policy, governor, what a tick does when nothing is to be launched. Then the
predictive policy alone, through a whole campaign.
"""

import time
from dataclasses import replace

from engine.calls.attempt import State
from engine.dialer.life import CallLife
from engine.domain.agent import AgentState
from engine.domain.attempt import Intent
from engine.domain.contact import Progress
from engine.pacing.predictive import Predictive
from engine.pacing.snapshot import Decision, Snapshot
from tests.bench.figures import tell
from tests.bench.small_world import Plan
from tests.bench.small_world import World as SmallWorld
from tests.dialer.world import World, person

AGENTS, CALLS, ROUNDS, A_SECOND = 300, 600, 200, 20
STATES = (State.RINGING, State.RINGING, State.DIALING, State.TALKING)


def main() -> int:
    world = crowded()
    pacer, team = world.dialer.pacer, world.campaign.team
    best_s = min(timed(pacer.tick, team) for _ in range(5))
    tell("a decision with 300 agents and 600 calls", best_s * 1e6, "µs")
    tell("twenty a second, as the limit allows", best_s * A_SECOND * 100, "% of a core")
    for agents, goal in ((30, 300.0), (300, 1_000.0)):
        whole_s, best_s = predicted(agents)
        tell(f"a predictive decision with {agents} agents, mean of a campaign", whole_s * 1e6, "µs")
        tell("… of its best 200 in a row", best_s * 1e6, "µs", at_most=goal)
    return 0


def predicted(agents: int) -> tuple[float, float]:
    """Seconds of CPU for one decision, all that it learns and refreshes included: mean of a whole campaign,
    and of those 200 in a row that the rest of the machine disturbed least."""
    policy = Timed()
    plan = Plan(agents, 0.3, 0.0, 90.0, 1.0, 12.0, 10.0, 0.0, True, max(300, 3 * agents))
    SmallWorld(plan, policy, 1).run()
    spent = policy.spent_s
    lots = [sum(spent[k : k + 200]) / 200 for k in range(len(spent) // 3, len(spent) - 200, 50)]
    return sum(spent) / len(spent), min(lots)


class Timed(Predictive):
    """Notes what each decision cost."""

    def __init__(self) -> None:
        super().__init__()
        self.spent_s: list[float] = []

    def decide(self, now_s: float, snapshot: Snapshot) -> Decision:
        began_s = time.process_time()
        decision = super().decide(now_s, snapshot)
        self.spent_s.append(time.process_time() - began_s)
        return decision


def timed(tick: object, team: str) -> float:
    assert callable(tick)
    began_s = time.process_time()
    for _ in range(ROUNDS):
        tick(team)
    return (time.process_time() - began_s) / ROUNDS


def crowded() -> World:
    world = World(people=0, agents=AGENTS)
    world.run()
    for number, life in enumerate(world.dialer.agents.lives.values()):
        life.state = AgentState.TALKING if number % 2 else AgentState.READY
    base = Intent(
        "", "k", "p", "c1", "team", "progressive", "+48600100200", "+48220000101", "gw", "sw1", 0.0, 0
    )  # fmt: skip
    for number in range(CALLS):
        intent = replace(base, attempt_id=f"00000000-0000-4000-8000-{number:012d}")
        life = CallLife(intent, world.campaign, person(number), Progress(), "sw1")
        life.state = STATES[number % len(STATES)]
        world.dialer.calls.add(life)
    return world


if __name__ == "__main__":
    raise SystemExit(main())
