"""What a campaign is to the engine: plain frozen data, built from config.yaml or by the API."""

from dataclasses import dataclass, field
from enum import StrEnum


class Mode(StrEnum):
    ROBOT = "robot"
    PROGRESSIVE = "progressive"
    PREDICTIVE = "predictive"
    PREVIEW = "preview"
    MANUAL = "manual"


class CampaignState(StrEnum):
    READY = "ready"  # created, never started
    RUNNING = "running"
    PAUSED = "paused"  # no new calls, live ones go on
    STOPPED = "stopped"


BUILT_IN = "built-in"


@dataclass(frozen=True, slots=True)
class RetryRule:
    """After a disposition: call again after `after_s`, at most `limit` attempts with that disposition."""

    after_s: float
    limit: int


@dataclass(frozen=True, slots=True)
class Abandonment:
    """The campaign's abandonment clock. All durations in seconds."""

    clock: str = "greeting_end"  # answer, greeting_start, greeting_end
    answer_limit_s: float = 2.0
    max_screening_s: float = 3.0
    notice: str = ""  # prompt that identifies the caller; path as the switch sees it
    lockout_s: float = 72 * 3600.0


@dataclass(frozen=True, slots=True)
class Predicting:
    """How far mode predictive may go. `cap`: abandoned live answers at most, of live answers, as a fraction,
    in each of `windows_s` (seconds). `reserve`: ready agents kept free for demand that is not dialed.
    `largest_ratio`: calls in flight for each agent at work. After `cancel_after_s` of ringing a call may be
    given up when nobody will be free for it, `cancel_share` of the launched ones at most."""

    cap: float = 0.03
    windows_s: tuple[float, ...] = (86_400.0, 30 * 86_400.0)
    reserve: int = 0
    largest_ratio: float = 20.0
    cancel_after_s: float = 15.0
    cancel_share: float = 0.03


@dataclass(frozen=True, slots=True)
class Amd:
    """What listening to calls does besides the verdict. Durations in seconds, shares 0..1.

    `early`: announcements of the network are recognised before the answer. `join`: when somebody talks with
    the callee: at the "verdict", as soon as a person is "likely", or at the "answer"; then the agent is
    told should it be a machine. `ask`: prompt for somebody of whom nothing is certain `ask_after_s` after
    the answer, "" for none. `beep_wait_s`: how long a machine's beep is waited for. `watch_s`: how long it
    is listened on after "person". `audit_share`: of machines, joined to an agent. `keep_share`: of calls,
    whose sound is kept. `most_abandoned_share`: abandoned and lost to AMD ÷ live answers, above which AMD
    ceases; judged by the upper bound once `least_audits` machines were audited. `lost_person_cost`: how
    many machines joined to an agent are as bad as one person taken for a machine."""

    early: bool = False
    join: str = "verdict"
    ask: str = ""
    ask_after_s: float = 1.8
    beep_wait_s: float = 40.0
    watch_s: float = 6.0
    audit_share: float = 0.0
    keep_share: float = 0.0
    most_abandoned_share: float = 0.03
    least_audits: int = 200
    lost_person_cost: float = 10.0


@dataclass(frozen=True, slots=True)
class Campaign:
    """`mode` names a pacing policy. `max_calls`: legs in flight or talking at once (robot: channels to fill).

    Prompts are paths as the switch sees them. `record_warning`: what the person hears first when they are
    joined to an agent, "" for nothing, BUILT_IN for the engine's own. `sorry`: heard when a transfer fails.

    `ring_time_s`: how long a called party may ring. `screening`: AMD before anybody talks. `script`:
    scenario for the robot. `machine_message`: prompt left on voicemail, "" hangs up. `skills`: an agent needs
    all of them. `retries`: by disposition. `attempts_limit`: for one contact, all dispositions together.
    `rules`: gate rules by registry name with their parameters, in the order judged.
    """

    campaign_id: str
    team: str
    mode: Mode
    gateways: tuple[str, ...]
    caller_ids: tuple[str, ...]
    max_calls: int = 10
    calls_per_s: float = 5.0
    ring_time_s: float = 30.0
    wrap_up_s: float = 15.0
    preview_s: float = 30.0
    screening: bool = False
    amd: Amd = Amd()
    record: bool = True
    recording_path: str = ""
    record_warning: str = ""
    whisper: bool = False
    script: str = ""
    language: str = "en"
    machine_message: str = ""
    sorry: str = ""
    hold_music: str = "tone_stream://%(200,1800,440);loops=300"
    default_zone: str = ""
    priority: int = 0
    skills: frozenset[str] = frozenset()
    abandonment: Abandonment = Abandonment()
    predicting: Predicting = Predicting()
    retries: dict[str, RetryRule] = field(default_factory=dict)
    attempts_limit: int = 10
    rules: tuple[tuple[str, dict[str, object]], ...] = ()

    @property
    def mode_wants_agents(self) -> bool:
        return self.mode is not Mode.ROBOT
