"""What happened, in the trade's words.

A fact is about one leg. The leg towards a contact carries the attempt's id as its leg id
(`origination_uuid`), so for that leg `leg_id` *is* the attempt id. `at_s` is the engine's clock in
seconds. FreeSWITCH names stop at `switch/vocabulary.py`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened to one leg. `at_s`: engine clock, seconds."""

    leg_id: str
    at_s: float


# --- what the switch tells about any leg ---------------------------------------------------------


class LegCreated(Fact):
    """The switch has made the channel; the invitation is on its way."""


class LegRinging(Fact):
    """The far end rings."""


@dataclass(frozen=True, slots=True)
class LegEarlyMedia(Fact):
    """Sound before the answer: a ring-back tone, or an announcement of the network.
    `codec`: as in LegAnswered, "" when unknown."""

    codec: str = ""


@dataclass(frozen=True, slots=True)
class LegAnswered(Fact):
    """Picked up, by a person or by a machine. `codec`: as an audio fork must ask for it, e.g. PCMU."""

    codec: str = "PCMU"


class LegParked(Fact):
    """The leg waits for orders."""


@dataclass(frozen=True, slots=True)
class LegBridged(Fact):
    """Both hear each other; nothing less proves it. Told once for each of the two legs."""

    peer_id: str = ""


@dataclass(frozen=True, slots=True)
class LegUnbridged(Fact):
    """The pair came apart; each leg may live on. Told once for each of the two legs."""

    peer_id: str = ""


@dataclass(frozen=True, slots=True)
class DigitPressed(Fact):
    """A key of the far end's telephone: 0-9, *, #, A-D."""

    digit: str = ""


@dataclass(frozen=True, slots=True)
class StepStarted(Fact):
    """The switch began an application on the leg."""

    application: str = ""
    argument: str = ""


@dataclass(frozen=True, slots=True)
class StepDone(Fact):
    """An application ended. `step_id`: the id we gave it; `response`: the switch's word, e.g. FILE PLAYED.
    `played_ms`: how much of a prompt was heard, milliseconds; 0 where nothing was played."""

    step_id: str = ""
    application: str = ""
    response: str = ""
    played_ms: int = 0


@dataclass(frozen=True, slots=True)
class LegEnded(Fact):
    """The leg is gone for good.

    `cause`: hangup cause in the switch's spelling. `sip_code`: final SIP status, 0 when there was none.
    `ended_by`: "us", "them", or "" when the switch does not say. `answered_at_s`, `ended_at_s`: the
    switch's wall clock, epoch seconds, 0.0 when it never happened.
    """

    cause: str = "NORMAL_CLEARING"
    q850: int = 16
    sip_code: int = 0
    ended_by: str = ""
    created_at_s: float = 0.0
    answered_at_s: float = 0.0
    ended_at_s: float = 0.0


@dataclass(frozen=True, slots=True)
class OriginateRefused(Fact):
    """The switch made no channel at all: it is full, the gateway is unknown, the command malformed."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class CallIn(Fact):
    """A call that came in from a trunk and waits for orders."""

    from_number: str = ""
    to_number: str = ""


# --- what the engine itself learns about an attempt ----------------------------------------------


class ScreeningWanted(Fact):
    """The campaign asks for answering-machine detection before anything else."""


class AgentWanted(Fact):
    """A person is on the line and an agent is to talk."""


class RobotWanted(Fact):
    """A scenario is to carry the talk."""


class PersonDetected(Fact):
    """AMD verdict, or one that takes "machine" back: a person said the greeting."""


class PersonLikely(Fact):
    """AMD is not certain yet, but takes a person to be likelier than a machine."""


@dataclass(frozen=True, slots=True)
class MachineDetected(Fact):
    """AMD verdict, or one that takes "person" back. `kind`: machine, fax, announcement."""

    kind: str = "machine"


@dataclass(frozen=True, slots=True)
class AnnouncementHeard(Fact):
    """Before the answer the network said that nobody will. `means`: one of domain.announcement.MEANINGS;
    `name`: the recording, "" for a tone."""

    means: str = "announcement"
    name: str = ""


class BeepEnded(Fact):
    """The machine's beep is over: it records from now on."""


class BeepOverdue(Fact):
    """The machine's beep was waited for long enough."""


class MessageWanted(Fact):
    """A machine is on the line and is to be left the campaign's message."""


class AskDue(Fact):
    """AMD is not certain yet and the campaign wants the callee asked."""


class ScreeningOverdue(Fact):
    """AMD had its time (`max_screening_s`) and did not decide: treated as a person."""


@dataclass(frozen=True, slots=True)
class AgentReserved(Fact):
    """An agent is held for this attempt and for nobody else. `agent_leg_id`: the leg to bridge to."""

    agent_id: str = ""
    agent_leg_id: str = ""


class AgentLost(Fact):
    """The agent promised to, or talking on, this attempt is gone (leg ended, logged out)."""


class BridgeOverdue(Fact):
    """No proof of a bridge within 300 ms of the command."""


class PatienceRanOut(Fact):
    """The person waited as long as the campaign's abandonment clock allows: an abandoned call."""


class NobodyCame(Fact):
    """A person whom a scenario wanted to join to an agent waited in vain; the scenario goes on."""


class RingTimeOver(Fact):
    """It rang as long as the campaign lets it."""


class AnswerOverdue(Fact):
    """The switch owes us the end of this leg and is late: ask it."""


class HeldByAgent(Fact):
    """The agent put the person on hold."""


class RetrievedByAgent(Fact):
    """The agent takes the person back from hold."""


@dataclass(frozen=True, slots=True)
class TransferWanted(Fact):
    """Blind transfer: join the person to `number` (E.164 or extension) and free the agent."""

    number: str = ""


class HandedOver(Fact):
    """Attended transfer: the person talks with the third party now."""


class EndWanted(Fact):
    """Somebody who may (the agent, an operator of the system, the pacing) wants the call to end."""


class CancelWanted(Fact):
    """Pacing gives a ringing call up."""


class ScriptWantsAgent(Fact):
    """The scenario joins the person to an agent."""


@dataclass(frozen=True, slots=True)
class ScriptEnded(Fact):
    """The scenario came to its end. `outcome`: the disposition it set, or ""."""

    outcome: str = ""
