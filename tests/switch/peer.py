"""A scripted switch: real sockets, no calls. It answers as it is told, or breaks off as it is told."""

import time
from collections.abc import Callable
from contextlib import suppress
from socket import SHUT_RDWR

import gevent
import orjson
from gevent.event import Event
from gevent.server import StreamServer

CORE = "11111111-0000-0000-0000-000000000001"


class RealClock:
    def now_s(self) -> float:
        return time.monotonic()


def event(name: str, **headers: str) -> bytes:
    """An event in JSON form; `_` in a header's name stands for `-`."""
    body = orjson.dumps({"Event-Name": name} | {key.replace("_", "-"): v for key, v in headers.items()})
    return b"Content-Length: %d\nContent-Type: text/event-json\n\n" % len(body) + body


def job(job_id: str, text: str) -> bytes:
    body = orjson.dumps({"Event-Name": "BACKGROUND_JOB", "Job-UUID": job_id, "_body": text})
    return b"Content-Length: %d\nContent-Type: text/event-json\n\n" % len(body) + body


def api_response(text: str) -> bytes:
    return b"Content-Type: api/response\nContent-Length: %d\n\n" % len(text.encode()) + text.encode()


def reply(text: str) -> bytes:
    return b"Content-Type: command/reply\nReply-Text: " + text.encode() + b"\n\n"


class Peer:
    """Listens on a port of its own. `answers(command) -> bytes | None`: None the usual answer, b"" none.

    `commands`: everything asked, first lines. `subscriber`: who asked for events. `channels`: what
    it lists; `alive`: what lives although it is not listed yet.
    """

    def __init__(self, answers: Callable[[str], bytes | None] = lambda _: None, port: int = 0) -> None:
        self.answers = answers
        self.password, self.core = "ClueCon", CORE
        self.channels: list[str] = []
        self.alive: set[str] = set()
        self.dumps: dict[str, dict[str, str]] = {}
        self.commands: list[str] = []
        self.sockets: list[object] = []
        self.accepted = 0
        self.subscriber = None
        self.subscribed = Event()
        self.greeting = b"Content-Type: auth/request\n\n"
        self._server = StreamServer(("127.0.0.1", port), self._serve)
        self._server.start()
        self.port = self._server.server_port

    def stop(self) -> None:
        self._server.stop(timeout=0.1)
        self.cut()

    def cut(self) -> None:
        """Every connection ends now."""
        sockets, self.sockets = self.sockets, []
        self.subscribed.clear()
        for sock in sockets:
            with suppress(OSError):
                sock.shutdown(SHUT_RDWR)
            sock.close()

    def tell(self, data: bytes) -> None:
        """Bytes on the connection that subscribed."""
        self.subscriber.sendall(data)

    def _serve(self, sock, address) -> None:
        self.accepted += 1
        self.sockets.append(sock)
        try:
            sock.sendall(self.greeting)
            reader = sock.makefile("rb")
            lines: list[str] = []
            for raw in reader:
                line = raw.decode().rstrip("\n")
                if line:
                    lines.append(line)
                    continue
                if lines:
                    self.commands.append(lines[0])
                    answer = self.answers("\n".join(lines))
                    sock.sendall(self._usual(lines, sock) if answer is None else answer)
                lines = []
        except OSError:
            return

    def _usual(self, lines: list[str], sock) -> bytes:
        verb, _, rest = lines[0].partition(" ")
        if verb == "auth":
            return reply("+OK accepted" if rest == self.password else "-ERR invalid")
        if verb == "event":
            self.subscriber = sock
            gevent.spawn_later(0.0, self.subscribed.set)
            return reply("+OK event listener enabled json")
        if verb == "bgapi":
            return reply("+OK Job-UUID: x")
        if verb == "api":
            if rest.startswith("global_getvar core_uuid"):
                return api_response(self.core)
            if rest.startswith("show channels"):
                rows = [{"uuid": uuid, "callstate": "ACTIVE"} for uuid in self.channels]
                table = {"row_count": len(rows)} | ({"rows": rows} if rows else {})
                return api_response(orjson.dumps(table).decode())
            if rest.startswith("uuid_exists"):
                return api_response("true" if rest.split()[1] in self.alive | {*self.channels} else "false")
            if rest.startswith("uuid_dump"):
                dump = self.dumps.get(rest.split()[1])
                return api_response(orjson.dumps(dump).decode() if dump else "-ERR No such channel!\n")
            return api_response("+OK\n")
        return reply("+OK")


def wait_until(true: Callable[[], object], timeout_s: float = 5.0) -> None:
    """Give others turns until it is true; fails when it is not in time."""
    until_s = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < until_s, "not in time"
        gevent.sleep(0.002)
