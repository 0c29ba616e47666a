"""Verdicts to the engine, as lines of JSON. Nobody's slowness stops the listening."""

import contextlib
import json
import logging
import os
import selectors
import socket
from collections.abc import Mapping
from typing import Any

log = logging.getLogger(__name__)

MAX_WAITING = 1 << 20  # bytes one client may be behind before it is cut off
MAX_CLIENTS = 16


class Control:
    """`address`: a path (unix socket, readable by its owner only) or a TCP port on loopback, "0" for any."""

    def __init__(self, address: str, selector: selectors.BaseSelector) -> None:
        self._selector = selector
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
        self._waiting[client] = bytearray()
        self._selector.register(client, selectors.EVENT_READ, lambda events: self._serve(client, events))

    def _serve(self, client: socket.socket, events: int) -> None:
        if events & selectors.EVENT_READ:
            try:
                gone = not client.recv(4_096)  # nothing is asked of us here
            except BlockingIOError:
                gone = False
            except OSError:
                gone = True
            if gone:
                self._drop(client)
                return
        if events & selectors.EVENT_WRITE:
            self._flush(client)

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
        self._selector.unregister(client)
        client.close()
