"""prompt: ask, and take keys for an answer.

play ───────────┤silence├─ no key for initial_timeout ──────────────▶ no_input
   key ▸ silent at once, then keys until max_digits, a terminator
         or digit_timeout without the next one ─────────────────────▶ the keys │ digits │ no_match
"""

from collections.abc import Mapping

from pydantic import Field, model_validator

from engine.ivr.talk import Digit, PromptDone, TimerFired
from engine.ivr.verbs.step import KEYS, Run, Sounds, Step, Talk, Utterance

DIGITS = "digits"  # any entry of a right length that has no outcome of its own
NO_INPUT = "no_input"
NO_MATCH = "no_match"


class Prompt(Step, frozen=True):
    """Ask and wait for keys. Afterwards prompt_value has the keys, prompt_result how it ended."""

    play: Sounds = Field((), description="What is asked: say:TEXT, silence:SECONDS or recordings.")
    voice: str = Field("", description="A voice of the configuration; empty is the language's own.")
    max_digits: int = Field(1, ge=1, le=32, description="Keys in a whole answer.")
    min_digits: int = Field(1, ge=1, le=32, description="Fewer keys lead to no_match.")
    terminators: str = Field("", pattern=r"^[0-9*#A-D]*$", description="Keys that end the answer, often '#'.")
    initial_timeout: float = Field(
        5.0, gt=0, le=60, description="Seconds of waiting for the first key, after the question."
    )
    digit_timeout: float = Field(5.0, gt=0, le=60, description="Seconds of waiting for the next key.")
    barge_in: bool = Field(
        True, description="May a key interrupt the question? If not, keys before its end are lost."
    )

    @model_validator(mode="after")
    def _lengths(self) -> "Prompt":
        if self.min_digits > self.max_digits:
            raise ValueError("min_digits is larger than max_digits")
        return self

    @property
    def decides(self) -> bool:
        return True

    @property
    def interruptible(self) -> bool:
        return self.barge_in

    def utterances(self) -> tuple[Utterance, ...]:
        return tuple(Utterance(("play", at), sound, self.voice) for at, sound in enumerate(self.play))

    def collects(self) -> frozenset[str]:
        return frozenset({"prompt_value", "prompt_result"})

    def needs(self, drawn: frozenset[str]) -> Mapping[str, str]:
        needed = {NO_INPUT: "a person may press nothing"}
        if DIGITS not in drawn or self.min_digits > 1:
            needed[NO_MATCH] = "a person may press something else"
        if DIGITS not in drawn and not any(KEYS.fullmatch(outcome) for outcome in drawn):
            needed[DIGITS] = "no key leads anywhere"
        return needed

    def refuses(self, outcome: str) -> str:
        if outcome in (DIGITS, NO_INPUT, NO_MATCH):
            return ""
        if not KEYS.fullmatch(outcome):
            return "a prompt ends in keys such as '1', in digits, no_input or no_match"
        if not self.min_digits <= len(outcome) <= self.max_digits:
            return f"an answer has {self.min_digits} to {self.max_digits} keys (min_digits, max_digits)"
        if set(outcome) & set(self.terminators):
            return "it contains a key that ends the answer"
        return ""

    def run(self, talk: Talk) -> Run:
        keys = ""
        talk.play(self.utterances())
        while len(keys) < self.max_digits:
            event = yield
            if isinstance(event, PromptDone):
                talk.arm(self.initial_timeout)
            elif isinstance(event, TimerFired):
                break
            elif isinstance(event, Digit) and (self.barge_in or not talk.playing):
                talk.stop()
                if event.key in self.terminators:
                    break
                keys += event.key
                if len(keys) < self.max_digits:
                    talk.arm(self.digit_timeout)
        outcome = self._outcome(keys, talk.outcomes)
        result = outcome if outcome in (NO_INPUT, NO_MATCH) else "match_digits"
        talk.values |= {"prompt_value": keys, "prompt_result": result}
        return outcome

    def _outcome(self, keys: str, drawn: frozenset[str]) -> str:
        if not keys:
            return NO_INPUT
        if keys in drawn:
            return keys
        return DIGITS if DIGITS in drawn and len(keys) >= self.min_digits else NO_MATCH
