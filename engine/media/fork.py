"""One forked call: a UDP port, the stream that comes in on it, and the detector that listens."""

import socket
from dataclasses import dataclass, field

from engine.amd.audio import Framer
from engine.amd.classifier import Detector
from engine.amd.heard import Verdict
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
    detector: Detector
    heard_at_s: float
    framer: Framer = field(default_factory=Framer)
    strangers: int = 0

    def read(self, now_s: float) -> Verdict | None:
        """Take one packet that has arrived, then the others have their turn; the verdict, once, with the one
        that decides."""
        try:
            packet, (host, _) = self.sock.recvfrom(MAX_DATAGRAM)
        except OSError:  # nothing there after all, or an ICMP error of something that we never sent
            return None
        if host != self.offer.host and host != self.dialog.peer[0]:
            self.strangers += 1
            return None
        pcm = self.receiver.receive(packet, now_s)
        if not pcm:
            return None
        self.heard_at_s = now_s
        return self._listen(pcm)

    def tick(self, now_s: float) -> Verdict | None:
        """Time passed: silence where the far end sends nothing is silence to the detector."""
        pcm = self.receiver.quiet(now_s)
        return self._listen(pcm) if pcm else None

    def is_silent(self, now_s: float) -> bool:
        """Nothing has come for so long that nobody will miss it."""
        return now_s - self.heard_at_s > SILENT_S

    def _listen(self, pcm: bytes) -> Verdict | None:
        if self.detector.verdict is not None:
            return None
        for frame in self.framer.push(pcm):
            verdict = self.detector.feed(frame)
            if verdict is not None:
                return verdict
        return None
