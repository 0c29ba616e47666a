"""What the benchmarks of the whole engine share: a running engine and its surroundings, each a process of
its own, and what the kernel tells of them."""

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.cli.client import Address, RemoteEngine
from engine.domain.errors import DialerError

PROZVON = [sys.executable, "-m", "engine"]
TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")
CONFIG = """
switches:
  - {{name: bench, host: 127.0.0.1, port: {switch_port}}}
gateways:
  - {{name: trunk, channels: 2000, calls_per_s: 1000, codec: PCMU}}
caller_ids:
  main: {{numbers: ["+48220000101", "+48220000102", "+48220000103"]}}
teams:
  - name: bench
agents: [{agents}]
campaigns:
  - {{id: agents, mode: progressive, team: bench, gateways: [trunk], caller_ids: [main], language: en,
      max_calls: 2000, calls_per_s: {calls_per_s}, wrap_up_s: 0, ring_time_s: 30}}
  - {{id: robot, mode: robot, team: bench, gateways: [trunk], caller_ids: [main], language: pl,
      max_calls: 1000, calls_per_s: 100, script: {scenario}}}
  - {{id: imported, mode: progressive, team: bench, gateways: [trunk], caller_ids: [main], language: en}}
calling:
  country: PL
  rules:
    - {{rule: calling_hours,
        params: {{workday: "00:00-24:00", weekend: "00:00-24:00", holiday: "00:00-24:00"}}}}
    - {{rule: attempt_limit, params: {{per_day: 3, per_week: 7}}}}
store: {{data_dir: data}}
api: {{port: {api_port}}}
inbound: {{port: {inbound_port}}}
tts: {{cache_dir: data/tts}}
logging: {{file: engine.log, format: json}}
"""
SCENARIO = Path(__file__).parents[2] / "scenarios/payment_reminder.yaml"


@dataclass(slots=True)
class Rig:
    """`engine`: its HTTP API. `pid`: the engine's own process, without its children."""

    engine: RemoteEngine
    pid: int
    folder: Path

    def cpu_s(self) -> float:
        """CPU seconds the engine's process has used: user and system, all its threads, no children."""
        return cpu_s(self.pid)

    def memory_bytes(self) -> int:
        """Resident memory of the engine's process."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def meter(self, name: str) -> float:
        """One figure of /metrics, its labels summed up."""
        with self.engine.download("/metrics") as pieces:
            lines = b"".join(pieces).decode().splitlines()
        return sum(
            float(line.rpartition(" ")[2]) for line in lines if line.startswith((name + " ", name + "{"))
        )

    def rendered(self) -> int:
        """Prompts made so far."""
        return len(list((self.folder / "data/tts").rglob("*.wav")))

    def upload(self, campaign: str, rows: bytes) -> Any:
        return self.engine.upload(f"/v1/campaigns/{campaign}/contacts", io.BytesIO(rows))

    def start(self, campaign: str) -> None:
        self.engine.post(f"/v1/campaigns/{campaign}/start")

    def ended(self) -> int:
        """Attempts that have come to their CDR."""
        return int(self.meter("prozvon_attempts_total"))

    def work(self, agents: int) -> None:
        """Log all agents in and make them ready."""
        for number in range(agents):
            self.engine.post(f"/v1/agents/a{number}/login")
        for number in range(agents):
            wait_for(lambda n=number: self._picked_up(n), 30.0)
            self.engine.post(f"/v1/agents/a{number}/ready")

    def _picked_up(self, number: int) -> bool:
        return str(self.engine.get(f"/v1/agents/a{number}")["state"]) not in ("offline", "calling")


@contextmanager
def running(switch_port: int, agents: int, calls_per_s: float = 100.0) -> Iterator[Rig]:
    """An engine on embedded defaults with `agents` agents and three campaigns (agents, robot, imported)."""
    folder = Path(tempfile.mkdtemp(prefix="prozvon-bench-"))
    api_port = free_port()
    people = ", ".join(
        f"{{id: a{n}, name: Agent {n}, extension: {2000 + n}, team: bench}}" for n in range(agents)
    )
    (folder / "config.yaml").write_text(
        CONFIG.format(
            switch_port=switch_port,
            agents=people,
            api_port=api_port,
            inbound_port=free_port(),
            calls_per_s=calls_per_s,
            scenario=SCENARIO,
        )
    )
    with open(folder / "said.txt", "wb") as said:
        process = subprocess.Popen(
            [*PROZVON, "run", "--config", str(folder / "config.yaml")],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
    try:
        token = folder / "data/api.token"
        wait_for(lambda: token.exists() and token.read_text().strip(), 60.0, process)
        engine = RemoteEngine(Address(f"http://127.0.0.1:{api_port}", token.read_text().strip(), "bench"))
        wait_for(lambda: engine.get("/health")["fit"], 60.0, process)
        yield Rig(engine, process.pid, folder)
    except BaseException:
        sys.stderr.write((folder / "said.txt").read_text())
        raise
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder)


@contextmanager
def virtual_switch(population: dict[str, Any], speed: float) -> Iterator[int]:
    """The virtual switch in a process of its own; its port."""
    folder = Path(tempfile.mkdtemp(prefix="prozvon-bench-"))
    (folder / "people.yaml").write_text(json.dumps(population))
    arguments = [
        "sim",
        "--port",
        "0",
        "--speed",
        f"{speed:g}",
        "--population",
        str(folder / "people.yaml"),
        "--life-size",
    ]
    process = subprocess.Popen([*PROZVON, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline().split(b",")[0].rsplit(b":", 1)[1])
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder)


def people(count: int, first: int = 0, same_amount: bool = False) -> bytes:
    """A list of contacts as a customer's CSV. `same_amount`: a robot has but one text to say to all."""
    lines = ["phone;name;person_id;company;amount;currency;due_date"]
    lines += [
        f"+4860{n:07d};Anna Nowak;p{n};Prozvon;{120 if same_amount else n % 5000}.50;PLN;2026-12-15"
        for n in range(first, first + count)
    ]
    return ("\n".join(lines) + "\n").encode()


def wait_for(ready: Any, within_s: float, process: "subprocess.Popen[bytes] | None" = None) -> None:
    until_s = time.monotonic() + within_s
    while time.monotonic() < until_s:
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"the engine ended with code {process.returncode}")
        with suppress(DialerError, KeyError):
            if ready():
                return
        time.sleep(0.05)
    raise TimeoutError("not ready in time")


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
