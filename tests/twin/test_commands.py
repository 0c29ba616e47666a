"""`prozvon twin`, `prozvon bench pacing`: what they print, write, and refuse."""

import json
import math
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from engine import cli
from engine.domain.errors import ConfigError
from engine.twin.charts import Line, chart, ticks
from engine.twin.page import page
from engine.twin.results import packed, play, unpacked, worst_of
from engine.twin.whatif import agents_range, caps_range, grid_of, worlds_of
from tests.twin.worlds import small


def test_a_run_prints_the_same_figures_for_the_same_seed(capsys) -> None:
    told = []
    for seed in ("5", "5", "6"):
        assert cli.main(["twin", "run", "trio", "--hours", "0.2", "--seed", seed, "--json"]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1] != told[2]
    record = json.loads(told[0])
    assert record["operators"] == 3
    assert 0.0 < record["figures"]["occupancy"]["value"] < 1.0


def test_a_run_writes_its_journal(tmp_path: Path, capsys) -> None:
    path = tmp_path / "day.jsonl"
    assert cli.main(["twin", "run", "trio", "--hours", "0.1", "--journal", str(path)]) == 0
    kinds = {json.loads(line)["kind"] for line in path.read_text().splitlines()}
    assert {"intent", "cdr", "agent", "decision"} <= kinds
    assert "occupancy" in capsys.readouterr().out


def test_a_campaign_of_the_configuration_gives_the_twin_its_terms(tmp_path: Path, capsys) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        (Path(__file__).parents[2] / "config.yaml").read_text().replace("script: scenarios/", "script: ")
    )
    (tmp_path / "payment_reminder.yaml").write_text(
        (Path(__file__).parents[2] / "scenarios/payment_reminder.yaml").read_text()
    )
    asked = ["--config", str(path), "--json", "twin", "run", "--hours", "0.1", "--campaign"]
    assert cli.main([*asked, "reminder-agents"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["mode"], told["operators"]) == ("progressive", 5)
    assert cli.main([*asked, "reminder-robot"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["by_disposition"].keys() & {"robot_done", "robot_partial"}
    assert cli.main([*asked, "reminder"]) == 2


def test_the_bench_tells_every_policy_in_every_world_in_one_table(capsys) -> None:
    asked = [
        "bench",
        "pacing",
        "--worlds",
        "trio,survey20",
        "--policies",
        "progressive,ratio-3",
        "--part",
        "6%",
    ]
    assert cli.main(asked) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["world", "progressive", "ratio-3"]
    trio = next(line for line in lines if line.startswith("trio"))
    careful, bold = (cell.split("/") for cell in trio.split()[-2:])
    assert float(careful[1]) == 0.0 < float(bold[1])
    assert float(careful[0]) < float(bold[0])


def test_what_several_processes_played_is_what_one_would_have_played() -> None:
    from engine.cli.farm import played

    worlds = [small(seed=3, hours=0.1), small(seed=4, hours=0.1, campaign={"mode": "ratio-2"})]
    assert played(worlds, 1, 2) == played(worlds, 1, 1)


def test_an_outcome_comes_back_from_another_process_as_it_was() -> None:
    outcome = play(small(hours=0.1), runs=2)
    assert unpacked(outcome.world, json.loads(json.dumps(packed(outcome)))) == outcome


def test_the_what_if_page_has_a_chart_for_each_measure_with_its_intervals(tmp_path: Path, capsys) -> None:
    out = tmp_path / "page.html"
    asked = ["twin", "whatif", "trio", "--agents", "2,4", "--cap", "1%,5%", "--runs", "2", "--hours", "0.1"]
    assert cli.main([*asked, "-o", str(out)]) == 0
    text = out.read_text(encoding="utf-8")
    charts = [ET.fromstring(part.split("</figure>")[0]) for part in text.split("<figure>")[1:]]
    assert len(charts) == 5
    names = "{http://www.w3.org/2000/svg}"
    assert all(len(one.findall(f"{names}polygon")) == 2 for one in charts)  # a band for each cap
    assert "rates alone at 1 %" in text
    assert "mode predictive" in text, "the world's own mode, progressive, knows no cap"
    assert "<script" not in text
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")


def test_the_page_is_the_same_bytes_for_the_same_grid() -> None:
    world = small(hours=0.1)
    pages = []
    for _ in range(2):
        worlds = worlds_of(world, (2, 3), (0.03,))
        pages.append(page(grid_of(world, (2, 3), (0.03,), [play(one) for one in worlds])))
    assert pages[0] == pages[1]
    assert "knows no cap" in pages[0]


def test_a_chart_without_intervals_or_with_one_point_is_drawn_all_the_same() -> None:
    for points in ((), ((3.0, 0.0, math.inf),), ((1.0, 2.0, math.inf), (2.0, 2.0, math.inf))):
        ET.fromstring(chart("a < b", "x", "y", [Line("one", points)]))


def test_ticks_are_round_and_cover_the_range() -> None:
    assert ticks(0.0, 10.0) == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    assert ticks(0.013, 0.052) == [0.02, 0.03, 0.04, 0.05]
    assert ticks(3.0, 3.0) == [3.0]


def test_ranges_are_read_as_people_write_them() -> None:
    assert agents_range("20..60") == (20, 30, 40, 50, 60)
    assert agents_range("20..60:15") == (20, 35, 50)
    assert agents_range("40,20") == (20, 40)
    assert caps_range("0.5%..4%") == (0.005, 0.01, 0.02, 0.04)
    assert caps_range("0.03") == (0.03,)
    for wrong in ("60..20", "many", ""):
        with pytest.raises(ConfigError, match=r"20\.\.60"):
            agents_range(wrong)
    for wrong in ("5%..1%", "120%", "0"):
        with pytest.raises(ConfigError, match="%"):
            caps_range(wrong)


def test_the_worst_run_of_answers_is_found_wherever_it_stands() -> None:
    missed = [0] * 700 + [1] * 20 + [0] * 700
    assert worst_of(missed, 500) == 20 / 500
    assert worst_of([1] * 499, 500) == 0.0


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["twin", "run", "team3"], "team30"),
        (["twin", "run", "trio", "--mode", "predictiv"], "mode"),
        (["twin", "run", "trio", "--cap", "300%"], "--cap"),
        (["bench", "pacing", "--worlds", "trios"], "trio"),
        (["twin", "run", "nowhere.yaml"], "nowhere.yaml"),
        (["twin", "run", "trio", "--hours", "-1"], "hours"),
        (["twin", "run", "trio", "--runs", "0"], "--runs"),
        (["twin", "whatif", "trio", "-o", "/nowhere/page.html"], "/nowhere/page.html"),
        (["twin", "fit", "day.jsonl", "--zone", "Nowhere"], "Nowhere"),
    ],
)
def test_what_cannot_be_played_is_refused_with_the_way_to_mend_it(
    asked: list[str], told: str, capsys
) -> None:
    assert cli.main(asked) == 2
    assert told in capsys.readouterr().err
