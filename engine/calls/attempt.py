"""The life of an attempt, as one table a person can read aloud.

```text
DIALING ─► RINGING ─answer─► ANSWERED ─► SCREENING ─person─► ANSWERED
                                │                   └machine─► MAILBOX ─beep─► CLOSING
                 robot ┌────────┤ agent wanted
                       ▼        ▼
                     ROBOT ─► WAITING ─reserved─► CONNECTING ─bridge proven─► TALKING ◄─► HELD
                                │patience
                                ▼
                              NOTICE          every state ─leg ended─► ENDED (settle)
```
Timers are facts; nothing here knows a clock. What a command means is the shell's affair (`engine/dialer`).
"""

from enum import StrEnum

from engine.domain import commands as c
from engine.domain import facts as f
from engine.domain.errors import UnexpectedFact

State = StrEnum(
    "State",
    "DIALING RINGING ANSWERED SCREENING MAILBOX WAITING CONNECTING TALKING HELD ROBOT NOTICE CLOSING ENDED",
)
S = State

CANCEL = c.HangUp("ORIGINATOR_CANCEL")
NO_ANSWER = c.HangUp("NO_ANSWER")
HANG_UP = c.HangUp()
TABLE: dict[tuple[State, type[f.Fact]], tuple[State, tuple[c.Command, ...]]] = {
    # state         fact                    next state      what we ask for
    (S.DIALING,    f.LegRinging):          (S.RINGING,     ()),
    (S.DIALING,    f.OriginateRefused):    (S.ENDED,       (c.ReleaseAgent(), c.Settle())),
    (S.ANSWERED,   f.ScreeningWanted):     (S.SCREENING,   (c.StartScreening(),)),
    (S.ANSWERED,   f.AgentWanted):         (S.WAITING,     (c.ReserveAgent(), c.ArmPatience())),
    (S.ANSWERED,   f.RobotWanted):         (S.ROBOT,       (c.RunScript(),)),
    (S.SCREENING,  f.PersonDetected):      (S.ANSWERED,    (c.RouteCall(),)),
    (S.SCREENING,  f.PersonLikely):        (S.ANSWERED,    (c.RouteCall(),)),
    (S.SCREENING,  f.ScreeningOverdue):    (S.ANSWERED,    (c.RouteCall(),)),
    (S.SCREENING,  f.MachineDetected):     (S.MAILBOX,     (c.RouteMachine(),)),
    (S.SCREENING,  f.AskDue):              (S.SCREENING,   (c.AskAgain(),)),
    (S.MAILBOX,    f.MessageWanted):       (S.MAILBOX,     (c.AwaitBeep(),)),
    (S.MAILBOX,    f.AgentWanted):         (S.WAITING,     (c.ReserveAgent(), c.ArmPatience())),
    (S.MAILBOX,    f.BeepEnded):           (S.CLOSING,     (c.LeaveMessage(),)),
    (S.MAILBOX,    f.BeepOverdue):         (S.CLOSING,     (c.LeaveMessage(),)),
    (S.MAILBOX,    f.PersonDetected):      (S.ANSWERED,    (c.RouteCall(),)),
    (S.WAITING,    f.AgentReserved):       (S.CONNECTING,  (c.BridgeLegs(),)),
    (S.WAITING,    f.PatienceRanOut):      (S.NOTICE,      (c.PlayAbandonNotice(),)),
    (S.WAITING,    f.MachineDetected):     (S.MAILBOX,     (c.RouteMachine(),)),
    (S.CONNECTING, f.LegBridged):          (S.TALKING,     (c.BeginTalk(),)),
    (S.CONNECTING, f.BridgeOverdue):       (S.CONNECTING,  (c.BridgeLegs(),)),
    (S.CONNECTING, f.MachineDetected):     (S.CONNECTING,  (c.TellAgent(),)),
    (S.TALKING,    f.MachineDetected):     (S.TALKING,     (c.TellAgent(),)),
    (S.HELD,       f.MachineDetected):     (S.HELD,        (c.TellAgent(),)),
    (S.ROBOT,      f.MachineDetected):     (S.MAILBOX,     (c.RouteMachine(),)),
    (S.CONNECTING, f.AgentLost):           (S.WAITING,     (c.ReserveAgent(), c.ArmPatience())),
    (S.TALKING,    f.AgentLost):           (S.WAITING,     (c.ReserveAgent(), c.ArmPatience())),
    (S.TALKING,    f.HeldByAgent):         (S.HELD,        (c.HoldPerson(),)),
    (S.TALKING,    f.TransferWanted):      (S.CLOSING,     (c.ReleaseAgent(), c.TransferPerson())),
    (S.HELD,       f.TransferWanted):      (S.CLOSING,     (c.ReleaseAgent(), c.TransferPerson())),
    (S.HELD,       f.HandedOver):          (S.CLOSING,     (c.ReleaseAgent(),)),
    (S.HELD,       f.RetrievedByAgent):    (S.CONNECTING,  (c.BridgeLegs(),)),
    (S.HELD,       f.AgentLost):           (S.WAITING,     (c.ReserveAgent(), c.ArmPatience())),
    (S.ROBOT,      f.ScriptWantsAgent):    (S.WAITING,     (c.ReserveAgent(), c.ArmPatience())),
    (S.WAITING,    f.NobodyCame):          (S.ROBOT,       (c.ResumeScript(),)),
    (S.ROBOT,      f.ScriptEnded):         (S.CLOSING,     (HANG_UP,)),
}  # fmt: skip

for s in (S.DIALING, S.RINGING):
    TABLE |= {
        (s, f.LegAnswered): (S.ANSWERED, (c.RouteCall(),)),
        (s, f.LegBridged): (S.TALKING, (c.BeginTalk(),)),  # the answer was lost, the proof was not
        (s, f.CancelWanted): (S.CLOSING, (CANCEL,)),
        (s, f.EndWanted): (S.CLOSING, (CANCEL,)),
        (s, f.RingTimeOver): (S.CLOSING, (NO_ANSWER,)),
        (s, f.LegCreated): (s, ()),
        (s, f.LegEarlyMedia): (s, (c.ListenEarly(),)),
        (s, f.AnnouncementHeard): (S.CLOSING, (CANCEL,)),
    }
TABLE[S.RINGING, f.LegRinging] = (S.RINGING, ())
for s in (S.ANSWERED, S.SCREENING, S.MAILBOX, S.WAITING, S.CONNECTING, S.TALKING, S.HELD, S.ROBOT, S.NOTICE):
    TABLE[s, f.EndWanted] = (S.CLOSING, (HANG_UP,))
TABLE[S.CLOSING, f.EndWanted] = (S.CLOSING, (HANG_UP,))  # handed over to somebody, they may talk for long

# Too late, crossed on the wire, or said twice: drawn on purpose, so that the rest can be an alarm.
QUIET = (
    f.LegCreated, f.LegRinging, f.LegEarlyMedia, f.LegAnswered, f.LegParked, f.LegUnbridged, f.LegBridged,
    f.DigitPressed, f.StepStarted, f.StepDone, f.BridgeOverdue, f.PatienceRanOut, f.NobodyCame,
    f.RingTimeOver,
    f.ScreeningOverdue, f.PersonDetected, f.MachineDetected, f.CancelWanted, f.EndWanted, f.AgentLost,
    f.ScriptEnded, f.ScriptWantsAgent, f.HeldByAgent, f.RetrievedByAgent, f.TransferWanted, f.HandedOver,
    f.ScreeningWanted, f.AgentWanted, f.RobotWanted, f.OriginateRefused,
    f.AnnouncementHeard, f.MessageWanted, f.BeepEnded, f.BeepOverdue, f.AskDue, f.PersonLikely,
)  # fmt: skip
for s in S:
    TABLE |= {(s, late): (s, ()) for late in QUIET if (s, late) not in TABLE}
    if (s, f.AgentReserved) not in TABLE:
        TABLE[s, f.AgentReserved] = (s, (c.ReleaseAgent(),))  # or the agent would wait for ever
    if s is not S.ENDED:
        TABLE[s, f.LegEnded] = (S.ENDED, (c.ReleaseAgent(), c.Settle()))
        TABLE[s, f.AnswerOverdue] = (s, (c.AskSwitch(),))
    else:
        TABLE[s, f.LegEnded] = (s, ())
        TABLE[s, f.AnswerOverdue] = (s, ())


def step(state: State, fact: f.Fact) -> tuple[State, tuple[c.Command, ...]]:
    """Next state and commands. An undrawn arrow raises; the shell logs and counts it, the call goes on."""
    arrow = TABLE.get((state, type(fact)))
    if arrow is None:
        what = f"{type(fact).__name__} while {state.name}"
        raise UnexpectedFact(what, fact.leg_id, "Draw the arrow in calls/attempt.py.")
    return arrow
