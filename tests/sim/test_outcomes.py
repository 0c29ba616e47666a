"""One call per outcome: the events, causes, headers and the job of the recordings of a real FreeSWITCH."""

from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.sim.lab import CALM, Lab

RECORDED = Path(__file__).parents[1] / "data" / "freeswitch" / "events"
NUMBER = "48600100200"

# recording -> (what is planned for the number, variables of the originate, seconds until our uuid_kill)
CASES: dict[str, tuple[str, str, float]] = {
    "answered": ("fate: answer, ring_s: 0.03", "", 1.5),
    "busy_486": ("fate: busy", "", 0),
    "cancelled_by_us": ("fate: no_answer", "originate_timeout=20", 1.0),
    "code_403": ("sip: 403", "", 0),
    "code_408": ("sip: 408", "", 0),
    "code_410": ("sip: 410", "", 0),
    "code_480": ("fate: unreachable", "", 0),
    "code_484": ("sip: 484", "", 0),
    "code_488": ("sip: 488", "", 0),
    "code_500": ("sip: 500", "", 0),
    "code_600": ("sip: 600", "", 0),
    "code_604": ("sip: 604", "", 0),
    "congestion_503": ("fate: congestion", "", 0),
    "early_480_q850": ("fate: announcement", "ignore_early_media=true", 0),
    "early_486": ("fate: busy, ringback: '183', ring_s: 2", "ignore_early_media=true", 0),
    "early_486_noignore": ("fate: busy, ringback: '183', ring_s: 2", "", 0),
    "early_answer_ignore": ("fate: answer, ringback: '183', ring_s: 2", "ignore_early_media=true", 3.5),
    "early_answer_noignore": ("fate: answer, ringback: '183', ring_s: 2", "", 3.5),
    "noanswer_timeout": ("fate: no_answer", "originate_timeout=4", 0),
    "notfound_404": ("fate: dead", "", 0),
    "rejected_603": ("fate: rejected, ring_s: 0", "", 0),
    "ring183_answer": ("fate: answer, ringback: '180+183', ring_s: 2", "ignore_early_media=true", 3.5),
    "ring_then_486": ("fate: busy, ring_s: 2", "", 0),
    "unreachable": ("sip: 503", "", 0),
}
# What a dialer reads of a call's end; absent in the recording means absent with us.
READ = (
    *("Hangup-Cause", "Answer-State", "Channel-State", "Channel-Call-State", "Channel-State-Number"),
    *("Call-Direction", "Channel-HIT-Dialplan", "Caller-Destination-Number", "Caller-Caller-ID-Number"),
    *("Caller-Orig-Caller-ID-Number", "Channel-Read-Codec-Name", "variable_hangup_cause"),
    *("variable_hangup_cause_q850", "variable_sip_term_status", "variable_sip_term_cause"),
    *("variable_proto_specific_hangup_cause", "variable_sip_hangup_disposition"),
    *("variable_sip_invite_failure_status", "variable_sip_invite_failure_phrase", "variable_last_app"),
    *("variable_endpoint_disposition", "variable_rtp_use_codec_name", "variable_read_codec"),
    *(
        "variable_ep_codec_string",
        "variable_origination_uuid",
        "variable_digits_dialed",
        "variable_direction",
    ),
)
NOT_KEPT = (
    "CHANNEL_STATE",
    "CHANNEL_CALLSTATE",
    "CHANNEL_UNPARK",
)  # the recordings here are without them; sequences/ has them
TIMES = ("start", "answer", "progress", "progress_media", "end", "bridge")


def events_of(path: Path) -> list[dict[str, str]]:
    events = []
    for block in path.read_text().split("\n# ---- ")[1:]:
        parts = block.split("\n\n")
        fields = [line.partition(": ") for line in parts[1].split("\n")] if len(parts) > 1 else []
        event = {key: unquote(value) for key, mark, value in fields if mark}
        event["_body"] = "\n\n".join(parts[2:]).strip()
        events.append(event)
    return events


def call(case: str, uuid: str = "call") -> Lab:
    """The planned call, to its end. The job's text lies in `jobs`."""
    planned, variables, kill_after_s = CASES[case]
    lab = Lab(f"{CALM}numbers: {{'{NUMBER}': {{{planned}}}}}")
    given = f"origination_caller_id_number=48221234567,origination_caller_id_name=Lab,{variables}".strip(",")
    lab.originate(uuid, f"sofia/external/{NUMBER}@127.0.0.1:5102 &park()", given)
    lab.run(kill_after_s or 12.0)
    if kill_after_s:
        cause = "ORIGINATOR_CANCEL" if case == "cancelled_by_us" else "NORMAL_CLEARING"
        lab.api(f"uuid_kill {uuid} {cause}")
        lab.run(1.0)
    return lab


@pytest.mark.parametrize("case", CASES)
def test_the_call_tells_what_a_real_one_told(case: str) -> None:
    recorded = events_of(RECORDED / f"{case}.txt")
    uuid = recorded[0]["Unique-ID"]
    lab = call(case, uuid)
    real = [event for event in recorded if event["Event-Name"].startswith("CHANNEL_")]
    ours_told = [event for event in lab.of(uuid) if event["Event-Name"] not in NOT_KEPT]
    assert [event["Event-Name"] for event in ours_told] == [event["Event-Name"] for event in real]
    for ours, theirs in zip(ours_told, real, strict=True):
        for header in READ:
            assert ours.get(header) == theirs.get(header), f"{header} in {ours['Event-Name']}"
    told = next(event["_body"] for event in recorded if event["Event-Name"] == "BACKGROUND_JOB")
    assert lab.jobs[uuid] == told + "\n"


@pytest.mark.parametrize("case", CASES)
def test_the_end_has_a_time_for_what_happened_and_zero_for_what_did_not(case: str) -> None:
    recorded = events_of(RECORDED / f"{case}.txt")
    theirs = next(event for event in recorded if event["Event-Name"] == "CHANNEL_HANGUP_COMPLETE")
    ours = call(case).of("call", "CHANNEL_HANGUP_COMPLETE")[0]
    for name in TIMES:
        happened = theirs[f"variable_{name}_uepoch"] != "0"
        assert (ours[f"variable_{name}_uepoch"] != "0") == happened, name
        assert (f"variable_{name}_stamp" in ours) == (f"variable_{name}_stamp" in theirs), name
    missing = {key for key in theirs if key.endswith(("sec", "epoch", "_stamp", "duration"))} - set(ours)
    assert not missing


def test_an_answered_call_says_how_long_it_lasted() -> None:
    end = call("answered").of("call", "CHANNEL_HANGUP_COMPLETE")[0]
    assert 1_400 < int(end["variable_billmsec"]) < 1_460
    assert int(end["variable_mduration"]) == int(end["variable_billmsec"]) + int(end["variable_answermsec"])
