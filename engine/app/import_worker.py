"""`prozvon worker import`: rows → contacts → store, in a process of its own, so no call waits for a list.

Says on its standard output, a JSON line each: {"rows": n, "added": n, …} as it goes, and at the end the
result with "done": true.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from engine.contacts.import_rows import ImportOptions, ImportRows
from engine.contacts.rejects import reject_lines
from engine.domain.contact import Contact, RowError
from engine.domain.errors import DialerError
from engine.store.redis_store import RedisStore

CHUNK = 1 << 20
BATCH = 1_000
REMARKS_TOLD = 100


def run(argv: list[str]) -> int:
    """0: read to the end, whatever was rejected. 1: the store or the file failed, told as JSON."""
    parser = argparse.ArgumentParser("import", description="Import a file of contacts into the store.")
    parser.add_argument("--store", required=True, metavar="URL")
    parser.add_argument("--shards", type=int, required=True)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--rejects", type=Path, required=True)
    parser.add_argument(
        "--options", required=True, help="JSON: campaign_id, region, default_zone, language, ..."
    )
    parser.add_argument("--import-id", required=True)
    asked = parser.parse_args(argv)
    try:
        store = RedisStore(asked.store, asked.shards)
        with asked.file.open("rb") as file:
            result = import_file(
                store, file, ImportOptions(**json.loads(asked.options)), asked.rejects, asked.import_id
            )
    except (DialerError, OSError) as error:
        _say({"done": True, "error": str(error)})
        return 1
    _say({"done": True, **result})
    return 0


def import_file(
    store: RedisStore, file: BinaryIO, options: ImportOptions, rejects: Path, import_id: str
) -> dict[str, Any]:
    """Good rows go in, batch by batch; bad ones are written to `rejects` with place, problem and fix."""
    rows = ImportRows(iter(lambda: file.read(CHUNK), b""), options)
    rejected: list[RowError] = []
    added = duplicates = 0
    for batch in _batches(_good(rows, rejected), BATCH):
        count = store.add_contacts(((contact, 0.0) for contact in batch), import_id)
        added, duplicates = added + count.added, duplicates + count.duplicates
        _say({"rows": rows.rows, "added": added, "duplicates": duplicates, "rejected": len(rejected)})
    if rejected:
        with rejects.open("w", encoding="utf-8-sig", newline="") as out:
            out.writelines(reject_lines(rejected, rows.header, rows.delimiter))
    return {
        "rows": rows.rows,
        "added": added,
        "duplicates": duplicates,
        "rejected_count": len(rejected),
        "rejected": [_plain(row) for row in rejected[:REMARKS_TOLD]],
        "rejects_file": str(rejects) if rejected else "",
        "encoding": rows.encoding,
        "delimiter": rows.delimiter,
    }


def _good(rows: ImportRows, rejected: list[RowError]) -> Iterator[Contact]:
    for row in rows:
        if isinstance(row, Contact):
            yield row
        else:
            rejected.append(row)


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
