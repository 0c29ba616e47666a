"""The engine's own log of intents, on its own disk, fsynced before anything is dialed.

The store writes to its disk once a second; a power cut may take the last second from it, and with it an
intent whose call was made. Recovery therefore reads this log first: an intent that is open here and unknown
to the store is stored again (on the person's present version) and then settled as any other.
"""

import math
from collections import deque
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any, Final

import msgpack
from gevent.event import AsyncResult, Event

from engine import greenlets
from engine.domain.attempt import Intent
from engine.domain.errors import StoreError
from engine.journal.disk import in_thread
from engine.journal.frames import append_durably, cut_torn_tail, framed, read_frames, replace_durably
from engine.ports import OpenAttempt
from engine.store.codec import INTENT

COMPACT_ABOVE_BYTES: Final = 8 * 1024 * 1024
DEADLINE_S: Final = 5.0
RESTS_S: Final = 3.0  # a store with appendfsync everysec may be two seconds behind


class IntentLog:
    """Many greenlets, one fsync: callers that come while the disk works share the next one.

    Settlements are written lazily, with the next intents, and not before the store has them on its disk too
    (`rests_s`): else a power cut could leave an attempt settled here and unknown there, and its contact would
    be called again. One that a crash takes is harmless, for then the store says that it is settled.
    """

    def __init__(
        self,
        folder: Path,
        rests_s: float = RESTS_S,
        clock: Callable[[], float] = monotonic,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "intents.log"
        cut_torn_tail(self._path)
        self._open = _replayed(self._path)
        self._bytes = self._path.stat().st_size if self._path.exists() else 0
        self._waiting: deque[tuple[bytes, AsyncResult[None] | None]] = deque()
        self._writes = False
        self._written = Event()
        self._rests_s, self._clock = rests_s, clock
        self._deadline_s, self._deadline = deadline_s, greenlets.Deadline(deadline_s)
        self._resting: deque[tuple[float, str]] = deque()
        self.syncs = 0

    def open_attempts(self) -> list[OpenAttempt]:
        """Intents without a settlement in this log, or with one still at rest, oldest first."""
        found = [OpenAttempt(INTENT.unpack(packed), token) for token, packed in self._open.values()]
        return sorted(found, key=lambda open_: (open_.intent.made_at_s, open_.intent.attempt_id))

    def append(self, intent: Intent, token: int) -> None:
        """On return the intent is on the disk. Raises StoreError when it may not be: then do not dial."""
        self._write_settled(self._clock())
        packed = INTENT.pack(intent)
        self._open[intent.attempt_id] = (token, packed)
        done: AsyncResult[None] = AsyncResult()
        self._write(["intent", intent.attempt_id, token, packed], done)
        try:
            self._deadline.get(done)
        except TimeoutError:
            raise StoreError(
                f"the intent log was not written within {self._deadline_s:g} s",
                str(self._path),
                "See the disk.",
            ) from None

    def settled(self, attempt_id: str) -> None:
        """The store has settled the attempt. Returns at once."""
        self._resting.append((self._clock() + self._rests_s, attempt_id))

    def _write_settled(self, until_s: float) -> None:
        while self._resting and self._resting[0][0] <= until_s:
            _, attempt_id = self._resting.popleft()
            if self._open.pop(attempt_id, None) is not None:
                self._write(["settled", attempt_id], None)

    def close(self, within_s: float = DEADLINE_S) -> None:
        """Write the settlements that still wait, so that the next start finds nothing open in vain."""
        self._write_settled(math.inf)
        if self._waiting:
            self._wake()
        if self._writes:
            self._written.wait(within_s)

    def _write(self, row: list[Any], done: "AsyncResult[None] | None") -> None:
        self._waiting.append((framed(msgpack.packb(row)), done))
        if done is not None:
            self._wake()

    def _wake(self) -> None:
        if not self._writes:
            self._writes = True
            self._written.clear()
            greenlets.run_soon("intent log", self._drain)

    def _drain(self) -> None:
        try:
            while self._waiting:
                batch = list(self._waiting)
                self._waiting.clear()
                failure = self._stored(b"".join(framed_row for framed_row, _ in batch))
                for done in (done for _, done in batch if done is not None):
                    if failure is None:
                        done.set()
                    else:
                        done.set_exception(failure)
        finally:
            self._writes = False
            self._written.set()

    def _stored(self, data: bytes) -> StoreError | None:
        try:
            if self._bytes + len(data) > COMPACT_ABOVE_BYTES:
                data = self._compacted()
                in_thread(lambda: replace_durably(self._path, data))
                self._bytes = 0
            else:
                in_thread(lambda: append_durably(self._path, data))
        except OSError as failed:
            return StoreError(f"the intent log cannot be written: {failed}", str(self._path), "See the disk.")
        self.syncs += 1
        self._bytes += len(data)
        return None

    def _compacted(self) -> bytes:
        """The log with nothing in it but what is open now."""
        return b"".join(
            framed(msgpack.packb(["intent", attempt_id, token, packed]))
            for attempt_id, (token, packed) in self._open.items()
        )


def _replayed(path: Path) -> dict[str, tuple[int, bytes]]:
    opened: dict[str, tuple[int, bytes]] = {}
    for _, payload in read_frames(path):
        what, attempt_id, *rest = msgpack.unpackb(payload)
        if what == "intent":
            opened[attempt_id] = (rest[0], rest[1])
        else:
            opened.pop(attempt_id, None)
    return opened
