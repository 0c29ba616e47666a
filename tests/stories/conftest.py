"""Engines and switches of the stories: started for a test, ended with it, by their process ids."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stories.engine_process import EngineProcess
from tests.stories.virtual_switch import VirtualSwitchProcess, population

StartEngine = Callable[[dict[str, Any]], EngineProcess]
StartSwitch = Callable[..., VirtualSwitchProcess]


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Spoken phrases, rendered once for all stories."""
    return tmp_path_factory.mktemp("speech")


@pytest.fixture
def switch(tmp_path: Path) -> Iterator[Callable[..., VirtualSwitchProcess]]:
    """`switch(**people)`: a virtual switch beside the engine; `people`: see `population`."""
    running: list[VirtualSwitchProcess] = []

    def start(**people: Any) -> VirtualSwitchProcess:
        running.append(VirtualSwitchProcess(tmp_path / f"switch{len(running)}", population(**people)))
        return running[-1].start()

    yield start
    for one in running:
        one.stop()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Callable[[dict[str, Any]], EngineProcess]]:
    """`engine(config)`: an engine that is fit to dial."""
    running: list[EngineProcess] = []

    def start(config: dict[str, Any]) -> EngineProcess:
        running.append(EngineProcess(tmp_path / f"engine{len(running)}", config))
        return running[-1].start()

    yield start
    for one in running:
        one.stop()
