"""The Event Socket protocol as bytes: framing, headers, events, commands. No socket, no time, no calls.

A frame is a block of `Name: value` lines ended by an empty line, then `Content-Length` bytes of body:

    Content-Length: 41\\n            <- head: values are %-encoded where they need to be
    Content-Type: api/response\\n
    \\n
    +OK 1cbd0bb6-...\\n              <- body, counted in bytes
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

import orjson

from engine.domain.errors import ProtocolError, SwitchError

MAX_HEAD_BYTES = 512 * 1024  # the answer to `connect` carries every variable of a channel in its head
MAX_BODY_BYTES = 64 * 1024 * 1024  # `show channels` of a full switch is a few megabytes

Event = Mapping[str, Any]
"""Header name -> text, as the switch names them; a header set several times is a list. `_body`: the body."""

_USUAL = re.compile(
    rb"Content-Length: (\d{1,7})\nContent-Type: (text/event-json)\n\n"
    rb"|Content-Type: (api/response)\nContent-Length: (\d{1,7})\n\n"
)


class Frame:
    """One whole message of the peer. `headers`, `body` and `data` as greenswitch names them."""

    __slots__ = ("body", "headers")

    def __init__(self, headers: dict[str, str], body: bytes = b"") -> None:
        self.headers, self.body = headers, body

    @property
    def content_type(self) -> str:
        return self.headers.get("Content-Type", "")

    @property
    def data(self) -> str:
        """What was answered: the body of an api/response, else the Reply-Text."""
        if self.body:
            return self.body.decode("utf-8", "replace")
        return self.headers.get("Reply-Text", "")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Frame) and (self.headers, self.body) == (other.headers, other.body)

    __hash__ = None  # type: ignore[assignment]  # holds a dict

    def __repr__(self) -> str:
        return f"Frame({self.headers!r}, {len(self.body)} bytes)"


class EslCodec:
    """Feed it any slice of the byte stream; get back every frame that is complete. Linear in the bytes fed.

    ProtocolError: these bytes are not Event Socket; the stream cannot be trusted any more.
    """

    def __init__(self, max_head: int = MAX_HEAD_BYTES, max_body: int = MAX_BODY_BYTES) -> None:
        self._max_head, self._max_body = max_head, max_body
        self._buffer = bytearray()
        self._searched = 0  # no end of a head starts before this index
        self._headers: dict[str, str] | None = None  # of a frame whose body is still on its way
        self._missing = 0

    @property
    def idle(self) -> bool:
        """Nothing half received: an end of the stream here is a clean one."""
        return not self._buffer and self._headers is None

    def receive(self, data: bytes) -> list[Frame]:
        frames: list[Frame] = []
        if self.idle:
            data = self._usual(data, frames)
            if not data:
                return frames
        buffer = self._buffer
        buffer += data
        at, size = 0, len(buffer)
        try:
            while True:
                if self._headers is None:
                    while at < size and buffer[at] == 10:  # stray newlines between frames mean nothing
                        at += 1
                    end = buffer.find(b"\n\n", max(at, self._searched))
                    if (size if end < 0 else end) - at > self._max_head:
                        raise ProtocolError(
                            "the head of a message is too long", f"over {self._max_head} bytes"
                        )
                    if end < 0:
                        self._searched = max(at, size - 1)
                        break
                    headers = parse_headers(bytes(buffer[at:end]))
                    length = _content_length(headers, self._max_body)
                    at, self._searched = end + 2, 0
                    if not length:
                        frames.append(Frame(headers))
                        continue
                    self._headers, self._missing = headers, length
                if size - at < self._missing:
                    break
                end = at + self._missing
                frames.append(Frame(self._headers, bytes(buffer[at:end])))
                self._headers, at = None, end
        finally:
            del buffer[:at]
            self._searched = max(0, self._searched - at)
        return frames

    def _usual(self, data: bytes, frames: list[Frame]) -> bytes:
        """Take whole events and answers in front, by far most of what comes, in one stride; what is left."""
        at, size = 0, len(data)
        while usual := _USUAL.match(data, at):
            begin = usual.end()
            event_length, event, answer, answer_length = usual.groups()
            length, kind = event_length or answer_length, event or answer
            end = begin + int(length)
            if end > size or int(length) > self._max_body:
                break
            headers = {"Content-Length": length.decode(), "Content-Type": kind.decode()}
            frames.append(Frame(headers, data[begin:end]))
            at = end
        return data[at:]


def _content_length(headers: Mapping[str, str], most: int) -> int:
    text = headers.get("Content-Length", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise ProtocolError("Content-Length is not a number", text[:40])
    if int(text) > most:
        raise ProtocolError("a message is too long", f"{text} bytes, at most {most}")
    return int(text)


def parse_headers(block: bytes) -> dict[str, str]:
    """Split lines first, URL-decode after: a %0A in a value can never begin a header. The last of two equal
    names counts. FreeSWITCH writes an empty value as `_undef_`; bytes that are not UTF-8 become U+FFFD.
    """
    headers: dict[str, str] = {}
    for line in block.decode("utf-8", "replace").split("\n"):
        name, colon, value = line.partition(":")
        if not colon or not name:
            continue
        value = value[1:] if value[:1] == " " else value
        if "%" in value:
            value = unquote(value)
        headers[name] = "" if value == "_undef_" else value
    return headers


def parse_event(frame: Frame) -> dict[str, Any]:
    """The event of a text/event-json or text/event-plain frame. ProtocolError: it is neither, or broken."""
    kind = frame.content_type
    if kind == "text/event-json":
        return _json_event(frame.body)
    if kind == "text/event-plain":
        head, _, rest = frame.body.partition(b"\n\n")
        event: dict[str, Any] = dict(parse_headers(head))
        length = _content_length(event, MAX_BODY_BYTES)
        if length:
            event["_body"] = rest[:length].decode("utf-8", "replace")
        return event
    raise ProtocolError("not an event", kind[:60])


def _json_event(body: bytes) -> dict[str, Any]:
    try:
        event = orjson.loads(body)
    except orjson.JSONDecodeError:
        # FreeSWITCH copies what a far end wrote: one Latin-1 byte in a name must not cost us the event.
        try:
            event = json.loads(body.decode("utf-8", "replace"), strict=False)
        except (ValueError, RecursionError) as error:
            raise ProtocolError("an event is not JSON", str(error)[:80]) from None
    if not isinstance(event, dict):
        raise ProtocolError("an event is not an object", type(event).__name__)
    return event


_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_BREAKS = re.compile(r"[\r\n\0]")


def command(line: str, headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """One command as bytes, with its header lines. SwitchError: something in it would end the line early, and
    what follows would be another command."""
    lines = [line]
    for name, value in headers:
        if not _NAME.fullmatch(name):
            raise SwitchError("not a header name", repr(name[:40]))
        lines.append(f"{name}: {value}")
    if not line.strip() or line != line.lstrip():
        raise SwitchError("an empty command", repr(line[:40]))
    for text in lines:
        if _BREAKS.search(text):
            raise SwitchError("a line break inside a command", repr(text[:80]), "Remove it from the value.")
    try:
        return ("\n".join(lines) + "\n\n").encode()
    except UnicodeEncodeError:
        raise SwitchError("text that is not Unicode inside a command", repr(line[:80])) from None
