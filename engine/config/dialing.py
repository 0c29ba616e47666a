"""Sections about dialing: teams, agents, campaigns, rules, pacing. They change while calls run."""

from typing import Any, Literal

from pydantic import Field, SecretStr

from engine.config.base import Country, Extension, Language, Name, Ref, Section, Zone
from engine.domain.attempt import Disposition
from engine.domain.campaign import Mode

DAY_S = 86_400.0


class Rule(Section):
    """A rule of the gate."""

    rule: str = Field(description="calling_hours, working_days, attempt_limit, after_event, …; or pack")
    params: dict[str, Any] = Field(default={}, description="its parameters; of a pack: {name: ru-230fz}")


class Calling(Section):
    """When, and how often, anybody may be called. Every campaign keeps this; its own rules come on top."""

    country: Country = Field(default="PL", description="country of numbers written without country code")
    zone: Zone = Field(
        default="", description="time zone assumed for contacts that tell none; empty: by their number"
    )
    rules: tuple[Rule, ...] = Field(
        default=(
            Rule(rule="calling_hours", params={"workday": "09:00-20:00", "weekend": "10:00-18:00"}),
            Rule(rule="attempt_limit", params={"per_day": 3, "per_week": 7}),
        ),
        description="rules of the gate; every one must allow a call",
    )
    do_not_call_file: str = Field(
        default="", description="numbers never called, one E.164 number a line; empty: none"
    )


class Pacing(Section):
    """How calls are launched, and the caps over every mode."""

    min_check_ms: int = Field(
        default=50, ge=10, le=1_000, description="least milliseconds between two decisions of a team"
    )
    max_check_s: float = Field(
        default=1.0, ge=0.1, le=60, description="most seconds between two decisions of a campaign"
    )
    switch_lag_limit_ms: int = Field(
        default=500, ge=50, le=10_000, description="originate to channel, p95: above it, half as many calls"
    )
    switch_lag_stop_ms: int = Field(
        default=2_000, ge=100, le=60_000, description="originate to channel, p95: above it, none"
    )


class Team(Section):
    """Agents, and the campaigns that may use them."""

    name: Name = Field(description="how agents and campaigns refer to it")
    switch: Ref = Field(default="", description="switch where its agents' phones are; empty: the only one")
    standing_legs: bool = Field(
        default=True, description="agents' legs stay up between calls; false: called for each contact"
    )
    agent_ring_s: float = Field(default=20.0, ge=3, le=120, description="seconds an agent's phone rings")
    connect_tone: str = Field(
        default="tone_stream://%(120,0,880)",
        description="what the agent hears as the person is joined; empty: nothing",
    )


class Agent(Section):
    """An operator."""

    id: Name = Field(description="for the API and the journal")
    name: str = Field(default="", max_length=100, description="as people call them")
    extension: Extension = Field(description="their phone in the switch's directory")
    team: Ref = Field(description="name of their team")
    skills: tuple[Name, ...] = Field(default=(), description="what campaigns may ask of them")
    token: SecretStr = Field(
        default=SecretStr(""),
        description="for the agent's desk, 16 characters or more, as ${NAME}; empty: none",
    )


class Retry(Section):
    """When to call again after a disposition."""

    after_s: float = Field(ge=0, le=366 * DAY_S, description="seconds until the next attempt")
    limit: int = Field(
        ge=0, le=100, description="attempts with this disposition after which the contact is done"
    )


class AbandonClock(Section):
    """When a person who answered counts as abandoned, and what follows."""

    clock: Literal["answer", "greeting_start", "greeting_end"] = Field(
        default="greeting_end", description="where the wait begins"
    )
    answer_limit_s: float = Field(default=2.0, gt=0, le=10, description="longest wait for an agent, seconds")
    max_screening_s: float = Field(
        default=3.0, gt=0, le=10, description="AMD decides within this of the answer, seconds; else a person"
    )
    notice: str = Field(
        default="", description="recording that tells who called; empty: prompts.abandon_notice"
    )
    lockout_s: float = Field(
        default=72 * 3_600.0,
        ge=0,
        le=366 * DAY_S,
        description="seconds without another call, unless an agent is held for it",
    )


class Predicting(Section):
    """How far mode predictive may go. Other modes take no notice of it."""

    cap: float = Field(
        default=0.03, ge=0.001, le=0.2, description="abandoned answers at most, as a fraction of live answers"
    )
    windows_h: tuple[float, ...] = Field(
        default=(24.0, 720.0), min_length=1, max_length=4, description="hours over which the cap is counted"
    )
    reserve: int = Field(
        default=0, ge=0, le=1_000, description="ready agents kept free for callers and robots' transfers"
    )
    largest_ratio: float = Field(
        default=20.0, ge=1, le=100, description="calls in flight at most for each agent at work"
    )
    cancel_after_s: float = Field(
        default=15.0, ge=15, le=120, description="ringing seconds before a call may be given up"
    )
    cancel_share: float = Field(
        default=0.03, ge=0, le=0.2, description="calls given up at most, as a fraction of calls launched"
    )


class Amd(Section):
    """What listening to calls does besides telling people from machines."""

    early: bool = Field(default=False, description="recognise announcements of networks before the answer")
    join: Literal["verdict", "likely", "answer"] = Field(
        default="verdict",
        description="who picked up is joined at AMD's verdict, once a person is likely, or at the answer",
    )
    lost_person_cost: float = Field(
        default=10.0, ge=1, le=1_000, description="machines passed that are as bad as one person lost"
    )
    ask: str = Field(
        default="", description="recording said when nothing is certain yet, e.g. Hello?; empty: none"
    )
    ask_after_s: float = Field(default=1.8, ge=0.5, le=10, description="seconds from the answer to that")
    beep_wait_s: float = Field(
        default=40.0, ge=1, le=180, description="longest wait for a machine's beep, seconds; then the message"
    )
    watch_s: float = Field(
        default=6.0, ge=0, le=30, description="seconds it listens on after a person: machine after all?"
    )
    audit_share: float = Field(
        default=0.0, ge=0, le=1, description="share of machines joined to an agent who is free, to check"
    )
    keep_share: float = Field(
        default=0.0, ge=0, le=1, description="share of calls whose first 20 s are kept as evidence"
    )
    most_abandoned_share: float = Field(
        default=0.03, gt=0, le=1, description="abandoned and lost to AMD / live answers; above it AMD ceases"
    )
    least_audits: int = Field(
        default=200, ge=20, le=100_000, description="audited machines from which on the upper bound is judged"
    )


class Campaign(Section):
    """A list of contacts and how to call them."""

    id: Name = Field(description="for the API, files and the journal")
    mode: Mode = Field(
        description="robot, progressive (one call per ready agent), predictive, preview or manual"
    )
    team: Ref = Field(description="team that owns it and, but for a pure robot, talks")
    gateways: tuple[Ref, ...] = Field(min_length=1, description="trunks it may use, best first")
    caller_ids: tuple[Ref, ...] = Field(min_length=1, description="pools of own numbers it may show")
    start: bool = Field(default=False, description="start with the engine")
    contacts_file: str = Field(default="", description="CSV file imported at start; empty: none")
    language: Language = Field(default="en", description="of contacts that tell none")
    zone: Zone = Field(
        default="", description="time zone assumed for contacts that tell none; empty: calling.zone"
    )
    priority: int = Field(
        default=0, ge=-100, le=100, description="campaigns of a team: higher takes agents first"
    )
    max_calls: int = Field(
        default=10, ge=1, le=10_000, description="legs in flight or talking at once; robot: channels to fill"
    )
    calls_per_s: float = Field(default=5.0, gt=0, le=1_000, description="new calls per second at most")
    ring_time_s: float = Field(default=30.0, ge=5, le=120, description="seconds a called party may ring")
    wrap_up_s: float = Field(default=15.0, ge=0, le=3_600, description="seconds for the agent after a talk")
    preview_s: float = Field(
        default=30.0, ge=1, le=3_600, description="preview: seconds the agent has to accept or skip"
    )
    skills: tuple[Name, ...] = Field(default=(), description="an agent needs all of them")
    screening: bool = Field(default=False, description="tell people from machines (AMD) before anybody talks")
    amd: Amd = Field(default=Amd(), description="what else comes of listening")
    script: str = Field(default="", description="scenario file; needed in mode robot")
    machine_message: str = Field(default="", description="recording left on voicemail; empty: hang up")
    whisper: bool = Field(default=False, description="tell the agent the contact's name as they are joined")
    hold_music: str = Field(
        default="tone_stream://%(200,1800,440);loops=300", description="what a person on hold hears"
    )
    record: bool = Field(default=True, description="record talks, as section recording says")
    record_warning: bool = Field(default=False, description="say first that the call is recorded")
    abandonment: AbandonClock = Field(default=AbandonClock(), description="the abandonment clock")
    predicting: Predicting = Field(default=Predicting(), description="how far mode predictive may go")
    attempts_limit: int = Field(
        default=10, ge=1, le=1_000, description="attempts for one contact, all dispositions together"
    )
    retries: dict[Disposition, Retry] = Field(
        default={}, description="by disposition; others keep the built-in intervals"
    )
    rules: tuple[Rule, ...] = Field(default=(), description="rules of the gate on top of section calling")
