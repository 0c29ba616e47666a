"""The long-run relation between operators, live answers, abandonment and occupancy. Pure.

Live answers come as a Poisson stream of rate λ, n operators serve each for a mean h, and who waits leaves:
after an exponential time with the mean of the abandonment limit (Erlang-A, M/M/n+M; Palm 1957; Garnett,
Mandelbaum, Reiman 2002), or exactly at the limit (M/M/n+D; Baccelli, Hébuterne 1981). A dialer that knows
nothing but rates can do no better than this: what a policy gains on it, it gains by looking at who rings and
who is about to be free. So it gives start-up values, a curve to hold a simulation against, and a bound for
what to believe.
"""

import math
from dataclasses import dataclass

TINY = 1e-14
SCALE = 1e200
HALVINGS = 60


@dataclass(frozen=True, slots=True)
class LongRun:
    """The steady state. `abandoned`: share of live answers; `waits`: share that find no operator free at
    once; `occupancy`: share of the operators' time in talk and wrap-up. `answers_per_s`: λ."""

    answers_per_s: float
    abandoned: float
    waits: float
    occupancy: float


def erlang_a(agents: int, answers_per_s: float, handle_s: float, patience_s: float) -> LongRun:
    """M/M/n+M. `handle_s`: mean talk and wrap-up, `patience_s`: mean patience, seconds, both above 0."""
    _check(agents, handle_s, patience_s)
    if answers_per_s <= 0.0:
        return LongRun(0.0, 0.0, 0.0, 0.0)
    serve, leave = 1.0 / handle_s, 1.0 / patience_s
    below, busy, weight = _below(agents, answers_per_s * handle_s)
    queue, k = 0.0, 0
    all_busy = 0.0
    while weight > TINY * (below + all_busy) or answers_per_s > agents * serve + k * leave:
        all_busy += weight
        queue += k * weight
        k += 1
        weight *= answers_per_s / (agents * serve + k * leave)
    total = below + all_busy
    occupancy = (busy + all_busy * agents) / total / agents
    abandoned = leave * queue / total / answers_per_s
    return LongRun(answers_per_s, abandoned, all_busy / total, occupancy)


def fixed_patience(agents: int, answers_per_s: float, handle_s: float, patience_s: float) -> LongRun:
    """M/M/n+D: everybody leaves at exactly `patience_s`, as the campaign's clock has it.

    With π the weight of n - 1 busy and c = nμ - λ: the virtual wait has density λπ·exp(-c·x) below the limit
    and λπ·exp(λτ - nμx) above it; a share P(V > τ) of the answers is abandoned.
    """
    _check(agents, handle_s, patience_s)
    if answers_per_s <= 0.0:
        return LongRun(0.0, 0.0, 0.0, 0.0)
    rate, drain = answers_per_s, agents / handle_s
    load = rate * handle_s
    below, _, full = _below(agents, load)
    one_free = full * agents / load  # weight of n - 1 busy
    gap = (drain - rate) * patience_s
    within = patience_s if abs(gap) < 1e-9 else -math.expm1(-gap) / (drain - rate)
    late = math.exp(-gap) / drain
    if math.isinf(late):
        raise OverflowError(f"{agents} agents, {answers_per_s} answers/s: far beyond what they can serve")
    waits, missed = rate * one_free * (within + late), rate * one_free * late
    total = below + waits
    abandoned = missed / total
    return LongRun(rate, abandoned, waits / total, rate * (1.0 - abandoned) * handle_s / agents)


def at_cap(agents: int, handle_s: float, patience_s: float, cap: float, fixed: bool = True) -> LongRun:
    """The greatest stream of live answers of which at most `cap` (0..1) are abandoned."""
    if not 0.0 < cap < 1.0:
        raise ValueError(f"a cap lies between 0 and 1, not {cap}")
    model = fixed_patience if fixed else erlang_a
    low, high = 0.0, 1.05 * agents / handle_s / (1.0 - cap)
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        if model(agents, middle, handle_s, patience_s).abandoned <= cap:
            low = middle
        else:
            high = middle
    return model(agents, low, handle_s, patience_s)


def agents_for(
    answers_per_s: float, handle_s: float, patience_s: float, cap: float, most: int = 10_000
) -> int:
    """The fewest operators of whose live answers at most `cap` are abandoned. ValueError: above `most`."""
    low, high = 1, most
    if fixed_or_all_lost(high, answers_per_s, handle_s, patience_s) > cap:
        raise ValueError(f"more than {most} operators would be needed")
    while low < high:
        middle = (low + high) // 2
        if fixed_or_all_lost(middle, answers_per_s, handle_s, patience_s) <= cap:
            high = middle
        else:
            low = middle + 1
    return low


def fixed_or_all_lost(agents: int, answers_per_s: float, handle_s: float, patience_s: float) -> float:
    """Share abandoned; where there are far too few operators, all but what they can serve."""
    if answers_per_s * handle_s > 2.0 * agents:
        return 1.0 - agents / (answers_per_s * handle_s)
    return fixed_patience(agents, answers_per_s, handle_s, patience_s).abandoned


def _below(agents: int, load: float) -> tuple[float, float, float]:
    """Weights of 0 … n - 1 busy operators: their sum, the sum of busy operators, and the weight of n busy
    with nobody waiting. Relative; at a small load they span more than a float holds, so they are scaled."""
    weight, full, total, busy = 1.0, 1.0, 0.0, 0.0
    for k in range(agents, 0, -1):
        weight *= k / load
        total += weight
        busy += (k - 1) * weight
        if total > SCALE:
            weight, full, total, busy = weight / SCALE, full / SCALE, total / SCALE, busy / SCALE
        elif weight < TINY * total:
            break
    return total, busy, full


def _check(agents: int, handle_s: float, patience_s: float) -> None:
    if agents < 1 or handle_s <= 0.0 or patience_s <= 0.0:
        raise ValueError(f"{agents} agents, {handle_s} s to handle, {patience_s} s of patience")
