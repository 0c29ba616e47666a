"""Giving up calls that ring too long to be worth their risk.

A call that has rung the lawful time may be cancelled. It is worth it when an answer in the next seconds
would find nobody: its worth is P(answered within 3 s) · P(nobody free then). Attempts are spent that way,
so the worth must exceed a price, and the price keeps the share of cancelled calls at its budget: it falls a
little with each launch and rises with each cancel (the same integral control as the ledger's).
"""

import math

import numpy as np

from engine.pacing.answers import Answers
from engine.pacing.chance import at_most, nobody
from engine.pacing.handling import Handling
from engine.pacing.sight import Sight
from engine.pacing.snapshot import Terms

BUDGET = 0.83
"""Share of the allowed cancels that is aimed at."""
GAIN = 0.2
AHEAD_S = np.array([1.0, 3.0])
AT_FIRST = 100.0
"""Launches before the first cancel: a share of nothing is nothing."""


class GivingUp:
    """Which ringing calls to cancel; at most one in a decision."""

    def __init__(self) -> None:
        self.log_price = math.log(0.3)
        self.launches = self.cancels = 0.0

    def launched(self, share: float) -> None:
        self.launches += 1.0
        self.log_price = max(self.log_price - GAIN * BUDGET * share, math.log(0.01))

    def gave_up(self) -> None:
        self.cancels += 1.0
        self.log_price = min(self.log_price + GAIN, 0.0)

    def choose(
        self, sight: Sight, spare: int, answers: Answers, handling: Handling, terms: Terms
    ) -> tuple[str, ...]:
        """The call that is given up now, if any."""
        allowed = BUDGET * 1.1 * terms.cancel_share * self.launches
        if self.launches < AT_FIRST or self.cancels + 1.0 > allowed:
            return ()
        ripe = sight.ripe
        likely = answers.within(sight.stages[ripe], sight.ages_s[ripe], sight.rows[ripe], AHEAD_S)[:, -1]
        if math.log(float(likely.max()) + 1e-12) <= self.log_price:
            return ()  # even if nobody came for certain
        q = answers.within(sight.stages, sight.ages_s, sight.rows, AHEAD_S)
        free = handling.free_within(sight.talking_s, sight.wrapping_s, AHEAD_S + 0.75 * terms.patience_s)
        mean = q.sum(axis=0)
        taken = at_most(free)
        alone = nobody(mean, (q * (1.0 - q)).sum(axis=0), 0.2 * mean, taken, spare)
        worth = float(alone.sum()) / len(AHEAD_S) * likely
        best = int(np.argmax(worth))
        if math.log(float(worth[best]) + 1e-12) <= self.log_price:
            return ()
        return (sight.attempts[ripe[best]],)

    def save(self) -> dict[str, float]:
        return {"log_price": self.log_price, "launches": self.launches, "cancels": self.cancels}

    def load(self, learned: dict[str, float]) -> None:
        self.log_price = learned["log_price"]
        self.launches, self.cancels = learned["launches"], learned["cancels"]
