"""One Event Socket client as the switch sees it: its subscriptions, its commands, its bytes."""

import logging
import re
import uuid as uuids
from collections.abc import Callable

from gevent.event import AsyncResult, Event
from gevent.socket import socket

from engine import greenlets
from engine.sim import wire
from engine.sim.bus import EVENT_NAMES
from engine.sim.commands import run_api
from engine.sim.core import SwitchCore
from engine.sim.outcomes import known_cause
from engine.sim.steps import Message

log = logging.getLogger(__name__)

MOST_WAITING_BYTES = 256 << 20  # a client that reads nothing is dropped, as FreeSWITCH drops it
ORIGINATE_WAIT_S = 600.0
EVENT_STEP_S = 0.02  # how often a real switch looks whether it has events for a listener

_NEED_ARGUMENT = frozenset({"api", "bgapi", "filter", "log"})
_LOG_LEVELS = ("console", "alert", "crit", "err", "warning", "notice", "info", "debug")


class Client:
    """Reads commands, answers them in order, and sends the events asked for."""

    def __init__(self, core: SwitchCore, sock: socket, password: str | None) -> None:
        """`password` None: this client needs none."""
        self.core = core
        self.sock = sock
        self.names: set[str] = set()
        self.everything = False
        self.own_uuid = ""  # the leg an outbound connection is about
        self.only_uuid = ""  # myevents: events of this leg and no other
        self._custom: set[str] = set()
        self._all_custom = False
        self._filters: list[tuple[str, str]] = []
        self._json = False
        self._listening = False
        self._password = password
        self._trusted = password is None
        self._out = bytearray()
        self._wake = Event()
        self.closing = False
        self._verbs = self.verbs()

    # --- bytes ---------------------------------------------------------------------------------

    def serve(self) -> None:
        """Speak with the client until either side ends it."""
        writer = greenlets.start("virtual switch writer", self._write)
        self.core.bus.join(self)
        reader = wire.RequestReader()
        try:
            if not self._trusted:
                self.send(wire.auth_request())
            while not self.closing:
                data = self.sock.recv(65536)
                if not data:
                    break
                for request in reader.receive(data):
                    self.handle(request)
                    if self.closing:
                        break
        except (OSError, ValueError) as error:
            log.info("event socket client lost", extra={"error": str(error)})
        finally:
            self.core.bus.leave(self)
            if self.closing:
                writer.join(timeout=1.0)
            self.hang_up()
            greenlets.kill(writer)

    def hang_up(self) -> None:
        """Close the connection now, whatever waits to be sent."""
        self.closing = True
        self._wake.set()
        self.sock.close()

    def say_goodbye(self) -> None:
        """Send what is left and a notice, then close."""
        self.send(wire.disconnect_notice(self.own_uuid))
        self.closing = True
        self._wake.set()

    def send(self, data: bytes) -> None:
        self._out += data
        if len(self._out) > MOST_WAITING_BYTES:
            self.hang_up()
        self._wake.set()

    def _write(self) -> None:
        while True:
            self._wake.wait(1.0)
            self._wake.clear()
            while self._out:
                data, self._out = self._out, bytearray()
                try:
                    self.sock.sendall(data)
                except OSError:
                    self.hang_up()
                    return
                if self.core.life_size and self.names:
                    greenlets.sleep(EVENT_STEP_S)
            if self.closing:
                return

    def deliver(self, event: wire.Event) -> None:
        headers = event.headers
        if self.closing or (self.only_uuid and headers.get("Unique-ID") != self.only_uuid):
            return
        if event.name == "CUSTOM" and not (
            self.everything or self._all_custom or headers.get("Event-Subclass") in self._custom
        ):
            return
        if self._filters and not any(
            _matches(headers.get(name, ""), wanted) for name, wanted in self._filters
        ):
            return
        self.send(event.as_json() if self._json else event.as_plain())

    # --- commands ------------------------------------------------------------------------------

    def handle(self, request: wire.Request) -> None:
        verb, _, argument = request.line.partition(" ")
        if not self._trusted and verb not in ("auth", "exit", "..."):
            self.reply("-ERR command not found")
            return
        handler = self._verbs.get(verb)
        if handler is None or (verb in _NEED_ARGUMENT and not argument.strip()):
            self.reply("-ERR command not found")
        else:
            handler(argument.strip(), request)

    def verbs(self) -> dict[str, Callable[[str, wire.Request], None]]:
        return {
            "auth": self._auth,
            "api": self._api,
            "bgapi": self._bgapi,
            "event": self._event,
            "exit": self._exit,
            "filter": self._filter,
            "linger": self._linger,
            "log": self._log,
            "myevents": self._myevents,
            "nixevent": self._nixevent,
            "noevents": self._noevents,
            "nolinger": lambda *_: self.reply("-ERR not controlling a session"),
            "divert_events": lambda *_: self.reply("-ERR not controlling a session."),
            "nolog": lambda *_: self.reply("+OK no longer logging"),
            "sendevent": self._sendevent,
            "sendmsg": self._sendmsg,
        }

    def reply(self, text: str, **extra: str) -> None:
        self.send(wire.command_reply(text, **extra))

    def _auth(self, password: str, _: wire.Request) -> None:
        if password == self._password:
            self._trusted = True
            self.reply("+OK accepted")
        else:
            self.reply("-ERR invalid")
            self.say_goodbye()

    def _exit(self, *_: object) -> None:
        self.reply("+OK bye")
        self.say_goodbye()

    def _api(self, line: str, _: wire.Request) -> None:
        """The connection waits for the outcome: an originate holds up every later command."""
        outcome: AsyncResult[str] = AsyncResult()
        run_api(self.core, line, outcome.set)
        outcome.wait(timeout=ORIGINATE_WAIT_S)
        self.send(wire.api_response(outcome.value or "-ERR no reply\n"))

    def _bgapi(self, line: str, request: wire.Request) -> None:
        job = request.headers.get("job-uuid") or str(uuids.uuid4())
        self.reply(f"+OK Job-UUID: {job}", Job_UUID=job)
        command, _, argument = line.partition(" ")
        told = {"Job-UUID": job, "Job-Command": command}
        if argument:
            told["Job-Command-Arg"] = argument
        core = self.core

        def report(text: str) -> None:
            core.bus.fire("BACKGROUND_JOB", lambda: told, text)

        core.clock.after(0.0, lambda: run_api(core, line, report))

    def _event(self, argument: str, _: wire.Request) -> None:
        kind, *names = re.split(r"[\s,]+", argument)
        if kind not in ("json", "plain"):
            names, kind = [kind, *names] if kind else [], "plain"
        self._json = kind == "json"
        if not EVENT_NAMES.intersection(name.upper() for name in names):
            self.reply("-ERR no keywords supplied")
            return
        if "CUSTOM" in names:
            at = names.index("CUSTOM")
            self._custom |= set(names[at + 1 :])
            self._all_custom = self._all_custom or not names[at + 1 :]
            names = names[: at + 1]
        if any(name.upper() == "ALL" for name in names):
            self.everything = True
        self.names |= {name.upper() for name in names}
        self._listening = True
        self.core.bus.interests_changed()
        self.reply(f"+OK event listener enabled {kind}")

    def _nixevent(self, argument: str, _: wire.Request) -> None:
        names = {name.upper() for name in re.split(r"[\s,]+", argument) if name}
        if not names:
            self.reply("-ERR no keywords supplied")
            return
        self.names -= names
        self.core.bus.interests_changed()
        self.reply("+OK events nixed")

    def _noevents(self, *_: object) -> None:
        listening, self._listening = self._listening, False
        self.names, self.everything = set(), False
        self.core.bus.interests_changed()
        self.reply("+OK no longer listening for events" if listening else "-ERR not listening for events")

    def _filter(self, argument: str, request: wire.Request) -> None:
        name, _, wanted = argument.removeprefix("add ").partition(" ")
        if name == "delete":
            name, _, wanted = wanted.partition(" ")
            self._filters = [
                pair for pair in self._filters if pair[0] != name or (wanted and pair[1] != wanted)
            ]
            self.reply(f"+OK filter deleted. [{name}][{wanted}]")
        elif wanted:
            self._filters.append((name, wanted.strip()))
            self.reply(f"+OK filter added. [{name}]=[{wanted.strip()}]")
        else:
            self.reply("-ERR invalid syntax")

    def _linger(self, argument: str, _: wire.Request) -> None:
        self.reply("-ERR not controlling a session")

    def _myevents(self, argument: str, _: wire.Request) -> None:
        words = argument.split()
        if words and words[-1] in ("json", "plain"):
            self._json = words[-1] == "json"
        uuid = next((word for word in words if word not in ("json", "plain", "xml")), self.own_uuid)
        if not uuid:
            self.reply("-ERR command not found")
            return
        self.only_uuid, self.everything = uuid, True
        self.core.bus.interests_changed()
        self.reply("+OK Events Enabled")

    def _log(self, level: str, _: wire.Request) -> None:
        number = _LOG_LEVELS.index(level) if level in _LOG_LEVELS else 7
        self.reply(f"+OK log level {level} [{number}]")

    def _sendevent(self, name: str, request: wire.Request) -> None:
        skip = ("content-length", "content-type")
        fields = {key: value for key, value in request.headers.items() if key not in skip}
        self.core.bus.fire(name.upper(), lambda: fields, request.body or None)
        self.reply(f"+OK {uuids.uuid4()}")

    def _sendmsg(self, uuid: str, request: wire.Request) -> None:
        leg = self.core.live(uuid or self.own_uuid)
        if leg is None:
            self.reply(f"-ERR invalid session id [{uuid}]")
            return
        fields = request.headers
        command = fields.get("call-command", "")
        if command == "execute":
            loops = fields.get("loops", "1")
            message = Message(
                fields.get("execute-app-name", ""),
                fields.get("execute-app-arg", "") or request.body,
                fields.get("event-uuid") or str(uuids.uuid4()),
                fields.get("event-lock", "") == "true",
                int(loops) if loops.isdigit() else 1,
            )
            leg.order(message)
        elif command == "hangup":
            cause = known_cause(fields.get("hangup-cause", "NORMAL_CLEARING"))
            self.core.clock.after(0.0, lambda: self.core.hang_up(leg, cause))
        self.reply("+OK")


def _matches(value: str, wanted: str) -> bool:
    if len(wanted) > 2 and wanted[0] == wanted[-1] == "/":
        return re.search(wanted[1:-1], value) is not None
    return bool(value) and wanted in value
