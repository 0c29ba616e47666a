"""connect: join the person to an agent, who sees the context on the card."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from engine.ivr.talk import AgentResult, ConnectAgent
from engine.ivr.variables import Scalar
from engine.ivr.verbs.step import Run, Sounds, Step, Talk, Utterance

JOINED = "joined"  # an agent has the person: the scenario is over
NO_AGENT = "no_agent"


class Connect(Step, frozen=True):
    """Join the person to an agent of the campaign. Once joined, the scenario is over."""

    short: ClassVar[Mapping[type, str]] = {str: "to"}

    to: Literal["agents"] = Field("agents", description="To whom: the agents of the campaign.")
    context: dict[str, Scalar] = Field({}, description="What the agent's card shows; texts with blanks.")
    timeout: float = Field(30.0, gt=0, le=600, description="Seconds to wait for an agent, then no_agent.")
    play: Sounds = Field(
        (), description="Heard while waiting, over and over. Empty: the campaign's hold music."
    )

    @property
    def decides(self) -> bool:
        return True

    @property
    def ends(self) -> bool:
        return True

    def utterances(self) -> tuple[Utterance, ...]:
        return tuple(Utterance(("play", at), sound) for at, sound in enumerate(self.play))

    def texts(self) -> Mapping[tuple[str | int, ...], str]:
        return {("context", name): value for name, value in self.context.items()}

    def needs(self, drawn: frozenset[str]) -> Mapping[str, str]:
        return {NO_AGENT: "all agents may be busy"}

    def run(self, talk: Talk) -> Run:
        context = {name: talk.text(value) for name, value in self.context.items()}
        hold = talk.rendered(self.utterances())
        talk.do(ConnectAgent(talk.step_id(), context, self.timeout, hold))
        while True:
            event = yield
            if isinstance(event, AgentResult):
                return JOINED if event.joined else NO_AGENT
