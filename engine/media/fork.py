"""One forked call: a UDP port, the stream that comes in on it, and the ear that listens."""

import socket
from dataclasses import dataclass

from engine.media.ear import Ear, Line
from engine.media.rtp import Receiver
from engine.media.sdp import Offer
from engine.media.sip import Dialog

SILENT_S = 10.0
MAX_DATAGRAM = 2_048


@dataclass(slots=True)
class Fork:
    """`attempt_id`: the attempt whose callee is heard. `heard_at_s`: when the last packet of sound came."""

    fork_id: str
    attempt_id: str
    dialog: Dialog
    offer: Offer
    sock: socket.socket
    port: int
    receiver: Receiver
    ear: Ear
    heard_at_s: float
    strangers: int = 0

    def read(self, now_s: float) -> bytes:
        """Take one packet that has arrived, then the others have their turn; the sound to hear, b"" for
        none."""
        try:
            packet, (host, _) = self.sock.recvfrom(MAX_DATAGRAM)
        except OSError:  # nothing there after all, or an ICMP error of something that we never sent
            return b""
        if host != self.offer.host and host != self.dialog.peer[0]:
            self.strangers += 1
            return b""
        pcm = self.receiver.receive(packet, now_s)
        if pcm:
            self.heard_at_s = now_s
        return pcm

    def tick(self, now_s: float) -> bytes:
        """Time passed: silence where the far end sends nothing is silence to the detector."""
        return self.receiver.quiet(now_s)

    def is_silent(self, now_s: float) -> bool:
        """Nothing has come for so long that nobody will miss it."""
        return now_s - self.heard_at_s > SILENT_S

    def counts(self) -> Line:
        heard = self.receiver
        return {
            "packets": heard.packets,
            "lost": heard.lost,
            "late": heard.late,
            "junk": heard.junk + self.strangers,
        }
