"""The folder that the switch writes calls into: nobody else may listen there."""

import os
from pathlib import Path

import pytest

from engine.app.copies import TAP_MOST_S, make_tap_folder
from engine.domain.errors import ConfigError

NOW_S = 1_795_000_000.0


def test_the_folder_is_made_so_that_others_may_write_and_not_look(tmp_path: Path):
    folder = tmp_path / "deep" / "taps"
    make_tap_folder(folder, NOW_S)
    assert folder.stat().st_mode & 0o7777 == 0o1733
    make_tap_folder(folder, NOW_S)


def test_what_a_killed_engine_left_goes_and_what_is_being_written_stays(tmp_path: Path):
    old, new = tmp_path / "old-in.PCMA", tmp_path / "new-in.PCMA"
    for path, age_s in ((old, 2 * TAP_MOST_S + 60), (new, 10.0)):
        path.write_bytes(b"sound")
        os.utime(path, (NOW_S - age_s,) * 2)
    make_tap_folder(tmp_path, NOW_S)
    assert (old.exists(), new.exists()) == (False, True)


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(ConfigError, match="not ours"):
        make_tap_folder(tmp_path, NOW_S)


def test_a_link_to_a_folder_is_refused(tmp_path: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(ConfigError, match="not ours"):
        make_tap_folder(tmp_path / "link", NOW_S)


def test_a_file_in_its_place_is_refused(tmp_path: Path):
    (tmp_path / "taps").write_text("x")
    with pytest.raises(ConfigError, match="tap folder"):
        make_tap_folder(tmp_path / "taps", NOW_S)
