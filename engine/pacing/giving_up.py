"""Giving up calls that ring too long to be worth their risk.

A call that has rung the lawful time may be cancelled. It is worth it when an answer in the next seconds
would find nobody: its worth is P(answered within 3 s) · P(nobody free then). Attempts are spent that way,
so the worth must exceed a price, and the price keeps the share of cancelled calls at its budget: it falls a
little with each launch and rises with each cancel (the same integral control as the ledger's).
"""

import math

import numpy as np
from numpy.typing import NDArray

from engine.pacing.chance import nobody
from engine.pacing.sight import Sight

Array = NDArray[np.float64]

BUDGET = 0.83
"""Share of the allowed cancels that is aimed at."""
GAIN = 0.2
AHEAD_S = np.array([1.0, 3.0])
"""Moments at which the answer may come, seconds from now."""
LISTENS = 0.75
"""Share of their patience that we count on here: whoever rang so long is not to wait it out."""
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
        self,
        sight: Sight,
        spare: int,
        coming: Array,
        answers: Array,
        variance: Array,
        taken: Array,
        share: float,
    ) -> tuple[str, ...]:
        """The call that is given up now, if any. `coming`: of each call, P(live within AHEAD_S), one column
        for each moment; the others as in `chance.nobody`, at the same moments. `share`: cancels allowed."""
        if self.launches < AT_FIRST or self.cancels + 1.0 > BUDGET * 1.1 * share * self.launches:
            return ()
        likely = coming[sight.ripe, -1]
        price = math.exp(self.log_price)
        if float(likely.max()) <= price:
            return ()  # even if nobody came for certain
        alone = nobody(answers, variance, 0.04 * answers * answers, taken, spare)
        worth = likely * (float(alone.sum()) / len(AHEAD_S))
        best = int(np.argmax(worth))
        return (sight.attempts[sight.ripe[best]],) if float(worth[best]) > price else ()

    def save(self) -> dict[str, float]:
        return {"log_price": self.log_price, "launches": self.launches, "cancels": self.cancels}

    def load(self, learned: dict[str, float]) -> None:
        self.log_price = learned["log_price"]
        self.launches, self.cancels = learned["launches"], learned["cancels"]
