"""The engine's end of the control socket: lines of JSON, waited for with a deadline."""

import json
import socket
from typing import Any


class Reader:
    def __init__(self, address: str) -> None:
        if address.isdecimal():
            self._sock = socket.create_connection(("127.0.0.1", int(address)), timeout=30)
        else:
            self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._sock.settimeout(30)
            self._sock.connect(address)
        self._file = self._sock.makefile("rb")

    def line(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._file.readline())
        return found

    def wait(self, event: str) -> dict[str, Any]:
        while True:
            line = self.line()
            if line["event"] == event:
                return line

    def tell(self, command: dict[str, Any]) -> None:
        self.send(json.dumps(command).encode() + b"\n")

    def send(self, data: bytes) -> None:
        self._sock.sendall(data)

    def is_cut_off(self) -> bool:
        """Wait for the end of the connection."""
        try:
            while self._sock.recv(4_096):
                pass
        except ConnectionError:
            pass
        return True

    def close(self) -> None:
        self._file.close()
        self._sock.close()
