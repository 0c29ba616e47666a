"""What a robot's call costs the engine, and what its texts cost a worker: `python -m tests.bench.robot`."""

import tempfile
import time
from pathlib import Path

from engine.domain.prompt import Spoken
from engine.ivr.reading import read
from engine.ivr.runner import Runner
from engine.ivr.talk import Digit, PromptDone
from engine.speech.cache import SpeechCache
from engine.speech.tts import Tts
from engine.speech.wav import length_s
from tests.bench.figures import tell

SCENARIO = Path(__file__).parents[2] / "scenarios/payment_reminder.yaml"
CALLS = 2_000
TEXTS = 60


def main() -> int:
    text = SCENARIO.read_text()
    began = time.process_time()
    script = read(text, SCENARIO.name)
    tell("read and check a scenario", (time.process_time() - began) * 1e3, "ms")

    fields, cache = script.examples(), SpeechCache(Path("speech"))
    began = time.process_time()
    for at in range(CALLS):
        values = script.read_fields({**fields, "amount": str(at)}, "bench")
        for prompt in script.prompts(values, "ru"):
            if isinstance(prompt, Spoken):
                cache.path_of(prompt)
    tell("prepare: all texts of a contact and their files", _each_us(began, CALLS), "µs")

    began = time.process_time()
    for _ in range(CALLS):
        runner = Runner(script, values, "ru")
        runner.start(0.0)
        runner.on(PromptDone(5.0, "1"))
        runner.on(Digit(8.0, "1"))
        runner.on(Digit(12.0, "1"))
        runner.save()
        runner.on(PromptDone(20.0, "4"))
        assert runner.finished
    tell("a whole call: 4 nodes, 5 events, 1 save", _each_us(began, CALLS), "µs")

    with tempfile.TemporaryDirectory() as folder:
        tts = Tts(SpeechCache(Path(folder)))
        tts.synth(Spoken("Раз", "ru"))
        began, spoken_s = time.process_time(), 0.0
        for at in range(TEXTS):
            path = tts.synth(
                Spoken(f"Напоминаем о платеже. К оплате, {at} рублей, срок — до первого декабря.", "ru")
            )
            spoken_s += length_s(Path(path))
        cost_s = time.process_time() - began
    tell("speak a text (espeak-ng, worker)", cost_s / TEXTS * 1e3, "ms")
    tell("seconds of speech per second and core", spoken_s / cost_s, "")
    return 0


def _each_us(began: float, rounds: int) -> float:
    return (time.process_time() - began) / rounds * 1e6


if __name__ == "__main__":
    raise SystemExit(main())
