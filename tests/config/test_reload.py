"""Reading config.yaml again while calls run."""

import os

import pytest

from engine.config import Reloader
from engine.config.reload import Reloaded
from engine.domain.errors import ConfigError

FIRST = """\
switches: [{name: fs, password: '${ESL}'}]
gateways:
  - {name: one, channels: 10}
  - {name: two, channels: 20}
api: {port: 8080}
pacing: {max_check_s: 3}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(FIRST)
    return path


def reloaded(file, text: str, environ: dict[str, str] | None = None) -> tuple[Reloader, Reloaded]:
    environ = environ or {"ESL": "hunter2"}
    reloader = Reloader(file, environ)
    file.write_text(text)
    return reloader, reloader.reload()


def test_what_holds_for_new_calls_at_once_is_told_apart_from_what_needs_a_restart(file):
    text = FIRST.replace("channels: 10", "channels: 12").replace("8080", "9090")
    reloader, result = reloaded(file, text)
    assert [str(change) for change in result.now] == ["gateways[one].channels: 10 → 12"]
    assert [str(change) for change in result.restart] == ["api.port: 8080 → 9090"]
    assert reloader.config.gateways[0].channels == 12


def test_the_same_file_changes_nothing(file):
    _, result = reloaded(file, "# a comment more\n" + FIRST)
    assert result.as_dict() == {"changed": [], "now": [], "restart": []}


def test_items_of_lists_are_matched_by_name_so_that_an_insertion_is_one_change(file):
    _, result = reloaded(file, FIRST.replace("gateways:", "gateways:\n  - {name: zero}"))
    assert [str(change) for change in result.now] == ["gateways[zero]: Gateway zero (new)"]


def test_what_is_taken_away_is_told(file):
    _, result = reloaded(file, FIRST.replace("  - {name: two, channels: 20}\n", ""))
    assert [str(change) for change in result.now] == ["gateways[two]: Gateway two → (removed)"]


def test_a_changed_secret_is_told_without_being_shown(file):
    environ = {"ESL": "hunter2"}
    reloader = Reloader(file, environ)
    environ["ESL"] = "hunter3"
    result = reloader.reload()
    assert [str(change) for change in result.restart] == [
        "switches[fs].password: ******** → ******** (changed)"
    ]


@pytest.mark.parametrize("text", ["api: {port: eighty}", "pacing: [", "", None])
def test_a_wrong_file_changes_nothing_and_says_why(file, text):
    reloader = Reloader(file, {"ESL": "x"})
    before = reloader.config
    if text is None:
        file.unlink()
    elif text:
        file.write_text(text)
    else:
        file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError) as caught:
        reloader.reload()
    assert str(file) in str(caught.value)
    assert reloader.config is before


@pytest.mark.parametrize("text", ["", "# to be written\n", "\n\n"])
def test_an_empty_file_is_taken_for_one_half_written_and_changes_nothing(file, text: str):
    reloader = Reloader(file, {"ESL": "hunter2"})
    before = reloader.config
    file.write_text(text)
    with pytest.raises(ConfigError, match="the configuration is empty"):
        reloader.reload()
    assert reloader.config is before


def test_a_pipe_or_a_device_in_place_of_the_file_holds_nothing_up(file):
    reloader = Reloader(file, {"ESL": "hunter2"})
    for wrong in ("pipe", "device"):
        file.unlink()
        os.mkfifo(file) if wrong == "pipe" else file.symlink_to("/dev/zero")
        with pytest.raises(ConfigError, match="a pipe or a device"):
            reloader.reload()


def test_a_huge_file_is_refused_without_being_read_whole(file):
    with file.open("wb") as sparse:
        sparse.truncate(2**40)
    with pytest.raises(ConfigError, match="longer than"):
        Reloader(file, {"ESL": "hunter2"})
