"""Where agents may transfer people to: extensions, and numbers that are no trap."""

from types import SimpleNamespace
from typing import Any

import pytest

from engine.app.agents_office import AgentsOffice
from engine.control import Refused


class Desk:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def transfer(self, agent_id: str, number: str) -> None:
        self.asked.append(number)

    consult = transfer


class Office(AgentsOffice):
    def agent(self, agent_id: str) -> dict[str, Any]:
        return {}


def office() -> tuple[Office, Desk]:
    desk = Desk()
    engine: Any = SimpleNamespace(
        dialer=SimpleNamespace(desk=desk), config=SimpleNamespace(calling=SimpleNamespace(country="PL"))
    )
    return Office(engine), desk


@pytest.mark.parametrize("attended", [False, True])
@pytest.mark.parametrize("number", ["+48700123456", "+4870012345", "boss", "1-2", "+19005551234"])
def test_premium_numbers_and_words_reach_no_trunk(number: str, attended: bool) -> None:
    one, desk = office()
    with pytest.raises(Refused):
        one.agent_transfer("a1", number, attended)
    assert desk.asked == []


def test_extensions_and_plain_numbers_go_through_as_e164() -> None:
    one, desk = office()
    for number in ("1002", "+48600100200", "600100200"):
        one.agent_transfer("a1", number)
    one.agent_transfer("a1", "", attended=True)
    assert desk.asked == ["1002", "+48600100200", "+48600100200", ""]
