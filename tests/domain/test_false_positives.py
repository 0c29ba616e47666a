"""People lost to AMD as abandoned calls: the formula and its interval."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.false_positives import wilson, with_false_positives


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    # Newcombe (1998), table I: 81/263, 15/148, 0/20, 1/29, method 3
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_is_that_of_the_books(hits: int, of: int, low: float, high: float):
    assert wilson(hits, of) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_nothing_tried_is_nothing_known():
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.integers(0, 1_000), st.integers(0, 1_000))
def test_the_share_lies_in_its_interval_which_lies_in_0_to_1(hits: int, more: int):
    low, high = wilson(hits, hits + more)
    assert 0.0 <= low <= high <= 1.0
    if hits + more:
        assert low <= hits / (hits + more) <= high


counts = st.integers(0, 10_000)


@given(counts, counts, counts, counts, counts)
def test_the_rate_with_amd_is_never_below_the_plain_one_and_lies_in_its_bounds(
    abandoned: int, served: int, machines: int, wrong: int, right: int
):
    found = with_false_positives(abandoned, served, machines, wrong, right)
    assert 0.0 <= found.plain <= found.rate <= 1.0
    assert found.lowest <= found.rate <= found.highest


def test_an_example_by_hand():
    found = with_false_positives(abandoned=3, served=197, machines=100, wrong=2, right=98)
    assert found.plain == 3 / 200
    assert found.rate == 5 / 202
