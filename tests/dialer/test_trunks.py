"""A trunk's contract is by the second, as its carrier counts it."""

from bisect import bisect_left, bisect_right

from hypothesis import given
from hypothesis import strategies as st

from engine.dialer.gateways import GatewayBook
from engine.dialer.shop import GatewayTerms


@given(
    st.sampled_from([0.5, 1.0, 2.5, 12.0]),
    st.lists(st.tuples(st.floats(0.0, 1.5), st.integers(0, 30)), max_size=30),
)
def test_no_second_sees_more_starts_than_the_contract_whatever_was_saved_up(
    calls_per_s: float, wishes: list[tuple[float, int]]
) -> None:
    book, now_s, taken = GatewayBook({"gw": GatewayTerms("gw", "sw1", 1000, calls_per_s)}), 0.0, list[float]()
    for pause_s, wanted in wishes:
        now_s += pause_s
        taken += [now_s for _ in range(wanted) if book.take("gw", now_s)]
    most = max(1, int(calls_per_s))
    assert all(bisect_left(taken, at + 1.0) - bisect_left(taken, at) <= most for at in taken)
    assert all(bisect_right(taken, at) <= most + at * calls_per_s + 1e-6 for at in taken)


def test_a_trunk_that_is_asked_all_the_time_gives_its_contract() -> None:
    book = GatewayBook({"gw": GatewayTerms("gw", "sw1", 1000, 12.0)})
    assert sum(book.take("gw", tick / 100) for tick in range(1000)) >= 12 * 9
