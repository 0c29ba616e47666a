"""The long-run relation against its own balance equations, known formulas and limits."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pacing.staffing import agents_for, at_cap, erlang_a, fixed_patience


def balance(agents: int, rate: float, handle_s: float, patience_s: float) -> tuple[float, float]:
    """(abandoned, occupancy) of M/M/n+M by solving the birth and death equations as a linear system."""
    size = agents + 400
    q = np.zeros((size, size))
    for k in range(size - 1):
        q[k, k + 1] = rate
        q[k + 1, k] = min(k + 1, agents) / handle_s + max(0, k + 1 - agents) / patience_s
    q -= np.diag(q.sum(axis=1))
    a = np.vstack([q.T, np.ones(size)])
    p = np.linalg.lstsq(a, np.append(np.zeros(size), 1.0), rcond=None)[0]
    waiting = np.maximum(np.arange(size) - agents, 0)
    return float(p @ waiting / patience_s / rate), float(p @ np.minimum(np.arange(size), agents) / agents)


@pytest.mark.parametrize(("agents", "rate"), [(1, 0.005), (3, 0.04), (10, 0.12), (10, 0.2), (30, 0.36)])
def test_erlang_a_solves_the_balance_equations(agents: int, rate: float) -> None:
    found = erlang_a(agents, rate, 75.0, 2.0)
    abandoned, occupancy = balance(agents, rate, 75.0, 2.0)
    assert found.abandoned == pytest.approx(abandoned, rel=1e-6, abs=1e-9)
    assert found.occupancy == pytest.approx(occupancy, rel=1e-6)


@pytest.mark.parametrize("model", [erlang_a, fixed_patience])
@given(agents=st.integers(1, 400), ratio=st.floats(0.01, 1.5), handle_s=st.floats(5, 600))
def test_who_is_not_abandoned_is_served_and_nobody_else(model, agents, ratio, handle_s) -> None:
    """Flow: λ(1 - P) = busy operators ÷ h."""
    rate = ratio * agents / handle_s
    found = model(agents, rate, handle_s, 2.0)
    assert found.occupancy * agents / handle_s == pytest.approx(rate * (1 - found.abandoned), rel=1e-6)
    assert 0.0 <= found.abandoned <= found.waits <= 1.0 + 1e-9


def test_with_endless_patience_it_is_erlangs_c_formula() -> None:
    agents, load = 8, 6.0
    top = load**agents / math.factorial(agents) * agents / (agents - load)
    expected = top / (sum(load**k / math.factorial(k) for k in range(agents)) + top)
    for model in (erlang_a, fixed_patience):
        assert model(agents, load / 60.0, 60.0, 1e6).waits == pytest.approx(expected, rel=1e-3)


def test_with_no_patience_it_is_erlangs_b_formula() -> None:
    agents, load = 8, 6.0
    expected = load**agents / math.factorial(agents)
    expected /= sum(load**k / math.factorial(k) for k in range(agents + 1))
    for model in (erlang_a, fixed_patience):
        assert model(agents, load / 60.0, 60.0, 1e-6).abandoned == pytest.approx(expected, rel=1e-3)


@given(agents=st.integers(1, 300), cap=st.floats(0.002, 0.2))
def test_at_the_cap_as_many_are_abandoned_as_it_says(agents: int, cap: float) -> None:
    found = at_cap(agents, 80.0, 2.0, cap)
    assert found.abandoned == pytest.approx(cap, rel=1e-4)
    assert at_cap(agents + 1, 80.0, 2.0, cap).occupancy > found.occupancy - 1e-6


def test_the_fewest_operators_are_enough_and_one_less_is_not() -> None:
    need = agents_for(0.3, 80.0, 2.0, 0.03)
    assert fixed_patience(need, 0.3, 80.0, 2.0).abandoned <= 0.03
    assert fixed_patience(need - 1, 0.3, 80.0, 2.0).abandoned > 0.03
    with pytest.raises(ValueError, match="more than 10"):
        agents_for(0.3, 80.0, 2.0, 0.03, most=10)


@pytest.mark.parametrize("wrong", [(0, 80.0, 2.0), (3, 0.0, 2.0), (3, 80.0, 0.0)])
def test_what_cannot_be_is_refused(wrong: tuple[int, float, float]) -> None:
    agents, handle_s, patience_s = wrong
    with pytest.raises(ValueError, match="agents"):
        erlang_a(agents, 0.1, handle_s, patience_s)
