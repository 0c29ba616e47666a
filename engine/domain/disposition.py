"""What the end of an attempt meant: from hangup causes and from what happened on the way.

FreeSWITCH turns a `Reason: Q.850` header into the cause before it looks at the SIP status, so the cause's
name is the best witness; the SIP status is asked only where a name says too little.
"""

from dataclasses import dataclass

from engine.domain.announcement import MEANINGS
from engine.domain.attempt import Disposition
from engine.domain.contact import TouchPhase

D = Disposition


@dataclass(frozen=True, slots=True)
class Ending:
    """What is known when an attempt ends.

    `cause`, `q850`, `sip_code`, `ended_by`: as in LegEnded; where the switch made no channel at all
    (`created` False) `cause` is what it said instead. `rang`, `early_media`: what came before an answer.
    `bridged`: the bridge to an agent was proven. `person`: a person was taken to be on the line. `robot`: a
    scenario carried the talk; `script_outcome`, `script_ended`: what it noted, and that it came to its end.
    `abandoned`: patience ran out. `amd`: "", person, machine, fax, announcement, machine_after_all, unsure.
    `announced`: what the network said before an answer (domain.announcement), "" for nothing. `cancelled`:
    we gave the ringing call up; `ring_time_over`: because it had rung long enough. `lost`: a crash hid the
    end."""

    cause: str = ""
    q850: int = 0
    sip_code: int = 0
    created: bool = True
    answered: bool = False
    early_media: bool = False
    bridged: bool = False
    person: bool = False
    abandoned: bool = False
    robot: bool = False
    script_outcome: str = ""
    amd: str = ""
    cancelled: bool = False
    lost: bool = False
    ended_by: str = ""
    rang: bool = False
    ring_time_over: bool = False
    script_ended: bool = False
    announced: str = ""


BY_CAUSE: dict[str, Disposition] = {
    # the number
    "UNALLOCATED_NUMBER": D.DEAD_NUMBER,  # 1, SIP 404
    "NUMBER_CHANGED": D.DEAD_NUMBER,  # 22, SIP 410
    "INVALID_NUMBER_FORMAT": D.DEAD_NUMBER,  # 28, SIP 484
    "DOES_NOT_EXIST_ANYWHERE": D.DEAD_NUMBER,
    # the person or their telephone
    "USER_BUSY": D.BUSY,  # 17, SIP 486, 600
    "BUSY_EVERYWHERE": D.BUSY,
    "NO_ANSWER": D.NO_ANSWER,  # 19, our own timeout too
    "ALLOTTED_TIMEOUT": D.NO_ANSWER,
    "PROGRESS_TIMEOUT": D.NO_ANSWER,
    "NO_PICKUP": D.NO_ANSWER,
    "NO_USER_RESPONSE": D.UNREACHABLE,  # 18, SIP 480
    "SUBSCRIBER_ABSENT": D.UNREACHABLE,  # 20
    "USER_NOT_REGISTERED": D.UNREACHABLE,
    "DESTINATION_OUT_OF_ORDER": D.UNREACHABLE,  # 27; without a channel it is our own switch
    "CALL_REJECTED": D.REJECTED,  # 21, SIP 403, 603
    "DECLINE": D.REJECTED,
    "UNWANTED": D.REJECTED,
    "REJECT_ALL": D.REJECTED,
    "INCOMING_CALL_BARRED": D.REJECTED,  # 54
    # the trunk and the network
    "NORMAL_TEMPORARY_FAILURE": D.CONGESTION,  # 41, SIP 500, 503, and nobody at the address
    "NORMAL_CIRCUIT_CONGESTION": D.CONGESTION,  # 34
    "NETWORK_OUT_OF_ORDER": D.CONGESTION,  # 38
    "SWITCH_CONGESTION": D.CONGESTION,  # 42
    "REQUESTED_CHAN_UNAVAIL": D.CONGESTION,  # 44
    "PRE_EMPTED": D.CONGESTION,  # 45
    "GATEWAY_DOWN": D.CONGESTION,
    "RECOVERY_ON_TIMER_EXPIRE": D.CONGESTION,  # 102, SIP 408
    # ourselves
    "ORIGINATOR_CANCEL": D.CANCELLED,
    "LOSE_RACE": D.CANCELLED,
    "MANAGER_REQUEST": D.CANCELLED,
    "CRASH": D.UNKNOWN,
}
"""Of calls that were not answered. What is not here is FAILED, or, where the network only says that the
call is over (see _VAGUE), judged by whether it rang."""

STORE_LOST = "STORE_LOST"  # instead of a cause: neither store nor own disk would surely keep the intent

_VAGUE = frozenset({"NORMAL_CLEARING", "NORMAL_UNSPECIFIED", "NONE", ""})

_KEPT = frozenset({"NO_ROUTE_DESTINATION"})

_BY_Q850 = {
    1: "UNALLOCATED_NUMBER",
    16: "NORMAL_CLEARING",
    17: "USER_BUSY",
    18: "NO_USER_RESPONSE",
    19: "NO_ANSWER",
    20: "SUBSCRIBER_ABSENT",
    21: "CALL_REJECTED",
    22: "NUMBER_CHANGED",
    27: "DESTINATION_OUT_OF_ORDER",
    28: "INVALID_NUMBER_FORMAT",
    31: "NORMAL_UNSPECIFIED",
    34: "NORMAL_CIRCUIT_CONGESTION",
    38: "NETWORK_OUT_OF_ORDER",
    41: "NORMAL_TEMPORARY_FAILURE",
    42: "SWITCH_CONGESTION",
    44: "REQUESTED_CHAN_UNAVAIL",
    102: "RECOVERY_ON_TIMER_EXPIRE",
}
_NUMBER_IS_WRONG = frozenset({404, 410, 484, 604})
AFTER_ALL = "machine_after_all"
"""`amd` of a call that AMD took for a person first."""
_BY_AMD = {"machine": D.MACHINE, AFTER_ALL: D.MACHINE, "fax": D.FAX, "announcement": D.ANNOUNCEMENT}


def disposition_of(end: Ending) -> Disposition:
    if end.lost:
        return D.UNKNOWN
    if end.answered:
        return _of_answered(end)
    return _of_unanswered(end) if end.created else _of_refusal(end.cause)


def touch_phase(end: Ending, disposition: Disposition) -> TouchPhase | None:
    """How far the attempt reached the person, for the limits. None: not at all, the reservation goes back."""
    if disposition is D.UNKNOWN:
        return TouchPhase.UNKNOWN
    if end.answered:
        spoke = disposition in (D.TALKED, D.ROBOT_DONE, D.ROBOT_PARTIAL)
        return TouchPhase.CONVERSED if spoke else TouchPhase.CONNECTED
    if disposition in (D.SWITCH_BUSY, D.CONGESTION) and not end.rang:
        return None
    return TouchPhase.ATTEMPTED


def _of_refusal(text: str) -> Disposition:
    """No channel was made. A full switch, or an id that still lives, says DESTINATION_OUT_OF_ORDER. A store
    or disk of ours that keeps no intent is as little the contact's fault: a list must not run out on it."""
    words = text.replace("-ERR", "").split()
    word = words[0] if words else ""
    if word in ("DESTINATION_OUT_OF_ORDER", STORE_LOST):
        return D.SWITCH_BUSY
    return BY_CAUSE.get(word, D.FAILED)


def _of_answered(end: Ending) -> Disposition:
    if end.bridged:
        return D.TALKED
    if end.amd in _BY_AMD:
        return _BY_AMD[end.amd]
    if end.abandoned:
        return D.ABANDONED
    if end.robot and end.person:
        done = end.script_ended or end.script_outcome or end.ended_by == "us"
        return D.ROBOT_DONE if done else D.ROBOT_PARTIAL
    # Nobody talked. If it was we who hung up, we failed the person: so does the switch's own safety net,
    # which says the notice and hangs up when no engine lives.
    return D.ABANDONED if end.ended_by == "us" else D.HUNG_UP


def _of_unanswered(end: Ending) -> Disposition:
    said = MEANINGS.get(end.announced)
    if said is not None:
        return said
    cause = end.cause
    if cause not in BY_CAUSE and cause not in _KEPT:
        cause = _BY_Q850.get(end.q850, cause)
    if cause == "ORIGINATOR_CANCEL" and end.ring_time_over:
        cause = "NO_ANSWER"
    if cause == "RECOVERY_ON_TIMER_EXPIRE" and end.rang:
        cause = "NO_ANSWER"
    if cause == "NO_ROUTE_DESTINATION":  # the network's word for a dead number, or a hole in our own routing
        return D.DEAD_NUMBER if end.sip_code in _NUMBER_IS_WRONG else D.FAILED
    found = BY_CAUSE.get(cause)
    if end.amd == "announcement" and found in (None, D.NO_ANSWER, D.UNREACHABLE, D.CANCELLED):
        return D.ANNOUNCEMENT
    if found is None and cause in _VAGUE:
        found = D.CANCELLED if end.cancelled and not end.ring_time_over else None
        rang = end.rang or end.early_media or end.ring_time_over
        return found or (D.NO_ANSWER if rang else D.FAILED)
    return found or D.FAILED
