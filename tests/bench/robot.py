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

SCENARIO = Path(__file__).parents[2] / "scenarios/payment_reminder.yaml"
CALLS = 2_000
TEXTS = 60


def main() -> int:
    text = SCENARIO.read_text()
    began = time.process_time()
    script = read(text, SCENARIO.name)
    print(f"{'read and check a scenario':<46} {(time.process_time() - began) * 1e3:8.1f} ms")

    fields, cache = script.examples(), SpeechCache(Path("speech"))
    began = time.process_time()
    for at in range(CALLS):
        values = script.read_fields({**fields, "amount": str(at)}, "bench")
        for prompt in script.prompts(values, "ru"):
            if isinstance(prompt, Spoken):
                cache.path_of(prompt)
    print(f"{'prepare: all texts of a contact and their files':<46} {_each_us(began, CALLS):8.1f} µs")

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
    print(f"{'a whole call: 4 nodes, 5 events, 1 save':<46} {_each_us(began, CALLS):8.1f} µs")

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
    print(f"{'speak a text (espeak-ng, worker)':<46} {cost_s / TEXTS * 1e3:8.1f} ms")
    print(f"{'  texts per second and core':<46} {TEXTS / cost_s:8.0f}")
    print(f"{'  seconds of speech per second and core':<46} {spoken_s / cost_s:8.0f}")
    return 0


def _each_us(began: float, rounds: int) -> float:
    return (time.process_time() - began) / rounds * 1e6


if __name__ == "__main__":
    raise SystemExit(main())
