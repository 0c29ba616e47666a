"""An engine as its users run it: a process of its own, spoken to by its HTTP API, and killed at will."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import requests
import yaml

T = TypeVar("T")
ROOT = Path(__file__).parents[2]


def wait_for(what: str, ask: Callable[[], T], timeout_s: float = 20.0, every_s: float = 0.05) -> T:
    """The first true answer; AssertionError with the last one when the time is over."""
    deadline = time.monotonic() + timeout_s
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"no {what} within {timeout_s} s; last: {answer!r}"
        time.sleep(every_s)
    return answer


@dataclass
class EngineProcess:
    """`home` gets config.yaml, data/ and engine.log. `config`: the whole configuration; `start` writes it."""

    home: Path
    config: dict[str, Any]
    _process: subprocess.Popen[bytes] | None = None
    _http: requests.Session = field(default_factory=requests.Session)

    # --- life --------------------------------------------------------------------------------------

    def start(self, timeout_s: float = 40.0) -> "EngineProcess":
        """Start, and wait until it is fit to dial: switch and store there, its teams its own."""
        self.launch()
        wait_for("healthy engine", self.healthy, timeout_s)
        return self

    def launch(self) -> None:
        """Start, and wait for nothing."""
        self.write_config()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "engine", "run", "--config", str(self.home / "config.yaml")],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def wait_end(self, timeout_s: float = 30.0) -> int:
        """Its exit code, when it ends by itself."""
        assert self._process is not None
        return self._process.wait(timeout_s)

    def write_config(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "config.yaml").write_text(yaml.safe_dump(self.config, allow_unicode=True))

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "engine.log"

    def log_lines(self) -> list[str]:
        return self.log.read_text().splitlines()

    def kill(self) -> None:
        """kill -9: no goodbye to anybody."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)
        self._process = None
        self._http.close()

    def stop(self) -> None:
        """The orderly end. Safe when it is dead already."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._process = None
        self._http.close()

    def reload(self) -> None:
        os.kill(self.pid, signal.SIGHUP)

    def child(self, *words: str) -> int:
        """The process id of its child whose command line holds all the words; 0: there is none."""
        for path in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split():
            try:
                line = Path(f"/proc/{path}/cmdline").read_bytes().decode().split("\0")
            except OSError:
                continue
            if all(word in line for word in words):
                return int(path)
        return 0

    # --- the API -----------------------------------------------------------------------------------

    def ask(self, method: str, path: str, **given: Any) -> requests.Response:
        token = (self.data / "api.token").read_text().strip()
        port = self.config["api"]["port"]
        return self._http.request(
            method,
            f"http://127.0.0.1:{port}{path}",
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            | given.pop("headers", {}),
            timeout=30,
            **given,
        )

    def get(self, path: str, **given: Any) -> Any:
        return self._answer(self.ask("GET", path, **given))

    def post(self, path: str, **body: Any) -> Any:
        return self._answer(self.ask("POST", path, json=body))

    def patch(self, path: str, **body: Any) -> Any:
        return self._answer(self.ask("PATCH", path, json=body))

    @staticmethod
    def _answer(response: requests.Response) -> Any:
        assert response.ok, (
            f"{response.request.method} {response.url}: {response.status_code} {response.text}"
        )
        return response.json()

    def healthy(self) -> bool:
        assert self._process is not None
        code = self._process.poll()
        assert code is None, f"the engine ended with {code}: {self.log.read_text()[-2000:]}"
        try:
            return self.ask("GET", "/health").ok
        except (OSError, requests.RequestException):
            return False

    # --- what users do and see -----------------------------------------------------------------------

    def add_contacts(self, campaign_id: str, numbers: list[str]) -> dict[str, Any]:
        """Each number a person and a contact of its own."""
        rows = "phone,name,person_id\n" + "".join(f"{n},Anna {n[-4:]},p{n[1:]}\n" for n in numbers)
        response = self.ask(
            "POST",
            f"/v1/campaigns/{campaign_id}/contacts",
            data=rows.encode(),
            headers={"Content-Type": "text/csv"},
        )
        answer: dict[str, Any] = self._answer(response)
        return answer

    @property
    def agents(self) -> list[str]:
        return [agent["id"] for agent in self.config["agents"]]

    def run(self, campaign_id: str, numbers: list[str]) -> None:
        """Import them all, and start."""
        assert self.add_contacts(campaign_id, numbers)["added"] == len(numbers)
        self.post(f"/v1/campaigns/{campaign_id}/start")

    def agents_work(self, timeout_s: float = 15.0) -> None:
        """Everybody logs in, takes the call, is ready."""
        for agent_id in self.agents:
            self.post(f"/v1/agents/{agent_id}/login")
        for agent_id in self.agents:
            wait_for(f"phone of {agent_id}", lambda a=agent_id: self.agent(a)["phone_up"], timeout_s)  # type: ignore[misc]
            self.post(f"/v1/agents/{agent_id}/ready")

    def agent(self, agent_id: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.get(f"/v1/agents/{agent_id}")
        return answer

    def all_ready(self) -> bool:
        return self.agent_states() == {"ready": len(self.agents)}

    def agent_states(self) -> Counter[str]:
        return Counter(agent["state"] for agent in self.get("/v1/agents"))

    def calls(self, *states: str) -> list[dict[str, Any]]:
        return [call for call in self.get("/v1/calls") if not states or call["state"] in states]

    def campaign(self, campaign_id: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.get(f"/v1/campaigns/{campaign_id}/status")
        return answer

    def is_over(self, *campaign_ids: str) -> bool:
        """Nobody is due, claimed or on the line in these campaigns."""
        for campaign_id in campaign_ids:
            status = self.campaign(campaign_id)
            queue = status["queue"]
            if queue["due"] or queue["claimed"] or status["calls"]:
                return False
        return True

    def journal(self, kind: str) -> list[dict[str, Any]]:
        """Records of a kind, numbers in clear."""
        response = self.ask("GET", f"/v1/journal?kind={kind}&format=jsonl&since_s=0&clear=true")
        assert response.ok, response.text
        return [json.loads(line) for line in response.text.splitlines() if line]

    def cdrs(self) -> list[dict[str, Any]]:
        return self.journal("cdr")
