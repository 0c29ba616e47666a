"""The embedded server: started, found again, and never losing what it was told."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.domain.errors import StoreError
from engine.store.client import make_client
from engine.store.embedded import EmbeddedServer

ENGINE = """
import sys, time
from pathlib import Path
from engine.store.client import make_client
from engine.store.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]))
make_client(server.start()).set("told", sys.argv[2])
print(server.pid, flush=True)
time.sleep(60)
"""


def ended(pid: int, within_s: float = 20.0) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_what_was_stored_is_there_after_a_restart(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    make_client(server.start()).set("told", "yes")
    server.stop()

    server = EmbeddedServer(tmp_path)
    assert make_client(server.start()).get("told") == b"yes"
    server.stop()
    server.stop()


def test_the_server_ends_when_the_engine_is_killed_and_nothing_is_lost(tmp_path: Path) -> None:
    engine = subprocess.Popen(
        [sys.executable, "-c", ENGINE, str(tmp_path), "by the dead"], stdout=subprocess.PIPE, text=True
    )
    assert engine.stdout
    server_pid = int(engine.stdout.readline())
    engine.send_signal(signal.SIGKILL)
    engine.wait(10)
    assert ended(server_pid)

    server = EmbeddedServer(tmp_path)
    assert make_client(server.start()).get("told") == b"by the dead"
    server.stop()


def test_an_engine_restarted_at_once_does_not_lean_on_the_dying_server(tmp_path: Path) -> None:
    for life in range(3):
        engine = subprocess.Popen(
            [sys.executable, "-c", ENGINE, str(tmp_path), str(life)], stdout=subprocess.PIPE, text=True
        )
        assert engine.stdout
        assert int(engine.stdout.readline())
        engine.kill()
        engine.wait(10)
    server = EmbeddedServer(tmp_path)
    assert make_client(server.start()).get("told") == b"2"
    server.stop()


def test_a_server_that_outlived_its_engine_is_ended_and_its_data_served_by_the_next(tmp_path: Path) -> None:
    first = EmbeddedServer(tmp_path)
    first.start()
    make_client(first.url).set("told", "yes")
    assert first._lock is not None
    os.close(first._lock)  # the engine is gone, its server is not
    first._lock = None

    second = EmbeddedServer(tmp_path)
    assert make_client(second.start()).get("told") == b"yes"
    assert ended(first.pid)
    second.stop()
    first.stop()


def test_a_second_engine_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    first = EmbeddedServer(tmp_path)
    first.start()
    with pytest.raises(StoreError, match="another Prozvon"):
        EmbeddedServer(tmp_path).start()
    first.stop()


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "appendonlydir").write_text("in the way")
    with pytest.raises(StoreError, match="did not start"):
        EmbeddedServer(tmp_path).start()


def test_a_long_path_still_gets_a_socket(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / ("x" * 60) / ("y" * 60))
    assert make_client(server.start()).ping()
    server.stop()


def test_who_waits_for_the_server_learns_of_its_death_and_may_start_it_again(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    client = make_client(server.start())
    client.set("told", "before")
    os.kill(server.pid, signal.SIGKILL)
    assert server.wait() == -signal.SIGKILL
    try:
        assert server.start() == server.url
        assert make_client(server.url).get("told") == b"before"
    finally:
        server.stop()
