"""The first words on each connection to the store: who answers, and is the store laid out as we think?"""

import re
from collections.abc import Callable
from typing import Any

from engine.domain.errors import StoreError
from engine.store.addresses import Node
from engine.store.batcher import Command, load_scripts
from engine.store.layout import FORMAT, META


class Meeting:
    """`changed`: another server answers than before, or the same one started anew: it may lack what was
    stored last. Called once, before anything is asked of it; what was about to be asked fails."""

    def __init__(self, where: str, shards: int, changed: Callable[[], None]) -> None:
        self._where, self._shards, self._changed = where, shards, changed
        self._servers: dict[Node | None, str] = {}

    def prepare(self, connection: Any) -> None:
        """One server, or a primary that Sentinels named."""
        load_scripts(connection)
        for command in self._layout():
            connection.send_command(*command)
        _, _, found = (connection.read_response() for _ in range(3))
        self._check(found)
        self._meet(connection, None)

    def prepare_node(self, connection: Any, node: Node) -> None:
        """A node of a Cluster: keys of ours may be elsewhere."""
        load_scripts(connection)
        self._meet(connection, node)

    def check_layout(self, run: Callable[[Command], Any]) -> None:
        """Of a Cluster, once."""
        self._check([run(command) for command in self._layout()][-1])

    def _layout(self) -> list[Command]:
        """Lay a fresh store out; the last reply tells how it is laid out."""
        return [
            ("HSETNX", META, "shards", self._shards),
            ("HSETNX", META, "format", FORMAT),
            ("HMGET", META, "shards", "format"),
        ]

    def _check(self, found: list[bytes]) -> None:
        shards, format_ = map(int, found)
        if (shards, format_) != (self._shards, FORMAT):
            raise StoreError(
                f"the store was made with {shards} shards in format {format_}; "
                f"this engine is set to {self._shards} shards in format {FORMAT}",
                self._where,
                f"Set store.shards to {shards}, or use an empty store.",
            )

    def _meet(self, connection: Any, node: Node | None) -> None:
        """StoreError: it is not the server of before (once), or not a primary."""
        connection.send_command("INFO", "server")
        connection.send_command("ROLE")
        told, role = connection.read_response(), connection.read_response()
        if node is None and role[0] != b"master":
            raise StoreError("a replica answers", self._where, "Name the primary, or its Sentinels.")
        found = re.search(rb"run_id:(\w+)", told)
        run_id = found[1].decode() if found else ""
        before = self._servers.get(node)
        self._servers[node] = run_id
        if before not in (None, run_id):
            self._changed()
            raise StoreError("another server answers than before", self._where, "Nothing to do: it goes on.")
