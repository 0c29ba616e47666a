"""The three lines: what is asked of a person after a pause, of a machine, and of a person without a pause."""

from hypothesis import given
from hypothesis import strategies as st

from engine.amd.decision import LEAST_PAUSE_S, LINES, Costs, at, decide, likelier_machine

logits = st.floats(-12.0, 12.0)
seconds = st.floats(0.0, 8.0)
COSTS = Costs()


@given(logits, seconds, seconds, st.floats(0.0, 4.0))
def test_who_waits_longer_is_no_less_a_person(logit: float, since_s: float, quiet_s: float, more_s: float):
    if decide(logit, since_s, quiet_s, COSTS) == "person":
        assert decide(logit, since_s, quiet_s + more_s, COSTS) == "person"


@given(logits, seconds, st.floats(0.0, 4.0))
def test_who_talks_on_is_no_less_a_machine(logit: float, since_s: float, more_s: float):
    if decide(logit, since_s, 0.0, COSTS) == "machine":
        assert decide(logit, since_s + more_s, 0.0, COSTS) == "machine"


@given(logits, seconds, seconds, st.floats(0.01, 6.0))
def test_less_like_a_machine_is_never_more_a_machine(
    logit: float, since_s: float, quiet_s: float, less: float
):
    order = {"person": 0, None: 1, "machine": 2}
    assert (
        order[decide(logit - less, since_s, quiet_s, COSTS)] <= order[decide(logit, since_s, quiet_s, COSTS)]
    )


@given(logits, seconds, seconds, st.floats(10.0, 1_000.0))
def test_dearer_people_are_lost_less(logit: float, since_s: float, quiet_s: float, price: float):
    order = {"person": 0, None: 1, "machine": 2}
    dear = Costs(lost_person=price)
    assert order[decide(logit, since_s, quiet_s, dear)] <= order[decide(logit, since_s, quiet_s, COSTS)]
    assert likelier_machine(logit, COSTS) or not likelier_machine(logit, dear)


def test_where_no_pause_comes_only_who_is_surely_one_is_a_person_and_later_sooner():
    early, late = (at(LINES.surely, since_s) for since_s in (1.0, 4.0))
    assert early < late < -1.0
    assert decide(early - 0.1, 1.0, 0.0, COSTS) == "person"
    assert decide(late - 0.1, 1.0, 0.0, COSTS) is None
    assert decide(late - 0.1, 4.0, 0.0, COSTS) == "person"
    assert decide(0.0, 4.0, 0.0, COSTS) is None


def test_a_pause_of_a_few_frames_is_none():
    logit = (at(LINES.person, 1.0) + at(LINES.surely, 1.0)) / 2
    assert decide(logit, 1.0, 1.0, COSTS) == "person"
    assert decide(logit, 1.0, LEAST_PAUSE_S - 0.02, COSTS) is None
