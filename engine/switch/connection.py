"""One Event Socket connection: greenswitch's classes with reading, parsing, sending and dispatch replaced.

greenswitch gives the shape (`InboundESL`, `OutboundSession`, `send`, `connected`, `stop`) and keeps it here.
What moves bytes is our own, because its reader decodes before it splits (a far end's SDP can forge a header),
loops for ever on an end inside a body, goes deaf on one byte that is not UTF-8, waits without a deadline and
lets a burst of events starve every other greenlet.
"""

import socket as options
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any, NamedTuple

import greenswitch.esl
from gevent import Timeout, socket
from gevent.event import AsyncResult

from engine.domain.errors import ProtocolError, SwitchError, SwitchGone
from engine.greenlets import Turns, kill, run_soon, sleep, start
from engine.switch.esl import EslCodec, Frame, command

RECV_BYTES = 64 * 1024  # what the C library keeps at hand; more is mapped anew for each reading
MOST_UNANSWERED = 20_000
MOST_UNSENT_BYTES = 64 * 1024 * 1024

OnReply = Callable[[Frame | None], object]
"""Called once with the reply, or with None when the connection went before it came. Must not block."""


class Waiter(NamedTuple):
    on_reply: OnReply | None
    due_at_s: float


class Wire(greenswitch.esl.ESLProtocol):  # type: ignore[misc]  # greenswitch has no types
    """Reading and sending for both directions. Replies come in the order of the commands, so one that misses
    its deadline makes every later one doubtful: the connection is closed.

    `on_event(frame)` runs in the reader; `on_close(why)` runs once. `gather_s`: while nobody waits for an
    answer those that come are read so much later, many at a time: each wake costs more than the reading.
    """

    def __init__(
        self,
        *args: Any,
        on_event: Callable[[Frame], object],
        on_close: Callable[[str], object] = lambda _: None,
        deadline_s: float = 5.0,
        clock: Callable[[], float] = monotonic,
        gather_s: float = 0.0,
    ) -> None:
        self._handle, self._closed = on_event, on_close
        self._gather_s, self._asking = gather_s, 0
        self.deadline_s, self._clock = deadline_s, clock
        self._waiters: deque[Waiter] = deque()
        self._unsent: list[bytes] = []
        self._unsent_bytes = 0
        self._writing = self._in_flight = False
        self._codec = EslCodec()
        self._over = False
        self.sock: Any = None
        self.sock_file: Any = None
        super().__init__(*args)

    # --- sending ---------------------------------------------------------------------------------

    def tell(self, data: bytes, on_reply: OnReply | None = None, deadline_s: float | None = None) -> None:
        """Send without waiting for the reply, with whatever else is told in this turn of the hub: one write
        for all. SwitchGone: not connected, nothing was sent."""
        wait_s = self.deadline_s if deadline_s is None else deadline_s
        if len(self._waiters) >= MOST_UNANSWERED or self._unsent_bytes > MOST_UNSENT_BYTES:
            raise SwitchGone("too many commands wait for their answer", str(len(self._waiters)))
        if not self.connected:
            raise SwitchGone("not connected to the switch")
        self._waiters.append(Waiter(on_reply, self._clock() + wait_s))
        self._unsent.append(data)
        self._unsent_bytes += len(data)
        if not self._writing:
            self._writing = True
            run_soon("esl writer", self._write)

    def _write(self) -> None:
        """Runs while there is something to send. What the socket does not take in time is never taken."""
        try:
            while self._unsent:
                data = b"".join(self._unsent)
                self._unsent.clear()
                self._unsent_bytes = 0
                self._in_flight = True
                with Timeout(self.deadline_s, TimeoutError("the peer reads no more")):
                    self.sock.sendall(data)
                self._in_flight = False
        except OSError as error:  # some of it may have left: from here on the waiter says what became of it
            self.close(f"sending failed: {error}")
        finally:
            self._writing = False

    def ask(self, data: bytes, deadline_s: float | None = None) -> Frame:
        """Send and wait for the reply. SwitchGone: not connected, or no reply in time."""
        wait_s = self.deadline_s if deadline_s is None else deadline_s
        answer = AsyncResult()
        self.tell(data, answer.set, wait_s)
        self._asking += 1
        try:
            reply: Frame | None = answer.get(timeout=wait_s)
        except Timeout:
            self.close("a command was not answered in time")
            reply = None
        finally:
            self._asking -= 1
        if reply is None:
            what = data.split(b"\n", 1)[0].decode("utf-8", "replace")
            raise SwitchGone(
                "the connection was lost before an answer", "auth" if "auth " in what else what[:80]
            )
        return reply

    def send(self, data: str) -> Frame:
        """greenswitch's name for it: a command of one or more lines as text."""
        line, *headers = data.strip("\n").split("\n")
        pairs = [(name.strip(), value.strip()) for name, _, value in (h.partition(":") for h in headers)]
        return self.ask(command(line, pairs))

    @property
    def unanswered(self) -> int:
        return len(self._waiters)

    def check(self) -> None:
        """Close if the oldest command missed its deadline."""
        if self._waiters and self._waiters[0].due_at_s < self._clock():
            self.close("a command was not answered in time")

    # --- reading -----------------------------------------------------------------------------------

    def start_event_handlers(self) -> None:
        self._receive_events_greenlet = start("esl reader", self.receive_events)

    def receive_events(self) -> None:
        why, turn = "the switch closed the connection", Turns()
        try:
            while not self._over:
                data = self.sock.recv(RECV_BYTES)
                if not data:
                    break
                turn.begin()
                for frame in self._codec.receive(data):
                    self.handle_event(frame)
                    turn()
                if self._gather_s and self._waiters and not self._asking:
                    sleep(self._gather_s)
            if not self._codec.idle:
                why = "the connection ended inside a message"
        except OSError as error:
            why = f"reading failed: {error}"
        except (ProtocolError, SwitchError) as error:
            why = str(error)
        finally:
            self.close(why)

    def handle_event(self, frame: Frame) -> None:
        kind = frame.content_type
        if kind in ("text/event-json", "text/event-plain"):
            self._handle(frame)
        elif kind in ("command/reply", "api/response"):
            if not self._waiters:
                raise ProtocolError("an answer to nothing", kind)
            on_reply = self._waiters.popleft().on_reply
            if on_reply:
                on_reply(frame)
        elif kind == "auth/request":
            self._auth_request_event.set()
        elif kind == "text/rude-rejection":
            raise SwitchError(
                "the switch rejects this host",
                self._peer(),
                "Allow it: apply-inbound-acl in event_socket.conf.",
            )
        elif kind == "text/disconnect-notice":
            self._lingering = frame.headers.get("Content-Disposition") == "linger"

    def _peer(self) -> str:
        return f"{getattr(self, 'host', '')}:{getattr(self, 'port', '')}"

    # --- the end -------------------------------------------------------------------------------------

    def close(self, why: str) -> None:
        """Idempotent. Everybody who waits is told that no answer comes."""
        if self._over:
            return
        self._over, self.connected, self._run = True, False, False
        self._send_last_words()
        for handle in (self.sock, self.sock_file):
            if handle is not None:
                _close(handle)
        waiters, self._waiters = self._waiters, deque()
        for waiter in waiters:
            if waiter.on_reply:
                waiter.on_reply(None)
        self._auth_request_event.set()
        self._closed(why)

    def _send_last_words(self) -> None:
        """What was told in the same turn as the close: a hang-up, say. Sent if the socket takes it now."""
        if self._unsent and not self._in_flight:
            with suppress(OSError):
                self.sock.settimeout(0.0)
                self.sock.send(b"".join(self._unsent))

    def stop(self) -> None:
        """Say goodbye and close."""
        if self.connected:
            with suppress(SwitchGone):
                self.ask(command("exit"), 1.0)
        self.close("closed by us")
        kill(self._receive_events_greenlet)


def _close(handle: Any) -> None:
    if hasattr(handle, "shutdown"):
        with suppress(OSError):
            handle.shutdown(options.SHUT_RDWR)
    handle.close()


class InboundWire(Wire, greenswitch.InboundESL):  # type: ignore[misc]  # greenswitch has no types
    """We call the switch: InboundWire(host, port, password, timeout_s, on_event=..., ...).

    `accepted`: it took our password. What is said before that it does not understand.
    """

    accepted = False

    def connect(self) -> None:
        """SwitchGone: nobody there, or silent. SwitchError: the password or this host is refused."""
        where = f"{self.host}:{self.port}"
        try:
            self.sock = socket.create_connection((self.host, self.port), timeout=self.timeout)
        except OSError as error:
            raise SwitchGone(
                f"cannot reach the switch: {error}", where, "Is it running, and its event socket enabled?"
            ) from None
        tune(self.sock)
        self.connected = True
        self.start_event_handlers()
        if not self._auth_request_event.wait(self.timeout):
            self.close("the switch does not greet")
        if not self.connected:
            raise SwitchGone("the switch does not greet as an event socket", where, "Check address and ACL.")
        self.authenticate()

    def authenticate(self) -> None:
        reply = self.ask(command(f"auth {self.password}"), self.timeout)
        if reply.data.strip() != "+OK accepted":
            self.close("wrong password")
            raise SwitchError(
                "the switch refuses the password", self._peer(), "Compare it with event_socket.conf."
            )
        self.accepted = True


def tune(sock: Any) -> None:
    """No delay for small commands, and a dead peer is noticed by the kernel within about 20 s."""
    sock.settimeout(None)
    sock.setsockopt(options.IPPROTO_TCP, options.TCP_NODELAY, 1)
    sock.setsockopt(options.SOL_SOCKET, options.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", 10),
        ("TCP_KEEPINTVL", 3),
        ("TCP_KEEPCNT", 3),
        ("TCP_USER_TIMEOUT", 20_000),
    ):
        if hasattr(options, name):
            sock.setsockopt(options.IPPROTO_TCP, getattr(options, name), value)
