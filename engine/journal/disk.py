"""Disk work beside the hub: other greenlets go on while a thread waits for the disk."""

from collections.abc import Callable
from typing import TypeVar

import gevent

T = TypeVar("T")


def in_thread(work: Callable[[], T]) -> T:
    """What `work` returns, or its OSError, from a thread of the hub's pool."""

    def caught() -> tuple[T | None, OSError | None]:
        try:
            return work(), None
        except OSError as failed:  # raised in the caller: the pool would print it as unhandled
            return None, failed

    result, failed = gevent.get_hub().threadpool.apply(caught)
    if failed is not None:
        raise failed
    return result  # type: ignore[no-any-return]
