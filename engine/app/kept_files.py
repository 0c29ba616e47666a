"""Files with people's voices or numbers in them that are kept for a while, and their end."""

import logging
from pathlib import Path

log = logging.getLogger("prozvon")

EVIDENCE, IMPORTS = "evidence", "imports"
"""Folders of the data folder: the sound of sampled calls; uploaded lists and what was rejected of them."""
DAY_S = 86_400.0
MOST_AT_ONCE = 200  # the engine waits for the disk meanwhile: the rest goes next time


def prune(folder: Path, days: float, wall_s: float) -> int:
    """Delete what was kept for longer than `days`; how many files, few at a time. `wall_s`: epoch seconds."""
    gone = 0
    try:
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.stat().st_mtime < wall_s - days * DAY_S:
                path.unlink()
                gone += 1
                if gone >= MOST_AT_ONCE:
                    break
    except OSError as error:
        log.error("old files not deleted", extra={"folder": str(folder), "why": str(error)})
    return gone
