"""The switch's own book of the calls it sent out: an independent truth to hold a client's journal against."""

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import orjson

if TYPE_CHECKING:
    from engine.sim.leg import Leg


class InviteLog:
    """Append-only JSON lines about the legs to people, each with its instant (`at_s`, epoch seconds). None:
    keep no book.

    {"what": "up"}                                       the switch begins to serve; of before nothing lives
    {"what": "invite", "uuid": …, "number": …, "gateway": …, "caller_id": …, "fate": …, …}
    {"what": "answer", "uuid": …}
    {"what": "bridge", "uuid": …, "with": …}             both hear each other; "parted": no more
    {"what": "hears", "uuid": …, "sound": …}             a prompt of ours begins
    {"what": "end", "uuid": …, "number": …, "cause": …, "answered_at_s": 0.0, "sip": 486}
    """

    def __init__(self, path: Path | None) -> None:
        self._file: BinaryIO | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab", buffering=0)

    def up(self, at_us: int) -> None:
        self._write({"what": "up", "at_s": at_us / 1e6})

    def sent(self, leg: "Leg", fate: str, attempt: int, at_us: int) -> None:
        self._write(
            {
                "what": "invite",
                "at_s": at_us / 1e6,
                "uuid": leg.uuid,
                "number": leg.number,
                "gateway": leg.gateway,
                "caller_id": leg.caller_number,
                "fate": fate,
                "attempt": attempt,
            }
        )

    def answered(self, leg: "Leg", at_us: int) -> None:
        if leg.gateway:
            self._write({"what": "answer", "at_s": at_us / 1e6, "uuid": leg.uuid})

    def joined(self, what: str, leg: "Leg", other: "Leg", at_us: int) -> None:
        """`what`: bridge or parted."""
        for person, peer in ((leg, other), (other, leg)):
            if person.gateway:
                self._write({"what": what, "at_s": at_us / 1e6, "uuid": person.uuid, "with": peer.uuid})

    def hears(self, leg: "Leg", sound: str, at_us: int) -> None:
        if leg.gateway:
            self._write({"what": "hears", "at_s": at_us / 1e6, "uuid": leg.uuid, "sound": sound})

    def ended(self, leg: "Leg", at_us: int) -> None:
        self._write(
            {
                "what": "end",
                "at_s": at_us / 1e6,
                "uuid": leg.uuid,
                "number": leg.number,
                "cause": leg.hangup_cause,
                "answered_at_s": leg.answered_us / 1e6,
                "sip": int(leg.variables.get("sip_term_status", "0")),
            }
        )

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, record: dict[str, object]) -> None:
        if self._file is not None:
            self._file.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
