"""Facts on their way to their handlers: in order for each call, and no call waits for another."""

import logging
from collections import deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from gevent.event import Event

from engine.greenlets import FAILURES, run_soon

log = logging.getLogger(__name__)

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Mailboxes(Generic[K, T]):
    """Ordered per key, unordered between keys: a slow handler holds up its own key and nobody else's.

    A greenlet takes one busy key after the other, each until it is empty, and before it hands an item over it
    makes sure that another stands by, which runs the moment the first one blocks. So there are as many
    greenlets as handlers that wait, and a burst of a thousand short items costs two.

    `limit` items wait in all and `limit_per_key` for one key; above that an item that `may_drop` says may go
    is dropped and counted, and the poster is asked (`full`, `wait_for_room`) to stop reading until there is
    room. Items that may not be dropped are always taken.
    """

    def __init__(
        self,
        name: str,
        handle: Callable[[T], object],
        *,
        limit: int = 20_000,
        limit_per_key: int = 256,
        may_drop: Callable[[T], bool] = lambda _: False,
    ) -> None:
        self.name, self.limit, self.limit_per_key = name, limit, limit_per_key
        self._handle, self._may_drop = handle, may_drop
        self._boxes: dict[K, deque[T]] = {}
        self._unclaimed: deque[K] = deque()
        self._standing_by = False
        self._room = Event()
        self._empty = Event()
        self._empty.set()
        self.waiting = self.handled = self.dropped = self.failed = self.most_waiting = 0

    @property
    def full(self) -> bool:
        return self.waiting >= self.limit

    def post(self, key: K, item: T) -> bool:
        """Queue the item; False when it was dropped. Never blocks."""
        box = self._boxes.get(key)
        if (self.full or (box is not None and len(box) >= self.limit_per_key)) and self._may_drop(item):
            self.dropped += 1
            return False
        self.waiting += 1
        if self.waiting > self.most_waiting:
            self.most_waiting = self.waiting
        if box is None:
            self._boxes[key] = deque((item,))
            self._unclaimed.append(key)
            self._empty.clear()
            self._stand_by()
        else:
            box.append(item)
        return True

    def wait_for_room(self, timeout_s: float) -> bool:
        """Block until fewer than `limit` items wait, or the time is over (False)."""
        if not self.full:
            return True
        self._room.clear()
        return bool(self._room.wait(timeout_s))

    def join(self, timeout_s: float) -> bool:
        """Block until everything posted has been handled, or the time is over (False)."""
        return bool(self._empty.wait(timeout_s))

    def _stand_by(self) -> None:
        if self._unclaimed and not self._standing_by:
            self._standing_by = True
            run_soon(self.name, self._work)

    def _work(self) -> None:
        self._standing_by = False
        while self._unclaimed:
            key = self._unclaimed.popleft()
            self._stand_by()
            self._drain(key)

    def _drain(self, key: K) -> None:
        box = self._boxes[key]
        while box:
            item = box.popleft()
            try:
                self._handle(item)
            except FAILURES:
                self.failed += 1
                log.exception("handler failed", extra={"mailboxes": self.name, "key": key})
            finally:
                self.waiting -= 1
            self.handled += 1
            if self.waiting < self.limit and not self._room.is_set():
                self._room.set()
        del self._boxes[key]
        if not self._boxes:
            self._empty.set()
