"""What a real FreeSWITCH sent for one call, from tests/data/freeswitch/events."""

import re
from pathlib import Path
from urllib.parse import unquote

from engine.domain.disposition import Ending

FOLDER = Path(__file__).parent.parent / "data" / "freeswitch" / "events"


def events(case: str) -> list[dict[str, str]]:
    """Every event of the recording, headers decoded, in the order they came."""
    text = (FOLDER / f"{case}.txt").read_text("utf-8")
    blocks = (block for block in text.split("\n\n") if block.startswith("Event-Name: "))
    return [
        {key: unquote(value) for key, _, value in (line.partition(": ") for line in block.splitlines())}
        for block in blocks
    ]


def ending(case: str, **seen: object) -> Ending:
    """The call's end as the engine would come to know it."""
    heard = events(case)
    names = [event["Event-Name"] for event in heard]
    over = next(event for event in heard if event["Event-Name"] == "CHANNEL_HANGUP_COMPLETE")
    hung_up_by = over.get("variable_sip_hangup_disposition", "")
    status = re.search(r"\d+$", over.get("variable_proto_specific_hangup_cause", ""))
    return Ending(
        cause=over["Hangup-Cause"],
        q850=int(over["variable_hangup_cause_q850"]),
        sip_code=int(status.group()) if status else 0,
        answered="CHANNEL_ANSWER" in names,
        early_media="CHANNEL_PROGRESS_MEDIA" in names,
        rang="CHANNEL_PROGRESS" in names,
        ended_by="us" if hung_up_by.startswith("send_") else "them",
        **seen,  # type: ignore[arg-type]
    )
