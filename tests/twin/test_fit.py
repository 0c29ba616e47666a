"""Times cut short count for what they tell, and a world fitted to a day gives that day again."""

import io
import json
import random
from pathlib import Path
from typing import Any

import pytest

from engine import cli
from engine.domain.errors import ConfigError
from engine.sim.population import Distribution
from engine.twin.fit import fit
from engine.twin.results import play
from engine.twin.survival import Time, duration_mass, incidence, quantiles
from engine.twin.twin import Twin
from engine.twin.world import World, load_world
from tests.twin.worlds import small


def day(world: World) -> list[dict[str, Any]]:
    out = io.StringIO()
    Twin(world, journal=out).run()
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_talks_cut_short_do_not_make_talks_short() -> None:
    """Exponential talks of mean 60 s, watched for 90 s at most: the naive mean is far too short."""
    dice = random.Random(7)
    times = []
    for _ in range(3_000):
        talk_s, watched_s = dice.expovariate(1 / 60), dice.uniform(10, 90)
        times.append(Time(talk_s, "over") if talk_s <= watched_s else Time(watched_s, ""))
    seen = [one.seconds for one in times if one.end]
    assert sum(seen) / len(seen) < 40
    fitted = Distribution(quantiles=quantiles(duration_mass(times)))
    assert fitted.mean_s == pytest.approx(60, rel=0.06)


def test_calls_given_up_do_not_make_answers_rare() -> None:
    """Half of the calls would be answered after 5 to 25 s, the rest rings out; a third is given up."""
    dice = random.Random(8)
    times = []
    for _ in range(4_000):
        answered = dice.random() < 0.5
        at_s = dice.uniform(5, 25) if answered else 30.0
        given_up = dice.random() < 1 / 3 and at_s > 15.0
        times.append(Time(15.0, "") if given_up else Time(at_s, "answer" if answered else "no_answer"))
    naive = sum(one.end == "answer" for one in times) / len(times)
    shares, _ = incidence(times)
    assert naive < 0.45
    assert shares["answer"] == pytest.approx(0.5, abs=0.025)
    assert sum(shares.values()) == pytest.approx(1.0)


def test_quantiles_keep_the_mean_of_a_long_tail() -> None:
    dice = random.Random(9)
    values = [dice.lognormvariate(4.0, 0.9) for _ in range(2_000)]
    fitted = Distribution(quantiles=quantiles([(value, 1.0) for value in values]))
    assert fitted.mean_s == pytest.approx(sum(values) / len(values), rel=0.02)


def test_a_world_fitted_to_a_day_gives_that_day_again() -> None:
    people = [
        {"prefix": "+4860", "weight": 0.6, "shares": {"answer": 0.4, "no_answer": 0.4, "busy": 0.2}},
        {"prefix": "+4822", "weight": 0.4, "kind": "landline", "shares": {"answer": 0.2, "busy": 0.8}},
    ]
    real = small(hours=2, operators={"count": 8}, campaign={"mode": "ratio-1.5"}, classes=people)
    found = fit(day(real), "Europe/Warsaw")
    shares = {one.prefix: one.shares for one in found.world.classes}
    assert shares["+4860"]["answer"] == pytest.approx(0.4, abs=0.05)
    assert shares["+4822"]["answer"] == pytest.approx(0.2, abs=0.05)
    assert shares["+4822"]["busy"] == pytest.approx(0.8, abs=0.05)
    weights = {one.prefix: one.weight for one in found.world.classes}
    assert weights["+4860"] == pytest.approx(0.6, abs=0.04)
    assert found.world.operators.staffing[0][1] == 8
    assert found.world.default.talk_s.mean_s == pytest.approx(40, rel=0.12)
    assert found.world.operators.wrap_up_s.mean_s == pytest.approx(8, rel=0.12)
    before = play(real).figures["occupancy"]
    again = play(found.world.but(campaign={"mode": "ratio-1.5"}, hours=2, seed=77)).figures["occupancy"]
    assert again.value == pytest.approx(before.value, abs=before.half + again.half)


def test_a_journal_is_fitted_from_the_command_line_and_the_file_can_be_played(tmp_path: Path, capsys) -> None:
    journal, world = tmp_path / "day.jsonl", tmp_path / "mine.yaml"
    records = day(small(hours=0.5, operators={"count": 6}))
    for one in records:
        if "number" in one:
            one["number"] = one["number"][:5] + "*****" + one["number"][-2:]  # as an export masks it
    journal.write_text("\n".join(map(json.dumps, records)))
    assert cli.main(["twin", "fit", str(journal), "-o", str(world)]) == 0
    assert "talks" in capsys.readouterr().out
    assert load_world(world).name == "mine"
    assert cli.main(["twin", "run", str(world), "--hours", "0.1"]) == 0


def test_what_is_no_journal_is_told_with_its_line(tmp_path: Path, capsys) -> None:
    path = tmp_path / "wrong.jsonl"
    path.write_text('{"kind": "note", "at_s": 1}\nnonsense\n')
    assert cli.main(["twin", "fit", str(path)]) == 2
    assert "wrong.jsonl:2" in capsys.readouterr().err
    with pytest.raises(ConfigError, match="too few"):
        fit([], "Europe/Warsaw")
