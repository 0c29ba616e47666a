"""A day decided again by its own policy is the same day; another policy differs, and it is said where."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from engine import cli
from engine.domain.errors import ConfigError
from engine.pacing import POLICIES
from engine.twin.baselines import BASELINES
from engine.twin.past_day import day_of
from engine.twin.replay import replay
from engine.twin.twin import Twin
from tests.twin.worlds import small


def journal(**changes: Any) -> list[dict[str, Any]]:
    out = io.StringIO()
    Twin(small(**changes), journal=out).run()
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.fixture(scope="module")
def progressive_day() -> list[dict[str, Any]]:
    return journal(hours=0.5, operators={"count": 6})


def test_the_same_policy_decides_the_day_as_it_was(progressive_day) -> None:
    found = replay(day_of(progressive_day), POLICIES["progressive"])
    ended = {one["attempt_id"] for one in progressive_day if one["kind"] == "cdr"}
    intents = [one for one in progressive_day if one["kind"] == "intent"]
    until_s = min(one["at_s"] for one in intents if one["attempt_id"] not in ended)
    assert sum(one.recorded for one in found.moments) == sum(one["at_s"] < until_s for one in intents)
    assert len(found.moments) > 500
    assert found.same == len(found.moments), [one for one in found.moments if one.more]


def test_a_bolder_policy_is_bolder_and_its_reason_is_told(progressive_day) -> None:
    found = replay(day_of(progressive_day), BASELINES["ratio-3"])
    told = found.as_record()
    assert told["bolder"] > 100 > told["more_careful"]
    assert told["asked_launches_then"] > 1.5 * told["recorded_launches"]
    assert all("3 lines for each" in one["reason"] for one in told["greatest"])


def test_a_more_careful_policy_is_more_careful() -> None:
    found = replay(day_of(journal(campaign={"mode": "ratio-3"})), POLICIES["progressive"])
    assert found.as_record()["more_careful"] > 20
    assert found.as_record()["asked_launches_then"] < found.as_record()["recorded_launches"]


def test_policies_that_learn_are_told_the_news_of_the_day() -> None:
    records = journal(hours=1, operators={"count": 6}, campaign={"mode": "ratio-2"})
    made = []
    replay(day_of(records), lambda: made.append(BASELINES["expected"]()) or made[0])
    learned = made[0]
    talks = [one["ended_at_s"] - one["bridged_at_s"] for one in records
             if one["kind"] == "cdr" and one["disposition"] == "talked"]  # fmt: skip
    assert learned.talk_s.value == pytest.approx(sum(talks) / len(talks), rel=0.15)
    assert learned.answers.value == pytest.approx(0.4, abs=0.1)


def test_a_day_is_replayed_from_the_command_line(tmp_path: Path, capsys, progressive_day) -> None:
    path = tmp_path / "day.jsonl"
    path.write_text("\n".join(map(json.dumps, progressive_day)))
    assert cli.main(["replay", str(path), "--mode", "ratio-2", "--most", "3"]) == 1
    out = capsys.readouterr().out
    assert "bolder" in out
    assert "2 lines for each" in out
    assert cli.main(["replay", str(path), "--mode", "nonsense"]) == 2


def test_a_journal_of_several_campaigns_wants_one_named(progressive_day) -> None:
    other = [one | {"campaign_id": "other"} if "campaign_id" in one else one for one in progressive_day]
    with pytest.raises(ConfigError, match="2 campaigns"):
        day_of(progressive_day + other)
    with pytest.raises(ConfigError, match="other, small"):
        day_of(progressive_day + other, "third")
    with pytest.raises(ConfigError, match="no call"):
        day_of([])
    robots = [one | {"mode": "robot"} if "mode" in one else one for one in progressive_day]
    with pytest.raises(ConfigError, match="robot's"):
        day_of(robots)
