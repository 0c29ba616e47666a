"""`prozvon journal verify` on an archive that is whole, and on one that somebody has touched."""

from pathlib import Path

import pytest

from engine import cli
from engine.journal.frames import framed
from engine.journal.segments import GENESIS, SUFFIX, Entry, chained


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    entries = [Entry(0, (1_795_000_000_000 + n, 0), "note", None, None, b"\x80") for n in range(3)]
    block = chained(entries, GENESIS, {})
    (tmp_path / f"2026-11-18{SUFFIX}").write_bytes(framed(block.pack()))
    return tmp_path


def test_a_whole_archive_is_proven(archive: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["journal", "verify", "--folder", str(archive)]) == 0
    assert "3 records in 1 files, whole" in capsys.readouterr().out


def test_a_chain_that_misses_its_newest_records_is_broken(archive: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["journal", "verify", "--folder", str(archive), "--last", "00" * 31 + "01"]) == 1
    assert "BROKEN" in capsys.readouterr().out


def test_a_folder_that_is_not_there_is_a_clear_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["journal", "verify", "--folder", str(tmp_path / "nowhere")]) == 2
    assert "no archive" in capsys.readouterr().err
