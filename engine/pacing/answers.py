"""Which calls in flight will be answered by a person, and when.

A call passes stages: dialing, then perhaps ringing or early media, then perhaps screening. For each stage
it is learned, from finished calls, when those that became live answers left it and were answered (survival
G, distribution F of the time to the live answer) and how long the others stayed (survival N). With p, the
chance of a live answer on entering the stage, a call that has been in it for e seconds is live within s
more with

    p·G(e) / (p·G(e) + (1−p)·N(e)) · (F(e+s) − F(e)) / (1 − F(e))

(a mixture cure model: Boag 1949): silence makes an answer less likely just as fast as answers usually come.
p moves, and comes from `rates`; F, G and N hardly do.
"""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from engine.pacing.rates import Rates
from engine.pacing.shapes import (
    BIN_S,
    BINS,
    DIALING,
    EARLY,
    RINGING,
    ROW,
    SCREENING,
    SECONDS,
    Passed,
    Shapes,
)

Array = NDArray[np.float64]
Whole = NDArray[np.intp]

STAGES = {"dialing": DIALING, "ringing": RINGING, "early_media": EARLY}
CLASSES = 12
"""Classes that are told apart; those seen later share the last one."""
GRID = 6
"""Moments at which the next launched call may be answered, equally likely."""
STORM_S = 1.25
"""A trunk that refuses does so within this of the launch, seconds."""
RATED_EVERY_S = 1.0
LOST_S = 600.0
"""News of a call that did not end in this time were lost."""


class Flight:
    """What is remembered of one call. Instants on the policy's clock, seconds."""

    __slots__ = (
        "began_s", "ended_s", "known", "launched_s", "live", "passed", "picked", "row", "screened_s", "stage",
    )  # fmt: skip

    def __init__(self, row: int, now_s: float) -> None:
        self.row, self.launched_s = row, now_s
        self.stage, self.began_s = DIALING, now_s
        self.passed: list[Passed] = []
        self.picked: tuple[int, int] | None = None
        self.screened_s: float | None = None
        self.known, self.live, self.ended_s = False, False, 0.0  # what became of it

    def leave(self, now_s: float) -> None:
        self.passed.append(Passed(self.stage, self.began_s, now_s))

    def pick_up(self, now_s: float) -> None:
        self.picked = self.stage, max(0, min(SECONDS - 1, int(now_s - self.began_s)))


class Answers:
    """Learns from news; answers for the calls of a snapshot."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self.flights: dict[str, Flight] = {}
        self.in_order: deque[Flight] = deque()  # by launch; none that has been learned from
        self.shapes = Shapes()
        self.by_stage = (Rates(CLASSES), Rates(CLASSES))  # since the launch, since the ringing
        self.launches: deque[list[float]] = deque(maxlen=48)  # [when, refused]
        self.young: dict[str, list[float]] = {}
        self.ring_time_s = 30.0
        self.grid: Array = np.zeros(0)
        self.known = 0.0  # calls learned from, the old ones weighing less
        self.learned, self.tabled_s, self.rated_s, self.told = 1, -1e9, -1e9, 1

    # --- learning ----------------------------------------------------------------------------------

    def row(self, call_class: str) -> int:
        """The class's place in every table; one that is new is believed to be much like the others."""
        found = self.rows.get(call_class)
        if found is None:
            found = self.rows[call_class] = min(len(self.rows), CLASSES - 1)
            self.told, self.rated_s = self.told + 1, -1e9
            if 0 < found == len(self.rows) - 1:
                for rates in self.by_stage:
                    rates.begin_like(found)
        return found

    def moved(self, attempt_id: str, state: str, now_s: float, call_class: str) -> None:
        self.told += 1
        if state == "dialing":
            flight = self.flights[attempt_id] = Flight(self.row(call_class), now_s)
            self.in_order.append(flight)
            self.by_stage[DIALING].begin(flight.row, now_s)
            launch = self.young[attempt_id] = [now_s, 0.0]
            self.launches.append(launch)
            return
        known = self.flights.get(attempt_id)
        if known is None:
            return
        self.young.pop(attempt_id, None)
        if state == "waiting":
            self._finish(attempt_id, known, now_s, live=True)
        elif state == "screening" and known.stage != SCREENING:
            known.pick_up(now_s)
            known.leave(now_s)
            known.stage, known.began_s = SCREENING, now_s
        elif known.stage == DIALING and state in STAGES:
            known.leave(now_s)
            known.stage, known.began_s = STAGES[state], now_s
            if state == "ringing":
                self.by_stage[RINGING].begin(known.row, now_s)

    def ended(self, attempt_id: str, why: str, now_s: float) -> None:
        self.told += 1
        flight = self.flights.get(attempt_id)
        launch = self.young.pop(attempt_id, None)
        if flight is None:
            return
        if why == "congestion" and flight.stage == DIALING:  # says nothing of the person
            if launch is not None:
                launch[1] = 1.0
            self.by_stage[DIALING].take_back(flight.row, flight.launched_s)
            del self.flights[attempt_id]
        elif why == "cancelled":
            del self.flights[attempt_id]
        else:
            self._finish(attempt_id, flight, now_s, live=False)

    def _finish(self, attempt_id: str, flight: Flight, now_s: float, live: bool) -> None:
        del self.flights[attempt_id]
        if flight.stage == SCREENING:
            flight.screened_s = now_s - flight.began_s
        else:
            if live:
                flight.pick_up(now_s)
            flight.leave(now_s)
        if live:
            for one in flight.passed:
                if one.stage != EARLY:
                    self.by_stage[one.stage].answered(flight.row, one.entered_s)
        flight.live, flight.ended_s, flight.known = live, now_s, True

    def refresh(self, now_s: float) -> None:
        """Learn from calls that are old enough; tables after some of them, answer rates once a second."""
        shapes, in_order = self.shapes, self.in_order
        while in_order and in_order[0].launched_s + self.ring_time_s + 5.0 <= now_s:
            one = in_order.popleft()
            if one.known:
                shapes.learn(one.passed, one.picked, one.screened_s, one.live, one.ended_s)
                self.learned += 1
        if self.learned and now_s - self.tabled_s > min(20.0, 2.0 + 0.02 * self.known):
            self.learned, self.tabled_s = 0, now_s
            shapes.tables(self.ring_time_s)
            self._forget_lost(now_s)
        if now_s - self.rated_s >= (RATED_EVERY_S if self.told else 3.0 * RATED_EVERY_S):
            self.told, self.rated_s = 0, now_s
            self._rate(now_s)

    def _rate(self, now_s: float) -> None:
        shapes = self.shapes
        base, fate = shapes.base, shapes.fate
        rates, rows = self.by_stage[base], max(1, min(len(self.rows), CLASSES))
        live = float(fate[base, 0])
        rates.refresh(now_s, shapes.F[base], BIN_S, rows, known=float(shapes.answers[base]))
        chance = (fate[:, 0] + 0.5) / (fate.sum(axis=1) + 1.0)
        self.p = np.minimum((chance / chance[base])[:, None] * rates.mean[None, :], 0.97)
        # what is unknown of p, and of the shape of F while few answers have been seen
        self.relative = np.sqrt(rates.relative**2 + 0.6 / (live + 5.0))
        self.known = float(fate[DIALING].sum())
        self._intervals: dict[int, tuple[float, float]] = {}
        quantiles = (np.arange(GRID) + 0.5) / GRID
        grid = (np.searchsorted(shapes.F[DIALING], quantiles) + 0.5).astype(np.float64) * BIN_S
        if not np.array_equal(grid, self.grid):  # what others worked out for the same one still holds
            self.grid = grid
        every = np.arange(rows)
        self.fresh = self.within(np.zeros(rows, np.intp), np.zeros(rows), every, self.grid)

    def _forget_lost(self, now_s: float) -> None:
        for attempt_id in [a for a, one in self.flights.items() if now_s - one.launched_s > LOST_S]:
            del self.flights[attempt_id]
            self.young.pop(attempt_id, None)

    # --- answering ---------------------------------------------------------------------------------

    def storm(self, now_s: float) -> float:
        """Share of the calls launched just now that the trunk refuses (bursts of SIP 503)."""
        weights = refused = 0.0
        for at_s, bad in reversed(self.launches):
            age_s = now_s - at_s
            if age_s > 5.0:
                break
            if bad or age_s > STORM_S:
                weight = 2.0 ** (-age_s)
                weights += weight
                refused += weight * bad
        return refused / (weights + 0.25)

    def mean(self, row: int) -> float:
        """P(a call of the class that is launched now becomes a live answer)."""
        return float(self.p[DIALING, row])

    def interval(self, row: int) -> tuple[float, float]:
        """Where `mean` lies with 90 %."""
        found = self._intervals.get(row)
        if found is None:
            rates = self.by_stage[self.shapes.base]
            share = self.mean(row) / max(1e-9, float(rates.mean[row]))
            low, high = rates.interval(row)
            found = self._intervals[row] = share * low, share * high
        return found

    def within(self, stages: Whole, ages_s: Array, rows: Whole, ahead_s: Array, storm: float = 0.0) -> Array:
        """P(live within each of `ahead_s`), one row for each call that was not picked up."""
        shapes = self.shapes
        at = np.minimum((ages_s * (1.0 / BIN_S)).astype(np.intp), BINS - 1)
        here = stages * ROW + at
        p = self.p[stages, rows]
        live = p * shapes.flat_G.take(here)
        chance = live / (live + (1.0 - p) * shapes.flat_N.take(here))
        if storm > 0.05:
            chance = np.where((stages == DIALING) & (ages_s < STORM_S), chance * (1.0 - storm), chance)
        # not picked up yet: at the earliest live after the screening
        shown = shapes.flat_F.take(here + shapes.screening_bins)
        ahead = (ahead_s * (1.0 / BIN_S)).astype(np.intp)
        part = shapes.flat_F.take(here[:, None] + ahead)
        part -= shown[:, None]
        part *= (chance / (1.0 - shown + 1e-9))[:, None]
        return np.minimum(np.maximum(part, 0.0, out=part), 1.0, out=part)

    def verdict_within(self, attempts: list[str], ages_s: Array, ahead_s: Array) -> Array:
        """P(found to be a person within each of `ahead_s`), one row for each call in screening."""
        share = np.empty(len(attempts))
        for k, attempt_id in enumerate(attempts):
            flight = self.flights.get(attempt_id)
            stage, second = flight.picked if flight and flight.picked else (DIALING, SECONDS - 1)
            share[k] = self.shapes.person[stage, second]
        at = np.minimum((ages_s * (1.0 / BIN_S)).astype(np.intp), BINS - 1)
        ahead = np.minimum(at[:, None] + (ahead_s * (1.0 / BIN_S)).astype(np.intp), BINS - 1)
        persons, machines = self.shapes.verdict_later[0] + 1e-6, self.shapes.verdict_later[1] + 1e-6
        live = share * persons[at] / (share * persons[at] + (1.0 - share) * machines[at])
        return np.asarray(live[:, None] * (1.0 - persons[ahead] / persons[at][:, None]))

    # --- over a restart ----------------------------------------------------------------------------

    def save(self) -> dict[str, float]:
        """Distributions, and what is believed of each class; a decision after this looks at all anew."""
        self.learned, self.told = self.learned + 1, self.told + 1
        self.tabled_s = self.rated_s = -1e9
        kept = {f"row.{name}": float(row) for name, row in self.rows.items()}
        kept |= {f"shapes.{key}": value for key, value in self.shapes.save().items()}
        for stage, rates in enumerate(self.by_stage):
            kept |= {f"rates.{stage}.{key}": value for key, value in rates.save(len(self.rows)).items()}
        return kept

    def load(self, learned: dict[str, float]) -> None:
        self.rows = {k.removeprefix("row."): int(v) for k, v in learned.items() if k.startswith("row.")}
        self.shapes.load(part_of(learned, "shapes."))
        for stage, rates in enumerate(self.by_stage):
            rates.load(part_of(learned, f"rates.{stage}."))
        self.learned, self.told, self.tabled_s, self.rated_s = 1, 1, -1e9, -1e9


def part_of(learned: dict[str, float], prefix: str) -> dict[str, float]:
    return {key.removeprefix(prefix): value for key, value in learned.items() if key.startswith(prefix)}
