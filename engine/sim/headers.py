"""What an event of a channel says about it, header by header, in FreeSWITCH's words."""

import time
from typing import TYPE_CHECKING

from engine.sim.outcomes import q850

if TYPE_CHECKING:
    from engine.sim.leg import Leg

STATE_NUMBERS = {
    "CS_NEW": 0,
    "CS_INIT": 1,
    "CS_ROUTING": 2,
    "CS_SOFT_EXECUTE": 3,
    "CS_EXECUTE": 4,
    "CS_EXCHANGE_MEDIA": 5,
    "CS_PARK": 6,
    "CS_CONSUME_MEDIA": 7,
    "CS_HIBERNATE": 8,
    "CS_RESET": 9,
    "CS_HANGUP": 10,
    "CS_REPORTING": 11,
    "CS_DESTROY": 12,
}
CALL_STATE_NUMBERS = {
    "DOWN": 0,
    "DIALING": 1,
    "RINGING": 2,
    "EARLY": 3,
    "ACTIVE": 4,
    "HELD": 5,
    "RING_WAIT": 6,
    "HANGUP": 7,
    "UNHELD": 8,
}
# Events that say nothing of the channel's variables; all others carry every one as variable_NAME.
WITHOUT_VARIABLES = frozenset({"CHANNEL_OUTGOING", "CHANNEL_STATE", "CHANNEL_CALLSTATE", "DTMF"})


def channel_headers(leg: "Leg") -> dict[str, str]:
    """The basics: who, which state, since when. Times are epoch microseconds, 0 for what never happened."""
    called, caller = leg.number, leg.caller_number
    shown = ("Outbound Call", called, leg.caller_name, caller)
    if not leg.cid_flipped:
        shown = (leg.caller_name, caller, "Outbound Call" if leg.outbound else "", called)
    headers = {
        "Channel-State": leg.running_state,
        "Channel-Call-State": leg.call_state,
        "Channel-State-Number": str(leg.state_number),
        "Channel-Name": leg.name,
        "Unique-ID": leg.uuid,
        "Call-Direction": leg.direction,
        "Presence-Call-Direction": leg.direction,
        "Channel-HIT-Dialplan": "true" if leg.hit_dialplan else "false",
        "Channel-Call-UUID": leg.variables.get("call_uuid", leg.uuid),
        "Answer-State": leg.answer_state,
    }
    if "presence_id" in leg.variables:
        headers["Channel-Presence-ID"] = leg.variables["presence_id"]
    if leg.hangup_cause:
        headers["Hangup-Cause"] = leg.hangup_cause
    if leg.codec_known:
        for way in ("Read", "Write"):
            headers[f"Channel-{way}-Codec-Name"] = leg.codec
            headers[f"Channel-{way}-Codec-Rate"] = "8000"
            headers[f"Channel-{way}-Codec-Bit-Rate"] = "64000"
    headers |= _profile(leg, "Caller", shown)
    if leg.peer is not None:
        other = leg.peer
        headers["Other-Type"] = "originatee" if leg.bridge_first else "originator"
        headers |= _profile(other, "Other-Leg", (other.caller_name, other.caller_number, "", other.number))
    return headers


def _profile(leg: "Leg", prefix: str, shown: tuple[str, str, str, str]) -> dict[str, str]:
    values = {
        "Direction": leg.direction,
        "Logical-Direction": leg.direction,
        "Caller-ID-Name": shown[0],
        "Caller-ID-Number": shown[1],
        "Orig-Caller-ID-Name": leg.caller_name,
        "Orig-Caller-ID-Number": leg.caller_number,
        "Callee-ID-Name": shown[2],
        "Callee-ID-Number": shown[3],
        "Network-Addr": "127.0.0.1" if leg.answered_by_network else "",
        "ANI": leg.caller_number,
        "Destination-Number": leg.destination,
        "Unique-ID": leg.uuid,
        "Source": "src/switch_ivr_originate.c" if leg.outbound else "mod_sofia",
        "Context": leg.context,
        "Channel-Name": leg.name,
        "Profile-Index": "1",
        "Profile-Created-Time": str(leg.created_us),
        "Channel-Created-Time": str(leg.created_us),
        "Channel-Answered-Time": str(leg.answered_us),
        "Channel-Progress-Time": str(leg.progress_us),
        "Channel-Progress-Media-Time": str(leg.progress_media_us),
        "Channel-Hangup-Time": str(leg.hangup_us),
        "Channel-Transfer-Time": "0",
        "Channel-Resurrect-Time": "0",
        "Channel-Bridged-Time": str(leg.bridged_us),
        "Channel-Last-Hold": "0",
        "Channel-Hold-Accum": "0",
        "Screen-Bit": "true",
        "Privacy-Hide-Name": "false",
        "Privacy-Hide-Number": "false",
    }
    return {f"{prefix}-{name}": value for name, value in values.items() if value}


def end_variables(leg: "Leg") -> dict[str, str]:
    """What FreeSWITCH adds to the variables at the end; found in CHANNEL_HANGUP_COMPLETE and later only."""
    moments = {
        "start": leg.created_us,
        "profile_start": leg.created_us,
        "answer": leg.answered_us,
        "bridge": leg.bridged_us,
        "last_hold": 0,
        "resurrect": 0,
        "progress": leg.progress_us,
        "progress_media": leg.progress_media_us,
        "end": leg.hangup_us,
    }
    found = {
        "hangup_cause": leg.hangup_cause,
        "hangup_cause_q850": str(q850(leg.hangup_cause)),
        "digits_dialed": "none",
    }
    for name, at_us in moments.items():
        if at_us:
            found[f"{name}_stamp"] = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at_us // 1_000_000))
    found |= {"hold_accum_seconds": "0", "hold_accum_usec": "0", "hold_accum_ms": "0"}
    for name, at_us in moments.items():
        found[f"{name}_epoch"] = str(at_us // 1_000_000)
        found[f"{name}_uepoch"] = str(at_us)
    spans = {
        "duration": leg.hangup_us - leg.created_us,
        "bill": leg.hangup_us - leg.answered_us if leg.answered_us else 0,
        "progress": leg.progress_us - leg.created_us if leg.progress_us else 0,
        "answer": leg.answered_us - leg.created_us if leg.answered_us else 0,
        "flow_bill": leg.hangup_us - leg.created_us if leg.answered_us else 0,
        "wait": leg.bridged_us - leg.created_us if leg.bridged_us else 0,
        "progress_media": leg.progress_media_us - leg.created_us if leg.progress_media_us else 0,
    }
    for name, span_us in spans.items():
        whole = ("duration", "mduration", "uduration")
        names = whole if name == "duration" else (f"{name}sec", f"{name}msec", f"{name}usec")
        found[names[0]] = str(leg.hangup_us // 1_000_000 - (leg.hangup_us - span_us) // 1_000_000)
        found[names[1]] = str(round(span_us / 1000))
        found[names[2]] = str(span_us)
    if leg.last_app:
        found["last_app"] = leg.last_app
    if leg.last_argument:
        found["last_arg"] = leg.last_argument
    return found
