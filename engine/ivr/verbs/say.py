"""say: speak a text. It is heard to its end; a question that a key may interrupt is a prompt."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from engine.ivr.talk import PromptDone
from engine.ivr.verbs.step import DONE, Localized, Run, Step, Talk, Utterance


class Say(Step, frozen=True):
    """Speak a text, to its end. Keys pressed meanwhile count for nothing."""

    short: ClassVar[Mapping[type, str]] = {str: "text"}

    text: Localized = Field(description="The text, in every language of the scenario.")
    voice: str = Field("", description="A voice of the configuration; empty is the language's own.")

    def utterances(self) -> tuple[Utterance, ...]:
        spoken = {language: f"say:{text}" for language, text in self.text.items()}
        return (Utterance(("text",), spoken, self.voice),)

    def run(self, talk: Talk) -> Run:
        talk.play(self.utterances())
        while not isinstance((yield), PromptDone):
            pass
        return DONE
