"""Words with the engine, lines of JSON both ways. Nobody's slowness stops the listening."""

import contextlib
import json
import logging
import os
import selectors
import socket
from collections.abc import Callable, Mapping
from typing import Any

log = logging.getLogger(__name__)

MAX_WAITING = 1 << 20  # bytes one client may be behind before it is cut off
MAX_CLIENTS = 16
MAX_COMMAND = 65_536  # bytes of commands without an end of line: this is nobody we know


class Control:
    """`address`: a path (unix socket, readable by its owner only) or a TCP port on loopback, "0" for any.
    `on_command`: told each line that a client sends."""

    def __init__(
        self,
        address: str,
        selector: selectors.BaseSelector,
        on_command: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self._selector, self._on_command = selector, on_command
        self._path = "" if address.isdecimal() else address
        if self._path:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path)
            self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._server.bind(self._path)
            os.chmod(self._path, 0o600)
        else:
            self._server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._server.bind(("127.0.0.1", int(address)))
        self._server.listen(8)
        self._server.setblocking(False)
        self.address = self._path or str(self._server.getsockname()[1])
        self._waiting: dict[socket.socket, bytearray] = {}
        self._asked: dict[socket.socket, bytearray] = {}
        self.unheard = 0  # lines said when nobody was there
        selector.register(self._server, selectors.EVENT_READ, self._accept)

    def say(self, line: Mapping[str, Any]) -> None:
        """To every client, at once or as soon as it reads. Never blocks."""
        data = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        self.unheard += not self._waiting
        for client in list(self._waiting):
            waiting = self._waiting[client]
            waiting += data
            if len(waiting) > MAX_WAITING:
                log.warning("engine does not read", extra={"bytes": len(waiting)})
                self._drop(client)
            else:
                self._flush(client)

    def close(self) -> None:
        for client in list(self._waiting):
            self._drop(client)
        self._selector.unregister(self._server)
        self._server.close()
        if self._path:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path)

    def _accept(self, events: int) -> None:
        try:
            client, _ = self._server.accept()
        except OSError:
            return
        if len(self._waiting) >= MAX_CLIENTS:
            client.close()
            return
        client.setblocking(False)
        self._waiting[client], self._asked[client] = bytearray(), bytearray()
        self._selector.register(client, selectors.EVENT_READ, lambda events: self._serve(client, events))

    def _serve(self, client: socket.socket, events: int) -> None:
        if events & selectors.EVENT_READ:
            try:
                data = client.recv(65_536)
            except BlockingIOError:
                data = None
            except OSError:
                data = b""
            if data is not None and not self._commanded(client, data):
                self._drop(client)
                return
        if events & selectors.EVENT_WRITE:
            self._flush(client)

    def _commanded(self, client: socket.socket, data: bytes) -> bool:
        """False: it went, or what it sends is no command."""
        asked = self._asked[client]
        asked += data
        *lines, rest = asked.split(b"\n")
        for line in lines:
            try:
                command = json.loads(line)
            except ValueError:
                return False
            if self._on_command and isinstance(command, dict):
                self._on_command(command)
        self._asked[client] = bytearray(rest)
        return bool(data) and len(rest) <= MAX_COMMAND

    def _flush(self, client: socket.socket) -> None:
        waiting = self._waiting[client]
        try:
            sent = client.send(waiting) if waiting else 0
        except BlockingIOError:
            sent = 0
        except OSError:
            self._drop(client)
            return
        del waiting[:sent]
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if waiting else 0)
        if self._selector.get_key(client).events != wanted:
            self._selector.modify(client, wanted, lambda events: self._serve(client, events))

    def _drop(self, client: socket.socket) -> None:
        self._waiting.pop(client, None)
        self._asked.pop(client, None)
        self._selector.unregister(client)
        client.close()
