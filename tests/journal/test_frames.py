"""Appending to a disk that is full: all of it or nothing, and what comes later can be read."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.journal.frames import append_durably, framed, read_frames


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """As a full disk: part of a write goes through, the rest does not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("length", [100, 100_000], ids=["short", "longer than a buffer"])
def test_a_failed_append_leaves_the_file_as_it_was_and_the_next_one_is_read(
    tmp_path: Path, length: int
) -> None:
    path = tmp_path / "log"
    append_durably(path, framed(b"first"))
    before = path.read_bytes()
    with files_end_at(len(before) + length // 2), pytest.raises(OSError, match="too large"):
        append_durably(path, framed(b"x" * length))
    assert path.read_bytes() == before
    append_durably(path, framed(b"second"))
    assert [payload for _, payload in read_frames(path)] == [b"first", b"second"]
