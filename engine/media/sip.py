"""SIP as a party that is only ever called: requests in, answers out, over UDP. Pure: time is an argument.

```text
INVITE ─► 200 (again and again until ACK) ─► BYE ─► 200        OPTIONS ─► 200
```
Enough of RFC 3261 for the switch's forked legs. Anything that is no request in good order is left unanswered.
"""

import re
from dataclasses import dataclass, field

T1_S, T2_S = 0.5, 4.0
GIVE_UP_S = 32.0
MAX_MESSAGE = 8_192
ALLOW = "INVITE, ACK, BYE, CANCEL, OPTIONS"
_COMPACT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length"}
_REQUEST = re.compile(r"([A-Z]{2,20}) (sips?:[^ ]{1,500}) SIP/2\.0", re.ASCII)
_CSEQ = re.compile(r"(\d{1,10})\s+([A-Z]{2,20})", re.ASCII)
_URI = re.compile(r"<([^>]*)>")
_TAG = re.compile(r";\s*tag=([^;\s>]+)", re.IGNORECASE)

Peer = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Request:
    """`headers`: names in small letters, in the order they came."""

    method: str
    uri: str
    headers: tuple[tuple[str, str], ...]
    cseq: int
    body: str

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    @property
    def user(self) -> str:
        """The user part of the address that was called."""
        return self.uri.partition(":")[2].partition("@")[0]


def parse(data: bytes) -> Request | None:
    """A request with everything an answer needs; None for anything else."""
    if len(data) > MAX_MESSAGE:
        return None
    head, _, body = data.decode("utf-8", "replace").replace("\r\n", "\n").partition("\n\n")
    first, *lines = head.lstrip("\n").split("\n")
    found = _REQUEST.fullmatch(first.strip())
    if found is None:
        return None
    headers: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in (" ", "\t") and headers:  # a folded line
            name, value = headers.pop()
            headers.append((name, f"{value} {line.strip()}"))
            continue
        name, colon, value = line.partition(":")
        if colon:
            name = name.strip().lower()
            headers.append((_COMPACT.get(name, name), value.strip()))
    given = {name for name, _ in headers}
    cseq = _CSEQ.fullmatch(next((value for name, value in headers if name == "cseq"), ""))
    if not {"via", "from", "to", "call-id"} <= given or cseq is None or cseq[2] != found[1]:
        return None
    return Request(found[1], found[2], tuple(headers), int(cseq[1]), body)


def respond(
    request: Request, status: str, tag: str = "", extra: tuple[str, ...] = (), body: str = ""
) -> bytes:
    """`status`: code and phrase. `tag`: put on To unless it has one. `extra`: whole header lines."""
    lines = [f"SIP/2.0 {status}"]
    lines += [f"Via: {value}" for name, value in request.headers if name == "via"]
    lines += [f"Record-Route: {value}" for name, value in request.headers if name == "record-route"]
    to = request.header("to")
    lines += [
        f"From: {request.header('from')}",
        f"To: {to}" if _TAG.search(to) or not tag else f"To: {to};tag={tag}",
    ]
    lines += [f"Call-ID: {request.header('call-id')}", f"CSeq: {request.cseq} {request.method}", *extra]
    if body:
        lines.append("Content-Type: application/sdp")
    return ("\r\n".join([*lines, f"Content-Length: {len(body.encode())}", "", ""]) + body).encode()


@dataclass(slots=True)
class Dialog:
    """A call that was taken. `answer`: the 200, sent again until `confirmed`. `ended`: nothing is owed."""

    invite: Request
    peer: Peer
    tag: str
    contact: str
    answer: bytes = b""
    confirmed: bool = False
    ended: bool = False
    taken_at_s: float = 0.0
    again_at_s: float = field(default=0.0)
    wait_s: float = T1_S

    @property
    def call_id(self) -> str:
        return self.invite.header("call-id")

    def accept(self, sdp: str, now_s: float) -> bytes:
        """The 200 with our description."""
        self.answer = respond(
            self.invite, "200 OK", self.tag, (f"Contact: <{self.contact}>", f"Allow: {ALLOW}"), sdp
        )
        self.confirmed, self.wait_s = False, T1_S
        self.taken_at_s, self.again_at_s = now_s, now_s + T1_S
        return self.answer

    def due(self, now_s: float) -> bytes:
        """What is to be sent (again) now, or b"". A call nobody confirms ends."""
        if self.confirmed or self.ended or now_s < self.again_at_s:
            return b""
        if now_s - self.taken_at_s > GIVE_UP_S:
            self.ended = True
            return b""
        self.wait_s = min(2 * self.wait_s, T2_S)
        self.again_at_s = now_s + self.wait_s
        return self.answer

    def bye(self) -> bytes:
        """We end the call."""
        self.ended = True
        contact = _URI.search(self.invite.header("contact"))
        target = contact[1] if contact else self.invite.header("contact")
        host = self.contact.partition("@")[2]
        lines = [f"BYE {target} SIP/2.0", f"Via: SIP/2.0/UDP {host};branch=z9hG4bK{self.tag}bye;rport"]
        lines += ["Max-Forwards: 70", f"From: {self.invite.header('to')};tag={self.tag}"]
        lines += [f"To: {self.invite.header('from')}", f"Call-ID: {self.call_id}", "CSeq: 1 BYE"]
        return "\r\n".join([*lines, "Content-Length: 0", "", ""]).encode()
