"""An upload becomes contacts, or a clear error; what breaks off leaves nothing behind."""

import csv
import io
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.app.import_worker import REMARKS_TOLD, import_file
from engine.app.importing import import_csv
from engine.contacts.import_rows import ImportOptions
from engine.control import Refused
from engine.domain.campaign import Campaign, Mode
from engine.domain.errors import StoreError
from engine.ports import ImportCount


class Counting:
    """A store that only counts."""

    def add_contacts(self, contacts: Any, import_id: str) -> ImportCount:
        return ImportCount(len(list(contacts)), 0)


def imported(text: str, rejects: Path) -> dict[str, Any]:
    file = io.BytesIO(text.encode())
    return import_file(Counting(), file, ImportOptions("spring", "PL"), rejects, "one")  # type: ignore[arg-type]


def test_every_bad_row_is_in_the_rejects_file_and_the_first_are_told(tmp_path: Path) -> None:
    bad = REMARKS_TOLD + 50
    text = "phone;name\n+48600000001;A\n" + "112;B\n" * bad
    result = imported(text, tmp_path / "rejects.csv")
    assert (result["added"], result["rejected_count"]) == (1, bad)
    assert len(result["rejected"]) == REMARKS_TOLD
    rows = list(csv.reader((tmp_path / "rejects.csv").open(encoding="utf-8-sig"), delimiter=";"))
    assert rows[0][:3] == ["phone", "name", "reject_line"]
    assert [row[0] for row in rows[1:]] == ["112"] * bad


def test_a_file_without_a_header_still_has_its_reject(tmp_path: Path) -> None:
    assert imported("", tmp_path / "rejects.csv")["rejected_count"] == 1
    assert "the file is empty" in (tmp_path / "rejects.csv").read_text("utf-8-sig")


def test_good_files_leave_no_rejects_file(tmp_path: Path) -> None:
    assert imported("phone\n+48600000001\n", tmp_path / "rejects.csv")["rejects_file"] == ""
    assert not (tmp_path / "rejects.csv").exists()


ROOT = Path(__file__).parents[2]
CAMPAIGN = Campaign("spring", "team", Mode.MANUAL, gateways=(), caller_ids=())


def engine_at(folder: Path) -> Any:
    return SimpleNamespace(data=folder, clock=SimpleNamespace(wall_s=lambda: 0.0))


def test_an_upload_that_breaks_off_leaves_nothing_behind(tmp_path: Path) -> None:
    def cut() -> Iterator[bytes]:
        yield b"phone\n+4860"
        raise Refused("the request ended early", "body", "Send it again.")

    with pytest.raises(Refused, match="ended early"):
        import_csv(engine_at(tmp_path), CAMPAIGN, cut(), {})
    assert list((tmp_path / "imports").iterdir()) == []


def test_an_unknown_option_is_refused_before_anything_is_kept(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="unknown option colour"):
        import_csv(engine_at(tmp_path), CAMPAIGN, iter([b"phone\n"]), {"colour": "red"})
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "imports").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="the upload cannot be kept"):
        import_csv(engine_at(tmp_path), CAMPAIGN, iter([b"phone\n"]), {})


PARENT = """
import subprocess, sys
from engine.app.children import die_with_parent
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], preexec_fn=die_with_parent)
print(child.pid, flush=True)
sys.stdin.read()
"""


def test_a_worker_does_not_outlive_an_engine_that_is_killed() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 10.0
    while lives(child):
        assert time.monotonic() < deadline, "it lives on"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
