"""From a probability to a decision: the campaign's costs, and how long one may wait for more. Pure.

A person is waiting while we listen, so the longer the pause after a greeting, the less certainty is asked
for a person; a greeting that goes on asks ever less for a machine. Where a television or the children talk
on, no pause comes: who sounds surely enough like a person is one without it. The lines below were fitted to
openings of voices held out of training, at the standard costs; other costs move them all.

    log-odds of a machine
      machine ─────────╮
                        ╰───────────────  falls with the time since speech began
      ·················· keep listening
                  ╭─────────────────────  rises with the length of the pause
      person ─────╯       ╭─────────────  without a pause: rises with the time since speech began
      surely a person ────╯
"""

from dataclasses import dataclass
from math import log

STANDARD_RATIO = 10.0


@dataclass(frozen=True, slots=True)
class Costs:
    """What an error costs, in any unit: their ratio counts. `lost_person`: a person is taken for a machine
    and hears a hang-up or a message. `passed_machine`: an operator gets a machine.
    """

    lost_person: float = STANDARD_RATIO
    passed_machine: float = 1.0

    @property
    def shift(self) -> float:
        """By how much more log-odds than at the standard costs it takes to call it a machine."""
        return log(self.lost_person / self.passed_machine / STANDARD_RATIO)


@dataclass(frozen=True, slots=True)
class Lines:
    """Points of the lines. `person`: (pause in seconds, most log-odds). `machine`: (seconds since speech
    began, least log-odds). `surely`: (seconds since speech began, most log-odds) of a person without a pause.
    `deadline`: least log-odds of a machine when there is no more time."""

    person: tuple[tuple[float, float], ...]
    machine: tuple[tuple[float, float], ...]
    surely: tuple[tuple[float, float], ...] = ((0.0, -99.0),)
    deadline: float = 1.1


LEAST_PAUSE_S = 0.19
LINES = Lines(
    person=((0.2, -8.1), (0.4, -5.2), (0.6, -3.0), (0.8, -2.7), (1.0, -2.45), (1.3, -2.4), (1.6, -0.6)),
    machine=((0.5, 5.5), (1.0, 4.1), (1.5, 3.7), (2.0, 3.6), (3.0, 3.2), (4.0, 2.6), (5.0, 1.9)),
    surely=((1.0, -5.8), (1.5, -4.2), (2.0, -2.8), (3.0, -2.3), (4.0, -1.8)),
    deadline=1.5,
)


def at(points: tuple[tuple[float, float], ...], x: float) -> float:
    """The line through the points, level beyond its ends."""
    before = points[0]
    if x <= before[0]:
        return before[1]
    for point in points[1:]:
        if x <= point[0]:
            return before[1] + (point[1] - before[1]) * (x - before[0]) / (point[0] - before[0])
        before = point
    return before[1]


def likelier_machine(logit: float, costs: Costs, lines: Lines = LINES) -> bool:
    """When there is no more time to listen."""
    return logit >= lines.deadline + costs.shift


def decide(logit: float, since_s: float, quiet_s: float, costs: Costs, lines: Lines = LINES) -> str | None:
    """person, machine, or None for "keep listening".

    `logit`: log-odds of a machine now. `since_s`: since speech began. `quiet_s`: the pause so far.
    """
    if logit >= at(lines.machine, since_s) + costs.shift:
        return "machine"
    if quiet_s >= LEAST_PAUSE_S and logit <= at(lines.person, quiet_s) + costs.shift:
        return "person"
    return "person" if logit <= at(lines.surely, since_s) + costs.shift else None
