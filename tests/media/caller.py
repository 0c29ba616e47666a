"""The switch's end of a fork: a SIP caller that sends RTP, steered by a test step by step."""

import re
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from engine.amd.audio import Law, encode
from engine.media.ears import Folders
from engine.media.listener import Listener, Places

PACKET = 320


def packet(payload: bytes, sequence: int, timestamp: int, kind: int = 0, ssrc: int = 7) -> bytes:
    return struct.pack("!BBHII", 0x80, kind, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc) + payload


def packets(
    pcm: bytes, law: Law = Law.PCMU, ms: int = 20, sequence: int = 65_500, first: int = 0
) -> list[bytes]:
    """A recording as RTP; the sequence number wraps on the way. `first`: packets of the stream before it."""
    size = ms * 16
    pieces = [encode(pcm[at : at + size], law) for at in range(0, len(pcm) - size + 1, size)]
    return [
        packet(piece, sequence + n, n * ms * 8, law.payload_type) for n, piece in enumerate(pieces, first)
    ]


@dataclass
class Call:
    """One fork. `status`: the answer to the last request; `media`: where the sound goes."""

    sip: socket.socket
    to: tuple[str, int]
    attempt_id: str
    call_id: str = field(default_factory=lambda: uuid4().hex)
    fork_id: str = field(default_factory=lambda: str(uuid4()))
    media: tuple[str, int] = ("", 0)
    answer: str = ""

    def request(self, method: str, cseq: int = 1, body: str = "", **headers: str) -> bytes:
        host, port = self.sip.getsockname()
        lines = [
            f"{method} sip:amd@{self.to[0]}:{self.to[1]} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{port};rport;branch=z9hG4bK{uuid4().hex}",
            "Max-Forwards: 70",
            f"From: <sip:switch@{host}>;tag=s1",
            f"To: <sip:amd@{self.to[0]}>",
            f"Call-ID: {self.call_id}",
            f"CSeq: {cseq} {method}",
            f"Contact: <sip:switch@{host}:{port}>",
            f"X-Prozvon-Attempt: {self.attempt_id}",
            f"X-Prozvon-Fork: {self.fork_id}",
            *(f"{name}: {value}" for name, value in headers.items()),
            f"Content-Length: {len(body)}",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()

    def ask(self, method: str, cseq: int = 1, body: str = "", **headers: str) -> int:
        """Send a request, wait for its answer; the status code."""
        self.sip.sendto(self.request(method, cseq, body, **headers), self.to)
        self.answer = self.sip.recv(8_192).decode()
        return int(self.answer[8:11])

    def begin(self, codecs: str = "0 101", listen: str = "") -> int:
        host, port = self.sip.getsockname()
        sdp = f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
        sdp += f"m=audio {port} RTP/AVP {codecs}\r\na=rtpmap:101 telephone-event/8000\r\n"
        status = self.ask("INVITE", body=sdp, **{"X-Prozvon-Listen": listen})
        if status == 200:
            found = re.search(r"m=audio (\d+)", self.answer)
            assert found
            self.media = (self.to[0], int(found[1]))
            self.sip.sendto(self.request("ACK"), self.to)
        return status

    def send(self, *rtp: bytes) -> None:
        """Faster than life; a question now and then keeps us from running away from the listener."""
        for number, one in enumerate(rtp):
            self.sip.sendto(one, self.media)
            if number % 16 == 15:
                self.ask("OPTIONS")

    def settle(self) -> None:
        """What was told to the listener by other ways before has been taken: it has had two turns since."""
        self.ask("OPTIONS")
        self.ask("OPTIONS")

    def end(self) -> int:
        return self.ask("BYE", 2)


@contextmanager
def listening(rtp_ports: int = 40, folders: Folders | None = None) -> Iterator[Listener]:
    """A listener at work in a thread, on free ports. Nothing in it may have raised at the end."""
    first = free_range(rtp_ports)
    listener = Listener(Places("127.0.0.1", 0, first, first + rtp_ports - 1, folders or Folders()), "0")
    died: list[Exception] = []

    def serve() -> None:
        try:
            listener.serve()
        except Exception as error:
            died.append(error)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        listener.stop()
        thread.join(5)
    assert not thread.is_alive()
    assert not died
    assert "failures" not in listener.counts


def free_range(count: int) -> int:
    """An even port with nobody on it; most likely the next ones are free as well."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return min(port, 65_000 - count) & ~1


@contextmanager
def calling(listener: Listener, attempt_id: str = "attempt-1") -> Iterator[Call]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sip:
        sip.bind(("127.0.0.1", 0))
        sip.settimeout(5)
        yield Call(sip, ("127.0.0.1", listener.sip_port), attempt_id)
