"""An import while calls run: the upload is kept, a worker process reads it, the queue is looked at again."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from gevent.lock import BoundedSemaphore

from engine.app.children import die_with_parent
from engine.app.import_worker import STORE_URL
from engine.app.kept_files import IMPORTS
from engine.control import Refused
from engine.domain.campaign import Campaign
from engine.domain.errors import StoreError

OPTIONS = ("region", "default_zone", "language", "encoding", "delimiter")
AT_ONCE = 4  # workers; further uploads wait for their turn

_turns = BoundedSemaphore(AT_ONCE)


def import_csv(
    engine: Any, campaign: Campaign, rows: Iterator[bytes], options: Mapping[str, str]
) -> dict[str, Any]:
    """Store the rows of an upload as contacts of the campaign; {added, duplicates, rejected: [...], ...}."""
    unknown = set(options) - {*OPTIONS, "mapping"}
    if unknown:
        raise Refused(
            f"unknown option {', '.join(sorted(unknown))}",
            "import",
            f"There are: {', '.join(OPTIONS)}, mapping.",
        )
    import_id = f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(engine.clock.wall_s()))}-{uuid4().hex[:6]}"
    folder: Path = engine.data / IMPORTS
    source = folder / f"{import_id}.csv"
    _keep(rows, source)
    given = {name: options[name] for name in OPTIONS if options.get(name)}
    asked = {
        "campaign_id": campaign.campaign_id,
        "region": engine.config.calling.country,
        "default_zone": campaign.default_zone,
        "language": campaign.language,
        **given,
    }
    if options.get("mapping"):
        asked["mapping"] = json.loads(options["mapping"])
    with _turns:
        result = _run(engine, source, folder / f"{import_id}.rejects.csv", asked, import_id)
    if result.get("error"):
        raise Refused(
            str(result["error"]), f"import {import_id}", "Mend it and import again: nothing comes in twice."
        )
    engine.dialer.launcher.wake(campaign.campaign_id)
    engine.dialer.pacer.poke(campaign.team)
    counts = {name: result[name] for name in ("rows", "added", "duplicates", "rejected_count")}
    engine.journal.append(
        "import", "", {"import_id": import_id, "campaign_id": campaign.campaign_id, **counts}
    )
    engine.feed.tell("import", import_id=import_id, campaign=campaign.campaign_id, done=True, **counts)
    return {"import_id": import_id, **result}


def _keep(rows: Iterator[bytes], source: Path) -> None:
    """All of the upload, or, when it breaks off, nothing."""
    try:
        source.parent.mkdir(parents=True, exist_ok=True)
        file = source.open("wb")
        try:
            with file:
                for chunk in rows:
                    file.write(chunk)
        except BaseException:
            source.unlink(missing_ok=True)
            raise
    except OSError as error:
        what = f"the upload cannot be kept: {error.strerror or error}"
        raise StoreError(what, str(source.parent), "See the disk.") from error


def _run(
    engine: Any, source: Path, rejects: Path, options: Mapping[str, Any], import_id: str
) -> dict[str, Any]:
    """The worker, line by line; gevent lets calls go on while we read."""
    command = [
        sys.executable,
        "-m",
        "engine",
        "worker",
        "import",
        "--shards",
        str(engine.config.store.shards),
    ]
    command += ["--file", str(source), "--rejects", str(rejects)]
    command += ["--import-id", import_id, "--options", json.dumps(dict(options))]
    last: dict[str, Any] = {"error": "the import worker ended without a word"}
    secret = {**os.environ, STORE_URL: engine.store_url}
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=secret,
        preexec_fn=die_with_parent,  # nobody would hear its result
    ) as worker:
        assert worker.stdout is not None
        for line in worker.stdout:
            if not line.endswith(b"\n"):
                break  # it died in the middle of a word
            last = json.loads(line)
            if not last.get("done"):
                engine.feed.tell(
                    "import", import_id=import_id, campaign=options["campaign_id"], done=False, **last
                )
    if not last.pop("done", False):
        last.setdefault("error", "the import worker ended in the middle of the list")
    return last
