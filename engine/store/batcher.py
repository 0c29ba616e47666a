"""Many greenlets, one connection, one round trip: group commit towards Redis.

    caller A ─┐                  ┌─► A
    caller B ─┼─► waiting ─► one write, replies in order ─┼─► B
    caller C ─┘   (while a batch is on its way, the next one gathers)   └─► C

A script then costs the engine a few tens of µs instead of a round trip and two switches of its own.
"""

from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, Final, Protocol

import gevent
import hiredis
import redis
from gevent.event import AsyncResult
from redis.exceptions import NoScriptError, ReadOnlyError, RedisError, ResponseError

from engine import greenlets
from engine.domain.errors import Fenced, StoreError
from engine.store.client import NAMES, script, without_password

Command = tuple[str | bytes | int, ...]
pack_command: Final[Callable[[Command], bytes]] = hiredis.pack_command  # type: ignore[assignment]  # its stub allows one item only

BATCH_MOST: Final = 256
WAITING_MOST: Final = 20_000
DEADLINE_S: Final = 5.0
PATIENCE_S: Final = 0.06  # pacing decides every 50 ms: where calls are many, its intents take all along
IDLE_S: Final = 1.0  # a connection unused for longer is looked at before it is used


class _Request:
    __slots__ = ("commands", "done", "given_up", "packed")

    def __init__(self, commands: Sequence[Command]) -> None:
        self.commands = commands
        self.packed = b"".join([pack_command(command) for command in commands])
        self.done: AsyncResult[list[Any]] = AsyncResult()
        self.given_up = False


class Runs(Protocol):
    """What runs commands: one server's batcher, or a Cluster's."""

    def run(self, command: Command, deadline_s: float = DEADLINE_S, patient: bool = False) -> Any: ...
    def run_all(
        self, commands: Sequence[Command], deadline_s: float = DEADLINE_S, patient: bool = False
    ) -> list[Any]: ...
    def close(self) -> None: ...


class Batcher:
    """Runs commands for many greenlets over one connection.

    Nothing is ever sent twice: a reply that is lost is a StoreError for its caller, who alone knows
    whether the step may be repeated. After a failure the next call connects anew.
    `prepare` sees each new connection before anybody uses it.
    """

    def __init__(self, pool: redis.ConnectionPool, url: str, prepare: Callable[[Any], None]) -> None:
        self._pool: Any = pool
        self._where = without_password(url)
        self._prepare = prepare
        self._connection: Any = None
        self._used_at_s = 0.0
        self._waiting: deque[_Request] = deque()
        self._stay: Callable[[], None] | None = None
        self._flushing = False
        self._deadline = greenlets.Deadline(DEADLINE_S)
        self.batches = 0
        self.commands = 0

    def run(self, command: Command, deadline_s: float = DEADLINE_S, patient: bool = False) -> Any:
        """The reply of one command. Raises StoreError (Fenced among them)."""
        return self.run_all([command], deadline_s, patient)[0]

    def run_all(
        self, commands: Sequence[Command], deadline_s: float = DEADLINE_S, patient: bool = False
    ) -> list[Any]:
        """The replies of commands sent together; the first error among them is raised. `patient`: they may
        wait `PATIENCE_S` for others to travel with."""
        if not commands:
            return []
        replies = self.taken(self.posted(commands, patient), deadline_s)
        for reply in replies:
            if isinstance(reply, Exception):
                raise as_store_error(reply, self._where)
        return replies

    def posted(self, commands: Sequence[Command], patient: bool = False) -> _Request:
        """Commands on their way; `taken` waits for what comes of them."""
        if len(self._waiting) >= WAITING_MOST:
            raise StoreError("the store is overloaded", self._where, "Calls wait faster than it answers.")
        request = _Request(commands)
        self._waiting.append(request)
        if not self._flushing:
            if not patient:
                self._flushing = True
                greenlets.run_soon("store", self._flush)
            elif self._stay is None:
                self._stay = greenlets.run_later(PATIENCE_S, "store", self._depart)
        return request

    def taken(self, request: _Request, deadline_s: float = DEADLINE_S) -> list[Any]:
        """The replies, errors of the server among them. StoreError: lost."""
        try:
            if deadline_s == DEADLINE_S:
                return self._deadline.get(request.done)  # type: ignore[no-any-return]
            return request.done.get(timeout=deadline_s)  # type: ignore[no-any-return]
        except (gevent.Timeout, TimeoutError):
            request.given_up = True
            raise StoreError(
                f"the store did not answer within {deadline_s:g} s", self._where, "See that Redis runs."
            ) from None

    def close(self) -> None:
        self._drop_connection()
        self._pool.disconnect()

    def _depart(self) -> None:
        """Patience is over, and nobody in more of a hurry has taken all along."""
        self._stay = None
        if not self._flushing:
            self._flushing = True
            self._flush()

    def _flush(self) -> None:
        """Drain what waits, then end; the next caller starts another."""
        if self._stay is not None:
            self._stay()
            self._stay = None
        batch: list[_Request] = []
        try:
            while self._waiting:
                batch = []
                while self._waiting and len(batch) < BATCH_MOST:
                    request = self._waiting.popleft()
                    if not request.given_up:
                        batch.append(request)
                self._exchange(batch)
        except BaseException as error:
            for request in [*batch, *self._waiting]:
                if not request.done.ready():
                    request.done.set_exception(self._lost(error))
            self._waiting.clear()
            self._drop_connection()
            if not isinstance(error, (RedisError, OSError, StoreError)):
                raise
        finally:
            self._flushing = False

    def _exchange(self, batch: list[_Request]) -> None:
        if not batch:
            return
        connection = self._connected()
        self.batches += 1
        connection.send_packed_command([b"".join([request.packed for request in batch])])
        unknown, demoted = [], False
        for request in batch:
            self.commands += len(request.commands)
            replies = [_read(connection) for _ in request.commands]
            errors = [type(reply) for reply in replies if isinstance(reply, Exception)]
            demoted = demoted or ReadOnlyError in errors
            if NoScriptError in errors:
                unknown.append((request, replies))
            else:
                request.done.set(replies)
        for request, replies in unknown:
            self._load_and_repeat(connection, request, replies)
        if demoted:  # a replica now: the next batch finds the primary
            self._drop_connection()

    def _load_and_repeat(self, connection: Any, request: _Request, replies: list[Any]) -> None:
        """Somebody flushed the server's scripts. NOSCRIPT means nothing ran: those commands may go again."""
        load_scripts(connection)
        for index, reply in enumerate(replies):
            if isinstance(reply, NoScriptError):
                connection.send_packed_command([pack_command(request.commands[index])])
                replies[index] = _read(connection)
        request.done.set(replies)

    def _connected(self) -> Any:
        if (
            self._connection is not None
            and monotonic() - self._used_at_s > IDLE_S
            and _is_dead(self._connection)
        ):
            self._drop_connection()
        self._used_at_s = monotonic()
        if self._connection is None:
            connection = self._pool.get_connection()
            try:
                self._prepare(connection)
            except BaseException:
                connection.disconnect()
                self._pool.release(connection)
                raise
            self._connection = connection
        return self._connection

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.disconnect()
            self._pool.release(connection)

    def _lost(self, error: BaseException) -> StoreError:
        if isinstance(error, StoreError):
            return StoreError(error.what, error.where, error.fix)
        return StoreError(f"the store is away: {error}", self._where, "See that Redis runs.")


def as_store_error(error: Exception, where: str) -> StoreError:
    """What the server refused, in our words."""
    text = str(error)
    if text.startswith("FENCED"):
        return Fenced(f"another engine owns team {text[7:]}", where, "Stop dialing for the team.")
    if text.startswith("REUSED"):
        return StoreError(f"attempt id {text[7:]} carries another intent", where, "Make a new id.")
    return StoreError(f"the store refused: {text}", where)


def load_scripts(connection: Any) -> None:
    """Make every script known to the server, in one round trip."""
    texts = [script(name).text for name in NAMES]
    connection.send_packed_command([pack_command(("SCRIPT", "LOAD", text)) for text in texts])
    for _ in texts:
        connection.read_response()


def _is_dead(connection: Any) -> bool:
    """Closed by the server, or with bytes that nobody asked for."""
    try:
        return bool(connection.can_read(0))
    except (RedisError, OSError):
        return True


def _read(connection: Any) -> Any:
    try:
        return connection.read_response(disable_decoding=True)
    except ResponseError as error:
        return error
