"""An attempt on its way through the engine: the intent that starts it and the record that ends it."""

from dataclasses import dataclass, field
from enum import StrEnum


class Disposition(StrEnum):
    """What the end of an attempt meant for the contact."""

    TALKED = "talked"  # a person talked with an agent
    ROBOT_DONE = "robot_done"  # a scenario came to its end with a person
    ROBOT_PARTIAL = "robot_partial"  # the person left in the middle of a scenario
    ABANDONED = "abandoned"  # a person answered and nobody was free in time
    HUNG_UP = "hung_up"  # the person hung up before anyone could talk
    MACHINE = "machine"
    FAX = "fax"
    ANNOUNCEMENT = "announcement"  # the network spoke instead of the person
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"  # switched off, no coverage
    REJECTED = "rejected"
    DEAD_NUMBER = "dead_number"  # unallocated, changed, malformed: never again on this number
    CONGESTION = "congestion"  # the trunk or the network, not the person
    SWITCH_BUSY = "switch_busy"  # our own switch was full, or our store away: nobody was disturbed
    CANCELLED = "cancelled"  # we gave the ringing call up
    FAILED = "failed"
    UNKNOWN = "unknown"  # a crash hid the end


@dataclass(frozen=True, slots=True)
class Intent:
    """Everything decided about a call, stored before it is made. At most one call can come of it.

    `attempt_id` is a UUID and becomes the leg's id. `made_at_s`: wall clock, epoch seconds.
    `person_version`: the version of the history the gate judged. `decided`: the reasons, for `why`.
    """

    attempt_id: str
    contact_id: str
    person_id: str
    campaign_id: str
    team: str
    mode: str
    number: str
    caller_id: str
    gateway: str
    switch: str
    made_at_s: float
    person_version: int
    agent_id: str = ""
    decided: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cdr:
    """The record of one attempt. Instants are wall clock, epoch seconds; 0.0 means it never happened.

    `wait_s`: from the start of the abandonment clock to the bridge. `amd`: verdict or "". `recording`: path
    as the switch sees it or "". `outcome`: what the agent or scenario noted beyond the disposition.
    """

    attempt_id: str
    contact_id: str
    person_id: str
    campaign_id: str
    team: str
    mode: str
    number: str
    caller_id: str
    gateway: str
    switch: str
    disposition: str
    made_at_s: float
    originated_at_s: float = 0.0
    created_at_s: float = 0.0
    ringing_at_s: float = 0.0
    answered_at_s: float = 0.0
    bridged_at_s: float = 0.0
    ended_at_s: float = 0.0
    cause: str = ""
    q850: int = 0
    sip_code: int = 0
    ended_by: str = ""
    amd: str = ""
    agent_id: str = ""
    wait_s: float = 0.0
    recording: str = ""
    outcome: str = ""
    script_path: tuple[str, ...] = ()
    digits: str = ""
    decided: dict[str, str] = field(default_factory=dict)
