"""A switch of a few lines for benchmarks: `python -m tests.bench.light_switch`.

It speaks just enough Event Socket for the engine, costs next to nothing, and writes down at the wire when it
sent each CHANNEL_ANSWER and when the uuid_bridge for it came in. Numbers tell their fate:

    +4860…  rings RING_S, answers; hangs up TALK_S after the bridge
    +4851…  busy after RING_S
    +4879…  rings for ever

The first line of its output is its port. On SIGTERM it prints JSON: [[answer sent at, bridge seen at], …],
both on the machine's monotonic clock, seconds.
"""

import heapq
import json
import re
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from itertools import count
from urllib.parse import unquote

RING_S, TALK_S, PADDING = (
    0.5,
    1.0,
    {f"variable_of_the_channel_{n}": "sip:+48600000000@10.0.0.1" for n in range(140)},
)
CORE = "11111111-0000-4000-8000-000000000001"


class LightSwitch:
    def __init__(self) -> None:
        self.answers: dict[str, float] = {}
        self.bridged: list[tuple[float, float]] = []
        self.alive: dict[str, str] = {}  # leg -> the agent or person it talks to
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._order, self._sequence = count(), count(1)
        self._listeners: set[socket.socket] = set()
        self._rest: dict[socket.socket, bytes] = {}

    # --- the loop ----------------------------------------------------------------------------------

    def serve(self) -> None:
        with selectors.DefaultSelector() as selector, socket.create_server(("127.0.0.1", 0)) as server:
            selector.register(server, selectors.EVENT_READ)
            print(server.getsockname()[1], flush=True)
            while True:
                wait_s = max(0.0, self._later[0][0] - time.monotonic()) if self._later else 1.0
                for key, _ in selector.select(wait_s):
                    if key.fileobj is server:
                        sock, _ = server.accept()
                        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                        selector.register(sock, selectors.EVENT_READ)
                        self._rest[sock] = b""
                        sock.sendall(b"Content-Type: auth/request\n\n")
                    elif not self._read(key.fileobj):  # type: ignore[arg-type]
                        selector.unregister(key.fileobj)
                while self._later and self._later[0][0] <= time.monotonic():
                    heapq.heappop(self._later)[2]()

    def _read(self, sock: socket.socket) -> bool:
        data = sock.recv(65_536)
        came_s = time.monotonic()
        *commands, self._rest[sock] = (self._rest[sock] + data).split(b"\n\n")
        for command in commands:
            self._obey(sock, command.decode(), came_s)
        if not data:
            self._listeners.discard(sock)
        return bool(data)

    def _after(self, seconds: float, then: Callable[[], None]) -> None:
        heapq.heappush(self._later, (time.monotonic() + seconds, next(self._order), then))

    # --- commands ----------------------------------------------------------------------------------

    def _obey(self, sock: socket.socket, command: str, came_s: float) -> None:
        verb, _, rest = command.partition(" ")
        if verb == "api":
            sock.sendall(_framed("api/response", self._answer(rest, came_s).encode()))
            return
        if verb == "event":
            self._listeners.add(sock)
        sock.sendall(b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n")
        if verb == "bgapi":
            self._originate(rest)

    def _answer(self, text: str, came_s: float) -> str:
        verb, *words = text.split()
        if verb == "uuid_bridge":
            self._bridge(words[0], words[1], came_s)
        elif verb == "uuid_kill":
            self._end(words[0], "NORMAL_CLEARING")
        elif verb == "show":
            return json.dumps({"rows": [{"uuid": leg} for leg in self.alive]})
        elif verb == "uuid_exists":
            return "true" if words[0] in self.alive else "false"
        elif verb == "file_exists":
            return "true"
        elif verb == "global_getvar":
            return CORE
        return "+OK"

    def _originate(self, text: str) -> None:
        leg = re.search(r"origination_uuid='?([0-9a-f-]{36})", text)
        to = re.search(r"(?:sofia/gateway/[^/]+/|user/)(\+?\d+)", unquote(text))
        assert leg, text
        assert to, text
        uuid, number = leg[1], to[1]
        self.alive[uuid] = ""
        self._tell("CHANNEL_CREATE", uuid)
        if number.startswith("+"):
            self._tell("CHANNEL_PROGRESS", uuid)
        if number.startswith("+4851"):
            self._after(RING_S, lambda: self._end(uuid, "USER_BUSY", 486))
        elif not number.startswith("+4879"):
            self._after(RING_S if number.startswith("+") else 0.01, lambda: self._pick_up(uuid))

    def _pick_up(self, uuid: str) -> None:
        if uuid in self.alive:
            self.answers[uuid] = time.monotonic()
            self._tell("CHANNEL_ANSWER", uuid)
            self._tell("BACKGROUND_JOB", uuid, {"Job-UUID": uuid, "_body": f"+OK {uuid}\n"})

    def _bridge(self, agent: str, person: str, came_s: float) -> None:
        if person in self.answers:
            self.bridged.append((self.answers.pop(person), came_s))
        self.alive[person] = agent
        pair = {"Bridge-A-Unique-ID": agent, "Bridge-B-Unique-ID": person}
        self._tell("CHANNEL_BRIDGE", agent, pair)
        self._after(TALK_S, lambda: self._end(person, "NORMAL_CLEARING", 200))

    def _end(self, uuid: str, cause: str, sip_code: int = 0) -> None:
        if uuid not in self.alive:
            return
        agent = self.alive.pop(uuid)
        self.answers.pop(uuid, None)
        if agent:
            pair = {"Bridge-A-Unique-ID": agent, "Bridge-B-Unique-ID": uuid}
            self._tell("CHANNEL_UNBRIDGE", agent, pair)
        told = {"Hangup-Cause": cause, "variable_sip_term_status": str(sip_code)}
        told["variable_sip_hangup_disposition"] = "recv_bye" if sip_code == 200 else "recv_refuse"
        self._tell("CHANNEL_HANGUP_COMPLETE", uuid, told)

    # --- events ------------------------------------------------------------------------------------

    def _tell(self, name: str, uuid: str, more: dict[str, str] | None = None) -> None:
        event = {"Event-Name": name, "Event-Sequence": str(next(self._sequence)), "Unique-ID": uuid}
        event |= {"variable_rtp_use_codec_name": "PCMU", **PADDING, **(more or {})}
        data = _framed("text/event-json", json.dumps(event).encode())
        for sock in self._listeners:
            sock.sendall(data)


def _framed(kind: str, body: bytes) -> bytes:
    return b"Content-Length: %d\nContent-Type: %s\n\n" % (len(body), kind.encode()) + body


def main() -> int:
    switch = LightSwitch()

    def end(*_: object) -> None:
        print(json.dumps(switch.bridged), flush=True)
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    switch.serve()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
