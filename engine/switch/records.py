"""The switch's own records of calls that are over: a folder of mod_json_cdr, one file for each leg.

Read when a call's end was not told, and only then: after an engine's death, or a gap in the events.
"""

import json
import logging
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote
from uuid import UUID

from engine.domain.facts import LegEnded
from engine.ports import LegRecord
from engine.switch.vocabulary import facts_of

log = logging.getLogger(__name__)

NAMES: Final = ("{}.cdr.json", "a_{}.cdr.json", "{}.json")
BYTES_MOST: Final = 4_000_000
_OWN: Final = "prozvon_"


class CallRecords:
    """`folder`: mod_json_cdr's `log-dir` as this machine sees it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, leg_id: str, at_s: float) -> LegRecord | None:
        """What the switch wrote of a leg that ended; None where it wrote nothing, or nothing that can be
        read. `at_s`: engine clock, of the fact."""
        try:
            name = str(UUID(leg_id))  # nothing else may become a part of a path
            path = next((one for one in self._paths(name) if one.is_file()), None)
            if path is None or path.stat().st_size > BYTES_MOST:
                return None
            return _record(json.loads(path.read_bytes()), leg_id, at_s)
        except (OSError, ValueError, TypeError, AttributeError, LookupError) as error:
            log.warning("call record cannot be read", extra={"attempt": leg_id, "why": str(error)})
            return None

    def _paths(self, name: str) -> list[Path]:
        return [self._folder / pattern.format(name) for pattern in NAMES]


def _record(told: dict[str, Any], leg_id: str, at_s: float) -> LegRecord | None:
    """A record is a channel's variables, percent-encoded, and says when they ended."""
    values = {str(name): unquote(str(value)) for name, value in told["variables"].items()}
    if values.get("uuid", leg_id) != leg_id or not values.get("end_uepoch", "").isdigit():
        return None
    event = {f"variable_{name}": value for name, value in values.items()}
    event |= {"Event-Name": "CHANNEL_HANGUP_COMPLETE", "Unique-ID": leg_id}
    (ended,) = facts_of(event, at_s)
    assert isinstance(ended, LegEnded)
    bridged = values.get("bridge_uepoch", "")
    return LegRecord(
        ended=ended,
        bridged_at_s=int(bridged) / 1e6 if bridged.isdigit() else 0.0,
        variables={name: value for name, value in values.items() if name.startswith(_OWN)},
    )
