"""The command line as a person and as a script meet it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine import cli
from engine.cli import worker
from engine.cli.frame import Exit, Unreachable, guarded
from engine.control import NotFound, Refused
from engine.domain.errors import ConfigError, DialerError

ROOT = Path(__file__).parents[2]
WRONG = "api: {prot: 1}\npacing: {max_check_s: 99}\n"


@pytest.fixture(autouse=True)
def _in_the_project(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("PROZVON_CONFIG", raising=False)


def commands() -> list[list[str]]:
    """Every command there is, as the help lists them."""
    found: list[list[str]] = []

    def walk(parser, path):
        for action in parser._actions:
            if isinstance(getattr(action, "choices", None), dict):
                for name, inner in action.choices.items():
                    found.append([*path, name])
                    walk(inner, [*path, name])

    walk(cli.build(), [])
    return found


@pytest.mark.parametrize("path", commands(), ids=" ".join)
def test_every_command_teaches_by_examples(path, capsys):
    assert cli.main([*path, "--help"]) == Exit.OK
    shown = capsys.readouterr().out
    assert "examples:" in shown
    assert f"prozvon {path[0]}" in shown


def test_without_a_command_it_shows_what_there_is_and_the_exit_codes(capsys):
    assert cli.main([]) == Exit.USAGE
    told = capsys.readouterr().err
    assert "config" in told
    assert [line[2] for line in told.split("exit codes:\n")[1].splitlines() if line.strip()] == list("01234")


@pytest.mark.parametrize(
    "argv", [["confg"], ["config", "chek"], ["config", "show", "apii"], ["worker", "archive"]]
)
def test_a_mistyped_word_is_answered_with_the_nearest_and_exit_code_2(argv, capsys):
    assert cli.main(argv) == Exit.USAGE
    told = capsys.readouterr().err
    assert "Did you mean" in told
    assert "Traceback" not in told


def test_the_shipped_configuration_is_right(capsys):
    assert cli.main(["config", "check"]) == Exit.OK
    assert "the virtual switch" in capsys.readouterr().out


def test_a_wrong_configuration_is_told_line_by_line_with_exit_code_2(tmp_path, capsys):
    path = tmp_path / "c.yaml"
    path.write_text(WRONG)
    assert cli.main(["config", "check", "--config", str(path)]) == Exit.USAGE
    assert [line.split(": ")[:2] for line in capsys.readouterr().err.splitlines()] == [
        [f"{path}:1:7", "api.prot"],
        [f"{path}:2:23", "pacing.max_check_s"],
    ]


def test_for_scripts_the_same_is_json(tmp_path, capsys):
    path = tmp_path / "c.yaml"
    path.write_text(WRONG)
    assert cli.main(["config", "check", "--json", "--config", str(path)]) == Exit.USAGE
    problems = json.loads(capsys.readouterr().out)["error"]["problems"]
    assert [problem["key"] for problem in problems] == ["api.prot", "pacing.max_check_s"]


@pytest.mark.parametrize("order", ["before", "after", "environment"])
def test_the_configuration_is_named_before_or_after_the_command_or_in_the_environment(
    order, tmp_path, capsys, monkeypatch
):
    path = tmp_path / "c.yaml"
    path.write_text("api: {port: 9999}\n")
    given = ["--config", str(path)]
    if order == "environment":
        monkeypatch.setenv("PROZVON_CONFIG", str(path))
        given = []
    argv = [*given, "config", "show", "api"] if order == "before" else ["config", "show", "api", *given]
    assert cli.main([*argv, "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["api"]["port"] == 9999


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("a"), Exit.USAGE),
        (Unreachable("a"), Exit.UNREACHABLE),
        (Refused("a"), Exit.REFUSED),
        (NotFound("a"), Exit.REFUSED),
        (DialerError("a", "here", "Mend it."), Exit.FAILED),
    ],
)
def test_each_kind_of_refusal_has_its_exit_code_and_no_traceback(error, code, capsys):
    def refuse() -> int:
        raise error

    assert guarded(refuse, as_json=False) == code
    assert guarded(refuse, as_json=True) == code
    shown = capsys.readouterr()
    assert json.loads(shown.out)["error"]["what"] == "a"
    assert "Traceback" not in shown.err


def test_the_schema_is_printed_as_it_is_checked_in(capsys):
    assert cli.main(["config", "schema"]) == Exit.OK
    assert capsys.readouterr().out == (ROOT / "docs/schema/config.v1.json").read_text(encoding="utf-8")


# --- the real process ----------------------------------------------------------------------------


def run(*argv: str, **more: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "engine", *argv]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT, check=False, **more)


def test_the_program_runs_with_everything_patched_before_it_is_imported():
    code = "import engine.__main__, socket, gevent.socket; print(socket.socket is gevent.socket.socket)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("True", "")


def test_importing_any_other_room_patches_nothing():
    code = "import engine.cli, socket, gevent.socket; print(socket.socket is gevent.socket.socket)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == "False"


def test_the_exit_code_reaches_the_shell():
    assert run("config", "check").returncode == 0
    assert run("config", "check", "--config", "gone.yaml").returncode == 2


def test_a_reader_that_goes_away_is_no_failure():
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "engine", "config", "schema"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, timeout=60, cwd=ROOT, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_every_worker_says_what_it_does(capsys):
    assert cli.main(["worker", "--help"]) == Exit.OK
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in worker.WORKERS)
