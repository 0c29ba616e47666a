import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contacts.recycling import DEFAULTS, after_attempt, next_phone, phones_in_turn
from engine.domain.attempt import Disposition
from engine.domain.campaign import Abandonment, Campaign, Mode, RetryRule
from engine.domain.contact import Contact, Phone, Progress, Scheduled

D = Disposition
NOW_S = 1_795_000_000.0
ONE, TWO = "+48600100200", "+48221234567"


def contact(*numbers: str) -> Contact:
    return Contact("c1", "spring", "p1", tuple(Phone(number) for number in numbers or (ONE,)))


def campaign(**more: object) -> Campaign:
    return Campaign("spring", "team", Mode.PROGRESSIVE, ("gw",), (), **more)  # type: ignore[arg-type]


def play(who: Contact, *ends: Disposition, of: Campaign | None = None) -> Scheduled:
    """Let one attempt after the other end so, each on the number that is next."""
    then = Scheduled(Progress(), NOW_S, "")
    for end in ends:
        phone = next_phone(who, then.progress)
        assert phone, "no number left to try"
        then = after_attempt(who, phone.number, then.progress, end, of or campaign(), NOW_S)
    return then


def test_a_talk_ends_the_contact():
    then = play(contact(), D.TALKED)
    assert then.due_at_s is None
    assert then.reason == "talked"


def test_busy_comes_back_soon_and_no_answer_later():
    assert play(contact(), D.BUSY).due_at_s == NOW_S + 300
    assert play(contact(), D.NO_ANSWER).due_at_s == NOW_S + 7_200


def test_numbers_are_tried_in_turn_and_the_next_of_a_round_does_not_wait_for_hours():
    who = contact(ONE, TWO)
    then = play(who, D.NO_ANSWER)
    assert next_phone(who, then.progress) == Phone(TWO)
    assert then.due_at_s == NOW_S + 300
    then = play(who, D.NO_ANSWER, D.NO_ANSWER)
    assert next_phone(who, then.progress) == Phone(ONE)
    assert then.due_at_s == NOW_S + 7_200  # the round is over


def test_when_a_number_may_not_be_called_the_others_stand_in_turn_behind_it():
    who = contact(ONE, TWO, "+48600100300")
    then = play(who, D.NO_ANSWER, D.DEAD_NUMBER).progress
    assert [phone.number for phone in phones_in_turn(who, then)] == ["+48600100300", ONE]


def test_whoever_was_reached_on_one_number_is_not_called_at_once_on_another():
    assert play(contact(ONE, TWO), D.MACHINE).due_at_s == NOW_S + 4 * 3_600


def test_a_dead_number_is_never_tried_again_and_the_next_follows_at_once():
    who = contact(ONE, TWO)
    then = play(who, D.DEAD_NUMBER)
    assert then.due_at_s == NOW_S
    assert next_phone(who, play(who, D.DEAD_NUMBER, D.NO_ANSWER, D.NO_ANSWER).progress) == Phone(TWO)
    assert play(who, D.DEAD_NUMBER, D.FAX) == Scheduled(
        play(who, D.DEAD_NUMBER, D.FAX).progress, None, "every number is dead"
    )


def test_congestion_costs_neither_an_attempt_nor_the_turn_of_the_number():
    who = contact(ONE, TWO)
    then = play(who, D.CONGESTION, D.SWITCH_BUSY)
    assert then.progress.attempts == 0
    assert next_phone(who, then.progress) == Phone(ONE)
    assert play(who, D.CONGESTION).due_at_s == NOW_S + 60
    assert play(who, D.CONGESTION, D.CONGESTION).due_at_s == NOW_S + 120
    assert play(who, *[D.CONGESTION] * 10).due_at_s == NOW_S + 900


def test_our_own_full_switch_never_ends_a_contact():
    assert play(contact(), *[D.SWITCH_BUSY] * 500).due_at_s is not None


def test_after_an_abandoned_call_comes_the_lockout_and_then_an_agent_for_certain():
    then = play(contact(), D.ABANDONED, of=campaign(abandonment=Abandonment(lockout_s=1_000.0)))
    assert then.due_at_s == NOW_S + 1_000
    assert then.progress.guaranteed
    assert play(contact(), D.ABANDONED, D.NO_ANSWER).progress.guaranteed
    assert not play(contact(), D.ABANDONED, D.HUNG_UP).progress.guaranteed


def test_the_limit_of_an_outcome_ends_the_contact_and_says_so():
    then = play(contact(), *[D.BUSY] * 5)
    assert then.due_at_s is None
    assert then.reason == "5 times busy"


def test_the_campaigns_own_intervals_win():
    of = campaign(retries={"busy": RetryRule(42.0, 2)})
    assert play(contact(), D.BUSY, of=of).due_at_s == NOW_S + 42
    assert play(contact(), D.BUSY, D.BUSY, of=of).due_at_s is None


def test_attempts_of_all_kinds_together_are_limited():
    then = play(contact(), D.BUSY, D.NO_ANSWER, D.MACHINE, of=campaign(attempts_limit=3))
    assert then.due_at_s is None
    assert then.reason == "3 of 3 attempts made"


def test_a_promised_callback_is_kept_whatever_the_limits():
    then = after_attempt(
        contact(), ONE, Progress(attempts=9), D.TALKED, campaign(attempts_limit=10), NOW_S, NOW_S + 5_000
    )
    assert then.due_at_s == NOW_S + 5_000
    assert then.reason == "callback promised"


@pytest.mark.parametrize("end", Disposition)
def test_every_disposition_has_a_default_and_a_reason(end: Disposition):
    assert end in DEFAULTS
    assert play(contact(ONE, TWO), end).reason


@given(st.lists(st.sampled_from(list(Disposition)), max_size=40), st.integers(1, 3), st.integers(1, 12))
def test_no_contact_is_dialed_beyond_its_limits(ends: list[Disposition], numbers: int, limit: int):
    who = contact(*(f"+4860010020{n}" for n in range(numbers)))
    then, counted = Scheduled(Progress(), NOW_S, ""), 0
    for end in ends:
        phone = next_phone(who, then.progress)
        if then.due_at_s is None or phone is None:
            return
        assert phone.number not in then.progress.dead
        then = after_attempt(
            who, phone.number, then.progress, end, campaign(attempts_limit=limit), then.due_at_s
        )
        counted += end not in (D.CONGESTION, D.SWITCH_BUSY)
        assert then.progress.attempts == counted <= limit
        assert then.due_at_s is None or then.due_at_s >= then.progress.last_attempt_at_s
        assert sum(then.progress.tries.values()) == counted
