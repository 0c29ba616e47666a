"""A TCP proxy that stands between two processes and makes trouble: delays, stalls, cuts at any byte, and, for
Event Socket, spoilt event frames. Threads: the process that runs the chaos knows no gevent."""

import contextlib
import queue
import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

from tests.chaos.frames import Rates, Spoiler

RESET = struct.pack("ii", 1, 0)
CUT_WAITS_S = 0.5


class Wire:
    """One connection, both ways."""

    def __init__(self, proxy: "Proxy", client: socket.socket, server: socket.socket, seed: str) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._dice = random.Random(seed)
        self._left: int | None = None  # bytes until the cut
        self._closed = False
        spoiler = Spoiler(random.Random(seed + "f"), proxy.rates, proxy.counted) if proxy.spoils else None
        for name, source, target, change in (
            ("up", client, server, None),
            ("down", server, client, spoiler),
        ):
            threading.Thread(
                target=self._pump, args=(source, target, change, name == "up"), daemon=True
            ).start()

    def cut(self, after_bytes: int) -> None:
        """Break after so many more bytes (either way), or in half a second if nobody speaks."""
        self._left = after_bytes
        timer = threading.Timer(CUT_WAITS_S, self.close)
        timer.daemon = True
        timer.start()

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._proxy.forget(self)
        for end in (self._client, self._server):
            with contextlib.suppress(OSError):
                if self._dice.random() < 0.5:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                end.shutdown(socket.SHUT_RDWR)
            with contextlib.suppress(OSError):
                end.close()

    def _pump(
        self, source: socket.socket, target: socket.socket, spoiler: Spoiler | None, upward: bool
    ) -> None:
        try:
            for data in self._read_ahead(source) if upward else iter(lambda: source.recv(65536), b""):
                self._proxy.wait()
                if spoiler is not None:
                    data = spoiler.feed(data)
                left = self._left
                if left is not None:
                    target.sendall(data[:left])
                    self._left = left - len(data)
                    if self._left <= 0:
                        return
                else:
                    target.sendall(data)
            if spoiler is not None:
                target.sendall(spoiler.rest())
        except OSError:
            pass
        finally:
            self.close()

    def _read_ahead(self, source: socket.socket) -> Iterator[bytes]:
        """What a client sends, told to `seen` when it sent it, however long the way on is stalled."""
        pieces: queue.SimpleQueue[bytes] = queue.SimpleQueue()

        def read() -> None:
            try:
                while data := source.recv(65536):
                    self._proxy.seen(data)
                    pieces.put(data)
            except OSError:
                pass
            finally:
                pieces.put(b"")

        threading.Thread(target=read, daemon=True).start()
        return iter(pieces.get, b"")


class Proxy:
    """Listens on `port`, forwards to `target`. `spoils`: event frames by `rates`. `seen`: told of all bytes
    that clients send."""

    def __init__(
        self,
        target: tuple[str, int],
        seed: str,
        spoils: bool = False,
        seen: Callable[[bytes], None] = lambda data: None,
    ) -> None:
        self.target, self.spoils, self.seen = target, spoils, seen
        self.rates = Rates()
        self.counted: Counter[str] = Counter()
        self.delay_s = 0.0
        self._stalled_until_s = 0.0
        self._seed, self._number = seed, 0
        self._wires: set[Wire] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self.target, 5.0)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._number += 1
                self._wires.add(Wire(self, client, server, f"{self._seed}/{self._number}"))

    def forget(self, wire: Wire) -> None:
        with self._lock:
            self._wires.discard(wire)

    def wait(self) -> None:
        """Before each piece goes on: the delay of now, and the rest of a stall."""
        pause_s = max(self.delay_s, self._stalled_until_s - time.monotonic())
        if pause_s > 0:
            time.sleep(pause_s)

    def stall(self, seconds: float) -> None:
        """Nothing passes for so long; nothing is lost."""
        self._stalled_until_s = max(self._stalled_until_s, time.monotonic() + seconds)

    def cut(self, dice: random.Random, share: float = 1.0) -> int:
        """Break connections, each somewhere in its next bytes; how many."""
        with self._lock:
            chosen = [wire for wire in self._wires if dice.random() < share]
        for wire in chosen:
            wire.cut(dice.choice((0, 1, dice.randrange(200), dice.randrange(5000))))
        return len(chosen)

    def calm(self) -> None:
        """No trouble from here on."""
        self.rates.lost = self.rates.twice = self.rates.late = self.rates.garbled = 0.0
        self.delay_s = self._stalled_until_s = 0.0

    def close(self) -> None:
        self._listener.close()
        for wire in tuple(self._wires):
            wire.close()
