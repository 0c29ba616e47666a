"""What a pacing decision costs: `python -m tests.bench.pacing`. 300 agents, 600 calls, progressive mode.

Snapshot of the whole team, policy, governor: what a tick does when nothing is to be launched.
"""

import time
from dataclasses import replace

from engine.calls.attempt import State
from engine.dialer.life import CallLife
from engine.domain.agent import AgentState
from engine.domain.attempt import Intent
from engine.domain.contact import Progress
from tests.bench.figures import tell
from tests.dialer.world import World, person

AGENTS, CALLS, ROUNDS, A_SECOND = 300, 600, 200, 20
STATES = (State.RINGING, State.RINGING, State.DIALING, State.TALKING)


def main() -> int:
    world = crowded()
    pacer, team = world.dialer.pacer, world.campaign.team
    best_s = min(timed(pacer.tick, team) for _ in range(5))
    tell("a decision with 300 agents and 600 calls", best_s * 1e6, "µs")
    tell("twenty a second, as the limit allows", best_s * A_SECOND * 100, "% of a core")
    return 0


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
