"""FreeSWITCH's events as facts in the trade's words. Its header names stop here.

`orders` is the way back: what we ask, as texts of the switch.
"""

from collections.abc import Callable

from engine.domain.facts import (
    CallIn,
    DigitPressed,
    Fact,
    LegAnswered,
    LegBridged,
    LegCreated,
    LegEarlyMedia,
    LegEnded,
    LegParked,
    LegRinging,
    LegUnbridged,
    StepDone,
    StepStarted,
)
from engine.switch.esl import Event
from engine.switch.orders import FORK_MARK


def facts_of(event: Event, at_s: float) -> list[Fact]:
    """What the event says happened; empty when it is none of our business. `at_s`: engine clock, seconds."""
    mapping = MAPPINGS.get(event.get("Event-Name", ""))
    if mapping is None or f"variable_{FORK_MARK}" in event:
        return []
    leg_id = event.get("Unique-ID", "")
    return mapping(event, leg_id, at_s) if leg_id else []


def _created(event: Event, leg_id: str, at_s: float) -> list[Fact]:
    return [LegCreated(leg_id, at_s)]


def _ringing(event: Event, leg_id: str, at_s: float) -> list[Fact]:
    return [LegRinging(leg_id, at_s)]


def _early_media(event: Event, leg_id: str, at_s: float) -> list[Fact]:
    return [LegEarlyMedia(leg_id, at_s, codec=_offered_codec(event))]


def _answered(event: Event, leg_id: str, at_s: float) -> list[Fact]:
    codec = event.get("variable_rtp_use_codec_name") or event.get("Channel-Read-Codec-Name")
    return [LegAnswered(leg_id, at_s, codec=codec or _offered_codec(event) or "PCMU")]


def _parked(event: Event, leg_id: str, at_s: float) -> list[Fact]:
    parked = LegParked(leg_id, at_s)
    # A leg that came in and is handed to a session parks as well: its CallIn is the session's to tell.
    if event.get("Call-Direction") != "inbound" or event.get("variable_current_application") == "socket":
        return [parked]
    return [_call_in(event, leg_id, at_s), parked]


def _call_in(event: Event, leg_id: str, at_s: float) -> CallIn:
    return CallIn(
        leg_id,
        at_s,
        from_number=event.get("Caller-Caller-ID-Number", ""),
        to_number=event.get("Caller-Destination-Number", ""),
    )


def call_in(channel: Event, at_s: float) -> CallIn:
    """The same from the channel data that an outbound session begins with."""
    return _call_in(channel, channel.get("Unique-ID", ""), at_s)


def _bridged(event: Event, leg_id: str, at_s: float) -> list[Fact]:
    one, other = _pair(event, leg_id)
    return [LegBridged(one, at_s, peer_id=other), *([LegBridged(other, at_s, peer_id=one)] if other else [])]


def _unbridged(event: Event, leg_id: str, at_s: float) -> list[Fact]:
    one, other = _pair(event, leg_id)
    return [
        LegUnbridged(one, at_s, peer_id=other),
        *([LegUnbridged(other, at_s, peer_id=one)] if other else []),
    ]


def _pair(event: Event, leg_id: str) -> tuple[str, str]:
    """The switch tells of a pair once, on one of its legs. Other-Leg-Unique-ID may be missing at the end."""
    one, other = event.get("Bridge-A-Unique-ID", ""), event.get("Bridge-B-Unique-ID", "")
    if one and other:
        return (one, other) if leg_id != other else (other, one)
    return leg_id, event.get("Other-Leg-Unique-ID", "")


def _digit(event: Event, leg_id: str, at_s: float) -> list[Fact]:
    digit = event.get("DTMF-Digit", "")
    return [DigitPressed(leg_id, at_s, digit=digit)] if digit else []


def _step_started(event: Event, leg_id: str, at_s: float) -> list[Fact]:
    return [
        StepStarted(
            leg_id, at_s, application=event.get("Application", ""), argument=event.get("Application-Data", "")
        )
    ]


def _playing(event: Event, leg_id: str, at_s: float) -> list[Fact]:
    """PLAYBACK_START comes only when there is something to hear; a missing file gives none."""
    return [StepStarted(leg_id, at_s, application="playback", argument=event.get("Playback-File-Path", ""))]


def _step_done(event: Event, leg_id: str, at_s: float) -> list[Fact]:
    if event.get("Answer-State") == "hangup":
        return []  # the leg ended in the midst of it: nobody heard it out, and its end is told next
    application = event.get("Application", "")
    return [
        StepDone(
            leg_id,
            at_s,
            step_id=event.get("Application-UUID", ""),
            application=application,
            response=event.get("Application-Response", ""),
            played_ms=_int(event, "variable_playback_ms") if application in _PLAYERS else 0,
        )
    ]


_PLAYERS = frozenset({"playback", "play_and_get_digits", "speak"})


def _ended(event: Event, leg_id: str, at_s: float) -> list[Fact]:
    answered_at_s = _instant(event, "variable_answer_uepoch", "Caller-Channel-Answered-Time")
    return [
        LegEnded(
            leg_id,
            at_s,
            cause=event.get("Hangup-Cause") or event.get("variable_hangup_cause") or "NONE",
            q850=_int(event, "variable_hangup_cause_q850"),
            sip_code=_sip_code(event) or (200 if answered_at_s else 0),
            ended_by=ENDED_BY.get(event.get("variable_sip_hangup_disposition", ""), ""),
            created_at_s=_instant(event, "variable_start_uepoch", "Caller-Channel-Created-Time"),
            answered_at_s=answered_at_s,
            ended_at_s=_instant(event, "variable_end_uepoch", "Caller-Channel-Hangup-Time"),
        )
    ]


ENDED_BY = {
    "recv_bye": "them",
    "recv_refuse": "them",
    "recv_cancel": "them",
    "send_bye": "us",
    "send_refuse": "us",
    "send_cancel": "us",
}


def _sip_code(event: Event) -> int:
    """Final SIP status. After our own CANCEL only the invite's failure status (487) is there."""
    code = _int(event, "variable_sip_term_status")
    if not code:
        specific = event.get("variable_proto_specific_hangup_cause", "")
        code = _number(specific.removeprefix("sip:"))
    return code or _int(event, "variable_sip_invite_failure_status")


def _offered_codec(event: Event) -> str:
    """`CORE_PCM_MODULE.PCMU@8000h@20i@64000b` -> PCMU: before the answer only this tells the codec."""
    first = event.get("variable_ep_codec_string", "").split(",")[0]
    return str(first.rpartition(".")[2].partition("@")[0])


def _instant(event: Event, *names: str) -> float:
    """Microseconds since the epoch -> seconds; 0.0 when it never happened."""
    for name in names:
        microseconds = _int(event, name)
        if microseconds:
            return microseconds / 1e6
    return 0.0


def _int(event: Event, name: str) -> int:
    return _number(event.get(name, ""))


def _number(text: object) -> int:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 19 else 0


MAPPINGS: dict[str, Callable[[Event, str, float], list[Fact]]] = {
    "CHANNEL_CREATE": _created,
    "CHANNEL_PROGRESS": _ringing,
    "CHANNEL_PROGRESS_MEDIA": _early_media,
    "CHANNEL_ANSWER": _answered,
    "CHANNEL_PARK": _parked,
    "CHANNEL_BRIDGE": _bridged,
    "CHANNEL_UNBRIDGE": _unbridged,
    "CHANNEL_EXECUTE": _step_started,
    "PLAYBACK_START": _playing,
    "CHANNEL_EXECUTE_COMPLETE": _step_done,
    "DTMF": _digit,
    "CHANNEL_HANGUP_COMPLETE": _ended,
}

SUBSCRIBED = (
    "CHANNEL_CREATE",
    "CHANNEL_PROGRESS",
    "CHANNEL_PROGRESS_MEDIA",
    "CHANNEL_ANSWER",
    "CHANNEL_PARK",
    "CHANNEL_BRIDGE",
    "CHANNEL_UNBRIDGE",
    "PLAYBACK_START",
    "CHANNEL_EXECUTE_COMPLETE",
    "DTMF",
    "CHANNEL_HANGUP_COMPLETE",
    "BACKGROUND_JOB",
    "HEARTBEAT",
)
"""What a link asks for: everything the facts need and no more (all events are three times as many)."""
