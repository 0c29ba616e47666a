"""A SIP and RTP party that a test can steer: takes calls, makes calls, presses keys, keeps what it hears.

A-law only, UDP on loopback only, one thread per party. Enough of RFC 3261 to be on the other end of a
FreeSWITCH on the same host; nothing more.
"""

import re
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from uuid import uuid4

from tests.freeswitch.audio import Samples, alaw_decode, alaw_encode, tone
from tests.freeswitch.switch import free_ports

PCMA, KEYS = 8, 101
FRAME = 160


def header(message: str, name: str) -> str:
    found = re.search(rf"^{name}\s*:\s*(.*?)\r?$", message, re.IGNORECASE | re.MULTILINE)
    return found.group(1) if found else ""


@dataclass(eq=False)
class Call:
    """One call of a far end. `heard`: every RTP payload with the monotonic second of its arrival."""

    call_id: str
    media: socket.socket
    peer: tuple[str, int]
    invite: str = ""
    local: str = ""
    remote: str = ""
    target: str = ""
    media_peer: tuple[str, int] | None = None
    status: int = 0
    heard: list[tuple[float, bytes]] = field(default_factory=list)
    answered: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    sequence: int = 0
    said: int = 0
    timestamp: int = 0
    key_began: int = 0
    keys: list[bytes] = field(default_factory=list)
    answered_at_s: float = 0.0

    @property
    def sound(self) -> Samples:
        return alaw_decode(b"".join(payload for _, payload in self.heard))


class FarEnd:
    """`tone_hz`: what it says; 0 keeps silent. `says`: A-law, said from the answer on, instead of a tone.
    `answer`: takes calls by itself after `ring_s`. `early`: A-law, said before that instead of ringing."""

    def __init__(
        self,
        tone_hz: float = 0.0,
        answer: bool = True,
        ring_s: float = 0.0,
        says: bytes = b"",
        early: bytes = b"",
    ) -> None:
        self.port = free_ports(1)[0]
        self.answer, self.ring_s = answer, ring_s
        self.calls: dict[str, Call] = {}
        self.arrived = threading.Condition()
        level = says or (alaw_encode(tone(tone_hz, 1.0)) if tone_hz else b"\xd5" * 8000)
        self._frames = [level[at : at + FRAME] for at in range(0, len(level) - FRAME + 1, FRAME)]
        self._early = [early[at : at + FRAME] for at in range(0, len(early) - FRAME + 1, FRAME)]
        self._sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sip.bind(("127.0.0.1", self.port))
        self._timers: list[tuple[float, Call]] = []
        self._running = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    # --- what a test does ---------------------------------------------------------------------------

    def wait_call(self, number: int = 1, timeout_s: float = 5.0) -> Call:
        """The `number`-th call of this party, made or taken."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.calls) >= number, timeout_s), "no call came"
        return list(self.calls.values())[number - 1]

    def call(self, user: str, host: str, caller: str) -> Call:
        """Call somebody. Returns at once: wait for `answered` or `ended`; `status` is the last SIP code."""
        call = self._new_call(str(uuid4()), self._address(host))
        call.local = f"<sip:{caller}@127.0.0.1:{self.port}>;tag={uuid4().hex[:8]}"
        call.remote = f"<sip:{user}@{host}>"
        call.target = f"sip:{user}@{host}"
        self._send(call, self._request(call, "INVITE", 1, self._sdp(call)))
        return call

    def hang_up(self, call: Call) -> None:
        self._send(call, self._request(call, "BYE", 2))
        call.ended.set()

    def press(self, call: Call, digit: str, duration_ms: int = 120) -> None:
        """A key as RFC 2833 events, sent in place of the sound, 160 ms after the last one.

        The switch throws away what it has not read when a leg changes what it does, a key among it: nobody
        presses one in the instant of a park.
        """
        code = "0123456789*#ABCD".index(digit)
        steps = duration_ms // 20
        packets = [struct.pack("!BBH", code, 10, (step + 1) * FRAME) for step in range(steps)]
        call.keys += [b""] * 8 + packets + [struct.pack("!BBH", code, 0x8A, steps * FRAME)] * 3

    def close(self) -> None:
        for call in self.calls.values():
            if call.answered.is_set() and not call.ended.is_set():
                self.hang_up(call)
        self._running = False
        self._thread.join(2)
        self._sip.close()
        for call in self.calls.values():
            call.media.close()

    # --- the loop -----------------------------------------------------------------------------------

    def _run(self) -> None:
        due_s = time.monotonic()
        while self._running:
            talking = [call for call in self.calls.values() if not call.ended.is_set()]
            readers = [self._sip, *(call.media for call in talking)]
            ready, _, _ = select.select(readers, [], [], max(0.0, due_s - time.monotonic()))
            if self._sip in ready:
                data, peer = self._sip.recvfrom(65_535)
                self._on_sip(data.decode("utf-8", "replace"), peer)
            for call in talking:
                if call.media in ready:
                    packet = call.media.recv(2_048)
                    if len(packet) > 12 and packet[1] & 0x7F == PCMA:
                        call.heard.append((time.monotonic(), packet[12:]))
            if time.monotonic() >= due_s:
                due_s += 0.02
                self._tick(talking)

    def _tick(self, talking: list[Call]) -> None:
        for call in talking:
            if (call.answered.is_set() or self._early) and call.media_peer:
                self._speak(call)
        for at_s, call in [timer for timer in self._timers if timer[0] <= time.monotonic()]:
            self._timers.remove((at_s, call))
            if not call.ended.is_set():
                self._pick_up(call)

    def _speak(self, call: Call) -> None:
        kind, mark, stamp = PCMA, 0, call.timestamp
        frames = self._frames if call.answered.is_set() else self._early
        payload = frames[call.said % len(frames)]
        call.said += 1
        if call.keys and (key := call.keys.pop(0)):
            payload, kind, stamp = key, KEYS, call.key_began
            mark = 0x80 if key[2:] == struct.pack("!H", FRAME) else 0
            if mark:
                call.key_began = stamp = call.timestamp
        call.sequence = (call.sequence + 1) & 0xFFFF
        call.timestamp += FRAME
        fields = (0x80, mark | kind, call.sequence, stamp & 0xFFFFFFFF, 0x50726F7A)
        assert call.media_peer is not None
        call.media.sendto(struct.pack("!BBHII", *fields) + payload, call.media_peer)

    # --- SIP ----------------------------------------------------------------------------------------

    def _on_sip(self, message: str, peer: tuple[str, int]) -> None:
        call = self.calls.get(header(message, "Call-ID"))
        if message.startswith("SIP/2.0 "):
            if call is not None:
                self._on_response(call, message)
            return
        method = message.split(" ", 1)[0]
        if method == "INVITE":
            self._on_invite(call, message, peer)
        elif method in ("BYE", "CANCEL"):
            self._reply(message, peer, "200 OK")
            if call is not None and not call.ended.is_set():
                if method == "CANCEL":
                    self._reply(call.invite, peer, "487 Request Terminated", call)
                call.ended.set()
        elif method != "ACK":
            self._reply(message, peer, "200 OK")

    def _on_invite(self, call: Call | None, message: str, peer: tuple[str, int]) -> None:
        if call is None:
            call = self._new_call(header(message, "Call-ID"), peer)
            call.invite, call.remote = message, header(message, "From")
            call.local = f"{header(message, 'To')};tag={uuid4().hex[:8]}"
            call.target = re.sub(r".*<([^>]*)>.*", r"\1", header(message, "Contact"))
            self._learn_media(call, message)
            if self._early:
                self._reply(message, peer, "183 Session Progress", call, self._sdp(call))
            else:
                self._reply(message, peer, "180 Ringing", call)
            if self.answer:
                self._timers.append((time.monotonic() + self.ring_s, call))
        elif call.answered.is_set():
            call.invite = message
            self._learn_media(call, message)
            self._reply(message, peer, "200 OK", call, self._sdp(call))

    def _pick_up(self, call: Call) -> None:
        call.answered_at_s, call.said = time.monotonic(), 0
        call.answered.set()
        self._reply(call.invite, call.peer, "200 OK", call, self._sdp(call))

    def _on_response(self, call: Call, message: str) -> None:
        call.status = int(message[8:11])
        if header(message, "CSeq").endswith("INVITE") and call.status >= 200:
            call.remote = header(message, "To")
            contact = re.sub(r".*<([^>]*)>.*", r"\1", header(message, "Contact"))
            call.target = contact or call.target
            self._send(call, self._request(call, "ACK", 1))
            if call.status < 300:
                self._learn_media(call, message)
                call.answered_at_s = call.answered_at_s or time.monotonic()
                call.answered.set()
            else:
                call.ended.set()

    def _new_call(self, call_id: str, peer: tuple[str, int]) -> Call:
        media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        media.bind(("127.0.0.1", 0))
        call = Call(call_id, media, peer)
        with self.arrived:
            self.calls[call_id] = call
            self.arrived.notify_all()
        return call

    @staticmethod
    def _learn_media(call: Call, message: str) -> None:
        host = re.search(r"^c=IN IP4 (\S+)", message, re.MULTILINE)
        port = re.search(r"^m=audio (\d+)", message, re.MULTILINE)
        if host and port:
            call.media_peer = (host.group(1), int(port.group(1)))

    @staticmethod
    def _address(host: str) -> tuple[str, int]:
        name, _, port = host.partition(":")
        return name, int(port or 5060)

    def _sdp(self, call: Call) -> str:
        port = call.media.getsockname()[1]
        return (
            "v=0\r\no=far 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP {PCMA} {KEYS}\r\na=rtpmap:{PCMA} PCMA/8000\r\n"
            f"a=rtpmap:{KEYS} telephone-event/8000\r\na=fmtp:{KEYS} 0-15\r\na=ptime:20\r\n"
        )

    def _request(self, call: Call, method: str, number: int, body: str = "") -> str:
        lines = [f"{method} {call.target} SIP/2.0"]
        lines += [f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{uuid4().hex}", "Max-Forwards: 70"]
        lines += [
            f"From: {call.local}",
            f"To: {call.remote}",
            f"Call-ID: {call.call_id}",
            f"CSeq: {number} {method}",
        ]
        return self._finish(lines, body)

    def _reply(
        self, request: str, peer: tuple[str, int], status: str, call: Call | None = None, body: str = ""
    ) -> None:
        lines = [f"SIP/2.0 {status}"]
        for line in request.partition("\r\n\r\n")[0].split("\r\n")[1:]:
            name = line.partition(":")[0].lower()
            if name in ("via", "from", "call-id", "cseq", "record-route"):
                lines.append(line)
        lines.append(f"To: {call.local if call else header(request, 'To')}")
        self._sip.sendto(self._finish(lines, body).encode(), peer)

    def _finish(self, lines: list[str], body: str) -> str:
        lines = [*lines, f"Contact: <sip:far@127.0.0.1:{self.port}>"]
        lines += ["Content-Type: application/sdp"] * bool(body) + [f"Content-Length: {len(body)}"]
        return "\r\n".join(lines) + "\r\n\r\n" + body

    def _send(self, call: Call, message: str) -> None:
        self._sip.sendto(message.encode(), call.peer)
