"""Events as a real FreeSWITCH sent them, as frames in either form."""

import re
from pathlib import Path

import orjson

from engine.switch.esl import EslCodec, Frame, parse_event

EVENTS = Path(__file__).parents[1] / "data" / "freeswitch" / "events"

OUTCOMES = sorted(p.stem for p in EVENTS.glob("*.txt") if p.stem != "outbound_async_full")


def stream(case: str) -> bytes:
    """The recorded bytes of a case, without the notes between them."""
    text = (EVENTS / f"{case}.txt").read_bytes()
    parts = re.split(rb"^# ---- .*\n", text, flags=re.M)[1:]
    return b"".join(_whole(part) for part in parts)


def _whole(part: bytes) -> bytes:
    """A recording may have lost or gained an empty line at the end of an event: trust Content-Length."""
    head, _, body = part.lstrip(b"\n").partition(b"\n\n")
    found = re.search(rb"Content-Length: (\d+)", head)
    length = int(found[1]) if found else 0
    return head + b"\n\n" + body[:length].ljust(length, b"\n")


def plain_frames(case: str) -> list[Frame]:
    return EslCodec().receive(stream(case))


def as_json(frame: Frame) -> Frame:
    """The same event as `event json` brings it."""
    body = orjson.dumps(parse_event(frame))
    return Frame({"Content-Length": str(len(body)), "Content-Type": "text/event-json"}, body)


def json_frames(case: str) -> list[Frame]:
    return [as_json(frame) for frame in plain_frames(case)]


def wire_form(frame: Frame) -> bytes:
    """The frame as bytes on the wire."""
    head = "".join(f"{name}: {value}\n" for name, value in frame.headers.items())
    return head.encode() + b"\n" + frame.body
