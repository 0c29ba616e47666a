"""Predictive dialing: launch the most calls for which the next live answer still finds an agent.

The formulas, their sources and the argument are in docs/pacing.md. In one breath: every busy agent has a
chance to be free by then (`handling`), every call in flight a chance to need one (`answers`), the two
counts are held against each other (`chance`), and the risk that a launch may carry follows the ledger of
abandons (`ledger`).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.pacing.answers import GRID, STORM_S, Answers, part_of
from engine.pacing.chance import at_most, nobody
from engine.pacing.giving_up import AHEAD_S, LISTENS, GivingUp
from engine.pacing.handling import Handling
from engine.pacing.ledger import Ledger
from engine.pacing.news import CallEnded, CallMoved, News, PersonMissed, PersonServed, TalkEnded, WrapUpEnded
from engine.pacing.shapes import DIALING
from engine.pacing.sight import Sight, look
from engine.pacing.snapshot import Decision, Snapshot, Terms

Array = NDArray[np.float64]

FEW = 12.0
"""Calls that must have ended before anything is predicted; until then one call for each ready agent."""
SOON_S, LATER_S = 1.0, 2.5
SOON = len(AHEAD_S)
"""Columns of a moment that giving up asks about; the grid's follow."""
PATIENT = np.array([LISTENS] * SOON + [1.0] * GRID)
"""Share of an answered person's patience in which an agent may still become free, by column."""
NO_CALLS = np.zeros((0, SOON + GRID))
STORM = 0.4
"""Share of refused launches from which the trunk is only probed."""


class Predictive:
    """One campaign. See `Policy`."""

    def __init__(self) -> None:
        self.answers, self.handling, self.ledger, self.giving_up = Answers(), Handling(), Ledger(), GivingUp()
        self._terms = Terms()
        self._agents, self._dares = 1, False
        self._ahead_s = 0.0  # the calendar's clock less the policy's
        self._looks_at, self._patience_s, self._moments_s = NO_CALLS, -1.0, AHEAD_S  # see _moment

    # --- learning ----------------------------------------------------------------------------------

    def observe(self, news: News) -> None:
        match news:
            case CallMoved():
                self.overhear(news)
                if news.state == "dialing":
                    self.giving_up.launched(self._terms.cancel_share)
            case CallEnded():
                self.overhear(news)
                if news.why == "cancelled":
                    self.giving_up.gave_up()
            case PersonServed() | PersonMissed():
                missed, at_s = isinstance(news, PersonMissed), news.at_s + self._ahead_s
                known = self.answers.known >= FEW
                self.ledger.note(missed, self._terms.cap, at_s, self._agents, self._dares, known)
            case TalkEnded():
                self.handling.talk_ended(news.talk_s)
            case WrapUpEnded():
                self.handling.wrap_ended(news.wrap_up_s, news.ready)

    def overhear(self, news: News) -> None:
        """News of a call that wants the same agents: of another campaign, it enters no ledger of ours."""
        match news:
            case CallMoved(attempt_id, state, at_s, call_class):
                self.answers.moved(attempt_id, state, at_s, call_class)
            case CallEnded(attempt_id, why, at_s):
                self.answers.ended(attempt_id, why, at_s)
            case _:
                pass

    # --- deciding ----------------------------------------------------------------------------------

    def decide(self, now_s: float, snapshot: Snapshot) -> Decision:
        """See docs/pacing.md. Costs about as much as fifty operations on small arrays."""
        terms, answers = snapshot.terms, self.answers
        self._terms = terms
        self._ahead_s = snapshot.wall_s - now_s if snapshot.wall_s else 0.0
        answers.ring_time_s = terms.ring_time_s
        sight = look(now_s, snapshot, answers)
        self._agents = sight.ready + len(sight.talking_s) + len(sight.wrapping_s)
        self.ledger.start(self._agents, terms.cap)
        self.ledger.look(now_s + self._ahead_s, terms.windows_s)
        answers.refresh(now_s)
        self.handling.refresh(now_s, sight.talking_s, sight.wrapping_s)
        spare = sight.ready - sight.waiting - terms.reserve
        flying = len(sight.attempts) + len(sight.screening)
        careful = self._careful(snapshot)
        if careful:
            self._dares = False
            launch = max(0, min(spare - flying, snapshot.queued, snapshot.room))
            numbers = self._numbers(sight, 0, 0.0, 0.0)
            return Decision(launch, reason=f"{careful}: one call for each ready agent", numbers=numbers)
        storm = answers.storm(now_s)
        row = answers.rows.get(next_class(snapshot), 0)
        moment = self._moment(sight, storm)
        risk = Risk(moment, answers.fresh[row] * (1.0 - storm), float(answers.relative[row]), spare)
        theta = self.ledger.theta
        room = self._room(sight, snapshot, storm)
        launch = most_within(theta, room, risk) if room > 0 and risk.now <= theta else 0
        self._dares = risk.now > theta or launch < room  # it was θ that bounded the launches
        cancel: tuple[str, ...] = ()
        if len(sight.ripe) and not launch:
            cancel = self.giving_up.choose(sight, spare, *moment.soon(), terms.cancel_share)
        numbers = self._numbers(sight, row, risk.now, moment.free)
        reason = f"{sight.ready} ready, {moment.free:.1f} soon, {flying} in flight; "
        reason += f"risk {risk.now:.3f}, θ {theta:.3f}"
        if storm > STORM:
            reason += f"; the trunk refuses {storm:.0%}: probing"
        far = risk.now > 4.0 * theta and not len(sight.ripe)  # then time alone changes little in a second
        return Decision(launch, cancel, LATER_S if far else SOON_S, reason, numbers)

    def _careful(self, snapshot: Snapshot) -> str:
        """Why nothing is predicted now, or ""."""
        if snapshot.doubt:
            return snapshot.doubt
        if self.answers.known < FEW:
            return "nothing is known yet"
        over = self.ledger.overspent(self._terms.cap)
        return f"the cap is overspent, {over}" if over else ""

    def _room(self, sight: Sight, snapshot: Snapshot, storm: float) -> int:
        """Calls that may be launched at most, whatever the risk."""
        agents = self._agents
        ratio = int(snapshot.terms.largest_ratio * agents) - len(sight.attempts)
        room = min(snapshot.room, snapshot.queued, snapshot.max_calls - len(snapshot.calls), ratio)
        if storm > STORM:  # one probe at a time, a few for a large team
            young = np.count_nonzero((sight.stages == DIALING) & (sight.ages_s < STORM_S))
            room = min(room, 1 + agents // 30 - int(young))
        return room if agents else 0

    def _moment(self, sight: Sight, storm: float) -> "Moment":
        answers = self.answers
        if self._looks_at is not answers.grid or self._patience_s != self._terms.patience_s:
            self._looks_at, self._patience_s = answers.grid, self._terms.patience_s
            self._moments_s = np.concatenate((AHEAD_S, answers.grid))
            self.handling.look_ahead(self._moments_s + PATIENT * self._patience_s)
        ahead_s = self._moments_s
        coming, mean = NO_CALLS, np.zeros(GRID + SOON)
        variance, shared = mean, mean
        if sight.attempts:
            coming = answers.within(sight.stages, sight.ages_s, sight.rows, ahead_s, storm)
            mean = np.add.reduce(coming, axis=0)
            variance = mean - np.einsum("ng,ng->g", coming, coming)
            if len(answers.rows) == 1:
                shared = (mean * answers.relative[0]) ** 2
            else:  # what is unknown of one class is unknown of all its calls, but not of another's
                for one in set(sight.rows.tolist()):
                    shared = shared + (coming[sight.rows == one].sum(axis=0) * answers.relative[one]) ** 2
        if sight.screening:
            q = answers.verdict_within(sight.screening, sight.screening_s, ahead_s)
            mean, variance = mean + q.sum(axis=0), variance + (q * (1.0 - q)).sum(axis=0)
        free = self.handling.free_within(sight.talking_s, sight.wrapping_s)
        return Moment(coming, mean, variance, shared, at_most(free), float(free[:, SOON + GRID // 2].sum()))

    # --- telling -----------------------------------------------------------------------------------

    def _numbers(self, sight: Sight, row: int, risk: float, soon: float) -> dict[str, float]:
        stages = np.bincount(sight.stages, minlength=3)
        low, high = self.answers.interval(row)
        return {
            "agents_ready": sight.ready,
            "agents_soon": soon,
            "dialing": int(stages[0]),
            "ringing": int(stages[1]),
            "early_media": int(stages[2]),
            "screening": len(sight.screening),
            "waiting": sight.waiting,
            "answer_probability": self.answers.mean(row),
            "answer_probability_low": low,
            "answer_probability_high": high,
            "risk": risk,
            "theta": self.ledger.theta,
            **self.ledger.rates(),
        }

    # --- over a restart ----------------------------------------------------------------------------

    def save(self) -> dict[str, float]:
        """What was learned, and the ledger. Calls in flight are not kept: they teach nothing after that."""
        return {
            f"{part}.{key}": value
            for part, kept in (
                ("answers", self.answers.save()),
                ("handling", self.handling.save()),
                ("ledger", self.ledger.save()),
                ("giving_up", self.giving_up.save()),
            )
            for key, value in kept.items()
        }

    def load(self, learned: dict[str, float]) -> None:
        for part in ("answers", "handling", "ledger", "giving_up"):
            getattr(self, part).load(part_of(learned, f"{part}."))


class Moment(NamedTuple):
    """Who will need an agent and who will be free: at the moments of giving up first, then at the grid's.

    `coming`: P(live by then) of each call not picked up; `mean`, `variance`: of the live answers by then;
    `shared`: of its variance what all calls have in common; `taken`: see `chance.at_most`; `free`: agents
    expected to be free in the middle of the grid.
    """

    coming: Array
    mean: Array
    variance: Array
    shared: Array
    taken: Array
    free: float

    def soon(self) -> tuple[Array, Array, Array, Array]:
        return self.coming[:, :SOON], self.mean[:SOON], self.variance[:SOON], self.taken[:SOON]


class Risk:
    """P(the next call launched finds nobody), and after some more. `new`: P(live by then) of a call launched
    now, by moment of the grid; `relative`: standard deviation of its answer probability, over it."""

    def __init__(self, moment: Moment, new: Array, relative: float, spare: int) -> None:
        self._moment, self._spare = moment, spare
        self._new, self._relative = new, relative
        self.now = float(self(np.zeros(1))[0])

    def __call__(self, more: Array) -> Array:
        """The risk of a call that is launched together with so many others, for each of `more`."""
        moment, more = self._moment, more[:, None]
        new = more * self._new
        shared = moment.shared[SOON:] + (new * self._relative) ** 2
        mean, variance = moment.mean[SOON:] + new, moment.variance[SOON:] + new * (1.0 - self._new)
        return np.asarray(
            nobody(mean, variance, shared, moment.taken[SOON:], self._spare).sum(axis=-1) / GRID
        )


def next_class(snapshot: Snapshot) -> str:
    """The class of the next call, as far as anybody knows."""
    if snapshot.upcoming:
        return snapshot.upcoming[0]
    return snapshot.calls[-1].call_class if snapshot.calls else ""


def most_within(theta: float, room: int, risk: Callable[[Array], Array]) -> int:
    """The largest n ≤ `room` whose last call carries a risk of at most θ; the risk grows with n. `risk`: of
    a call that is launched together with so many others. That of the first one is known to be low enough."""
    low, bad, reach = 1, room + 1, 1  # so many may go, so many may not; how far to jump
    while bad - low > 1:
        if bad > room and reach < bad - low:
            tries = [n for n in (low + reach * k for k in (1, 2, 4, 8)) if n < bad]
            reach *= 16
        else:
            tries = sorted({low + (bad - low) * k // 5 for k in range(1, 5)} - {low})
        for n, found in zip(tries, risk(np.array(tries) - 1.0), strict=True):
            if found > theta:
                bad = n
                break
            low = n
    return low
