import math

import pytest

from engine.compliance import RULES
from engine.compliance.do_not_call_list import DoNotCallList, read_do_not_call
from engine.compliance.gate import Gate, compile_rules
from engine.compliance.packs import PACKS
from engine.domain.contact import TouchPhase
from engine.domain.errors import ConfigError
from engine.domain.gate import Allowed
from tests.compliance.cases import MOSCOW, PHONE, at, blocked, campaign, judge, past, person, touch

NOON = at("2026-11-20 12:00")


def test_allowed_carries_the_version_of_the_history_it_was_judged_on():
    assert judge(NOON) == Allowed(7)


@pytest.mark.parametrize("path", ["first", "retry", "callback", "preview", "manual", "robot"])
def test_no_path_leads_around_the_gate(path):
    gate = Gate(DoNotCallList(numbers={PHONE.number}))
    assert blocked(judge(NOON, path=path, gate=gate)).rule == "do_not_call"
    hours = ("calling_hours", {"workday": "13:00-14:00"})
    limit = ("attempt_limit", {"per_day": 1})
    assert blocked(judge(NOON, hours, path=path)).rule == "calling_hours"
    assert blocked(judge(NOON, limit, path=path, touches=(touch("2026-11-20 09:00"),)))


def test_a_person_on_the_list_is_never_called_and_a_number_only_on_that_number():
    gate = Gate(DoNotCallList(persons={"p1"}))
    verdict = blocked(judge(NOON, gate=gate))
    assert verdict.for_ever
    assert not verdict.number_only
    gate.do_not_call.persons.clear()
    gate.do_not_call.numbers.add(PHONE.number)
    assert blocked(judge(NOON, gate=gate)).number_only


def test_a_person_who_is_on_another_call_is_asked_again_soon():
    busy = past(open_attempt="attempt-9")
    verdict = blocked(Gate().judge(person(MOSCOW), PHONE, campaign(), busy, NOON, "first"))
    assert verdict.rule == "one_call_at_a_time"
    assert verdict.retry_at_s == NOON + 30


def test_rules_replaced_in_a_running_campaign_bind_the_next_call():
    gate, who = Gate(), person(MOSCOW)
    assert isinstance(gate.judge(who, PHONE, campaign(), past(), NOON, "first"), Allowed)
    closed = campaign(("calling_hours", {"workday": "13:00-14:00"}))
    assert blocked(gate.judge(who, PHONE, closed, past(), NOON, "first"))


def test_working_days_leave_out_weekends_holidays_and_own_dates():
    rule = ("working_days", {"country": "RU", "holidays": ["2026-11-23"]})
    verdict = blocked(judge(at("2026-11-21 12:00"), rule))
    assert verdict.reason == "Sat 21 Nov 2026 in Europe/Moscow is no working day"
    assert verdict.retry_at_s == at("2026-11-24 00:00")
    assert "public holiday" in blocked(judge(at("2026-11-04 12:00"), rule)).reason
    assert isinstance(
        judge(at("2026-11-04 12:00"), ("working_days", {**rule[1], "on_holidays": True})), Allowed
    )


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (("calling_huors", {}), "Did you mean 'calling_hours'?"),
        (("calling_hours", {"work_day": "09:00-18:00"}), "Did you mean 'workday'?"),
        (("calling_hours", {"workday": "9-18"}), "'9' is not a time of day"),
        (("calling_hours", {"workday": "18:00-09:00"}), "ends before it begins"),
        (("calling_hours", {"workday": 900}), "900 is not a text"),
        (("calling_hours", {"workday": "closed", "weekend": "closed"}), "nothing could ever be called"),
        (("calling_hours", {"country": "XX"}), "no table of public holidays for 'XX'"),
        (("calling_hours", {"holidays": ["04.11.2026"]}), "Write it as 2026-11-04"),
        (("working_days", {"days": ["monday"]}), "Use mon, tue"),
        (("attempt_limit", {}), "limits nothing"),
        (("attempt_limit", {"per_day": 0}), "less than 1"),
        (("attempt_limit", {"per_day": "1"}), "is not a whole number"),
        (("attempt_limit", {"per_day": True}), "is not a whole number"),
        (("attempt_limit", {"rolling_days": 7}), "go together"),
        (("attempt_limit", {"rolling_days": 400, "rolling_most": 1}), "At most 90"),
        (("attempt_limit", {"per_day": 1, "counts": "rings"}), "cannot be counted"),
        (("after_event", {"event": "conversatoin", "hours": 1}), "unknown event"),
        (("after_event", {"event": "machine"}), "parameter 'hours' is missing"),
        (("do_not_call", {"file": "x"}), "unknown parameter 'file'"),
        (("pack", {"name": "ru-230"}), "Did you mean 'ru-230fz'?"),
        (("pack", {}), "chosen by its name"),
    ],
)
def test_a_wrong_rule_is_named_with_place_and_fix(rule, told):
    with pytest.raises(ConfigError, match="rules") as caught:
        compile_rules([rule], "campaigns.spring.rules")
    assert told in str(caught.value)
    assert f"campaigns.spring.rules.0.{rule[0]}" in str(caught.value)


def test_every_pack_compiles_and_says_where_its_numbers_come_from():
    for name, pack in PACKS.items():
        assert len(compile_rules([("pack", {"name": name})])) == len(pack.rules) + 1
        assert pack.source
        assert "to be confirmed by the user" in pack.to_confirm
        assert {rule for rule, _ in pack.rules} <= set(RULES)


def test_the_russian_pack_counts_a_connection_and_not_an_unanswered_call():
    pack = ("pack", {"name": "ru-230fz"})
    assert isinstance(judge(NOON, pack, touches=(touch("2026-11-20 09:00"),)), Allowed)
    heard = touch("2026-11-20 09:00", TouchPhase.CONNECTED, connected_s=1.0)
    assert blocked(judge(NOON, pack, touches=(heard,))).retry_at_s == at("2026-11-21 09:00")


def test_a_pack_binds_from_the_day_it_is_in_force():
    pack = ("pack", {"name": "ru-230fz"})
    assert isinstance(judge(at("2024-01-30 23:00"), pack), Allowed)
    assert blocked(judge(at("2024-02-01 23:00"), pack))


def test_a_do_not_call_file_is_read_with_comments_spaces_and_persons():
    text = "\ufeff# stop list\n+7 (916) 123-45-67  # asked in writing\n\nperson:p-9\n+48600100200\n"
    found = read_do_not_call(text, "stop.txt")
    assert found.numbers == {"+79161234567", "+48600100200"}
    assert found.persons == {"p-9"}


def test_one_unreadable_line_fails_the_whole_do_not_call_file():
    with pytest.raises(ConfigError, match=r"line 2: '89161234567'.*stop\.txt"):
        read_do_not_call("+48600100200\n89161234567\n", "stop.txt")


def test_a_block_for_ever_is_not_moved_by_other_rules():
    gate = Gate(DoNotCallList(persons={"p1"}))
    hours = ("calling_hours", {"workday": "13:00-14:00"})
    assert math.isinf(blocked(judge(NOON, hours, gate=gate, zones=(MOSCOW,))).retry_at_s)
