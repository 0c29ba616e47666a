"""Openings made, measured and drawn, from units made by code."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.amd.classifier import Detector, Params
from engine.domain.errors import ConfigError
from engine.training import measure, picture
from engine.training.cast import Voices
from engine.training.course import part_of
from engine.training.network_fit import calibrate
from engine.training.openings import Author
from engine.training.units import Shelf, Unit, read_index, trim, write_index, write_wav
from engine.training.voices import listed, make
from tests.amd import openings
from tests.amd.openings import pcm, silence, tone, voice

KINDS = {
    "hello": 0.6,
    "name": 1.1,
    "biz": 2.2,
    "mach": 6.0,
    "mshort": 1.3,
    "oper": 5.0,
    "ivr": 4.0,
    "ann": 3.0,
}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    folder = tmp_path_factory.mktemp("units")
    units = [
        Unit(f"{name}-{kind}.wav", f"code:{name}", "xx", kind)
        for name in ("one", "two")
        for kind in (*KINDS, "ramble", "clip")
    ]
    for number, unit in enumerate(units):
        sound = voice(KINDS.get(unit.kind, 0.9), 110.0 + 60 * (unit.voice == "code:two"), seed=number)
        write_wav(folder / unit.file, sound.astype(np.float32))
    write_index(folder, units)
    return Shelf([folder])


@pytest.mark.parametrize(
    "label", ["human", "machine", "announcement", "sit", "fax", "tone", "dtmf", "silence"]
)
def test_an_opening_is_nine_seconds_and_says_where_its_speech_lies(shelf: Shelf, label: str):
    author = Author(Voices(shelf, shelf.units), np.random.default_rng(3))
    made = [opening for _ in range(6) if (opening := author.write(label)) is not None]
    assert made
    for opening in made:
        assert len(opening.pcm) == 9 * 16_000
        if label == "human":
            assert opening.speech_start_s is not None
            assert opening.greeting_end_s is None or opening.greeting_end_s > opening.speech_start_s
        if opening.beep_s is not None and opening.beep_end_s is not None:
            assert 0 <= opening.beep_s < opening.beep_end_s


def test_the_same_dice_write_the_same_openings(shelf: Shelf):
    once, again = (
        Author(Voices(shelf, shelf.units), np.random.default_rng(5)).write("machine", "personal")
        for _ in "ab"
    )
    assert once is not None
    assert again is not None
    assert once.pcm == again.pcm


def test_one_speaker_is_in_one_part_whatever_the_language():
    assert part_of("asterisk:allison") == part_of("asterisk:allison-es")
    assert part_of("espeak:pl+f3") == part_of("espeak:en-us+f3")
    assert len({part_of(f"espeak:en+{number}") for number in range(60)}) == 5


def test_the_quiet_at_both_ends_of_a_unit_is_cut_off():
    sound = np.concatenate([np.zeros(4_000), voice(1.0), np.zeros(4_000)]).astype(np.float32)
    assert 7_000 < len(trim(sound)) < 8_400
    assert len(trim(np.zeros(8_000, np.float32))) == 0


def test_a_folder_without_units_is_refused_with_the_way_to_make_them(tmp_path: Path):
    with pytest.raises(ConfigError, match="prozvon amd voices"):
        read_index(tmp_path)
    (tmp_path / "index.jsonl").write_text('{"file": "a.wav"}\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"index\.jsonl:1"):
        read_index(tmp_path)


def test_speakers_of_a_list_become_units_under_their_own_names(tmp_path: Path):
    if shutil.which("sox") is None:
        pytest.skip("sox is not installed")
    for name, seconds in (("a1", 0.8), ("a2", 4.0), ("b1", 1.2), ("b2", 0.1)):
        write_wav(tmp_path / f"{name}.wav", voice(seconds).astype(np.float32))
    rows = "voice,lang,file,licence,engine\n" + "".join(
        f"set:{name[0]},xx,{name}.wav,CC0-1.0,readers\n" for name in ("a1", "a2", "b1", "b2")
    )
    (tmp_path / "list.csv").write_text(rows, encoding="utf-8")
    made, missing = make(tmp_path / "units", listed(tmp_path / "list.csv"), say=False)
    assert (made, missing) == (3, [])
    kinds = {(unit.voice, unit.kind, unit.engine, unit.licence) for unit in read_index(tmp_path / "units")}
    assert kinds == {
        ("set:a", "clip", "readers", "CC0-1.0"),
        ("set:a", "prompt", "readers", "CC0-1.0"),
        ("set:b", "clip", "readers", "CC0-1.0"),
    }


def test_a_list_without_a_file_is_refused_with_its_line(tmp_path: Path):
    (tmp_path / "list.csv").write_text("voice,lang\nset:a,xx\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"list\.csv:2.*columns are voice"):
        listed(tmp_path / "list.csv")
    with pytest.raises(ConfigError, match="cannot be read"):
        listed(tmp_path / "none.csv")


# --- what is counted -------------------------------------------------------------------------------


def case(label: str, sound: bytes, **truth: float) -> measure.Case:
    return measure.Case(label, "", "xx", "code:one", sound, **truth)  # type: ignore[arg-type]


def test_people_lost_and_machines_passed_are_counted_with_their_interval():
    person = case("human", openings.person(), speech_start_s=0.5, greeting_end_s=1.2)
    machine = case("machine", openings.machine(), speech_start_s=0.5, beep_s=6.8, beep_end_s=7.3)
    mistaken = case("machine", openings.person(), speech_start_s=0.5, greeting_end_s=1.2)
    tally, outcomes = measure.measure(
        [person, machine, mistaken], lambda: Detector(Params(deadline_ms=6_000)), 6.0
    )
    report = tally.report()
    assert [one.what for one in outcomes] == ["human", "machine", "human"]
    assert (report["people_lost"]["count"], report["machines_passed"]["count"]) == (0, 1)
    assert report["machines_passed"]["wilson95"] == measure.wilson(1, 2)
    assert report["beeps_found"]["percent"] == report["beeps_in_time"]["percent"] == 100.0
    assert report["confusion"] == {"human": {"human": 1}, "machine": {"machine": 1, "human": 1}}
    assert 0 < report["people_after_greeting_s"]["median"] < 2


def test_the_interval_of_wilson():
    assert measure.wilson(1, 10) == (1.79, 40.42)
    assert measure.wilson(0, 0) == (0.0, 100.0)


def test_a_corpus_is_read_by_its_labels_and_what_is_missing_is_told(tmp_path: Path):
    (tmp_path / "g711").mkdir()
    (tmp_path / "g711" / "a.ul").write_bytes(b"\xff" * 800)
    head = "file,label,subtype,lang,source,speech_start_s,greeting_end_s,beep_s,beep_end_s\n"
    (tmp_path / "labels.csv").write_text(head + "a.ul,human,hello,pl,x:y,0.5,1.25,,\n", encoding="utf-8")
    (one,) = measure.read_corpus(tmp_path, Path.read_bytes)
    assert (one.label, one.greeting_end_s, one.beep_s) == ("human", 1.25, None)
    (tmp_path / "labels.csv").write_text(head + "b.ul,human,hello,pl,x:y,,,,\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"no sound 'b\.ul'.*labels\.csv:2"):
        list(measure.read_corpus(tmp_path, Path.read_bytes))


def test_the_picture_shows_the_verdict_and_the_beep():
    seen = picture.trace(
        pcm(silence(0.4), voice(0.7), silence(2.5), tone(1_000, 0.5), silence(1.0)), Detector()
    )
    drawn = picture.draw(seen, "a <call>")
    assert drawn.startswith("<svg")
    assert "a &lt;call&gt;" in drawn
    assert "person: a greeting, then a pause" in drawn
    assert "beep of 1000 Hz" in drawn


# --- calibration -------------------------------------------------------------------------------------


def test_calibration_finds_the_two_numbers_again():
    dice = np.random.default_rng(2)
    logits = dice.normal(0, 2, 40_000).astype(np.float32)
    truth = (dice.random(40_000) < 1 / (1 + np.exp(-(0.5 * logits - 0.3)))).astype(np.float32)
    slope, offset = calibrate(logits, truth, np.ones_like(truth))
    assert abs(slope - 0.5) < 0.03
    assert abs(offset + 0.3) < 0.05
