"""Calls that the switch hands to us: it connects, we say what the leg does (`socket host:port async full`).

An accept loop of our own: greenswitch's polls each 100 ms, and hangs answered people up when it is full. A
leg driven this way dies with its connection, so it is for calls that come in; robots that must outlive us are
driven over the link on a parked leg.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol
from uuid import uuid4

import greenswitch.esl
from gevent import Timeout, socket
from gevent.event import AsyncResult
from gevent.event import Event as Signal

from engine.domain.errors import DialerError, ProtocolError, SwitchError, SwitchGone
from engine.domain.facts import Fact
from engine.greenlets import Pool, kill, sleep, supervise
from engine.switch import orders, quoting
from engine.switch.connection import Wire, tune
from engine.switch.counters import LinkCounters
from engine.switch.esl import Frame, command, parse_event
from engine.switch.intake import Intake
from engine.switch.vocabulary import call_in

log = logging.getLogger(__name__)

BACKLOG = 1024
LINGER_S = 5
LONGEST_STEP_S = 3600.0


class Clock(Protocol):
    def now_s(self) -> float: ...


class Session(Wire, greenswitch.esl.OutboundSession):  # type: ignore[misc]  # greenswitch has no types
    """One leg that was handed to us. `variables`: what the switch knows of it, by its own names.

    Every method raises SwitchGone when the leg or its connection is gone. greenswitch's own verbs (answer,
    playback, play_and_get_digits, bridge, ...) work too; where they block they need the session's events.
    """

    def __init__(self, address: Any, sock: Any, on_event: Callable[[Frame], object], **wire: Any) -> None:
        self.variables: dict[str, str] = {}
        self.over = Signal()
        self._events = False
        self._steps: dict[str, AsyncResult] = {}
        self._expecting: AsyncResult | None = None
        self._pass_on = on_event
        super().__init__(address, sock, on_event=self._on_frame, on_close=self._on_over, **wire)

    def start_event_handlers(self) -> None:
        """greenswitch starts reading before its own attributes are complete; `connect` does it instead."""

    def connect(self) -> None:
        """Speak first, as the protocol wants: who is it, and tell us its end."""
        super().start_event_handlers()
        self.session_data = self.variables = self.ask(command("connect")).headers
        if not self.leg_id:
            raise ProtocolError("a session without a channel", str(self.variables)[:80])
        self._outbound_connected = True
        self.tell(command(f"linger {LINGER_S}"))

    def myevents(self) -> None:
        """From now on tell what happens to the leg."""
        self._events = True
        self.tell(command("event json"))  # only sets the form; without names the answer is -ERR
        self.tell(command("myevents"))

    @property
    def leg_id(self) -> str:
        return self.variables.get("Unique-ID", "")

    def execute(self, application: str, arguments: str = "", *, step_id: str, queued: bool = True) -> None:
        """Run one application; StepDone(step_id) says when it is over."""
        message = orders.execute(self.leg_id, application, arguments, step_id=step_id, queued=queued)
        self.tell(command("sendmsg", message.headers))

    def register_expected_event(self, event: str, variable: str, value: str, end: AsyncResult) -> None:
        """greenswitch's blocking verbs say here what they wait for, just before `call_command`. Theirs is
        matched by the name of the application; ours by the step's id, so two of a kind are never mixed up."""
        self._expecting = end

    def call_command(
        self,
        app_name: str,
        app_args: str | None = None,
        block: bool = False,
        response_timeout: float | None = None,
    ) -> Frame:
        """greenswitch's verb behind all its others. `block`: until the application ends, at most
        `response_timeout` seconds (an hour), and answer with the headers of its end."""
        expecting, self._expecting = self._expecting, None
        end = expecting or (AsyncResult() if block else None)
        step_id = str(uuid4())
        if end is not None:
            if not self._events:
                raise SwitchError("cannot wait for a step", app_name, "Call myevents() first.")
            self._steps[step_id] = end
        message = orders.execute(self.leg_id, app_name, app_args or "", step_id=step_id)
        reply = self.ask(command("sendmsg", message.headers))
        if not block:
            return reply
        try:
            done: Frame | None = end.get(timeout=response_timeout or LONGEST_STEP_S) if end else None
        except Timeout:
            raise SwitchGone("a step did not end in time", app_name) from None
        finally:
            self._steps.pop(step_id, None)
        if done is None:
            raise SwitchGone("the leg ended during a step", app_name)
        return done

    def api(self, text: str, deadline_s: float = 5.0) -> str:
        body = self.ask(command(f"api {text}"), deadline_s).data.rstrip("\n")
        if body.startswith(("-ERR", "-USAGE")):
            raise SwitchError(body, text[:200])
        return body

    def hangup(self, cause: str = "NORMAL_CLEARING") -> None:
        headers = [("call-command", "hangup"), ("hangup-cause", quoting.cause(cause))]
        self.tell(command("sendmsg", headers))

    def leave_to_dialplan(self) -> None:
        """Let go of the leg; it goes on with what the dialplan says after the socket."""
        with suppress(SwitchGone):
            self.ask(command("exit"), 1.0)
        self.close("left to the dialplan")

    def wait_over(self, timeout_s: float) -> bool:
        """Block until the leg has ended or left us; False when the time is over first."""
        return bool(self.over.wait(timeout_s))

    def handle_event(self, frame: Frame) -> None:
        super().handle_event(frame)
        if self._lingering:
            self._end()

    def _on_frame(self, frame: Frame) -> None:
        if self._steps and b"CHANNEL_EXECUTE_COMPLETE" in frame.body:
            event = parse_event(frame)
            end = self._steps.pop(event.get("Application-UUID", ""), None)
            if end:
                end.set(Frame(event))
        self._pass_on(frame)

    def _on_over(self, _: str) -> None:
        self._end()

    def _end(self) -> None:
        self._outbound_connected = False
        self.over.set()
        steps, self._steps = self._steps, {}
        for end in steps.values():
            end.set(None)


class OutboundServer:
    """Accepts sessions. `on_session(session)` runs in a greenlet of its own and may block; when it returns
    the connection closes and the leg ends. `on_fact`: CallIn first, then what happens to the leg.

    `events`: False when a SwitchLink to the same switch tells the facts of all its legs anyway. Above
    `most_calls` a leg is left to the dialplan at once. `port` 0: any; `self.port` is the real one.
    """

    def __init__(
        self,
        host: str,
        port: int,
        on_session: Callable[[Session], object],
        on_fact: Callable[[Fact], object],
        clock: Clock,
        *,
        events: bool = True,
        most_calls: int = 500,
        timeout_s: float = 5.0,
    ) -> None:
        self.host, self.port = host, port
        self._on_session, self._on_fact, self._now_s = on_session, on_fact, clock.now_s
        self._events, self._timeout_s = events, timeout_s
        self._calls = Pool("outbound session", most_calls)
        self._turned_away = Pool("outbound session turned away", 100)
        self.sessions: set[Session] = set()
        self.accepted = self.rejected = self.failed = 0
        self._listener: Any = None
        self._loop: Any = None

    def start(self) -> None:
        """Listen. SwitchError: the address is in use, or not ours."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self.host, self.port))
            listener.listen(BACKLOG)
        except OSError as error:
            listener.close()
            raise SwitchError(
                f"cannot listen for calls that come in: {error.strerror}",
                f"{self.host}:{self.port}",
                "Is another engine running? Choose another inbound.port, and tell it the switch.",
            ) from None
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._loop = supervise("outbound accept", self._accept, self._died)

    def stop(self) -> None:
        """No new sessions. The legs of running ones end with their connections."""
        loop, self._loop = self._loop, None
        kill(loop)
        if self._listener is not None:
            self._listener.close()
        for session in list(self.sessions):
            session.close("stopped")
        self._calls.kill()

    def _died(self, _: str) -> None:
        if self._loop is not None:
            self._loop = supervise("outbound accept", self._accept, self._died)

    def _accept(self) -> None:
        while True:
            try:
                sock, address = self._listener.accept()
            except OSError as error:  # the other end went between SYN and accept, or we are out of files
                log.warning("accept failed", extra={"why": str(error)})
                sleep(0.1)
                continue
            self.accepted += 1
            if not self._calls.start(self._serve, sock, address) and not self._turned_away.start(
                self._turn_away, sock, address
            ):
                sock.close()

    def _turn_away(self, sock: Any, address: Any) -> None:
        self.rejected += 1
        session = Session(address, sock, lambda _: None, deadline_s=self._timeout_s)
        try:
            session.connect()
            session.leave_to_dialplan()
        except DialerError as error:
            log.warning("session not turned away", extra={"why": str(error)})
        finally:
            session.close("turned away")

    def _serve(self, sock: Any, address: Any) -> None:
        tune(sock)
        intake = Intake(LinkCounters(), lambda leg_id, text: None)

        def on_event(frame: Frame) -> None:
            for fact in intake.facts(frame, self._now_s()):
                self._on_fact(fact)

        session = Session(address, sock, on_event, deadline_s=self._timeout_s, clock=self._now_s)
        self.sessions.add(session)
        try:
            session.connect()
            self._on_fact(call_in(session.variables, self._now_s()))
            if self._events:
                session.myevents()
            self._on_session(session)
        except SwitchGone as error:
            log.info("session gone", extra={"why": str(error), "leg": session.leg_id})
        except DialerError as error:
            self.failed += 1
            log.warning("session failed", extra={"why": str(error), "peer": str(address)})
        finally:
            self.sessions.discard(session)
            session.close("the session is over")
