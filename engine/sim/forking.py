"""Audio forks: a real SIP call to a listener, and the sound of a leg sent to it as RTP or to a file."""

import logging
import random
import struct
import time
from collections.abc import Callable

from gevent.event import Event
from gevent.socket import AF_INET, SOCK_DGRAM, socket

from engine import greenlets
from engine.sim.callees import FarEnd
from engine.sim.core import SwitchCore
from engine.sim.leg import Leg
from engine.sim.outcomes import Refusal
from engine.sim.sip import PAYLOAD_TYPES, Invitation, SipMessage, media_address, ok, parse_sip
from engine.sim.voice import Voice

log = logging.getLogger(__name__)

FRAME_S = 0.020
MOST_CATCHING_UP_S = 1.0  # later than that, what was missed is left out
T1_S = 0.5
GIVE_UP_S = 32.0
_RTP = struct.Struct("!BBHII")

Sink = Callable[[bytes], None]


class Metronome:
    """Asks every voice that somebody listens to for a frame, each 20 ms of real time."""

    def __init__(self) -> None:
        self._listening: dict[object, tuple[Voice, Sink]] = {}
        self._somebody = Event()
        self._loop: object = None

    def start(self) -> None:
        self._loop = greenlets.supervise("virtual switch sound", self._run, lambda _: self.start())

    def stop(self) -> None:
        greenlets.kill(self._loop)

    def add(self, who: object, voice: Voice, sink: Sink) -> None:
        self._listening[who] = (voice, sink)
        self._somebody.set()

    def remove(self, who: object) -> None:
        self._listening.pop(who, None)

    def _run(self) -> None:
        due_s = 0.0
        while True:
            if not self._listening:
                self._somebody.clear()
                self._somebody.wait()
                due_s = time.monotonic()
            for voice, sink in tuple(self._listening.values()):
                frame = voice.frame()
                if frame is not None:
                    sink(frame)
            due_s += FRAME_S
            late_s = time.monotonic() - due_s
            if late_s > MOST_CATCHING_UP_S:
                due_s += late_s
            greenlets.sleep(max(0.0, -late_s))


class Listener(FarEnd):
    """A SIP listener somewhere, called for real over UDP; it is sent the sound of a leg.

    INVITE (again after 0.5, 1, 2 … s until answered) ── 200 ── ACK ── RTP … BYE from either side
    """

    def __init__(
        self, core: SwitchCore, leg: Leg, user: str, to: tuple[str, int], metronome: Metronome
    ) -> None:
        super().__init__(core, leg)
        self._metronome = metronome
        self._sip = socket(AF_INET, SOCK_DGRAM)
        self._rtp = socket(AF_INET, SOCK_DGRAM)
        codec = next((name for name in PAYLOAD_TYPES if name in leg.codec), "PCMU")
        extra = {
            name.removeprefix("sip_h_"): value
            for name, value in leg.variables.items()
            if name.startswith("sip_h_") and not set(name + value) & {"\r", "\n"}
        }
        self._call = Invitation(leg.uuid, user, to, ("127.0.0.1", 0), 0, codec, extra, leg.caller_number)
        self._media: tuple[str, int] | None = None
        self._answered = self._over = False
        self._sequence = random.getrandbits(15)
        self._stamp = random.getrandbits(31)
        self._ssrc = random.getrandbits(32)

    def invited(self) -> None:
        greenlets.start("virtual switch fork", self._run)

    def gone(self) -> None:
        self._metronome.remove(self)
        if not self._over:
            self._over = True
            self._send(self._call.bye() if self._answered else self._call.cancel())
            greenlets.start_later(T1_S, "virtual switch fork", self._close)

    def send_sound_of(self, target: Leg) -> None:
        self._metronome.add(self, Voice(target), self._send_frame)

    def stop_sound(self) -> None:
        self._metronome.remove(self)

    # --- SIP -----------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._sip.connect(self._call.to)
            self._rtp.bind((self._sip.getsockname()[0], 0))
            self._call.at, self._call.rtp_port = self._sip.getsockname(), self._rtp.getsockname()[1]
            self._invite()
            self._sip.settimeout(None)  # a call may be silent as long as it likes; `gone` closes the socket
            while not self._over:
                self._take(self._sip.recv(8192))
        except OSError as error:  # nobody there (ICMP), or closed by `gone`
            if not self._over:
                log.info("listener not reached", extra={"to": str(self._call.to), "error": str(error)})
                self._end(Refusal(503))

    def _invite(self) -> None:
        """Send the INVITE until something comes back."""
        wait_s = T1_S
        while not self._over and wait_s < GIVE_UP_S:
            self._sip.send(self._call.invite())
            self._sip.settimeout(wait_s)
            try:
                self._take(self._sip.recv(8192))
                return
            except TimeoutError:
                wait_s *= 2
        self._end(Refusal(408))

    def _take(self, data: bytes) -> None:
        message = parse_sip(data)
        if message is None:
            return
        if message.status == 0:
            self._requested(message)
        elif message.method == "INVITE" and message.status >= 200:
            self._call.learn(message)
            self._send(self._call.ack())
            if message.status >= 300:
                self._end(Refusal(message.status))
            elif not self._answered:
                self._answered = True
                self._media = media_address(message.body)
                self.core.answered(self.leg)
        elif message.method == "INVITE" and message.status == 180:
            self.leg.ring()

    def _requested(self, message: SipMessage) -> None:
        self._send(ok(message))
        if message.method == "BYE":
            self._over = True
            self.core.hang_up(self.leg, "NORMAL_CLEARING", by_far_end=True)
            self._close()

    def _end(self, refusal: Refusal) -> None:
        self._over = True
        if self._answered:
            self.core.hang_up(self.leg, "NORMAL_CLEARING", by_far_end=True)
        else:
            self.core.refused(self.leg, refusal)
        self._close()

    def _send(self, data: bytes) -> None:
        try:
            self._sip.send(data)
        except OSError as error:
            log.info("listener lost", extra={"to": str(self._call.to), "error": str(error)})

    def _send_frame(self, frame: bytes) -> None:
        if self._media is None or self._over:
            return
        kind = PAYLOAD_TYPES[self._call.codec]
        header = _RTP.pack(0x80, kind, self._sequence & 0xFFFF, self._stamp & 0xFFFFFFFF, self._ssrc)
        self._sequence += 1
        self._stamp += len(frame)
        try:
            self._rtp.sendto(header + frame, self._media)
        except OSError:
            self._metronome.remove(self)

    def _close(self) -> None:
        self._sip.close()
        self._rtp.close()
