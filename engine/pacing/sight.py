"""A snapshot as arrays: who is or will be free, which calls may need them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.pacing.answers import STAGES, Answers
from engine.pacing.shapes import RINGING
from engine.pacing.snapshot import Snapshot

Array = NDArray[np.float64]
Whole = NDArray[np.intp]


class Sight(NamedTuple):
    """`ready`: agents; `talking_s`, `wrapping_s`: of the busy ones, how long already. Calls not picked up:
    `stages`, `rows` (classes), `ages_s` in the stage, `attempts`; those after
    `own` belong to other campaigns. `ripe`: indices of own calls that may be given up. `screening`,
    `screening_s`: picked up, not yet judged.
    `waiting`: people who need an agent now, whoever called them."""

    ready: int
    talking_s: Array
    wrapping_s: Array
    stages: Whole
    rows: Whole
    ages_s: Array
    attempts: list[str]
    own: int
    ripe: Whole
    screening: list[str]
    screening_s: Array
    waiting: int


def look(now_s: float, snapshot: Snapshot, answers: Answers) -> Sight:
    """What pacing looks at. Agents about to leave, and calls with an agent of their own, do not count."""
    ready = 0
    talking: list[float] = []
    wrapping: list[float] = []
    for _, agent_state, since_s, leaving in snapshot.agents:
        if leaving:
            continue
        if agent_state == "ready":
            ready += 1
        elif agent_state == "talking":
            talking.append(since_s)
        elif agent_state == "wrap_up":
            wrapping.append(since_s)
        elif agent_state == "reserved":
            talking.append(now_s)
    stages: list[int] = []
    rows: list[int] = []
    since: list[float] = []
    attempts: list[str] = []
    screening: list[str] = []
    screening_s: list[float] = []
    demand = snapshot.demand
    waiting = demand.inbound_waiting + demand.robot_transfers + demand.callbacks_due
    row_of = answers.rows.get
    own = 0
    for group in (snapshot.calls, snapshot.others):
        for attempt_id, state, _, since_s, call_class, needs_agent, reserved, _ in group:
            if reserved or not needs_agent:
                continue
            stage = STAGES.get(state)
            if stage is not None:
                stages.append(stage)
                rows.append(row_of(call_class, 0))
                since.append(since_s)
                attempts.append(attempt_id)
            elif state == "screening":
                screening.append(attempt_id)
                screening_s.append(since_s)
            elif state in ("waiting", "answered"):
                waiting += 1
        if group is snapshot.calls:
            own = len(attempts)
    stage_of, since_of = np.array(stages, np.intp), np.array(since)
    rings = (stage_of[:own] == RINGING) & (since_of[:own] <= now_s - snapshot.terms.least_ring_s)
    return Sight(
        ready,
        now_s - np.array(talking),
        now_s - np.array(wrapping),
        stage_of,
        np.array(rows, np.intp),
        now_s - since_of,
        attempts,
        own,
        np.flatnonzero(rings),
        screening,
        now_s - np.array(screening_s),
        waiting,
    )
