"""Openings decided all at once are decided as the detector does; lines are fitted to what they cost."""

import numpy as np
import pytest

from engine.amd.audio import FRAME_BYTES
from engine.amd.classifier import Detector, Params
from engine.amd.decision import LINES, Lines
from engine.amd.frames import frames_of
from engine.amd.hearing import Floats
from engine.amd.listening import Listening, listen
from engine.amd.network import standard
from engine.amd.tones import ToneLimits
from engine.training.openings import Opening
from engine.training.rows import BLOCKS, FRAMES, Rows, rows_of
from engine.training.trial import Prices, Trial, fit_lines
from tests.amd import openings
from tests.amd.openings import pcm, silence, tone, voice

SOUNDS = {
    "person": openings.person(says_s=0.6),
    "long": openings.person(says_s=2.6),
    "machine": openings.machine(),
    "beep": pcm(silence(0.4), voice(1.0), silence(0.1), tone(1_000, 0.5), silence(6.0)),
    "late": pcm(silence(3.0), voice(0.7), silence(5.0)),
    "pieces": pcm(
        silence(0.2), *(part for n in range(5) for part in (voice(0.8, seed=n), silence(0.5))), silence(3.0)
    ),
}


def said(sound: bytes) -> Floats:
    """What the engine's network says at every look."""
    listening = Listening(ToneLimits(), standard())
    listening.always = True
    logits = np.zeros(BLOCKS, np.float32)
    for at in range(0, FRAMES * FRAME_BYTES, FRAME_BYTES):
        listen([listening], frames_of([sound[at : at + FRAME_BYTES]]))
        if listening.looked and listening.logit is not None:
            logits[listening.ear.measured // 5 - 1] = listening.logit
    return logits


@pytest.fixture(scope="module")
def rows() -> Rows:
    return rows_of(
        [
            Opening(
                "human" if name in ("person", "long", "late") else "machine",
                "",
                "",
                "",
                "",
                None,
                sound,
                0.5,
                2.0,
            )  # type: ignore[arg-type]
            for name, sound in SOUNDS.items()
        ]
    )


@pytest.fixture(scope="module")
def logits() -> Floats:
    return np.stack([said(sound) for sound in SOUNDS.values()])


BOLD = Lines(person=((0.2, -1.0), (1.0, 0.5)), machine=((0.5, 2.0), (4.0, 1.0)), deadline=0.0)


SURE = Lines(person=((0.2, -99.0),), machine=((0.5, 99.0),), surely=((1.0, -1.0), (4.0, 0.0)), deadline=0.0)


@pytest.mark.parametrize("lines", [LINES, BOLD, SURE])
def test_all_at_once_is_decided_as_one_by_one(rows: Rows, logits: Floats, lines: Lines):
    machine, at_s = Trial(rows, logits).decide(lines)
    for number, sound in enumerate(SOUNDS.values()):
        detector = Detector(Params(deadline_ms=6_000, lines=lines))
        told = [
            verdict
            for at in range(0, 6 * 16_000, FRAME_BYTES)
            if (verdict := detector.feed(sound[at : at + FRAME_BYTES]))
        ]
        assert (told[0].what == "machine") == machine[number]
        assert told[0].at_ms / 1000 == pytest.approx(float(at_s[number]), abs=0.021)


def test_the_report_counts_people_lost_and_machines_passed(rows: Rows, logits: Floats):
    everybody = Lines(person=((0.2, 99.0),), machine=((0.5, 100.0),))
    nobody = Lines(person=((0.2, -99.0),), machine=((0.5, -98.0),))
    trial = Trial(rows, logits)
    report = trial.report(everybody)
    assert report["people_lost"]["count"] == 0
    assert report["machines_passed"]["of"] == 3
    assert report["machines_passed"]["count"] == 1  # one beeps, one never pauses until the deadline
    assert trial.report(nobody)["people_lost"]["count"] == 3
    assert trial.part(trial.person).report(everybody)["right"]["percent"] == 100.0


def test_lines_are_fitted_to_the_prices(rows: Rows, logits: Floats):
    trial = Trial(rows, logits)
    many = Trial(rows, logits + np.random.default_rng(1).normal(0, 0.5, logits.shape).astype(np.float32))
    for prices in (Prices(), Prices(lost=1.0, passed=10.0, person_s=1.0)):
        lines = fit_lines(many, prices, tries=60)
        assert many.price(lines, prices) <= many.price(LINES, prices)
        asked, enough, surely = (
            [value for _, value in points] for points in (lines.person, lines.machine, lines.surely)
        )
        assert asked == sorted(asked)
        assert surely == sorted(surely)
        assert enough == sorted(enough, reverse=True)
    hurried = fit_lines(trial, Prices(lost=0.1, passed=0.1, person_s=5.0, machine_s=5.0), tries=60)
    assert trial.decide(hurried)[1].mean() < trial.decide(LINES)[1].mean()
