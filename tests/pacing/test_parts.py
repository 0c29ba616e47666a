"""The parts of the predictor, each against what can be worked out by hand or by drawing lots."""

import math
import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.pacing.chance import FEW, at_most, binomial, nobody
from engine.pacing.handling import EDGES, Duration, Handling
from engine.pacing.ledger import AIM, Ledger
from engine.pacing.predictive import most_within
from engine.pacing.rates import P, Rates
from engine.pacing.shapes import BIN_S, TIMES
from tests.bench.small_world import Plan, World

chances = st.lists(st.floats(0.02, 0.98), min_size=1, max_size=12)


def exactly(chances: list[float]) -> np.ndarray:
    """The distribution of a count of independent yes/no events, term by term."""
    found = np.array([1.0])
    for q in chances:
        found = np.convolve(found, [1.0 - q, q])
    return found


def moments(chances: list[float]) -> tuple[np.ndarray, np.ndarray]:
    q = np.array(chances)
    return np.array([q.sum()]), np.array([(q * (1.0 - q)).sum()])


@given(st.integers(1, 40), st.floats(0.01, 0.99))
def test_of_equal_chances_the_binomial_is_exact(n: int, p: float) -> None:
    found = binomial(np.array([n * p]), np.array([1.0 - p]), n + 3)[0]
    wanted = [math.comb(n, k) * p**k * (1.0 - p) ** (n - k) for k in range(n + 1)]
    assert np.allclose(found[: n + 1], wanted, atol=1e-6)


@given(st.lists(st.floats(0.0, 1.0), max_size=FEW))
@settings(deadline=None)
def test_how_many_of_a_few_agents_are_free_is_known_exactly(chances: list[float]) -> None:
    found = at_most(np.array([chances]).reshape(-1, 1))[0]
    assert np.allclose(found, np.cumsum(exactly(chances)), atol=1e-12)


@given(st.integers(FEW + 1, 300), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=30)
def test_how_many_of_many_agents_are_free_is_known_closely(agents: int, dice: random.Random) -> None:
    chances = [dice.betavariate(0.4, 2.0) for _ in range(agents)]
    found = at_most(np.array(chances)[:, None])[0]
    wanted = np.cumsum(exactly(chances))[: len(found)]
    assert np.abs(found[: len(wanted)] - wanted).max() < 0.02


@settings(deadline=None)
@given(st.lists(st.floats(0.0, 60.0), min_size=2, max_size=5), st.floats(0.3, 1.0), st.integers(-4, 9))
def test_several_cases_at_once_have_the_chances_that_each_has_alone(
    means: list[float], rest: float, spare: int
) -> None:
    answers = np.array([[m, 1.5 * m] for m in means])
    free = at_most(np.array([[0.2, 0.6], [0.9, 0.95], [0.05, 0.1]]))
    together = nobody(answers, answers * rest, 0.1 * answers, free, spare)
    alone = [nobody(a, a * rest, 0.1 * a, free, spare) for a in answers]
    assert np.allclose(together, alone, atol=1e-6)


@given(st.integers(1, 700), st.integers(0, 900))
def test_the_most_calls_within_the_risk_are_found(room: int, most: int) -> None:
    asked: list[int] = []

    def risk(more: np.ndarray) -> np.ndarray:
        asked.append(len(more))
        return 0.01 * (more >= max(1, most))

    assert most_within(0.001, room, risk) == max(1, min(room, most))
    assert len(asked) <= 12


@settings(deadline=None)
@given(st.lists(st.floats(0.02, 0.6), min_size=1, max_size=12), chances, st.integers(-3, 6))
def test_the_chance_of_nobody_is_close_to_the_exact_one(
    answers: list[float], free: list[float], spare: int
) -> None:
    mean, variance = moments(answers)
    found = nobody(mean, variance, np.zeros(1), at_most(np.array(free)[:, None]), spare)[0]
    coming, going = exactly(answers), exactly(free)
    wanted = sum(
        coming[a] * going[f] for a in range(len(coming)) for f in range(len(going)) if a >= spare + f
    )
    assert abs(found - wanted) < 0.06


@given(st.floats(1e-9, 2_000.0), st.floats(0.0, 1.0), st.floats(0.0, 900.0), st.integers(-900, 900))
@settings(deadline=None)
def test_the_chance_of_nobody_is_a_chance_however_large_the_team(
    answers: float, spread: float, doubt: float, spare: int
) -> None:
    mean = np.array([answers])
    free = at_most(np.full((900, 1), spread))
    found = nobody(mean, mean * spread, np.array([doubt * doubt]), free, spare)[0]
    assert -1e-9 <= found <= 1.0 + 1e-9


def test_doubt_that_all_calls_share_makes_a_rare_event_likelier() -> None:
    mean, variance = np.array([10.0]), np.array([7.0])
    taken = at_most(np.full((1, 1), 1e-6))
    sure, unsure = (nobody(mean, variance, np.array([d]), taken, 18)[0] for d in (0.0, 16.0))
    assert unsure > 2.0 * sure


def test_talks_that_go_on_are_not_taken_for_talks_that_ended() -> None:
    """Sixty talks of a mean of 100 s began together; after 60 s only the short ones are over."""
    dice, seen = random.Random(3), Duration(30.0)
    talks = [dice.expovariate(0.01) for _ in range(400)]
    for one in talks:
        if one < 60.0:
            seen.ended(one)
    going_on = np.full(sum(one >= 60.0 for one in talks), 60.0)
    assert 0.5 < np.interp(60.0, EDGES, seen.cumulated(going_on)) < 0.72  # Λ(60) = 0.6
    naive = Duration(30.0)
    for one in talks:
        if one < 60.0:
            naive.ended(one)
    assert np.interp(60.0, EDGES, naive.cumulated(np.zeros(0))) > 1.2


def test_an_agent_in_wrap_up_is_free_sooner_than_one_who_has_begun_to_talk() -> None:
    dice, handling = random.Random(5), Handling()
    for _ in range(300):
        handling.talk_ended(dice.expovariate(1 / 90.0))
        handling.wrap_ended(dice.uniform(8.0, 16.0), True)
    handling.refresh(1_000.0, np.zeros(0), np.zeros(0))
    handling.look_ahead(np.array([5.0, 10.0, 30.0]))
    talking, wrapping = handling.free_within(np.array([5.0]), np.array([9.0]))
    assert (wrapping > talking).all()
    assert (np.diff(wrapping) >= 0.0).all()
    assert wrapping[1] > 0.8
    assert talking[0] < 0.05


def test_agents_who_go_after_wrap_up_are_not_expected_back() -> None:
    stays, goes = Handling(), Handling()
    for handling, ready in ((stays, True), (goes, False)):
        for _ in range(200):
            handling.talk_ended(60.0)
            handling.wrap_ended(10.0, ready)
        handling.refresh(1_000.0, np.zeros(0), np.zeros(0))
        handling.look_ahead(np.array([40.0]))
    back, gone = (h.free_within(np.zeros(0), np.array([5.0]))[0, 0] for h in (stays, goes))
    assert back > 0.9
    assert gone < 0.2


def shown() -> np.ndarray:
    bell = TIMES**3 * np.exp(-TIMES / 2.5)
    return np.cumsum(bell) / bell.sum()


def play(rates: Rates, dice: random.Random, p: Callable[[float], float], end_s: float, per_s: float) -> None:
    """Calls from second 0 on, answered with chance p(launch); told in the order in which it happens."""
    told = []
    for k in range(int(end_s * per_s)):
        at_s = k / per_s
        told.append((at_s, "begin", at_s))
        if dice.random() < p(at_s):
            told.append((at_s + dice.gammavariate(4.0, 2.5), "answered", at_s))
    for when_s, what, began_s in sorted(told):
        if when_s <= end_s:
            getattr(rates, what)(0, began_s)


def test_the_answer_rate_is_found_and_the_interval_holds_it() -> None:
    held = 0
    for seed in range(20):
        rates = Rates(1)
        play(rates, random.Random(seed), lambda at_s: 0.3, 600.0, 1.0)
        rates.refresh(600.0, shown(), BIN_S, 1, 3_000.0)
        low, high = rates.interval(0)
        held += low <= 0.3 <= high
    assert held >= 16


def test_an_answer_rate_that_trebles_is_noticed_within_forty_seconds_at_two_calls_a_second() -> None:
    found = []
    for seed in range(5):
        for now_s in (900.0, 940.0):
            rates = Rates(1)
            play(rates, random.Random(seed), lambda at_s: 0.15 if at_s < 900.0 else 0.5, now_s, 2.0)
            rates.refresh(now_s, shown(), BIN_S, 1, 3_000.0)
            found.append(float(rates.mean[0]))
    before, after = found[::2], found[1::2]
    assert max(before) < 0.22
    assert sum(late > 1.8 * early for early, late in zip(before, after, strict=True)) >= 4


def test_a_refused_call_says_nothing_of_the_answer_rate() -> None:
    with_storm, without = Rates(1), Rates(1)
    for rates in (with_storm, without):
        play(rates, random.Random(2), lambda at_s: 0.4, 300.0, 1.0)
    for k in range(200):
        with_storm.begin(0, 299.0 + k * 0.001)
        with_storm.take_back(0, 299.0 + k * 0.001)
    for rates in (with_storm, without):
        rates.refresh(320.0, shown(), BIN_S, 1, 3_000.0)
    assert with_storm.mean[0] == pytest.approx(float(without.mean[0]), rel=1e-9)


def test_a_thousand_calls_silent_in_their_fifth_second_prove_little_while_few_answers_are_known() -> None:
    """How soon people answer is itself known from thirty answers only."""
    found = {}
    for known in (30.0, 3_000.0):
        rates = Rates(1)
        play(rates, random.Random(5), lambda at_s: 0.15, 300.0, 1.0)
        rates.refresh(300.0, shown(), BIN_S, 1, known)
        before = float(rates.mean[0])
        for _ in range(1_000):
            rates.begin(0, 300.5)
        rates.refresh(305.0, shown(), BIN_S, 1, known)
        found[known] = float(rates.mean[0]) / before
    assert found[30.0] > 0.9
    assert found[3_000.0] < 0.6  # known well, it is proof


def test_calls_that_began_late_in_their_three_seconds_are_not_taken_for_older_ones() -> None:
    early, late = Rates(1), Rates(1)
    for rates, at_s in ((early, 300.1), (late, 302.9)):
        for _ in range(100):
            rates.begin(0, at_s)
        rates.refresh(304.0, shown(), BIN_S, 1, 3_000.0)
    assert late.mean[0] > 1.05 * early.mean[0]


def test_rates_of_an_earlier_life_go_on_where_the_clock_begins_anew() -> None:
    before, after = Rates(1), Rates(1)
    play(before, random.Random(3), lambda at_s: 0.5, 900.0, 1.0)
    after.load(before.save(1))
    play(after, random.Random(4), lambda at_s: 0.15, 300.0, 2.0)
    after.refresh(300.0, shown(), BIN_S, 1, 3_000.0)
    assert 0.1 < after.mean[0] < 0.22


def test_a_quiet_hour_leaves_the_rate_less_certain() -> None:
    rates = Rates(1)
    play(rates, random.Random(4), lambda at_s: 0.3, 600.0, 1.0)
    rates.refresh(600.0, shown(), BIN_S, 1, 3_000.0)
    sure = rates.relative[0]
    rates.refresh(4_200.0, shown(), BIN_S, 1, 3_000.0)
    assert rates.relative[0] > 1.2 * sure
    assert P[0] < rates.mean[0] < P[-1]


@given(st.floats(0.001, 0.1), st.lists(st.booleans(), max_size=2_000))
@settings(deadline=None, max_examples=30)
def test_theta_stays_between_its_bounds(cap: float, answers: list[bool]) -> None:
    ledger = Ledger()
    for missed in answers:
        ledger.note(missed, cap, 0.0)
        assert 0.13 * cap < ledger.theta < 0.61


def test_a_world_that_answers_theta_with_as_much_abandonment_comes_to_the_aim() -> None:
    """The law of the integral: whatever factor the model is wrong by, the rate ends at the aim."""
    for wrong in (0.4, 1.0, 2.5):
        ledger, dice = Ledger(), random.Random(1)
        for _ in range(20_000):
            ledger.note(dice.random() < wrong * ledger.theta, 0.03, 0.0)
        assert abs(ledger.abandoned / ledger.live - AIM * 0.03) < 0.0015


@given(st.integers(1, 1_000), st.floats(0.001, 0.2))
def test_a_new_campaign_takes_no_more_risk_than_its_cap(agents: int, cap: float) -> None:
    ledger = Ledger()
    ledger.start(agents, cap)
    assert 0.5 * cap <= ledger.theta * (1.0 + 1e-9)
    assert ledger.theta <= cap * (1.0 + 1e-9)


def test_a_burst_cuts_the_risk_of_a_large_team_at_once_and_most_of_the_cut_passes() -> None:
    ledger = Ledger()
    ledger.start(200, 0.03)
    for k in range(600):
        ledger.note(k % 45 == 0, 0.03, 0.0, 200)
    before, lasting = ledger.theta, ledger.log_theta
    for _ in range(10):
        ledger.note(True, 0.03, 0.0, 200)
    assert ledger.theta < 0.25 * before
    assert ledger.log_theta > lasting - 0.8, "what lasts is the smaller part"
    for _ in range(500):
        ledger.note(False, 0.03, 0.0, 200)
    assert ledger.theta > 0.6 * before


def test_the_risk_does_not_run_up_while_something_else_bounds_the_launches() -> None:
    free, bound = Ledger(), Ledger()
    for ledger in (free, bound):
        ledger.start(100, 0.03)
    for _ in range(3_000):
        free.note(False, 0.03, 0.0, 100)
        bound.note(False, 0.03, 0.0, 100, dared=False)
    assert free.theta > 0.1
    assert math.exp(bound.log_theta) <= 0.03 + 1e-9


def test_windows_forget_what_is_older_and_rates_are_told_by_their_hours() -> None:
    ledger, day = Ledger(), 86_400.0
    for k in range(100):
        ledger.note(k < 50, 0.03, 1_000.0)
    ledger.look(2_000.0, (day, 30 * day))
    assert ledger.rates() == {"abandoned_24h": 0.5, "abandoned_720h": 0.5}
    assert "in 24 h" in ledger.overspent(0.03)
    ledger.look(2_000.0 + 1.1 * day, (day, 30 * day))
    assert ledger.rates() == {"abandoned_24h": 0.0, "abandoned_720h": 0.5}
    ledger.look(2_000.0 + 31 * day, (day, 30 * day))
    assert ledger.overspent(0.03) == ""


def test_ten_agents_in_a_steady_world_are_kept_busier_than_one_call_each_would() -> None:
    from engine.pacing import POLICIES

    plan = Plan(10, 0.4, 0.0, 60.0, 1.0, 8.0, 8.0, 0.0, True, 100)
    ours = World(plan, POLICIES["predictive"](), 1).run()
    theirs = World(plan, POLICIES["progressive"](), 1).run()
    assert ours.occupancy > theirs.occupancy + 0.08
    assert ours.abandoned <= 0.03 * ours.live + 6
    assert theirs.abandoned == 0
