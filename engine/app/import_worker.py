"""`prozvon worker import`: rows → contacts → store, in a process of its own, so no call waits for a list.

Says on its standard output, a JSON line each: {"rows": n, "added": n, …} as it goes, and at the end the
result with "done": true.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from engine.contacts.import_rows import ImportOptions, ImportRows
from engine.contacts.rejects import reject_lines
from engine.domain.contact import Contact, RowError
from engine.domain.errors import DialerError
from engine.store.redis_store import RedisStore

CHUNK = 1 << 20
BATCH = 1_000
STORE_URL = "PROZVON_STORE_URL"  # not an argument: every user of the machine sees those
REMARKS_TOLD = 100


def run(argv: list[str]) -> int:
    """0: read to the end, whatever was rejected. 1: the store or the file failed, told as JSON."""
    parser = argparse.ArgumentParser("import", description="Import a file of contacts into the store.")
    parser.add_argument("--store", metavar="URL", help=f"the store; not given: what {STORE_URL} says")
    parser.add_argument("--shards", type=int, required=True)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--rejects", type=Path, required=True)
    parser.add_argument(
        "--options", required=True, help="JSON: campaign_id, region, default_zone, language, ..."
    )
    parser.add_argument("--import-id", required=True)
    asked = parser.parse_args(argv)
    try:
        store = RedisStore(asked.store or os.environ[STORE_URL], asked.shards)
        with asked.file.open("rb") as file:
            result = import_file(
                store, file, ImportOptions(**json.loads(asked.options)), asked.rejects, asked.import_id
            )
    except (DialerError, OSError) as error:
        _say({"done": True, "error": str(error)})
        return 1
    except Exception as error:  # whatever a file can do, whoever sent it is told; the trace goes to the log
        _say({"done": True, "error": f"the file cannot be read: {type(error).__name__}"})
        raise
    _say({"done": True, **result})
    return 0


def import_file(
    store: RedisStore, file: BinaryIO, options: ImportOptions, rejects: Path, import_id: str
) -> dict[str, Any]:
    """Good rows go in, batch by batch; bad ones are written to `rejects` with place, problem and fix."""
    rows = ImportRows(iter(lambda: file.read(CHUNK), b""), options)
    added = duplicates = 0
    with Rejects(rejects, rows) as refused:
        for batch in _batches(_good(rows, refused), BATCH):
            count = store.add_contacts(((contact, 0.0) for contact in batch), import_id)
            added, duplicates = added + count.added, duplicates + count.duplicates
            _say({"rows": rows.rows, "added": added, "duplicates": duplicates, "rejected": refused.count})
    return {
        "rows": rows.rows,
        "added": added,
        "duplicates": duplicates,
        "rejected_count": refused.count,
        "rejected": [_plain(row) for row in refused.first],
        "rejects_file": str(rejects) if refused.count else "",
        "encoding": rows.encoding,
        "delimiter": rows.delimiter,
    }


class Rejects:
    """What did not go in, written as it comes: a list may have millions. `first`: some to tell."""

    def __init__(self, path: Path, rows: ImportRows) -> None:
        self._path, self._rows = path, rows
        self._out: TextIO | None = None
        self.first: list[RowError] = []
        self.count = 0

    def add(self, row: RowError) -> None:
        lines = reject_lines([row], self._rows.header, self._rows.delimiter)
        if self._out is None:
            self._out = self._path.open("w", encoding="utf-8-sig", newline="")
            self._out.write(next(lines))
        else:
            next(lines)  # the header stands above
        self._out.writelines(lines)
        self.count += 1
        if self.count <= REMARKS_TOLD:
            self.first.append(row)

    def __enter__(self) -> "Rejects":
        return self

    def __exit__(self, *_: object) -> None:
        if self._out is not None:
            self._out.close()


def _good(rows: ImportRows, rejects: Rejects) -> Iterator[Contact]:
    for row in rows:
        if isinstance(row, Contact):
            yield row
        else:
            rejects.add(row)


def _plain(row: RowError) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("line", "column", "value", "problem", "fix")}


def _batches(contacts: Iterable[Contact], size: int) -> Iterator[list[Contact]]:
    batch: list[Contact] = []
    for contact in contacts:
        batch.append(contact)
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch


def _say(record: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()
