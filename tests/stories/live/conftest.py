"""The stage of the live stories: one engine for all tests of a module, on each switch."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.stories.live.stage import Stage, real_stage, virtual_stage


@pytest.fixture(scope="module", params=["virtual", pytest.param("freeswitch", marks=pytest.mark.freeswitch)])
def the_stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, speech: Path
) -> Iterator[Stage]:
    home = tmp_path_factory.mktemp("stage")
    have: Callable[[str], object] = request.getfixturevalue
    if request.param == "freeswitch":
        stage, close = real_stage(home, speech, have("freeswitch"), have("agents"))  # type: ignore[arg-type]
    else:
        stage, close = virtual_stage(home, speech)
    yield stage
    close()


@pytest.fixture
def stage(the_stage: Stage) -> Iterator[Stage]:
    yield the_stage
    the_stage.clear()
