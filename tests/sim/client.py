"""A small synchronous Event Socket client for tests: every wait has a deadline, nothing sleeps."""

import time
from collections.abc import Callable
from urllib.parse import unquote

import orjson
from gevent.socket import create_connection, socket, timeout

Headers = dict[str, str]


class TestClient:
    """Connects and logs in. `event` and `wait` read events in order; replies are told apart by their type."""

    __test__ = False

    def __init__(self, port: int, password: str = "ClueCon", sock: socket | None = None) -> None:
        self.sock = sock or create_connection(("127.0.0.1", port), timeout=5)
        self._buffer = b""
        self._events: list[Headers] = []
        if sock is None:
            assert self.packet()[0]["Content-Type"] == "auth/request"
            self.greeting = self.command(f"auth {password}")

    def packet(self, within_s: float = 5.0) -> tuple[Headers, bytes]:
        """The next frame: its headers and its body. Raises TimeoutError or EOFError."""
        end_s = time.monotonic() + within_s
        while True:
            head, gap, rest = self._buffer.partition(b"\n\n")
            if gap:
                headers = dict(line.split(": ", 1) for line in head.decode().split("\n") if ": " in line)
                length = int(headers.get("Content-Length", "0"))
                if len(rest) >= length:
                    self._buffer = rest[length:]
                    return headers, rest[:length]
            left_s = end_s - time.monotonic()
            if left_s <= 0:
                raise TimeoutError
            self.sock.settimeout(left_s)
            try:
                data = self.sock.recv(1 << 18)
            except timeout as late:
                raise TimeoutError from late
            if not data:
                raise EOFError
            self._buffer += data

    def command(self, text: str) -> Headers:
        """Send a command; returns the headers of its reply, and the body as `_body`."""
        self.sock.sendall(text.encode() + b"\n\n")
        while True:
            headers, body = self.packet()
            if headers["Content-Type"] in ("command/reply", "api/response"):
                return headers | {"_body": body.decode()}
            self._keep(headers, body)

    def api(self, line: str) -> str:
        return self.command(f"api {line}")["_body"]

    def bgapi(self, line: str, job: str = "") -> str:
        """Start a job; returns its Job-UUID."""
        extra = f"\nJob-UUID: {job}" if job else ""
        return self.command(f"bgapi {line}{extra}")["Job-UUID"]

    def execute(
        self, uuid: str, app: str, argument: str = "", event_uuid: str = "", lock: bool = False
    ) -> str:
        lines = [f"sendmsg {uuid}", "call-command: execute", f"execute-app-name: {app}"]
        lines += [f"execute-app-arg: {argument}"] if argument else []
        lines += [f"Event-UUID: {event_uuid}"] if event_uuid else []
        lines += ["event-lock: true"] if lock else []
        return self.command("\n".join(lines))["Reply-Text"]

    def event(self, within_s: float = 5.0) -> Headers:
        while not self._events:
            self._keep(*self.packet(within_s))
        return self._events.pop(0)

    def wait(self, name: str, uuid: str = "", within_s: float = 5.0, **wanted: str) -> Headers:
        """The next event of that name (of that leg), what comes before it is dropped; see `until`."""
        return self.until(name, uuid, within_s, **wanted)[-1]

    def until(self, name: str, uuid: str = "", within_s: float = 5.0, **wanted: str) -> list[Headers]:
        """All events up to and with the one that matches. `wanted`: headers, `_` for `-`."""

        def fits(event: Headers) -> bool:
            return (
                event["Event-Name"] == name
                and (not uuid or event.get("Unique-ID") == uuid)
                and all(event.get(key.replace("_", "-")) == value for key, value in wanted.items())
            )

        return self.collect(fits, within_s)

    def collect(self, fits: Callable[[Headers], bool], within_s: float = 5.0) -> list[Headers]:
        end_s, seen = time.monotonic() + within_s, list[Headers]()
        while True:
            try:
                seen.append(self.event(max(0.0, end_s - time.monotonic())))
            except TimeoutError:
                told = [f"{one['Event-Name']} {one.get('Unique-ID', '')}" for one in seen]
                raise AssertionError(f"never came; seen: {told}") from None
            if fits(seen[-1]):
                return seen

    def close(self) -> None:
        self.sock.close()

    def _keep(self, headers: Headers, body: bytes) -> None:
        if headers["Content-Type"] == "text/event-json":
            self._events.append(orjson.loads(body))
        elif headers["Content-Type"] == "text/event-plain":
            head, _, rest = body.decode().partition("\n\n")
            fields = dict(line.split(": ", 1) for line in head.split("\n") if ": " in line)
            self._events.append({key: unquote(value) for key, value in fields.items()} | {"_body": rest})
        else:
            self._events.append({"Event-Name": headers["Content-Type"]} | headers)
