"""Engines that share a store: started for a test, ended with it, by their process ids."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.store.servers import BINARIES, Server
from tests.stories.conftest import speech, switch  # noqa: F401 - fixtures
from tests.stories.engine_process import EngineProcess, wait_for

StartEngines = Callable[..., list[EngineProcess]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/cluster/" in item.path.as_posix():
            item.add_marker(pytest.mark.cluster)


@pytest.fixture
def redis_server() -> Iterator[Server]:
    """A store that outlives every engine."""
    server = Server(BINARIES["valkey"])
    server.start()
    yield server
    server.remove()


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[StartEngines]:
    """`engines(config, config …)`: the first one owns the teams, the others stand by."""
    running: list[EngineProcess] = []

    def start(*configs: dict[str, Any]) -> list[EngineProcess]:
        for config in configs:
            one = EngineProcess(tmp_path / f"engine{len(running)}", config)
            running.append(one)
            one.start()
            if one is running[0]:
                wait_for("owner of the teams", lambda: owns(running[0]))
        return running

    yield start
    for one in running:
        one.stop()


def owns(engine: EngineProcess) -> bool:
    return all(engine.get("/v1/status")["teams"].values())
