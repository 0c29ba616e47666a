"""Append-only files that survive a crash at any byte.

A frame is `PZFR | length (4 bytes, big endian) | crc32 of the payload (4 bytes) | payload`. A file ends with
a whole frame or with a torn one; a torn tail was never acknowledged to anybody and is cut off (kept beside
the file) before the next append.
"""

import contextlib
import logging
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from zlib import crc32

log = logging.getLogger(__name__)

MAGIC: Final = b"PZFR"
_HEAD: Final = struct.Struct(">4sII")
PAYLOAD_MOST: Final = 256 * 1024 * 1024


def framed(payload: bytes) -> bytes:
    return _HEAD.pack(MAGIC, len(payload), crc32(payload)) + payload


def read_frames(path: Path, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """`(offset of the end, payload)` of every whole frame from `start`; stops before the first torn one.

    A file that is not there has no frames.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        file.seek(start)
        end = start
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            magic, length, crc = _HEAD.unpack(head)
            if magic != MAGIC or length > PAYLOAD_MOST:
                return
            payload = file.read(length)
            if len(payload) < length or crc32(payload) != crc:
                return
            end += _HEAD.size + length
            yield end, payload


def whole_end(path: Path) -> int:
    """Where the last whole frame ends; 0 for a file without one."""
    return max((end for end, _ in read_frames(path)), default=0)


def is_torn(tail: bytes) -> bool:
    """Is this what a crash leaves of one frame: its beginning, and nothing after? Else it is damage."""
    if MAGIC in tail[1:]:
        return False
    if len(tail) < _HEAD.size:
        return True
    magic, length, _ = _HEAD.unpack_from(tail)
    return bool(magic == MAGIC and len(tail) < _HEAD.size + length)


def cut_torn_tail(path: Path) -> int:
    """Remove what follows the last whole frame; how many bytes that was. `NAME.torn-OFFSET` keeps them."""
    if not path.exists():
        return 0
    end, size = whole_end(path), path.stat().st_size
    if size > end:
        with path.open("r+b") as file:
            file.seek(end)
            path.with_name(f"{path.name}.torn-{end}").write_bytes(file.read())
            file.truncate(end)
            os.fsync(file.fileno())
        log.warning("unfinished end of a file cut off", extra={"file": str(path), "bytes": size - end})
    return size - end


def append_durably(path: Path, data: bytes) -> None:
    """Append and fsync, the folder too when the file is new. A failed append leaves the file as it was."""
    is_new = not path.exists()
    with path.open("ab", buffering=0) as file:  # a buffer would try the failed write again, and leave half
        before = file.seek(0, os.SEEK_END)
        left = memoryview(data)
        try:
            while left:
                left = left[file.write(left) :]
            os.fsync(file.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(file.fileno(), before)
            raise
    if is_new:
        fsync_folder(path.parent)


def replace_durably(path: Path, data: bytes) -> None:
    """The file holds either what it held, or all of `data`."""
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    fsync_folder(path.parent)


def fsync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
