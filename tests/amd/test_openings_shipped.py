"""The openings in tests/data/amd: all are told rightly, through the adapter too, and by the commands."""

import json
from importlib import resources
from pathlib import Path

import pytest

from engine.amd import network
from engine.amd.classifier import Detector, Params
from engine.amd.decision import Costs
from engine.amd.features import NAMES
from engine.app.recordings import read_recording
from engine.cli import main
from engine.training import measure
from tests.amd.adapter import factory

SHARE = Path(__file__).parent.parent / "data" / "amd"


@pytest.fixture(scope="module")
def outcomes() -> list[measure.Outcome]:
    cases = measure.read_corpus(SHARE, read_recording)
    return measure.measure(cases, lambda: Detector(Params(deadline_ms=6_000)), 6.0)[1]


def test_every_opening_is_told_rightly_and_in_time(outcomes: list[measure.Outcome]):
    assert len(outcomes) == 16
    assert [(one.case.name, one.what) for one in outcomes] == [
        (one.case.name, one.case.label) for one in outcomes
    ]
    late = [one.at_s - (one.case.greeting_end_s or 0) for one in outcomes if one.case.label == "human"]
    assert max(late) < 1.8


def test_a_beep_is_told_with_its_begin_and_its_end_and_no_person_beeps(outcomes: list[measure.Outcome]):
    beeps = [one for one in outcomes if one.case.beep_s is not None]
    assert beeps
    for one in beeps:
        assert any(abs(at - one.case.beep_s) <= 0.14 for at in one.beeps_s), one.case.name
        assert any(abs(at - one.case.beep_end_s) <= 0.12 for at in one.ends_s), one.case.name
    assert not any(one.beeps_s for one in outcomes if one.case.label == "human")


def test_the_adapter_says_the_same(outcomes: list[measure.Outcome]):
    for one in outcomes[::3]:
        adapter, said = factory(), list[str]()
        for at in range(0, len(one.case.pcm) - 319, 320):
            said += [
                told for told in adapter.feed(one.case.pcm[at : at + 320]) or [] if isinstance(told, str)
            ]
        assert said == [one.what]


def test_evaluate_prints_a_table_and_json(capsys: pytest.CaptureFixture[str]):
    assert main(["amd", "evaluate", str(SHARE), "--errors"]) == 0
    told = capsys.readouterr().out
    assert "people taken for machines" in told
    assert "Truth down, verdict across" in told
    assert main(["amd", "evaluate", str(SHARE), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["openings"], report["people_lost"]["count"], report["people_lost"]["of"]) == (16, 0, 6)


def test_another_network_is_measured_and_what_is_none_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "network.json"
    text = resources.files("engine.amd").joinpath("network.json").read_text("utf-8")
    file.write_text(text.replace(network.standard().version, "network-other"), encoding="utf-8")
    assert main(["amd", "evaluate", str(SHARE), "--json", "--network", str(file)]) == 0
    assert json.loads(capsys.readouterr().out)["model"] == "network-other"
    file.write_text("{}", encoding="utf-8")
    assert main(["amd", "evaluate", str(SHARE), "--network", str(file)]) == 2
    assert "not a network" in capsys.readouterr().err
    assert main(["amd", "evaluate", str(SHARE), "--network", str(tmp_path / "none.json")]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_a_verdict_names_the_network_and_keeps_what_it_was_told(outcomes: list[measure.Outcome]):
    sound = next(one.case.pcm for one in outcomes if one.case.label == "human")
    detector = Detector()
    told = [
        verdict
        for at in range(0, len(sound) - 319, 320)
        if (verdict := detector.feed(sound[at : at + 320])) is not None
    ]
    kept = told[0].details()
    assert kept["model"] == network.standard().version
    assert 0.0 <= kept["machine"] < 0.5
    assert tuple(kept["features"]) == NAMES
    assert kept["features"]["peak_dbfs"] > kept["features"]["noise_dbfs"]


def test_evaluate_says_what_is_no_corpus(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["amd", "evaluate", str(tmp_path)]) == 2
    assert "labels.csv" in capsys.readouterr().err


def test_replay_draws_a_picture_and_tells_what_was_heard(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    picture = tmp_path / "call.svg"
    assert main(["amd", "replay", str(SHARE / "g711" / "o00.ul"), "-o", str(picture)]) == 0
    assert "person: a greeting, then a pause" in capsys.readouterr().out
    assert picture.read_text(encoding="utf-8").startswith("<svg")


def test_who_fears_machines_more_loses_people_and_who_fears_for_people_passes_machines():
    cases = [one for one in measure.read_corpus(SHARE, read_recording) if one.label in ("human", "machine")]
    errors = list[tuple[int, int]]()
    for cost in (0.05, 10.0, 1_000.0):
        params = Params(Costs(lost_person=cost), deadline_ms=6_000)
        tally, _ = measure.measure(cases, lambda params=params: Detector(params), 6.0)
        errors.append((tally.people_lost.count, tally.machines_passed.count))
    (many_lost, none_passed), (lost, passed), (none_lost, many_passed) = errors
    assert many_lost > lost == none_lost == 0
    assert many_passed > passed == none_passed == 0
