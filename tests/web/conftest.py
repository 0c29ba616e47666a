from collections.abc import Iterator

import falcon.testing
import pytest

from engine.web.api import build_api
from engine.web.auth import Scope, Token, Tokens
from tests.web.fake import FakeControl

ADMIN, SUPERVISOR, ANNA = "admin-" * 4, "supervisor-" * 2, "operator-anna-" * 2
TOKENS = (
    Token.of(ADMIN, "root", Scope.ADMIN, clear_numbers=True),
    Token.of(SUPERVISOR, "svetlana", Scope.SUPERVISOR),
    Token.of(ANNA, "anna's desk", Scope.OPERATOR, "anna"),
)


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def control() -> FakeControl:
    return FakeControl()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def api(control: FakeControl, clock: Clock) -> Iterator[falcon.testing.TestClient]:
    app = build_api(control, Tokens(TOKENS, clock), open_metrics=False)
    return falcon.testing.TestClient(app, headers=bearer(ADMIN))
