"""Every test here runs on the virtual switch and, marked `freeswitch`, on a real one, which is right."""

from collections.abc import Callable, Iterator

import pytest

from tests.contracts.switch.calls import Calls
from tests.contracts.switch.switches import RealSwitch, Switch, VirtualSwitchProgram
from tests.freeswitch.fixtures import clear_calls


@pytest.fixture(scope="session", params=["virtual", pytest.param("freeswitch", marks=pytest.mark.freeswitch)])
def switch(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Switch]:
    if request.param == "freeswitch":
        have: Callable[[str], object] = request.getfixturevalue
        yield RealSwitch(have("freeswitch"), have("carrier"), have("agents"))  # type: ignore[arg-type]
        return
    virtual = VirtualSwitchProgram(tmp_path_factory.mktemp("virtual"))
    virtual.start()
    yield virtual
    virtual.stop()


@pytest.fixture
def calls(switch: Switch) -> Iterator[Calls]:
    """A connection with all call events, and the calls of this test."""
    with switch.connect() as esl:
        yield Calls(switch, esl)
        clear_calls(esl)
    switch.tidy()
