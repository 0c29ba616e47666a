"""Prompts are made by a worker process, checked, and found without asking anybody."""

import sys
import threading
import time
from pathlib import Path

import pytest

from engine.domain.errors import ConfigError
from engine.domain.prompt import Recording, Silence, Spoken
from engine.speech import wav
from engine.speech.cache import SpeechCache
from engine.speech.client import Rendered, SpeechError, SpeechWorker
from engine.speech.prompts import BUILT_IN, Prompts

WORKER = [sys.executable, "-m", "engine.speech.worker"]


@pytest.fixture
def worker(tmp_path: Path):
    started = SpeechWorker([*WORKER, "--cache", str(tmp_path / "tts"), "--voice", "en=en-us"])
    yield started
    started.stop()


@pytest.fixture
def prompts(tmp_path: Path, worker: SpeechWorker) -> Prompts:
    return Prompts(SpeechCache(tmp_path / "tts", {"en": "en-us"}), tmp_path / "recordings", worker.render)


def test_everything_a_call_needs_is_made_and_then_only_looked_up(prompts: Prompts, tmp_path: Path):
    wav.write(tmp_path / "recordings/hi.wav", bytes(8_000))
    wanted = [Spoken("Hello", "en"), Spoken("Добрый день", "ru"), Silence(0.4), Recording("hi.wav")]
    prompts.make(wanted)
    assert [wav.check(prompts.path_of(each)) > 0 for each in wanted] == [True] * 4
    assert prompts.length_of([Silence(0.4), Recording("hi.wav")]) == pytest.approx(0.9)
    nobody = Prompts(SpeechCache(tmp_path / "tts", {"en": "en-us"}), tmp_path / "recordings", refuse)
    nobody.make(wanted)


def refuse(texts) -> Rendered:
    raise AssertionError("nothing was left to be made")


BAD = Spoken("Hi", "en", "nosuchvoice")


def test_every_prompt_that_cannot_be_played_is_named(prompts: Prompts, tmp_path: Path):
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings/broken.wav").write_text("not a sound")
    wanted = [
        Recording("broken.wav"),
        Recording("gone.wav"),
        BAD,
        Spoken("Hi", "en"),
    ]
    with pytest.raises(ConfigError) as caught:
        prompts.make(wanted)
    told = str(caught.value)
    assert len(caught.value.problems) == 3
    for part in ("broken.wav: not a wav", "gone.wav: there is no such prompt", "no voice 'nosuchvoice'"):
        assert part in told


def test_the_engines_own_prompts_say_who_calls_in_every_language(prompts: Prompts, tmp_path: Path):
    made = prompts.make_built_in("Acme {0}", ["ru", "pl", "en"], tmp_path / "own")
    assert len(made) == len(BUILT_IN) * 3
    assert made["abandon_notice", "ru"] == tmp_path / "own/abandon_notice.ru.wav"
    assert min(wav.check(path) for path in made.values()) > 0.5
    for name in ("abandon_notice", "record_warning"):
        assert all("{company}" in text for text in BUILT_IN[name].values())
    before = made["abandon_notice", "en"].read_bytes()
    prompts.make_built_in("Another", ["en"], tmp_path / "own")
    assert made["abandon_notice", "en"].read_bytes() != before
    assert not list((tmp_path / "own").glob("*.part"))


def test_a_notice_without_a_caller_is_refused(prompts: Prompts, tmp_path: Path):
    with pytest.raises(ConfigError, match="who called"):
        prompts.make_built_in("  ", ["en"], tmp_path)


def test_a_worker_that_died_is_started_again(worker: SpeechWorker):
    assert worker.render([Spoken("One", "en")]).made == 1
    process = worker._process
    assert process is not None
    process.kill()
    process.wait(timeout=10)
    assert worker.render([Spoken("Two", "en")]).made == 1


def test_a_worker_that_dies_at_its_work_is_an_error_and_not_a_wait():
    dying = SpeechWorker([sys.executable, "-c", "import sys; sys.stdin.readline(); sys.exit(3)"])
    with pytest.raises(SpeechError, match="ended with code 3"):
        dying.render([Spoken("One", "en")], deadline_s=20)


def test_a_worker_that_is_late_is_ended():
    late = SpeechWorker([sys.executable, "-c", "import time; time.sleep(60)"])
    began_s = time.monotonic()
    with pytest.raises(SpeechError, match="no answer in time"):
        late.render([Spoken("One", "en")], deadline_s=0.3)
    assert time.monotonic() - began_s < 10
    assert late._process is None


def test_a_command_that_cannot_start_is_an_error():
    with pytest.raises(SpeechError, match="failed"):
        SpeechWorker(["/no/such/program"]).render([Spoken("One", "en")])


def test_many_ask_at_once_and_each_gets_its_own(worker: SpeechWorker):
    results: dict[int, Rendered] = {}

    def ask(number: int) -> None:
        texts = [Spoken(f"{number} and {each}", "en") for each in range(10)]
        results[number] = worker.render([*texts, Spoken("x", "en", "nosuchvoice")])

    askers = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(timeout=60)
    assert [(each.made, len(each.failed)) for each in results.values()] == [(10, 1)] * 4


def test_a_long_text_does_not_stick_in_the_pipe(worker: SpeechWorker):
    long = [Spoken(f"{each} " + "ы" * 1900, "en", "nosuchvoice") for each in range(40)]
    assert len(worker.render(long).failed) == 40
