"""SIP as far as the switch needs it to call a listener: INVITE, ACK, CANCEL, BYE. Pure."""

import re
from dataclasses import dataclass, field

PAYLOAD_TYPES = {"PCMU": 0, "PCMA": 8}
_MEDIA = re.compile(r"^m=audio (\d+) ", re.MULTILINE)
_ADDRESS = re.compile(r"^c=IN IP4 (\S+)", re.MULTILINE)


@dataclass(slots=True)
class SipMessage:
    """A message that arrived. `status`: of an answer, 0 for a request. `headers`: names in small letters."""

    status: int
    method: str
    headers: dict[str, str]
    body: str
    vias: list[str] = field(default_factory=list)


def parse_sip(data: bytes) -> SipMessage | None:
    """None for anything that is not SIP."""
    head, _, body = data.decode("utf-8", "replace").replace("\r\n", "\n").partition("\n\n")
    first, *lines = head.split("\n")
    words = first.split(" ")
    headers: dict[str, str] = {}
    vias: list[str] = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            continue
        name = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact"}.get(
            name.lower(), name.lower()
        )
        headers.setdefault(name, value.strip())
        if name == "via":
            vias.append(value.strip())
    if words[0] == "SIP/2.0" and len(words) > 1 and words[1].isdigit():
        return SipMessage(int(words[1]), headers.get("cseq", " ").split(" ")[-1], headers, body, vias)
    if len(words) == 3 and words[2] == "SIP/2.0":
        return SipMessage(0, words[0], headers, body, vias)
    return None


def media_address(body: str) -> tuple[str, int] | None:
    """Where a description wants its sound; None if it wants none."""
    media, address = _MEDIA.search(body), _ADDRESS.search(body)
    if media is None or address is None or media[1] == "0":
        return None
    return address[1], int(media[1])


@dataclass(slots=True)
class Invitation:
    """One call to `user` at `to`, from our `at` (both host, port). `codec`: the only one offered.

    `extra`: further headers, name to value. `their_tag` is learned from their answer.
    """

    uuid: str
    user: str
    to: tuple[str, int]
    at: tuple[str, int]
    rtp_port: int
    codec: str
    extra: dict[str, str]
    caller: str = "switch"
    their_tag: str = ""
    target: str = ""

    def invite(self) -> bytes:
        kind = PAYLOAD_TYPES[self.codec]
        lines = ["v=0", f"o=sim 1 1 IN IP4 {self.at[0]}", "s=sim", f"c=IN IP4 {self.at[0]}", "t=0 0"]
        lines += [
            f"m=audio {self.rtp_port} RTP/AVP {kind}",
            f"a=rtpmap:{kind} {self.codec}/8000",
            "a=ptime:20",
        ]
        sdp = "\r\n".join([*lines, "a=sendrecv", ""])
        headers = [f"{name}: {value}" for name, value in self.extra.items()]
        return self._request("INVITE", 1, [*headers, "Content-Type: application/sdp"], sdp)

    def ack(self) -> bytes:
        return self._request("ACK", 1)

    def cancel(self) -> bytes:
        return self._request("CANCEL", 1)

    def bye(self) -> bytes:
        return self._request("BYE", 2)

    def _request(self, method: str, number: int, headers: list[str] | None = None, body: str = "") -> bytes:
        uri = (
            self.target if self.target and method in ("ACK", "BYE") else f"sip:{self.user}@{_place(self.to)}"
        )
        branch = f"{self.uuid}-{number}" if method != "ACK" else f"{self.uuid}-ack"
        to_tag = f";tag={self.their_tag}" if self.their_tag and method != "CANCEL" else ""
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {_place(self.at)};rport;branch=z9hG4bK{branch}",
            "Max-Forwards: 70",
            f"From: <sip:{self.caller}@{self.at[0]}>;tag=sim{self.uuid[:8]}",
            f"To: <sip:{self.user}@{_place(self.to)}>{to_tag}",
            f"Call-ID: {self.uuid}",
            f"CSeq: {number} {method}",
            f"Contact: <sip:sim@{_place(self.at)}>",
            *(headers or []),
            f"Content-Length: {len(body.encode())}",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()

    def learn(self, answer: SipMessage) -> None:
        """Their tag and the address for later requests."""
        found = re.search(r";\s*tag=([^;\s]+)", answer.headers.get("to", ""))
        if found:
            self.their_tag = found[1]
        contact = re.search(r"<?(sip:[^>;\s]+)", answer.headers.get("contact", ""))
        if contact:
            self.target = contact[1]


def ok(request: SipMessage) -> bytes:
    """200 to a request of theirs."""
    same = [f"{name}: {request.headers.get(name.lower(), '')}" for name in ("From", "To", "Call-ID", "CSeq")]
    vias = [f"Via: {via}" for via in request.vias]
    return "\r\n".join(["SIP/2.0 200 OK", *vias, *same, "Content-Length: 0", "", ""]).encode()


def _place(address: tuple[str, int]) -> str:
    return f"{address[0]}:{address[1]}"
