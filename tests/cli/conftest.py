import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import gevent
import pytest

from engine import cli
from engine.web.api import build_api
from engine.web.auth import Tokens
from engine.web.server import ApiServer, Listen
from tests.web.conftest import ADMIN, TOKENS
from tests.web.fake import FakeControl


class Served:
    """A fake engine behind the real API, on a real port, in a thread with a hub of its own."""

    def __init__(self) -> None:
        self.control = FakeControl()
        self.url = ""
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        assert self._up.wait(10)

    def _serve(self) -> None:
        app = build_api(self.control, Tokens(TOKENS, lambda: 0.0))
        server = ApiServer(app, Listen(port=0), tokens_configured=False)
        server.start()
        self.url, self._end = server.url, gevent.get_hub().loop.async_()
        over = gevent.event.Event()
        self._end.start(over.set)
        self._up.set()
        over.wait()
        server.stop(0.1)

    def stop(self) -> None:
        self._end.send()
        self._thread.join(10)


@dataclass
class Ran:
    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    server = Served()
    yield server
    server.stop()


@pytest.fixture
def control(served: Served) -> FakeControl:
    served.control.__init__()
    return served.control


@pytest.fixture
def prozvon(
    served: Served, control: FakeControl, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    """Run a command against the fake engine."""
    monkeypatch.setenv("PROZVON_URL", served.url)
    monkeypatch.setenv("PROZVON_TOKEN", ADMIN)

    def run(*argv: str) -> Ran:
        capfd.readouterr()
        code = cli.main(list(argv))
        out, err = capfd.readouterr()
        return Ran(code, out, err)

    return run
