"""The virtual switch as a program beside the engine: it lives on when the engine is killed, and back."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.freeswitch.carrier import PREFIXES
from tests.freeswitch.esl import Esl
from tests.freeswitch.switch import free_ports
from tests.stories.engine_process import ROOT
from tests.stories.plan import GROUPS

PASSWORD = "ClueCon"


def population(faults: dict[str, Any] | None = None, **people: Any) -> dict[str, Any]:
    """Everybody of the number plan; `people`: habits of whoever answers, e.g. talk_s."""
    quick = {
        "setup_s": 0.02,
        "ring_s": {"uniform": [0.1, 0.4]},
        "greeting_s": 0.2,
        "patience_s": 10,
        "listen_s": 30,
        "codec": "PCMA",
    }
    return {
        "default": {"shares": {"answer": 1}, "talk_s": {"uniform": [0.5, 1.5]}, **quick, **people},
        "groups": [{"prefix": f"+{PREFIXES[outcome]}", **group} for outcome, group in GROUPS.items()],
        "agents": {"default": {"answer_after_s": 0.1}},
        "faults": faults or {},
    }


def invites_of(path: Path) -> list[dict[str, Any]]:
    """What the switch itself noted of the calls it sent to people (agents' phones have no gateway)."""
    if not path.exists():
        return []
    notes = [json.loads(line) for line in path.read_text().splitlines()]
    return [note for note in notes if note["what"] == "invite" and note["gateway"]]


@dataclass
class VirtualSwitchProcess:
    home: Path
    people: dict[str, Any] = field(default_factory=population)
    inbound_port: int = 0
    port: int = 0
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> "VirtualSwitchProcess":
        """Start, or start again on the same port: then every call of before is gone."""
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "population.yaml").write_text(yaml.safe_dump(self.people))
        self.port = self.port or free_ports(1)[0]
        arguments = ["--port", str(self.port), "--population", str(self.home / "population.yaml")]
        arguments += ["--invites", str(self.home / "invites.jsonl"), "--heartbeat", "2"]
        arguments += ["--socket", f"127.0.0.1:{self.inbound_port}"] * bool(self.inbound_port)
        with (self.home / "switch.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "engine", "sim", *arguments],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith(b"virtual switch on "), (self.home / "switch.log").read_text()
        return self

    @property
    def password(self) -> str:
        return PASSWORD

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def connect(self) -> Esl:
        return Esl.connect("127.0.0.1", self.port, PASSWORD)

    def is_alive(self, leg_id: str) -> bool:
        with self.connect() as esl:
            return esl.api(f"uuid_exists {leg_id}") == "true"

    @property
    def invites(self) -> list[dict[str, Any]]:
        return invites_of(self.home / "invites.jsonl")

    @property
    def ends(self) -> dict[str, dict[str, Any]]:
        """By leg: how each call to a person ended, as the switch saw it."""
        lines = (self.home / "invites.jsonl").read_text().splitlines()
        return {note["uuid"]: note for note in map(json.loads, lines) if note["what"] == "end"}

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._close()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._close()

    def _close(self) -> None:
        assert self._process is not None
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None
