"""`prozvon sim` as a person meets it on the command line."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from engine.sim.program import run

COMMAND = [
    sys.executable,
    "-c",
    "import sys; from engine.sim.program import run; sys.exit(run(sys.argv[1:]))",
]


def test_help_teaches_by_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    for word in ("examples:", "--speed", "fs_cli", "prozvon_call_in", "--check"):
        assert word in told


def test_a_population_can_be_checked_without_starting(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["--check"]) == 0
    assert "planned numbers" in capsys.readouterr().out
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("default: {shares: {asnwer: 1}}")
    assert run(["--check", "--population", str(wrong)]) == 2
    assert f"{wrong}:1:20" in capsys.readouterr().err


@pytest.mark.parametrize("speed", ["0", "-1", "fast"])
def test_a_speed_that_is_none_is_refused(speed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["--speed", speed])
    assert ended.value.code == 2
    assert "a number above 0" in capsys.readouterr().err


def test_it_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    arguments = ["--port", "0", "--invites", str(tmp_path / "invites.jsonl")]
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        line = program.stdout.readline()
        assert line.startswith("virtual switch on 127.0.0.1:")
        port = int(line.split(",")[0].rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            assert connection.recv(100) == b"Content-Type: auth/request\n\n"
        program.send_signal(signal.SIGTERM)
        assert program.wait(10) == 0
    assert (tmp_path / "invites.jsonl").exists()


def test_a_taken_port_is_told_without_a_traceback() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = subprocess.run(
            [*COMMAND, "--port", str(taken.getsockname()[1])], capture_output=True, text=True, timeout=30
        )
    assert done.returncode == 2
    assert "cannot listen on 127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr
