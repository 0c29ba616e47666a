"""A plain, synchronous Event Socket client for tests of a switch.

It shares no code with the engine on purpose: what both agree on is what the switch really said.
"""

import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

Event = dict[str, Any]
Match = Callable[[Event], bool]


class EslError(Exception):
    """The switch closed the connection, refused the password, or missed a deadline."""


class Esl:
    """One connection. Events that arrive while a reply is awaited are kept, in order, in `events`."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = b""
        self.events: list[Event] = []
        self.disconnect_notices: list[dict[str, str]] = []

    @classmethod
    def connect(cls, host: str, port: int, password: str, timeout_s: float = 5.0) -> "Esl":
        client = cls(socket.create_connection((host, port), timeout_s))
        client.read_frame(timeout_s)
        reply = client.command(f"auth {password}")
        if reply["Reply-Text"] != "+OK accepted":
            raise EslError(f"auth refused: {reply['Reply-Text']}")
        return client

    def close(self) -> None:
        self._sock.close()

    def __enter__(self) -> "Esl":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read_frame(self, timeout_s: float) -> tuple[dict[str, str], bytes]:
        """The next frame's headers and body. EslError when none is whole within `timeout_s`, or at EOF."""
        deadline = time.monotonic() + timeout_s
        while (frame := self._take_frame()) is None:
            self._sock.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                data = self._sock.recv(262_144)
            except TimeoutError:
                raise EslError(f"nothing from the switch within {timeout_s} s") from None
            if not data:
                raise EslError("the switch closed the connection")
            self._buffer += data
        return frame

    def _take_frame(self) -> tuple[dict[str, str], bytes] | None:
        head, found, rest = self._buffer.partition(b"\n\n")
        if not found:
            return None
        pairs = (line.partition(": ") for line in head.decode().split("\n"))
        headers = {key: value for key, _, value in pairs if key}
        length = int(headers.get("Content-Length", "0"))
        if len(rest) < length:
            return None
        self._buffer = rest[length:]
        return headers, rest[:length]

    def _frame_until(self, types: tuple[str, ...], timeout_s: float) -> tuple[dict[str, str], bytes]:
        deadline = time.monotonic() + timeout_s
        while True:
            headers, body = self.read_frame(deadline - time.monotonic())
            kind = headers.get("Content-Type", "")
            if kind == "text/event-json":
                self.events.append(json.loads(body))
            elif kind == "text/disconnect-notice":
                self.disconnect_notices.append(headers)
            if kind in types:
                return headers, body

    def send(self, text: str) -> None:
        self._sock.sendall(text.encode() + b"\n\n")

    def command(self, text: str, timeout_s: float = 10.0) -> dict[str, str]:
        """Any command but `api`: the headers of its reply."""
        self.send(text)
        return self._frame_until(("command/reply",), timeout_s)[0]

    def api(self, text: str, timeout_s: float = 10.0) -> str:
        self.send(f"api {text}")
        return self._frame_until(("api/response", "command/reply"), timeout_s)[1].decode("utf-8", "replace")

    def bgapi(self, text: str, job: str = "") -> str:
        """Start a job under an id of our own; its end is a BACKGROUND_JOB event with that Job-UUID."""
        job = job or str(uuid4())
        reply = self.command(f"bgapi {text}\nJob-UUID: {job}")
        if reply["Reply-Text"] != f"+OK Job-UUID: {job}":
            raise EslError(f"bgapi answered {reply['Reply-Text']}")
        return job

    def subscribe(self, *names: str) -> None:
        self.command("event json " + " ".join(names))

    def execute(self, uuid: str, app: str, arg: str = "", lock: bool = True, loops: int = 1) -> str:
        """Run an application on a leg; the returned id comes back as Application-UUID."""
        event_id = str(uuid4())
        lines = [f"sendmsg {uuid}", "call-command: execute", f"execute-app-name: {app}"]
        lines += [f"execute-app-arg: {arg}"] * bool(arg) + ["event-lock: true"] * lock
        lines += [f"loops: {loops}", f"Event-UUID: {event_id}"]
        reply = self.command("\n".join(lines))["Reply-Text"]
        if not reply.startswith("+OK"):
            raise EslError(f"sendmsg {app}: {reply}")
        return event_id

    def stream(self, timeout_s: float, since: int = 0) -> Iterator[Event]:
        """Every event from number `since` on, waiting for new ones until `timeout_s` have passed."""
        deadline = time.monotonic() + timeout_s
        while True:
            while since < len(self.events):
                since += 1
                yield self.events[since - 1]
            if time.monotonic() >= deadline:
                return
            try:
                self._frame_until(("text/event-json",), deadline - time.monotonic())
            except EslError as error:
                if "nothing" not in str(error):
                    raise
                return

    def wait(self, match: Match, what: str = "the event", timeout_s: float = 10.0, since: int = 0) -> Event:
        """The first event, past or future, that matches. AssertionError with what was seen instead."""
        for event in self.stream(timeout_s, since):
            if match(event):
                return event
        seen = [
            " ".join(e[name] for name in ("Event-Name", "Unique-ID", "Hangup-Cause", "_body") if name in e)
            for e in self.events[since:]
        ]
        raise AssertionError(f"{what} did not come within {timeout_s} s; seen: {seen}")

    def wait_event(self, name: str, uuid: str, timeout_s: float = 10.0, since: int = 0) -> Event:
        return self.wait(
            lambda e: e["Event-Name"] == name and e.get("Unique-ID") == uuid,
            f"{name} of {uuid}",
            timeout_s,
            since,
        )

    def wait_job(self, job: str, timeout_s: float = 10.0) -> str:
        """The body of the job's BACKGROUND_JOB."""
        event = self.wait(
            lambda e: e["Event-Name"] == "BACKGROUND_JOB" and e["Job-UUID"] == job, f"job {job}", timeout_s
        )
        return str(event["_body"])

    def quiet(self, match: Match, for_s: float) -> None:
        """Assert that no such event comes, from now on, for so long."""
        for event in self.stream(for_s, len(self.events)):
            assert not match(event), f"unexpected {event['Event-Name']}"

    def names_of(self, uuid: str) -> list[str]:
        """Names of the leg's events so far, in the order the switch made them (Event-Sequence)."""
        own = [e for e in self.events if e.get("Unique-ID") == uuid]
        return [e["Event-Name"] for e in sorted(own, key=lambda e: int(e["Event-Sequence"]))]
