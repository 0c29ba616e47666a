"""The kept sound of calls, and uploaded lists, are deleted when their time is over."""

import os
from pathlib import Path

from engine.app.kept_files import MOST_AT_ONCE, prune

DAY_S = 86_400.0


def kept(folder: Path, name: str, age_days: float, now_s: float) -> Path:
    path = folder / name
    path.write_bytes(b"sound")
    os.utime(path, (now_s - age_days * DAY_S,) * 2)
    return path


def test_what_is_older_goes_and_what_is_younger_stays(tmp_path: Path):
    now_s = 1_795_000_000.0
    old, young = kept(tmp_path, "old.wav", 31.0, now_s), kept(tmp_path, "young.wav", 29.0, now_s)
    assert prune(tmp_path, 30.0, now_s) == 1
    assert (old.exists(), young.exists()) == (False, True)


def test_many_go_in_turns(tmp_path: Path):
    now_s = 1_795_000_000.0
    for number in range(MOST_AT_ONCE + 5):
        kept(tmp_path, f"{number}.wav", 31.0, now_s)
    assert prune(tmp_path, 30.0, now_s) == MOST_AT_ONCE
    assert prune(tmp_path, 30.0, now_s) == 5


def test_no_folder_is_no_trouble(tmp_path: Path):
    assert prune(tmp_path / "none", 30.0, 0.0) == 0
