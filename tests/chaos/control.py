"""Words from the chaos to an engine that runs under `tests.chaos.entry`: a few bytes of shared memory."""

import mmap
import os
import struct
from pathlib import Path

ENVIRONMENT = "CHAOS_CONTROL"
_LAYOUT = struct.Struct("d")


class Control:
    """`step_s`: how far the engine's wall clock is off, seconds."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(mmap.PAGESIZE))
        descriptor = os.open(path, os.O_RDWR)
        self._memory = mmap.mmap(descriptor, mmap.PAGESIZE)
        os.close(descriptor)

    @property
    def step_s(self) -> float:
        return float(_LAYOUT.unpack_from(self._memory)[0])

    @step_s.setter
    def step_s(self, value: float) -> None:
        _LAYOUT.pack_into(self._memory, 0, value)
