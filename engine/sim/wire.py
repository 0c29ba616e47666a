"""Event Socket as the server speaks it: bytes to requests, replies and events to bytes. No sockets here."""

from dataclasses import dataclass, field
from urllib.parse import quote

import orjson

MAX_REQUEST_BYTES = 1 << 20

# What mod_event_socket leaves as it is in a plain event; every other byte becomes %XX.
_PLAIN_SAFE = "!$'()*,-./_~"


@dataclass(slots=True)
class Request:
    """One command of a client: its first line, the header lines under it, and a body."""

    line: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


class RequestReader:
    """Feed it any slice of the byte stream; get back every request that is complete."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def receive(self, data: bytes) -> list[Request]:
        """Raises ValueError when a request grows over a megabyte or its Content-Length is no number."""
        self._buffer += data
        requests: list[Request] = []
        while True:
            while self._buffer.startswith((b"\n", b"\r")):  # blank lines between requests mean nothing
                del self._buffer[:1]
            head_end, gap = self._end_of_head()
            if head_end < 0:
                if len(self._buffer) > MAX_REQUEST_BYTES:
                    raise ValueError("request over a megabyte")
                return requests
            request = _parse_head(bytes(self._buffer[:head_end]))
            length = int(request.headers.get("content-length", "0") or "0")
            if not 0 <= length <= MAX_REQUEST_BYTES:
                raise ValueError(f"Content-Length {length}")
            body_at = head_end + gap
            if len(self._buffer) < body_at + length:
                return requests
            request.body = self._buffer[body_at : body_at + length].decode("utf-8", "replace")
            del self._buffer[: body_at + length]
            requests.append(request)

    def _end_of_head(self) -> tuple[int, int]:
        """Where the blank line is and how long it is; (-1, 0) when it has not come yet."""
        found = [(at, len(end)) for end in (b"\n\n", b"\r\n\r\n") if (at := self._buffer.find(end)) >= 0]
        return min(found, default=(-1, 0))


def _parse_head(head: bytes) -> Request:
    line, *rest = head.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    pairs = (item.partition(":") for item in rest)
    return Request(line.strip(), {name.strip().lower(): value.strip() for name, _, value in pairs})


class Event:
    """One event, built once and written at most once per format, however many clients want it."""

    __slots__ = ("_json", "_plain", "body", "headers", "name")

    def __init__(self, headers: dict[str, str], body: str | None = None) -> None:
        self.name = headers["Event-Name"]
        self.headers = headers
        self.body = body
        self._json = b""
        self._plain = b""

    def as_json(self) -> bytes:
        if not self._json:
            fields = self.headers
            if self.body is not None:
                fields = fields | {"Content-Length": str(len(self.body.encode())), "_body": self.body}
            self._json = _framed("text/event-json", orjson.dumps(fields))
        return self._json

    def as_plain(self) -> bytes:
        if not self._plain:
            self._plain = _framed("text/event-plain", plain_block(self.headers, self.body).encode())
        return self._plain


def plain_block(headers: dict[str, str], body: str | None = None) -> str:
    """Headers one a line, values %-encoded, a blank line, then the body as it is."""
    lines = [f"{name}: {quote(value, safe=_PLAIN_SAFE) or '_undef_'}" for name, value in headers.items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body.encode())}")
    return "\n".join(lines) + "\n\n" + (body or "")


def _framed(content_type: str, payload: bytes) -> bytes:
    return b"Content-Length: %d\nContent-Type: %s\n\n" % (len(payload), content_type.encode()) + payload


def auth_request() -> bytes:
    return b"Content-Type: auth/request\n\n"


def command_reply(text: str, **extra: str) -> bytes:
    """`extra`: further headers; an underscore in a name stands for the hyphen."""
    lines = ["Content-Type: command/reply", f"Reply-Text: {text}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in extra.items()]
    return ("\n".join(lines) + "\n\n").encode()


def api_response(text: str) -> bytes:
    payload = text.encode()
    return b"Content-Type: api/response\nContent-Length: %d\n\n" % len(payload) + payload


def channel_data_reply(headers: dict[str, str]) -> bytes:
    """The answer to `connect`: the whole channel as headers of the reply, and no body."""
    reply = headers | {"Content-Type": "command/reply", "Reply-Text": "+OK\n"}
    reply |= {"Socket-Mode": "async", "Control": "full"}
    return plain_block(reply).encode()


_GOODBYE = "Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"


def disconnect_notice(uuid: str = "") -> bytes:
    """`uuid`: the leg this connection is about, if it is an outbound one."""
    lines = ["Content-Type: text/disconnect-notice"]
    if uuid:
        lines += [f"Controlled-Session-UUID: {uuid}", "Content-Disposition: disconnect"]
    lines.append(f"Content-Length: {len(_GOODBYE)}")
    return ("\n".join(lines) + "\n\n" + _GOODBYE).encode()


def linger_notice(uuid: str, channel_name: str, linger_s: int) -> bytes:
    """The call is over, the connection stays `linger_s` seconds for the events still on their way."""
    lines = ["Content-Type: text/disconnect-notice", f"Controlled-Session-UUID: {uuid}"]
    lines += ["Content-Disposition: linger", f"Channel-Name: {channel_name}"]
    lines += [f"Linger-Time: {linger_s}", "Content-Length: 0"]
    return ("\n".join(lines) + "\n\n").encode()
