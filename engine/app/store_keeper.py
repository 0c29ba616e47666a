"""The embedded store is started again when it dies; all it had acknowledged is on its disk."""

import logging
from collections.abc import Callable
from typing import Any

from engine import greenlets
from engine.domain.errors import StoreError
from engine.store.embedded import EmbeddedServer

log = logging.getLogger("prozvon")

AGAIN_S = 2.0


def keep(server: EmbeddedServer, died: Callable[[], None]) -> Any:
    """Watch a started server until the greenlet returned is killed. `died`: called before each new start."""

    def watch() -> None:
        while True:
            code = server.wait()
            log.critical("the embedded store ended: starting it again", extra={"code": code})
            died()
            while not _started(server):
                greenlets.sleep(AGAIN_S)

    return greenlets.supervise("store", watch, lambda name: None)


def _started(server: EmbeddedServer) -> bool:
    try:
        server.start()
    except (StoreError, OSError) as error:
        log.error("the embedded store does not start", extra={"why": str(error)})
        return False
    return True
