"""The terminal view: from plain data to a page, to lines, to a closing table that adds up."""

import io
import itertools
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from engine.cli import live
from engine.cli.summary import UNACCOUNTED, summary_text

STATUS: dict[str, Any] = {
    "version": "0.1.0",
    "uptime_s": 75.0,
    "wall_s": 1_795_000_000.0,
    "speed": 8.0,
    "switches": [{"name": "virtual", "up": True, "virtual": True, "lag_ms": 2.0, "why": ""}],
    "store": {"embedded": True, "late": 0},
    "campaigns": [
        {
            "campaign_id": "reminder",
            "mode": "robot",
            "state": "running",
            "queue": {"due": 120, "later": 40, "claimed": 3, "done": 37},
            "calls": {"ringing": 2, "robot": 4},
            "results": {"robot_done": 20, "robot_partial": 4, "busy": 9, "abandoned": 1},
            "decision": {"launch": 1, "reason": "10 channels, 6 in use"},
        },
        {"campaign_id": "second", "mode": "progressive", "state": "paused", "queue": {"error": "away"}},
    ],
    "agents": [
        {"agent_id": "anna", "name": "Anna", "state": "talking", "since_s": 65.0, "with": "+4860*****00"},
        {"agent_id": "boris", "name": "Boris", "state": "ready", "since_s": 3.0, "with": ""},
    ],
    "calls": 6,
}


def text_of(renderable: object, width: int = 160) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(renderable)
    return console.file.getvalue()


def test_the_page_shows_everything_an_engineer_looks_for_first():
    event = {"id": 1, "at_s": 1_795_000_000.0, "kind": "call", "campaign": "reminder", "state": "ringing"}
    page = text_of(live.render(STATUS, [event]), width=80)
    for wanted in (
        "virtual switch up",
        "store embedded",
        "clock x8",
        "up 1:15",
        "120/40/37",
        "2 ringing, 4 robot",
    ):
        assert wanted in page
    for wanted in ("10 channels, 6 in use", "anna", "1:05", "+4860*****00", "call: campaign reminder"):
        assert wanted in page
    assert "4.0 %" in page, "1 abandoned of 25 live answers"
    assert "6 live calls | agents: 1 ready, 1 talking | since the start: 34 attempts ended" in page
    assert "25 answered by people, 24 served" in " ".join(page.split())
    assert "…" not in page, "nothing is cut off in the usual window"


def test_a_queue_with_nobody_due_is_said_to_be_so_whatever_pacing_would_like():
    queue = {"due": 0, "later": 2, "claimed": 0, "done": 3, "next_due_at_s": 1_795_000_000.0}
    idle = {"campaign_id": "a", "queue": queue, "decision": {"launch": 1, "reason": "1 ready"}}
    page = text_of(live.render({**STATUS, "campaigns": [idle]}))
    assert "dials none: nobody is due before 2026-11-1" in page
    assert "1 ready, 0" not in page


def test_what_matters_most_stands_on_top_where_a_low_window_still_shows_it():
    bad = {"switches": [{"name": "sw1", "up": False, "why": "refused"}]}
    lines = text_of(live.render({**STATUS, **bad})).splitlines()
    assert "DOWN refused" in lines[0]
    assert "6 live calls" in lines[1]


def test_a_narrow_window_leaves_columns_out_rather_than_cutting_all():
    page = text_of(live.render(STATUS, narrow=True), width=60)
    assert "…" not in page
    for wanted in ("campaign", "due/later/done", "120/40/37", "aband.", "anna", "+4860*****00"):
        assert wanted in page


def test_of_a_hundred_agents_the_page_shows_some_and_says_how_many_there_are():
    many = [{"agent_id": f"a{number}", "state": "ready"} for number in range(100)]
    page = text_of(live.render({**STATUS, "agents": many}))
    assert f"and {100 - live.AGENTS_SHOWN} more: prozvon agent list" in page


@given(
    due=st.integers(0, 99), later=st.integers(0, 99), done=st.integers(0, 99), calls=st.integers(0, 30),
    taken=st.integers(0, 30),
)  # fmt: skip
def test_due_later_done_and_calls_add_up_to_all_contacts(due, later, done, calls, taken):
    queue = {"due": due, "later": later, "done": done, "claimed": calls + taken}
    row = live._campaign({"queue": queue, "calls": {"ringing": calls}})
    assert sum(map(int, row[2].split("/"))) + row[3] == due + later + done + calls + taken


def test_a_switch_that_is_down_and_a_store_that_is_late_stand_out():
    bad = {"switches": [{"name": "sw1", "up": False, "why": "refused"}], "store": {"late": 3}}
    page = text_of(live.render({**STATUS, **bad}))
    assert "switch sw1 DOWN refused" in page
    assert "3 settlements wait" in page


def test_an_engine_that_has_just_begun_can_be_shown_too():
    assert "0 live calls" in text_of(live.render({}))
    assert "no campaigns" in live.progress_line({})
    assert "no agents" in live.plain({})


@given(width=st.integers(20, 200))
def test_the_page_fits_windows_of_any_width(width):
    assert all(len(line) <= width for line in text_of(live.render(STATUS), width).splitlines())


def test_one_line_holds_all_that_moves():
    line = live.progress_line(STATUS)
    assert "reminder running: 120 due, 40 later, 37 done, 6 calls" in line
    assert "\n" not in line


def test_nothing_in_an_event_can_move_the_cursor():
    assert "\x1b" not in live.event_text({"id": 1, "at_s": 1.0, "kind": "card", "name": "\x1b[2Jx"})
    assert "\x1b" not in live.event_text({"id": 1, "at_s": 1.0, "kind": "agent", "agent": "\x1b[2Jx"})


class Engine:
    """An engine that has two campaigns and says two things."""

    def __init__(self) -> None:
        self.asked = 0

    def status(self) -> dict[str, Any]:
        self.asked += 1
        return STATUS

    def events(self, after: int = 0) -> Iterator[dict[str, Any]]:
        yield {"id": 1, "at_s": 1.0, "kind": "campaign", "campaign": "reminder", "state": "running"}
        yield {"id": 2, "at_s": 2.0, "kind": "beat"}
        yield {"id": 3, "at_s": 3.0, "kind": "pacing", "campaign": "reminder", "launch": 1}


def test_without_a_terminal_plain_lines_tell_the_state_its_changes_and_the_last_state():
    out, looks = io.StringIO(), itertools.count()
    live.run_view(Engine(), until=lambda: next(looks) >= 3, stdout=out)
    lines = out.getvalue().splitlines()
    assert any(line.endswith("campaign reminder: state running") for line in lines)
    assert sum("120 due" in line for line in lines) == 2, "once in five seconds, not at each look, and last"
    assert "120 due" in lines[-1]
    assert not any("pacing" in line for line in lines), "every decision would be noise"
    assert "\x1b" not in out.getvalue()


def test_on_a_terminal_the_page_is_drawn_and_nothing_of_it_left_behind():
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out, looks = Terminal(), itertools.count()
    live.run_view(Engine(), until=lambda: next(looks) >= 2, stdout=out)
    assert "10 channels, 6 in use" in out.getvalue()
    assert out.getvalue().startswith("\x1b[?1049h"), "on a screen of its own, so that no resize leaves scraps"
    assert "\x1b[?1049l" in out.getvalue()[-40:], "and back to where the summary is printed"


COUNTS = st.dictionaries(st.sampled_from(["busy", "talked", "no_answer", "machine"]), st.integers(0, 999))


@given(
    campaigns=st.dictionaries(
        st.sampled_from(["a", "b", "c"]), st.tuples(COUNTS, st.integers(-5, 5)), min_size=2
    )
)
def test_the_closing_table_adds_up_by_row_and_by_column(campaigns):
    summaries = {
        name: {"attempts": sum(counts.values()) + off, "by_disposition": counts}
        for name, (counts, off) in campaigns.items()
    }
    lines = summary_text({"campaigns": summaries}).splitlines()
    table = [line for line in lines if line[:1].isalpha() and line[-1].isdigit()]
    numbers = {line[: len(line) - len(line.lstrip(" "))] + " ".join(line.split()[: -len(campaigns) - 1]): [
        int(word) for word in line.split()[-len(campaigns) - 1 :]
    ] for line in table}  # fmt: skip
    sums = numbers.pop("attempts")
    assert sums == [sum(column) for column in zip(*numbers.values(), strict=True)] or not numbers
    assert all(row[-1] == sum(row[:-1]) for row in (*numbers.values(), sums))
    assert sums[:-1] == [one["attempts"] for one in summaries.values()]


def test_attempts_that_no_disposition_accounts_for_are_not_hidden():
    text = summary_text({"campaign_id": "a", "attempts": 12, "by_disposition": {"busy": 10}})
    assert any(line.startswith(UNACCOUNTED) and line.endswith(" 2") for line in text.splitlines())


def test_rates_and_durations_are_told_with_their_units_and_agents_with_their_talks():
    text = summary_text({
        "campaign_id": "a", "attempts": 1, "by_disposition": {"talked": 1}, "abandon_rate": 0.031,
        "average_talk_s": 61.25, "agents": {"anna": {"talks": 1, "talk_s": 61.25}},
    })  # fmt: skip
    assert "3.1 %" in text
    assert "61.2 s" in text
    assert "1:01" in text


def test_agents_of_several_campaigns_stand_in_one_table_and_no_abandoned_call_is_said_as_well():
    one = {"attempts": 1, "by_disposition": {"talked": 1}, "live": 1, "abandon_rate": 0.0}
    text = summary_text({"campaigns": {
        "a": {**one, "agents": {"boris": {"talks": 1, "talk_s": 61.0}}},
        "b": {**one, "agents": {"anna": {"talks": 1, "talk_s": 5.0}}},
    }})  # fmt: skip
    *_, table = text.split("\n\n")
    assert [line.split()[:2] for line in table.splitlines()] == [
        ["agent", "campaign"],
        ["anna", "b"],
        ["boris", "a"],
    ]
    assert "abandoned of people  0.0 %  0.0 %" in text
