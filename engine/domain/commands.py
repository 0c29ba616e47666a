"""What a step of the attempt's table asks for. The shell carries them out; the table only names them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """Something to be done for the attempt whose table asked."""


class RouteCall(Command):
    """Somebody or something picked up: decide by the campaign whether to screen, or who talks."""


class StartScreening(Command):
    """Fork the audio to AMD, extend the safety net, arm the screening deadline."""


class ReserveAgent(Command):
    """Find a free agent and hold them for this attempt; NOW, in memory."""


class ArmPatience(Command):
    """Start the clock after which an unserved person counts as abandoned."""


class BridgeLegs(Command):
    """Join the reserved agent's leg and the person, agent first, and arm the proof of it."""


class RunScript(Command):
    """Let the scenario talk."""


class ResumeScript(Command):
    """No agent came: the scenario takes the person back."""


class BeginTalk(Command):
    """The bridge is proven: card, recording, tone, net for the time after the bridge."""


class PlayAbandonNotice(Command):
    """Tell the person who called, then hang up; lock them out and promise an agent next time."""


class ListenEarly(Command):
    """There is sound before the answer: listen to it where the campaign wants that."""


class AskAgain(Command):
    """Ask the callee, who said nothing that tells, whether they are there; the net is armed anew."""


class RouteMachine(Command):
    """A machine picked up: decide by the campaign whether to leave a message, to audit it, or to hang up."""


class AwaitBeep(Command):
    """Say nothing until the beep; should we die meanwhile, the switch leaves the message late."""


class LeaveMessage(Command):
    """A machine records: say the campaign's message, then hang up."""


class TellAgent(Command):
    """The agent talks with a machine after all: their desk says so."""


class HoldPerson(Command):
    """Music for the person, quiet for the agent."""


class TransferPerson(Command):
    """Blind transfer of the person to the number in the fact; the agent is free."""


@dataclass(frozen=True, slots=True)
class HangUp(Command):
    """End the person's leg."""

    cause: str = "NORMAL_CLEARING"


class ReleaseAgent(Command):
    """Give a reserved agent back, or send the talking one to wrap-up."""


class AskSwitch(Command):
    """Find out whether the leg still lives."""


class Settle(Command):
    """Write the CDR, settle the reservation and schedule what comes next, in one atomic step."""
