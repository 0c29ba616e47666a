"""The media process at work: calls taken, sound heard, verdicts said. One loop that waits for nobody."""

import logging
import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from gevent import monkey

from engine.amd.classifier import Detector
from engine.media.control import Control
from engine.media.ears import Ears, Folders, standard_detector
from engine.media.fork import Fork
from engine.media.rtp import Receiver
from engine.media.sdp import answer, parse_offer
from engine.media.sip import ALLOW, MAX_MESSAGE, Dialog, Peer, Request, parse, respond

log = logging.getLogger("prozvon.media")

TICK_S = 0.04
TAP_TICK_S = 0.02  # files are looked at as often as the switch writes to them
GATHER_S = 0.01  # what arrives within it is heard together, at a fraction of the price
PACKETS_AT_ONCE = 8  # of one port in a turn
MESSAGES_AT_ONCE = 64
ATTEMPT_HEADER = "x-prozvon-attempt"
FORK_HEADER = "x-prozvon-fork"
LISTEN_HEADER = "x-prozvon-listen"
"""What is wanted of a call, words: `early` (it rings still), `keep` (its sound is evidence)."""


@dataclass(frozen=True, slots=True)
class Places:
    """`host`: the address the switch reaches us at. `sip_port`: UDP, 0 for any free one. Sound comes in on
    even ports from `rtp_first` to `rtp_last`: their number is the most calls at once."""

    host: str = "127.0.0.1"
    sip_port: int = 5095
    rtp_first: int = 21_000
    rtp_last: int = 21_999
    folders: Folders = field(default_factory=Folders)


def _plain_selector() -> selectors.BaseSelector:
    """The system's own: nothing waits beside this loop, and gevent's costs two system calls a packet."""
    selector: selectors.BaseSelector = monkey.get_original("selectors", "DefaultSelector")()
    return selector


def _plain_socket() -> socket.socket:
    """The system's own UDP socket, for the same reason: gevent's does more for each packet."""
    plain: type[socket.socket] = monkey.get_original("socket", "socket")
    return plain(socket.AF_INET, socket.SOCK_DGRAM)


def _sleep(seconds: float) -> None:
    """The system's own, again."""
    monkey.get_original("time", "sleep")(seconds)


class Listener:
    """Give it its turn with `serve`. `detector`: makes the detector of one call."""

    def __init__(
        self, places: Places, control: str, detector: Callable[[float], Detector] = standard_detector
    ) -> None:
        self._places, self._detector = places, detector
        self._selector = _plain_selector()
        self._sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sip.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._sip.bind((places.host, places.sip_port))
        self._sip.setblocking(False)
        self.sip_port: int = self._sip.getsockname()[1]
        self._selector.register(self._sip, selectors.EVENT_READ, self._on_sip)
        self.control = Control(control, self._selector, lambda command: self.ears.command(command))
        self.ears = Ears(places.folders, detector, self.control.say)
        self._ports = list(range(places.rtp_first + places.rtp_first % 2, places.rtp_last + 1, 2))
        self._numbers = count(1)
        self._tick_at_s = self._read_at_s = 0.0
        self._running = True
        self.forks: dict[str, Fork] = {}  # by Call-ID
        self.counts = self.ears.counts

    # --- the loop ----------------------------------------------------------------------------------

    def serve(self) -> None:
        """Until `stop`; then every call is ended and every port given back."""
        while self._running:
            self.turn(TAP_TICK_S if self.ears.taps else TICK_S)
            _sleep(max(0.0, self._read_at_s + GATHER_S - time.monotonic()))
        for fork in list(self.forks.values()):
            self._send(fork.dialog.bye(), fork.dialog.peer)
            self._close(fork, "stopped")
        self.ears.close()
        self.control.close()
        self._selector.unregister(self._sip)
        self._sip.close()
        self._selector.close()

    def stop(self) -> None:
        """Ask `serve` to return; may be called from a signal handler or another thread."""
        self._running = False

    def turn(self, timeout_s: float) -> None:
        """Handle what has arrived, waiting for it at most so long, and what time has made due; then hear the
        sound of all calls together."""
        self._read(timeout_s)
        now_s = time.monotonic()
        self.ears.tick(now_s)
        if now_s >= self._tick_at_s:
            on_time = now_s < self._tick_at_s + TICK_S
            self._tick_at_s = now_s + TICK_S
            self._tick(now_s, on_time)
        self.ears.hear()

    def _read(self, timeout_s: float) -> None:
        """One packet of everybody who has sent any, then the next of those who sent more: a flood on one port
        keeps nobody else waiting."""
        for _ in range(PACKETS_AT_ONCE):
            ready = self._selector.select(timeout_s)
            timeout_s, self._read_at_s = 0.0, time.monotonic()
            for key, events in ready:
                handle: Callable[[int], None] = key.data
                try:
                    handle(events)
                except Exception:  # one broken call must not silence the others; it is told loudly
                    self._count("failures")
                    log.exception("listening failed")
            if not ready:
                return

    def _tick(self, now_s: float, on_time: bool) -> None:
        """`on_time`: no packet is unread for our own lateness, so who was not heard was silent."""
        for fork in list(self.forks.values()):
            again = fork.dialog.due(now_s)
            if again:
                self._send(again, fork.dialog.peer)
            if on_time:
                self.ears.add(fork, fork.tick(now_s))
            if fork.is_silent(now_s):
                self._send(fork.dialog.bye(), fork.dialog.peer)
                self._close(fork, "silent")
            elif fork.dialog.ended:
                self._close(fork, "unconfirmed")

    # --- SIP ---------------------------------------------------------------------------------------

    def _on_sip(self, events: int) -> None:
        for _ in range(MESSAGES_AT_ONCE):
            try:
                data, peer = self._sip.recvfrom(MAX_MESSAGE + 1)
            except OSError:
                return
            request = parse(data)
            if request is None:
                self._count("strange_messages")
                continue
            reply = self._reply_to(request, peer)
            if reply:
                self._send(reply, peer)

    def _reply_to(self, request: Request, peer: Peer) -> bytes:
        fork = self.forks.get(request.header("call-id"))
        if request.method == "INVITE":
            return self._take(request, peer) if fork is None else self._again(fork, request)
        if request.method == "ACK":
            if fork is not None:
                fork.dialog.confirmed = True
            return b""
        if request.method == "OPTIONS":
            return respond(request, "200 OK", "prozvon", (f"Allow: {ALLOW}", "Accept: application/sdp"))
        if request.method in ("BYE", "CANCEL"):
            if fork is None:
                return respond(request, "481 Call/Transaction Does Not Exist", "prozvon")
            if request.method == "BYE":
                self._close(fork, "ended")
            return respond(request, "200 OK", fork.dialog.tag)
        return respond(request, "405 Method Not Allowed", "prozvon", (f"Allow: {ALLOW}",))

    def _take(self, request: Request, peer: Peer) -> bytes:
        offer = parse_offer(request.body)
        if offer is None:
            self._count("refused_codec")
            return respond(request, "488 Not Acceptable Here", "prozvon")
        sock = self._open_port()
        if sock is None:
            self._count("refused_full")
            log.error("no port for sound is free", extra={"calls": len(self.forks)})
            return respond(request, "503 Service Unavailable", "prozvon")
        now_s, number = time.monotonic(), next(self._numbers)
        host, port = self._places.host, sock.getsockname()[1]
        dialog = Dialog(request, peer, f"m{number}", f"sip:amd@{host}:{self.sip_port}")
        fork_id, attempt_id = request.header(FORK_HEADER) or dialog.call_id, request.header(ATTEMPT_HEADER)
        fork = Fork(
            fork_id=fork_id,
            attempt_id=attempt_id,
            dialog=dialog,
            offer=offer,
            sock=sock,
            port=port,
            receiver=Receiver(offer.laws),
            ear=self.ears.open(fork_id, attempt_id, request.header(LISTEN_HEADER).split()),
            heard_at_s=now_s,
        )
        self.forks[dialog.call_id] = fork
        self._selector.register(sock, selectors.EVENT_READ, partial(self._on_sound, fork))
        self._count("taken")
        return dialog.accept(self._description(fork, number), now_s)

    def _again(self, fork: Fork, request: Request) -> bytes:
        """The same INVITE once more gets the same answer; a new one in the call, the same description."""
        if request.cseq <= fork.dialog.invite.cseq:
            return fork.dialog.answer
        offer = parse_offer(request.body)
        if offer is not None:
            fork.offer = offer
        fork.dialog.invite = request
        return fork.dialog.accept(self._description(fork, next(self._numbers)), time.monotonic())

    def _description(self, fork: Fork, session: int) -> str:
        kind, law = next(iter(fork.offer.laws.items()))
        return answer(self._places.host, fork.port, kind, law, session)

    def _open_port(self) -> socket.socket | None:
        """A UDP socket on the next port that is free; None when none is."""
        for _ in range(len(self._ports)):
            port = self._ports.pop(0)
            sock = _plain_socket()
            sock.setblocking(False)
            # Whatever the kernel gives: sound that comes while we stand still is read late, not lost.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            try:
                sock.bind((self._places.host, port))
            except OSError:
                sock.close()
                self._ports.append(port)  # somebody else's now; perhaps not for ever
                continue
            return sock
        return None

    # --- sound -------------------------------------------------------------------------------------

    def _on_sound(self, fork: Fork, events: int) -> None:
        self.ears.add(fork, fork.read(self._read_at_s))

    def _close(self, fork: Fork, why: str) -> None:
        if self.forks.pop(fork.dialog.call_id, None) is None:
            return
        self._selector.unregister(fork.sock)
        fork.sock.close()
        self._ports.append(fork.port)
        self.ears.ended(fork, why)

    def _send(self, message: bytes, peer: Peer) -> None:
        try:
            self._sip.sendto(message, peer)
        except OSError as error:
            log.warning("message not sent", extra={"peer": f"{peer[0]}:{peer[1]}", "why": str(error)})

    def _count(self, what: str) -> None:
        self.ears.count(what)
