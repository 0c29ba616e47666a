"""What the engine holds in memory of one live call."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.calls.attempt import State
from engine.domain import facts as f
from engine.domain.attempt import Cdr, Intent
from engine.domain.campaign import Campaign
from engine.domain.contact import Contact, Progress
from engine.domain.disposition import AFTER_ALL
from engine.pacing.snapshot import CallView

LIVE = frozenset({State.WAITING, State.CONNECTING, State.TALKING, State.HELD, State.ROBOT, State.NOTICE})
"""States that only a person reaches: where AMD, or its absence, said "person"."""
JOINED = frozenset({State.CONNECTING, State.TALKING, State.HELD, State.ROBOT})
UNANSWERED = frozenset({State.DIALING, State.RINGING})


@dataclass(slots=True)
class CallLife:
    """One attempt while it lives. `*_s` on the engine's clock, `*_at_s` wall clock (epoch seconds).

    `paced`: launched by a pacing policy (False: an agent started it, or it came in). `transfer_gateway`:
    the trunk of a blind transfer's second leg. `whisper`: a prompt for the agent alone. `announced`: what
    the network said instead of an answer. `audited`: taken for a machine, and joined to an agent to see.
    `net_s`: the net speaks so long after the answer. `beep_s`: when a machine's beep was last over.
    `stored`: an intent stands in the store and must be settled there. `noted`, `callback_at_s`: what the
    agent said came of the talk, and when they promised to call back (epoch seconds, 0.0: never).
    `call_class`: what pacing counts answers by.
    `view`: what pacing sees of the call, made by it and kept until something happens to the call (None).
    """

    intent: Intent
    campaign: Campaign
    contact: Contact
    progress: Progress
    switch: str
    state: State = State.DIALING
    started_s: float = 0.0
    since_s: float = 0.0
    paced: bool = True
    stored: bool = True
    # instants for the CDR
    originated_at_s: float = 0.0
    created_at_s: float = 0.0
    ringing_at_s: float = 0.0
    answered_at_s: float = 0.0
    bridged_at_s: float = 0.0
    recording_from_s: float = 0.0
    early_media: bool = False
    # how it goes
    agent_id: str = ""
    agent_leg: str = ""
    talked_to: str = ""
    bridge_orders: int = 0
    bridge_tries: int = 0
    leg_raised: bool = False
    screened: bool = False
    amd: str = ""
    announced: str = ""
    audited: bool = False
    net_s: float = 0.0
    beep_s: float = 0.0
    codec: str = "PCMU"
    person: bool = False
    abandoned: bool = False
    cancelled: bool = False
    ring_time_over: bool = False
    refused: str = ""
    lost: bool = False
    answered_s: float = 0.0
    waits_since_s: float = 0.0
    patience_until_s: float = 0.0
    wait_s: float = 0.0
    max_wait_s: float = 60.0
    transfer_gateway: str = ""
    whisper: str = ""
    recording: str = ""
    notice_heard: bool = False
    script_waits_s: float = 0.0
    told_pacing: bool = False
    hold_music: str = ""
    held: bool = False
    script_context: dict[str, str] = field(default_factory=dict)
    script_completed: bool = False
    adopted_step: str = ""
    script_outcome: str = ""
    noted: str = ""
    callback_at_s: float = 0.0
    script_path: tuple[str, ...] = ()
    digits: str = ""
    end: f.LegEnded | None = None
    # machinery
    inbox: deque[f.Fact] = field(default_factory=deque)
    busy: bool = False
    timers: dict[str, Callable[[], None]] = field(default_factory=dict)
    call_class: str = field(init=False, default="")
    view: CallView | None = None

    def __post_init__(self) -> None:
        self.call_class = call_class(self.contact, self.intent.number)

    @property
    def patient(self) -> bool:
        """Whoever waits for an agent knows whom they wait for, with music: sent by a scenario, or called us.
        A person whom we have just called knows nothing, and waits two seconds."""
        return bool(self.script_waits_s) or not (self.paced or self.talked_to or self.intent.agent_id)

    @property
    def leg_id(self) -> str:
        return self.intent.attempt_id

    def disarm(self, *names: str) -> None:
        """Cancel the named timers, or all of them."""
        for name in names or tuple(self.timers):
            cancel = self.timers.pop(name, None)
            if cancel:
                cancel()


def call_class(contact: Contact, number: str) -> str:
    """Column `segment` of the list where it has one, else the kind of number; never a score of one person."""
    segment = contact.fields.get("segment", "")[:32]
    kind = next((phone.kind for phone in contact.phones if phone.number == number), "unknown")
    return f"{contact.campaign_id}/{segment or kind}"


def cdr_of(life: CallLife, disposition: str, ended_at_s: float) -> Cdr:
    """The record of an attempt at its end. The switch's own stamps win over ours where it gave them."""
    intent, end = life.intent, life.end
    return Cdr(
        attempt_id=intent.attempt_id,
        contact_id=intent.contact_id,
        person_id=intent.person_id,
        campaign_id=intent.campaign_id,
        team=intent.team,
        mode=intent.mode,
        number=intent.number,
        caller_id=intent.caller_id,
        gateway=intent.gateway,
        switch=life.switch,
        disposition=disposition,
        made_at_s=intent.made_at_s,
        originated_at_s=life.originated_at_s,
        created_at_s=(end.created_at_s if end else 0.0) or life.created_at_s,
        ringing_at_s=life.ringing_at_s,
        answered_at_s=(end.answered_at_s if end else 0.0) or life.answered_at_s,
        bridged_at_s=life.bridged_at_s,
        ended_at_s=(end.ended_at_s if end else 0.0) or ended_at_s,
        cause=end.cause if end else life.refused,
        q850=end.q850 if end else 0,
        sip_code=end.sip_code if end else 0,
        ended_by=end.ended_by if end else "",
        amd=life.amd,
        agent_id=life.talked_to or life.agent_id,
        wait_s=round(life.wait_s, 3),
        recording=life.recording,
        outcome=life.noted or life.script_outcome,
        script_path=life.script_path,
        digits=life.digits,
        decided=dict(intent.decided),
    )


def note(life: CallLife, fact: f.Fact, wall_s: float) -> None:
    """Keep what a fact says of the call, for its CDR and disposition."""
    match fact:
        case f.LegCreated():
            life.created_at_s = wall_s
        case f.LegRinging():
            life.ringing_at_s = life.ringing_at_s or wall_s
        case f.LegEarlyMedia(codec=codec):
            life.early_media, life.codec = True, codec or life.codec
        case f.LegAnswered(codec=codec):
            life.answered_at_s, life.codec = life.answered_at_s or wall_s, codec
            life.disarm("ring")
        case f.LegEnded():
            life.end = fact
        case f.OriginateRefused(text=text):
            life.refused = text
        case f.MachineDetected(kind=kind):
            late = life.amd in ("person", "unsure") or life.state in JOINED
            life.amd = AFTER_ALL if late else life.amd or kind
        case f.AnnouncementHeard(means=means) if life.state in UNANSWERED:
            life.announced, life.amd = means, "announcement"
        case f.StepStarted(application="playback") if life.state is State.NOTICE:
            life.notice_heard = True
        case f.BeepEnded():
            life.beep_s = fact.at_s
        case f.PersonDetected():
            life.amd = "person"
        case f.ScreeningOverdue() if life.state is State.SCREENING:
            life.amd = "unsure"
        case f.CancelWanted() | f.EndWanted():
            life.cancelled = True
        case f.RingTimeOver():
            life.ring_time_over = True
        case f.DigitPressed(digit=digit):
            life.digits = (life.digits + digit)[-64:]
        case f.ScriptEnded(outcome=outcome):
            life.script_outcome = outcome
        case _:
            pass


Arm = Callable[[CallLife, str, float, type[f.Fact]], None]
"""A timer of a call, by name, that becomes a fact after so many seconds."""
ExpectEnd = Callable[[CallLife, float], None]
"""Within so many seconds, or the switch is asked."""
