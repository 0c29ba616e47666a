from hypothesis import given, settings
from hypothesis import strategies as st

from engine.compliance.gate import Gate
from engine.domain.attempt import Disposition
from engine.domain.contact import Phone, TouchPhase
from engine.domain.gate import Allowed
from tests.compliance.cases import KALININGRAD, MOSCOW, VLADIVOSTOK, at, blocked, judge, touch, touch_at

FZ = ("attempt_limit", {"per_day": 1, "per_week": 2, "per_month": 8})


def test_one_call_a_day_and_the_next_is_at_midnight_of_the_person():
    verdict = blocked(judge(at("2026-11-20 12:00"), FZ, touches=(touch("2026-11-20 09:00"),)))
    assert verdict.retry_at_s == at("2026-11-21 00:00")
    assert verdict.reason == "1 of 1 calls today (Fri 20 Nov 2026, Europe/Moscow)"


def test_two_calls_a_week_and_the_reason_can_be_read_by_a_person():
    past = (touch("2026-11-16 09:00"), touch("2026-11-18 09:00"))
    verdict = blocked(judge(at("2026-11-20 12:00"), FZ, touches=past))
    assert verdict.retry_at_s == at("2026-11-23 00:00")
    assert verdict.reason == "2 of 2 calls this week (Mon 16 Nov – Sun 22 Nov, Europe/Moscow)"


def test_eight_calls_a_month_wait_for_the_first_of_the_next():
    past = tuple(touch(f"2026-11-{day:02d} 10:00") for day in (2, 3, 9, 10, 16, 17, 23, 24))
    verdict = blocked(judge(at("2026-11-30 12:00"), FZ, touches=past))
    assert verdict.retry_at_s == at("2026-12-01 00:00")
    assert "8 of 8 calls this month" in verdict.reason


def test_a_day_is_counted_in_every_candidate_zone_and_the_worst_binds():
    # 23:30 of the 19th in Moscow is 06:30 of the 20th in Vladivostok: it uses up that day there.
    past = (touch("2026-11-19 23:30"),)
    moment = at("2026-11-20 10:00")
    assert isinstance(judge(moment, FZ, touches=past), Allowed)
    verdict = blocked(judge(moment, FZ, touches=past, zones=(MOSCOW, VLADIVOSTOK)))
    assert verdict.retry_at_s == at("2026-11-21 00:00", VLADIVOSTOK)
    assert "Asia/Vladivostok" in verdict.reason


def test_only_connections_long_enough_count_when_the_law_says_so():
    rule = ("attempt_limit", {"per_day": 1, "counts": "connections", "min_connected_s": 2})
    moment = at("2026-11-20 12:00")
    short = touch("2026-11-20 09:00", TouchPhase.CONNECTED, connected_s=1.9)
    long = touch("2026-11-20 09:00", TouchPhase.CONNECTED, connected_s=2.0)
    assert isinstance(judge(moment, rule, touches=(short, touch("2026-11-20 10:00"))), Allowed)
    assert blocked(judge(moment, rule, touches=(long,)))


def test_a_call_whose_end_nobody_knows_counts_as_everything():
    rules = [
        ("attempt_limit", {"per_day": 1, "counts": "conversations"}),
        ("after_event", {"event": "conversation", "hours": 168}),
        ("after_event", {"event": "abandoned", "hours": 72}),
    ]
    for phase in (TouchPhase.RESERVED, TouchPhase.UNKNOWN):
        for rule in rules:
            assert blocked(judge(at("2026-11-20 12:00"), rule, touches=(touch("2026-11-20 09:00", phase),)))


def test_seven_calls_in_seven_days_free_one_by_one():
    rule = ("attempt_limit", {"rolling_days": 7, "rolling_most": 7})
    past = tuple(touch(f"2026-11-{day} 10:00") for day in range(13, 20))
    verdict = blocked(judge(at("2026-11-20 09:59"), rule, touches=past))
    assert verdict.retry_at_s == at("2026-11-20 10:00")
    assert verdict.reason == "7 of 7 calls in the last 7 days"
    assert isinstance(judge(at("2026-11-20 10:00"), rule, touches=past), Allowed)


def test_a_limit_per_number_leaves_the_other_numbers_free():
    rule = ("attempt_limit", {"per_day": 1, "per": "number"})
    past = (touch("2026-11-20 09:00", number="+79161234567"),)
    verdict = blocked(judge(at("2026-11-20 12:00"), rule, touches=past))
    assert verdict.number_only
    assert isinstance(judge(at("2026-11-20 12:00"), rule, touches=past, phone=Phone("+79160000000")), Allowed)


def test_after_a_conversation_the_person_is_left_alone_for_seven_days():
    rule = ("after_event", {"event": "conversation", "hours": 168})
    talked = touch("2026-11-13 12:00", TouchPhase.CONVERSED, connected_s=60.0)
    verdict = blocked(judge(at("2026-11-20 12:00"), rule, touches=(talked,)))
    assert verdict.retry_at_s == at("2026-11-20 12:01")
    assert "7 days" in verdict.reason


def test_an_abandoned_person_is_locked_out_unless_an_agent_is_guaranteed():
    rule = ("after_event", {"event": "abandoned", "hours": 72, "unless_agent_guaranteed": True})
    lost = (touch("2026-11-19 12:00", TouchPhase.CONNECTED, outcome=str(Disposition.ABANDONED)),)
    moment = at("2026-11-20 12:00")
    assert blocked(judge(moment, rule, touches=lost)).retry_at_s == at("2026-11-22 12:00")
    assert isinstance(judge(moment, rule, touches=lost, guaranteed=True), Allowed)


def test_the_time_to_come_back_satisfies_all_rules_together():
    hours = ("calling_hours", {"workday": "09:00-20:00", "weekend": "closed"})
    past = (touch("2026-11-20 10:00"),)  # a Friday
    verdict = blocked(judge(at("2026-11-20 12:00"), FZ, hours, touches=past))
    assert verdict.rule == "attempt_limit"
    assert verdict.retry_at_s == at("2026-11-23 09:00")


RULES = st.fixed_dictionaries(
    {},
    optional={
        "per_day": st.integers(1, 3),
        "per_week": st.integers(1, 4),
        "per_month": st.integers(1, 6),
    },
)


@settings(max_examples=150, deadline=None)
@given(
    params=RULES,
    rolling=st.tuples(st.integers(1, 30), st.integers(1, 5)),
    ages_s=st.lists(st.floats(0, 40 * 86_400), max_size=12),
    now_s=st.floats(1_760_000_000, 1_830_000_000),
    zones=st.lists(st.sampled_from([MOSCOW, VLADIVOSTOK, KALININGRAD]), min_size=1, unique=True),
)
def test_at_the_time_to_come_back_it_is_allowed_and_just_before_it_is_not(
    params: dict[str, int], rolling: tuple[int, int], ages_s: list[float], now_s: float, zones: list[str]
):
    rule = ("attempt_limit", {**params, "rolling_days": rolling[0], "rolling_most": rolling[1]})
    touches = tuple(touch_at(now_s - age_s) for age_s in ages_s)
    gate, names = Gate(), tuple(zones)
    verdict = judge(now_s, rule, touches=touches, zones=names, gate=gate)
    if isinstance(verdict, Allowed):
        return
    assert verdict.retry_at_s > now_s
    assert isinstance(judge(verdict.retry_at_s, rule, touches=touches, zones=names, gate=gate), Allowed)
    just_before = max(now_s, verdict.retry_at_s - 0.01)
    assert blocked(judge(just_before, rule, touches=touches, zones=names, gate=gate))
