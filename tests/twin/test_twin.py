"""The twin repeats itself, agrees with theory where theory has a closed form, and keeps the engine's laws."""

import io
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.dialer.pace import Pacer, view_of
from engine.domain.campaign import Campaign
from engine.domain.errors import ConfigError
from engine.pacing.governor import Limits
from engine.pacing.snapshot import Decision, Memoryless, Snapshot
from engine.twin.library import names, world_named
from engine.twin.measures import Figure, ratio, student_t, total
from engine.twin.results import play
from engine.twin.twin import Twin
from engine.twin.world import World, parse_world
from tests.twin.worlds import small

ROOT = Path(__file__).parents[2]


def journal_of(world: World) -> str:
    out = io.StringIO()
    Twin(world, journal=out).run()
    return out.getvalue()


def records_of(world: World) -> list[dict[str, Any]]:
    return [json.loads(line) for line in journal_of(world).splitlines()]


class Silent(Memoryless):
    """Launches nothing."""

    def decide(self, now_s: float, snapshot: Snapshot) -> Decision:
        return Decision(0, reason="silent")


# --- the same day again ------------------------------------------------------------------------------


@settings(max_examples=6, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    operators=st.integers(0, 6),
    answer=st.floats(0.05, 0.9),
    mode=st.sampled_from(["predictive", "progressive", "ratio-2", "adaptive", "erlang-c"]),
    screening=st.booleans(),
)
def test_the_same_seed_gives_the_same_journal_to_the_byte(
    seed: int, operators: int, answer: float, mode: str, screening: bool
) -> None:
    world = small(
        seed=seed,
        hours=0.1,
        operators={"count": operators},
        campaign={"mode": mode, "screening": screening},
        default={"shares": {"answer": answer, "voicemail": 0.1, "busy": 1.0 - answer}},
    )
    assert journal_of(world) == journal_of(world)


def test_another_seed_is_another_day() -> None:
    assert journal_of(small(seed=1)) != journal_of(small(seed=2))


def test_the_journal_does_not_depend_on_the_hash_seed_of_the_process() -> None:
    code = (
        "import hashlib; from tests.twin.test_twin import journal_of; from tests.twin.worlds import small; "
    )
    code += "print(hashlib.sha256(journal_of(small(hours=0.1)).encode()).hexdigest())"
    told = {
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, check=True, timeout=60,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(told) == 1


# --- theory ------------------------------------------------------------------------------------------


def test_one_operator_dialing_one_line_is_the_renewal_formula() -> None:
    """Busy share = E[talk + wrap] / (E[talk + wrap] + E[idle]). The operator is idle for N - 1 failed calls
    of `failed_s` and one that is answered, N geometric with mean 1/p; after each, up to a check passes."""
    p, setup_s, ring_s, talk_s, wrap_s = 0.25, 1.0, 6.0, 30.0, 10.0
    world = small(
        hours=6,
        operators={"count": 1, "wrap_up_s": wrap_s},
        default={
            "setup_s": setup_s,
            "ring_s": ring_s,
            "talk_s": {"exponential": talk_s},
            "shares": {"answer": p, "busy": 1 - p},
        },
        campaign={"attempts_limit": 1},
        delays={"check_s": 0.01, "create_s": 0.0, "bridge_s": 0.0},
    )
    found = play(world).figures["occupancy"]
    idle_s = (1 / p - 1) * setup_s + setup_s + ring_s
    expected = (talk_s + wrap_s) / (talk_s + wrap_s + idle_s)
    assert found.half < 0.04
    assert found.holds(expected), (found, expected)


def test_callers_who_do_not_wait_are_lost_by_erlangs_b_formula() -> None:
    """Poisson calls, c operators, no waiting: P(lost) = (a^c / c!) / Σ a^k / k!"""
    operators, per_hour, talk_s = 4, 240.0, 60.0
    world = small(
        hours=5,
        operators={"count": operators, "wrap_up_s": 0},
        calls_in={"per_hour": per_hour, "max_wait_s": 0.0, "talk_s": {"exponential": talk_s}},
        delays={"bridge_s": 0.0},
    )
    outcome = play(world, policy=Silent)
    load = per_hour / 3600.0 * talk_s
    lost = load**operators / math.factorial(operators)
    lost /= sum(load**k / math.factorial(k) for k in range(operators + 1))
    counted = ratio([(page.inbound - page.inbound_talked, page.inbound) for page in outcome.batches])
    assert counted.half < 0.06
    assert counted.holds(lost), (counted, lost)
    assert outcome.figures["occupancy"].holds(load * (1 - lost) / operators)


# --- laws --------------------------------------------------------------------------------------------


def test_without_operators_nothing_is_dialed() -> None:
    assert play(small(operators={"count": 0}), policy=None).sums.launched == 0


def test_no_intent_is_lost_and_none_is_settled_twice() -> None:
    records = records_of(small(hours=0.5, campaign={"mode": "ratio-3"}))
    intents = [one["attempt_id"] for one in records if one["kind"] == "intent"]
    ends = [one["attempt_id"] for one in records if one["kind"] == "cdr"]
    assert len(set(intents)) == len(intents) > 100
    assert len(set(ends)) == len(ends)
    assert set(ends) <= set(intents)
    assert len(intents) - len(ends) < 20  # those that were on the line as the day ended


def test_an_abandoned_person_is_told_within_the_limit_and_not_called_again() -> None:
    records = records_of(small(hours=1, campaign={"mode": "ratio-3"}))
    left = [one for one in records if one["kind"] == "cdr" and one["disposition"] == "abandoned"]
    assert left
    again = [one["contact_id"] for one in records if one["kind"] == "intent"]
    for one in left:
        assert again.count(one["contact_id"]) == 1
        assert one["ended_at_s"] - one["answered_at_s"] == pytest.approx(1.7 + 6.0, abs=0.05)


def test_the_trunk_never_carries_more_than_its_contract() -> None:
    twin = Twin(small(campaign={"mode": "ratio-3"}, trunk={"channels": 4, "calls_per_s": 1.0}))
    most = []
    counting = twin.switch.counting
    twin.switch.counting = lambda: (most.append(twin.switch.busy), counting())[1]
    twin.run()
    assert max(most) == 4


def test_operators_leave_by_the_plan_and_take_their_breaks() -> None:
    world = small(
        hours=1,
        operators={"count": 4, "staffing": ((0, 4), (0.5, 1)), "works_s": 300, "break_s": 60},
    )
    pages = play(world).batches
    before, after = total(pages[:6]), total(pages[7:])
    assert before.staffed_s / 1800 == pytest.approx(4 * 300 / 360, rel=0.12)
    assert after.staffed_s / 1500 == pytest.approx(300 / 360, rel=0.2)


def test_the_hours_of_a_class_change_who_answers() -> None:
    never, always = {"busy": 1.0}, {"answer": 1.0}
    people = {"prefix": "+4860", "shares": never, "by_hour": {9: never, 10: always}}
    pages = play(small(hours=0.5, start="2026-11-24T09:45", classes=[people])).batches
    assert total(pages[:3]).live == 0
    assert total(pages[3:]).live > 10


def test_a_detector_keeps_machines_from_operators_and_loses_people_as_told() -> None:
    world = small(
        hours=3,
        campaign={"screening": True},
        detector={"verdict_s": 1.0, "people_lost": 0.1, "machines_passed": 0.0},
        default={"shares": {"answer": 0.5, "voicemail": 0.5}},
    )
    outcome = play(world)
    sums = outcome.sums
    machines = outcome.by_disposition["machine"]
    assert sums.talked > 100
    # half of the answers are machines, and a tenth of the people is taken for one
    assert machines / (machines + sums.live) == pytest.approx(0.5 + 0.5 * 0.1, abs=0.06)


# --- figures -----------------------------------------------------------------------------------------


def test_the_interval_of_a_ratio_is_the_textbooks() -> None:
    pairs = [(3.0, 10.0), (5.0, 10.0), (4.0, 10.0), (8.0, 20.0)]
    found = ratio(pairs)
    assert found.value == pytest.approx(0.4)
    spread = sum((y - 0.4 * x) ** 2 for y, x in pairs) / 3
    assert found.half == pytest.approx(3.182 * math.sqrt(4 * spread) / 50.0)
    assert ratio([(1.0, 2.0)]) == Figure(0.5, math.inf)
    assert student_t(60) == pytest.approx(2.0003, abs=1e-3)


def test_every_world_of_the_project_can_be_played() -> None:
    for name in names():
        outcome = play(world_named(name).but(hours=0.02))
        assert outcome.sums.launched > 0, name


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("operators: {cuont: 3}", "operators.cuont"),
        ("zone: Warsaw", "no time zone"),
        ("classes: [{prefix: '+48'}, {prefix: '+48'}]", "same prefix"),
        ("hours: 0", "hours"),
        ("default: {shares: {answered: 1}}", "answered"),
    ],
)
def test_a_wrong_file_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        parse_world(text, "mine.yaml")
    assert "mine.yaml:1" in str(caught.value)


def test_a_mode_that_is_not_there_is_told_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="progressive"):
        Twin(small(campaign={"mode": "progresive"}))


def test_a_robot_talks_by_its_scenario_and_joins_whom_it_should_to_an_operator() -> None:
    presses = [{"digits": "1", "on_prompt": 2, "after_s": 4}, {"digits": "2", "on_prompt": 3, "after_s": 3}]
    world = small(
        campaign={"mode": "robot", "script": str(ROOT / "scenarios/payment_reminder.yaml"), "max_calls": 10},
        default={"presses": presses, "listen_s": 120},
    )
    records = records_of(world)
    talks = [one for one in records if one["kind"] == "robot"]
    assert len(talks) > 20
    assert {one["keys"] for one in talks} & {"12"}
    served = [one for one in records if one["kind"] == "cdr" and one["disposition"] == "talked"]
    assert served, "nobody was joined to an operator"
    assert play(world).by_disposition["talked"] == len(served)


def test_a_robot_without_a_scenario_is_refused() -> None:
    with pytest.raises(ConfigError, match="scenario"):
        Twin(small(campaign={"mode": "robot"}))
    with pytest.raises(ConfigError, match=r"none\.yaml"):
        Twin(small(campaign={"mode": "robot", "script": "none.yaml"}))


# --- decisions ----------------------------------------------------------------------------------------


def test_what_pacing_keeps_of_a_call_is_what_it_would_see_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A view is kept from look to look; whatever happens to the call must make it forgotten."""
    looked = 0
    see = Pacer.snapshot

    def check(pacer: Pacer, campaign: Campaign, now: float, limits: Limits | None = None) -> Snapshot:
        nonlocal looked
        for life in pacer._calls.lives.values():
            kept = life.view
            assert kept is None or kept == view_of(life)
            looked += kept is not None
        return see(pacer, campaign, now, limits)

    monkeypatch.setattr(Pacer, "snapshot", check)
    world = small(
        operators={"count": 8, "works_s": {"exponential": 200}, "break_s": {"exponential": 30}},
        default={"shares": {"answer": 0.5, "voicemail": 0.2, "announcement": 0.2, "busy": 0.1}},
        campaign={"mode": "ratio-2", "screening": True, "answer_limit_s": 1.0},
        calls_in={"per_hour": 120},
    )
    journal = records_of(world)
    assert looked > 1_000
    ends = {record["disposition"] for record in journal if record["kind"] == "cdr"}
    assert {"talked", "abandoned", "machine"} <= ends


def test_decisions_of_a_large_team_are_further_apart() -> None:
    delays = small().delays
    assert [delays.between_s(operators) for operators in (1, 5, 20, 100, 300)] == [0.05, 0.05, 0.2, 1.0, 1.0]
    assert small(delays={"check_s": 0.25}).delays.between_s(300) == 0.25
