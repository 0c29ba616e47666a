import csv
import io
import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.attempt import Cdr, Disposition
from engine.reports.cdr import COLUMNS, csv_lines, flat_row, json_lines, safe_cell
from engine.reports.kpi import summarise

D = Disposition
NOON_S = 1_795_251_600.25  # 2026-11-21 12:00:00.25 in Moscow
TALK = Cdr(
    attempt_id="a-1",
    contact_id="c-1",
    person_id="p-1",
    campaign_id="spring",
    team="north",
    mode="progressive",
    number="+79161234567",
    caller_id="+74950000001",
    gateway="mts",
    switch="fs1",
    disposition="talked",
    made_at_s=NOON_S,
    ringing_at_s=NOON_S + 2,
    answered_at_s=NOON_S + 7,
    bridged_at_s=NOON_S + 7.08,
    ended_at_s=NOON_S + 67.08,
    agent_id="anna",
    wait_s=0.08,
    outcome="promise",
    script_path=("greet", "menu"),
    decided={"gate": "allowed"},
)


def test_the_columns_are_these_and_stay_in_this_order():
    assert COLUMNS[:4] == ("attempt_id", "contact_id", "person_id", "campaign_id")
    assert set(COLUMNS) >= {field.name for field in fields(Cdr)}
    assert COLUMNS.index("made_at") + 1 == COLUMNS.index("made_at_s")
    assert len(COLUMNS) == len(set(COLUMNS))


def test_times_are_told_with_their_zone_and_as_epoch_seconds():
    row = flat_row(TALK, "Europe/Moscow")
    assert row["made_at"] == "2026-11-21T12:00:00.250+03:00"
    assert row["made_at_s"] == NOON_S
    assert (row["ring_s"], row["connected_s"], row["talk_s"]) == (5.0, 60.08, 60.0)


def test_what_never_happened_is_empty_and_not_the_year_1970():
    row = flat_row(replace(TALK, answered_at_s=0.0, bridged_at_s=0.0))
    assert row["answered_at"] is None
    assert row["answered_at_s"] is None
    assert row["talk_s"] == 0.0


def test_a_csv_file_reads_back_with_numbers_untouched():
    text = "".join(csv_lines([TALK, replace(TALK, outcome='said "no",\nhung up')]))
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert rows[0]["number"] == "+79161234567"
    assert rows[1]["outcome"] == 'said "no",\nhung up'
    assert rows[0]["script_path"] == "greet > menu"


@pytest.mark.parametrize(
    "attack", ["=cmd|'/C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "+7916=1"]
)
def test_nothing_a_person_typed_runs_in_a_spreadsheet(attack: str):
    assert safe_cell(attack) == f"'{attack}"


@pytest.mark.parametrize("plain", ["+79161234567", "-3.5", "12", "", "promise", "a=b", "Łódź"])
def test_what_computes_nothing_stays_as_it_is(plain: str):
    assert safe_cell(plain) == plain


def test_json_lines_keep_structure_and_are_one_line_each():
    (line,) = json_lines([replace(TALK, outcome="two\nlines")])
    assert line.count("\n") == 1
    row = json.loads(line)
    assert list(row) == list(COLUMNS)
    assert row["decided"] == {"gate": "allowed"}
    assert row["script_path"] == ["greet", "menu"]


def test_a_day_of_calls_is_summed_up():
    day = [
        TALK,
        replace(TALK, attempt_id="a-2", agent_id="boris", wait_s=0.12),
        replace(TALK, attempt_id="a-3", disposition="abandoned", bridged_at_s=0.0, agent_id=""),
        replace(TALK, attempt_id="a-4", disposition="busy", answered_at_s=0.0, bridged_at_s=0.0),
        replace(TALK, attempt_id="a-5", disposition="machine", bridged_at_s=0.0),
        replace(TALK, attempt_id="a-6", disposition="talked", campaign_id="autumn"),
    ]
    found = summarise(day)
    assert list(found) == ["spring", "autumn"]
    spring = found["spring"]
    assert (spring.attempts, spring.answered, spring.live, spring.talked, spring.abandoned) == (5, 4, 3, 2, 1)
    assert spring.abandon_rate == pytest.approx(1 / 3)
    assert spring.average_wait_s == pytest.approx(0.1)
    assert spring.talk_s == pytest.approx(120.0)
    assert spring.agents["anna"].talks == spring.agents["boris"].talks == 1
    assert json.loads(json.dumps(spring.as_record()))["by_disposition"]["talked"] == 2


INSTANTS = st.just(0.0) | st.floats(1e9, 2e9)
WORDS = st.text(max_size=12)
CDRS = st.builds(
    Cdr,
    attempt_id=WORDS,
    contact_id=WORDS,
    person_id=WORDS,
    campaign_id=st.sampled_from(["spring", "autumn"]),
    team=WORDS,
    mode=WORDS,
    number=WORDS,
    caller_id=WORDS,
    gateway=WORDS,
    switch=WORDS,
    disposition=st.sampled_from([str(end) for end in Disposition]),
    made_at_s=INSTANTS,
    ringing_at_s=INSTANTS,
    answered_at_s=INSTANTS,
    bridged_at_s=INSTANTS,
    ended_at_s=INSTANTS,
    agent_id=st.sampled_from(["", "anna", "boris"]),
    wait_s=st.floats(0, 10),
    outcome=WORDS,
    script_path=st.lists(WORDS, max_size=3).map(tuple),
    decided=st.dictionaries(WORDS, WORDS, max_size=2),
)


@given(st.lists(CDRS, max_size=30))
def test_the_numbers_of_a_summary_add_up(cdrs: list[Cdr]):
    found = summarise(cdrs)
    assert sum(summary.attempts for summary in found.values()) == len(cdrs)
    for summary in found.values():
        assert sum(summary.by_disposition.values()) == summary.attempts
        assert summary.live == summary.talked + summary.robot + summary.abandoned + summary.hung_up
        assert summary.live <= summary.answered <= summary.attempts
        assert summary.talked == summary.by_disposition.get("talked", 0)
        assert sum(agent.talks for agent in summary.agents.values()) == summary.talked
        assert sum(agent.talk_s for agent in summary.agents.values()) == pytest.approx(summary.talk_s)
        assert 0.0 <= summary.abandon_rate <= 1.0


@given(st.lists(CDRS, max_size=5))
def test_any_cdr_can_be_exported_and_read_back(cdrs: list[Cdr]):
    text = "".join(csv_lines(cdrs, "Europe/Warsaw"))
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert [len(row) for row in rows] == [len(COLUMNS)] * (len(cdrs) + 1)
    assert [json.loads(line)["outcome"] for line in json_lines(cdrs)] == [cdr.outcome for cdr in cdrs]
