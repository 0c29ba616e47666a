"""hangup: end the call."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from engine.ivr.talk import HangUp
from engine.ivr.verbs.step import Step, Talk

HUNG_UP = "hung_up"  # by us: the scenario is over


class Hangup(Step, frozen=True):
    """End the call."""

    short: ClassVar[Mapping[type, str]] = {str: "reason"}

    reason: Literal["hangup", "busy", "decline"] = Field("hangup", description="What the network is told.")

    @property
    def decides(self) -> bool:
        return True

    @property
    def ends(self) -> bool:
        return True

    def needs(self, drawn: frozenset[str]) -> Mapping[str, str]:
        return {}

    def act(self, talk: Talk) -> str:
        talk.do(HangUp(self.reason))
        return HUNG_UP
