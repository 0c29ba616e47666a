"""A Redis Cluster as the batcher sees it: each command goes to the node that has its key, all at once.

commands ─► by slot ─► one Batcher for each node ─► replies in order
                         └─ MOVED, ASK: nothing ran there; sent again where the slot is now
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from time import monotonic
from typing import Any, Final

import gevent
from gevent.lock import BoundedSemaphore
from redis.crc import key_slot
from redis.exceptions import AskError, ClusterDownError, MovedError, TryAgainError

from engine.domain.errors import StoreError
from engine.store.addresses import Address, Node
from engine.store.batcher import DEADLINE_S, Batcher, Command, as_store_error
from engine.store.client import make_node_pool, without_password
from engine.store.meeting import Meeting

TURNS: Final = 4
PAUSE_S: Final = 0.1
MAP_DEADLINE_S: Final = 1.0
ELSEWHERE: Final = (AskError, MovedError, ClusterDownError, TryAgainError)
"""Refusals that say: nothing ran, ask again."""


class ClusterBatcher:
    """See `engine.store.batcher.Batcher`. `meeting`: sees each new connection. `changed`: another node serves
    some slots now; what it has may lack what the other had."""

    def __init__(
        self,
        address: Address,
        url: str,
        timeout_s: float,
        meeting: Meeting,
        changed: Callable[[], None],
    ) -> None:
        self._address, self._url, self._timeout_s = address, url, timeout_s
        self._where = without_password(url)
        self._meeting, self._changed = meeting, changed
        self._nodes: dict[Node, Batcher] = {}
        self._ranges: list[tuple[int, int, Node]] = []
        self._slots: dict[str, int] = {}
        self._stale, self._is_first = True, True
        self._mapping = BoundedSemaphore(1)

    @property
    def batches(self) -> int:
        return sum(node.batches for node in self._nodes.values())

    @property
    def commands(self) -> int:
        return sum(node.commands for node in self._nodes.values())

    def run(self, command: Command, deadline_s: float = DEADLINE_S, patient: bool = False) -> Any:
        return self.run_all([command], deadline_s, patient)[0]

    def run_all(
        self, commands: Sequence[Command], deadline_s: float = DEADLINE_S, patient: bool = False
    ) -> list[Any]:
        """The replies of the commands; the first error among them is raised. Those of one node are sent
        together. A command without a key goes where the one before it went."""
        if not commands:
            return []
        self._know()
        replies: list[Any] = [None] * len(commands)
        left, until_s = list(range(len(commands))), monotonic() + deadline_s
        for turn in range(TURNS):
            if turn:
                gevent.sleep(PAUSE_S)
                self._know()
            self._exchange(commands, left, replies, max(0.1, until_s - monotonic()), patient)
            left = _to_repeat(commands, replies)
            if not left:
                break
            self._stale = True
        for reply in replies:
            if isinstance(reply, Exception):
                raise as_store_error(reply, self._where)
        return replies

    def close(self) -> None:
        for node in self._nodes.values():
            node.close()

    # --- inside -----------------------------------------------------------------------------------------

    def _exchange(
        self,
        commands: Sequence[Command],
        left: list[int],
        replies: list[Any],
        deadline_s: float,
        patient: bool,
    ) -> None:
        by_node: dict[Node, list[int]] = {}
        node = self._ranges[0][2]
        asked: dict[Node, list[int]] = {}
        for index in left:
            before = replies[index]
            if type(before) is AskError:  # this once, and only for it
                asked.setdefault((before.host, int(before.port)), []).append(index)
                continue
            key = key_of(commands[index])
            node = self._node_of(key) if key else node
            by_node.setdefault(node, []).append(index)
        sent = [
            (mine, self._node(node).posted([commands[index] for index in mine], patient), node)
            for node, mine in by_node.items()
        ]
        try:
            for mine, request, node in sent:
                for index, reply in zip(mine, self._node(node).taken(request, deadline_s), strict=True):
                    replies[index] = reply
            for node, mine in asked.items():
                for index in mine:
                    request = self._node(node).posted([("ASKING",), commands[index]])
                    replies[index] = self._node(node).taken(request, deadline_s)[1]
        except StoreError:
            self._stale = True
            raise

    def _node(self, node: Node) -> Batcher:
        if node not in self._nodes:
            pool = make_node_pool(self._address, node, self._timeout_s)
            prepare = partial(self._meeting.prepare_node, node=node)
            self._nodes[node] = Batcher(pool, self._where, prepare)
        return self._nodes[node]

    def _node_of(self, key: str) -> Node:
        tag = key[key.find("{") + 1 : key.find("}")] if "{" in key else key
        slot = self._slots.get(tag)
        if slot is None:
            slot = self._slots[tag] = key_slot(tag.encode())
            if len(self._slots) > 10_000:
                self._slots.clear()
        for first, last, node in self._ranges:
            if first <= slot <= last:
                return node
        raise StoreError(f"no node has slot {slot}", self._where, "See `CLUSTER INFO`.")

    def _know(self) -> None:
        """Who has which slots, when that may have changed."""
        if self._stale:
            with self._mapping:
                if self._stale:
                    self._learn()
        if self._is_first:
            self._is_first = False
            try:
                self._meeting.check_layout(self.run)
            except BaseException:
                self._is_first = True
                raise

    def _learn(self) -> None:
        why = "no node is known"
        for node in dict.fromkeys([*(one for *_, one in self._ranges), *self._address.nodes]):
            try:
                rows = self._node(node).run(("CLUSTER", "SLOTS"), MAP_DEADLINE_S)
            except StoreError as error:
                why = str(error)
                continue
            found = sorted((int(first), int(last), _address(main, node)) for first, last, main, *_ in rows)
            whole = found and found[0][0] == 0 and found[-1][1] == 16383
            if whole and all(a[1] + 1 == b[0] for a, b in pairwise(found)):
                self._take(found)
                return
            why = "some slots have no node"
        raise StoreError(f"the Cluster cannot be asked who has what: {why}", self._where, "See its nodes.")

    def _take(self, found: list[tuple[int, int, Node]]) -> None:
        before, self._ranges = _owners(self._ranges), found
        self._stale = False
        if before and before != _owners(found):
            self._changed()
            raise StoreError("slots have moved to another node", self._where, "Nothing to do: it goes on.")


def key_of(command: Command) -> str:
    """The first key of a command, "" when it has none."""
    if command[0] in ("PING", "WAIT", "ASKING"):
        return ""
    key = command[3] if command[0] == "EVALSHA" else command[1]
    return key if isinstance(key, str) else str(key)


def _to_repeat(commands: Sequence[Command], replies: list[Any]) -> list[int]:
    """What did not run, and the WAITs that were for it."""
    left: list[int] = []
    for index, reply in enumerate(replies):
        follows = bool(left) and left[-1] == index - 1 and not key_of(commands[index])
        if isinstance(reply, ELSEWHERE) or follows:
            left.append(index)
    return left


def _address(told: list[Any], asked: Node) -> Node:
    """Host and port of a node; one that does not know its own host is where we asked."""
    host = told[0].decode() if told[0] else ""
    return (host or asked[0], int(told[1]))


def _owners(ranges: list[tuple[int, int, Node]]) -> list[tuple[int, Node]]:
    """Who serves from which slot on, neighbouring ranges of one node as one."""
    owners: list[tuple[int, Node]] = []
    for first, _, node in ranges:
        if not owners or owners[-1][1] != node:
            owners.append((first, node))
    return owners
