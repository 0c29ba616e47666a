"""play: recordings, synthesised texts and pauses, one after another."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from engine.ivr.talk import PromptDone
from engine.ivr.verbs.step import DONE, Run, Sounds, Step, Talk, Utterance


class Play(Step, frozen=True):
    """Play recordings, texts and pauses, to their end. Keys pressed meanwhile count for nothing."""

    short: ClassVar[Mapping[type, str]] = {str: "urls", list: "urls"}

    urls: Sounds = Field(description="say:TEXT, silence:SECONDS, or the path of a recording; one or a list.")
    voice: str = Field("", description="A voice of the configuration; empty is the language's own.")

    def utterances(self) -> tuple[Utterance, ...]:
        return tuple(Utterance(("urls", at), sound, self.voice) for at, sound in enumerate(self.urls))

    def run(self, talk: Talk) -> Run:
        talk.play(self.utterances())
        while not isinstance((yield), PromptDone):
            pass
        return DONE
