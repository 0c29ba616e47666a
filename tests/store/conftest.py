"""A real server of a test's own, to be mistreated."""

from collections.abc import Iterator

import pytest

from tests.contracts.store.servers import BINARIES, Server


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(BINARIES["valkey"])
    server.start()
    yield server
    server.remove()
