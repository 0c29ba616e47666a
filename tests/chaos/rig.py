"""What a chaos run needs, each a process of its own: switch, store, engines, with proxies in between."""

import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
import requests

from tests.chaos import sabotage
from tests.chaos.checker import Contact, Evidence, Terms
from tests.chaos.control import ENVIRONMENT, Control
from tests.chaos.proxy import Proxy
from tests.chaos.real import RealSwitch
from tests.chaos.store import StoreProcess
from tests.freeswitch.switch import free_ports
from tests.stories.configs import campaign, config
from tests.stories.engine_process import ROOT, EngineProcess
from tests.stories.plan import numbers
from tests.stories.virtual_switch import VirtualSwitchProcess, population

TEAM = "team"
MIX = {"hangs_up": 11, "busy": 4, "dead": 1, "rejected": 1, "congestion": 1, "unreachable": 1, "no_answer": 1}
"""Twenty people, most of whom answer."""

SCENARIO = """
scenario: reminder
version: 1
about: Says who calls and ends.
languages: [en]
vars: {company: {example: Northern Credit, about: who calls}}
dispositions: {told: They heard us., left: They hung up.}
hung_up: left
start: greeting
nodes:
  greeting: {say: {en: "Hello! This is {{ company }}."}, next: bye}
  bye: {do: [hangup], disposition: told}
"""
BUSY_TWICE = {"busy": {"after_s": 6, "limit": 2}}
CHANNELS, CALLS_PER_S, ATTEMPTS_MOST, AGENTS = 40, 12.0, 3, 6
ROWS = 100  # of a list that is imported, times the load


@dataclass
class ChaosEngine(EngineProcess):
    """An engine under `tests.chaos.entry`. `sabotage`: the safeguard it runs without, or ""."""

    name: str = "engine-1"
    sabotage: str = ""
    step: Control = field(init=False)
    lives: bool = False

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self.step = Control(self.home / "control")

    def launch(self) -> None:
        self.write_config()
        words = {ENVIRONMENT: str(self.home / "control"), sabotage.ENVIRONMENT: self.sabotage}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "tests.chaos.entry",
                    "run",
                    "--config",
                    str(self.home / "config.yaml"),
                ],
                cwd=ROOT,
                env={**os.environ, **words, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.lives = True

    def kill(self) -> None:
        self.lives = False
        super().kill()

    def fit(self) -> bool:
        """Fit to dial, asked with little patience; an engine that ended by itself is an AssertionError."""
        if not self.lives or self._process is None:
            return False
        code = self._process.poll()
        assert code is None, f"{self.name} ended by itself with {code}"
        return bool(self.try_get("/health"))

    def try_get(self, path: str) -> Any:
        """The answer, or None where there is none (in time)."""
        return self._tried("GET", path)

    def try_post(self, path: str, **given: Any) -> Any:
        return self._tried("POST", path, **given)

    def _tried(self, method: str, path: str, **given: Any) -> Any:
        try:
            token = (self.data / "api.token").read_text().strip()
            answer = requests.request(
                method,
                f"http://127.0.0.1:{self.config['api']['port']}{path}",
                headers={"Authorization": f"Bearer {token}"} | given.pop("headers", {}),
                **{"timeout": 8, **given},
            )
            return answer.json() if answer.ok else None
        except (OSError, ValueError, requests.RequestException):
            return None


class Rig:
    """`engines`: how many share the store. `screened`: a campaign with AMD too, so with a media process.
    `shared_every`: each so manieth person of robot's and agents' campaign is one and the same. `load`: times
    as many agents, robots and channels. `real`: a FreeSWITCH instead of the virtual switch."""

    def __init__(
        self,
        home: Path,
        seed: int,
        engines: int = 1,
        load: int = 1,
        screened: bool = True,
        sabotage: str = "",
        robots_only: bool = False,
        bursts: bool = True,
        shared_every: int = 4,
        real: bool = False,
    ) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home, self.dice = home, random.Random(f"rig {seed}")
        self._shared_every, self.load = shared_every, load
        faults: dict[str, Any] = {"lost_bridges": 0.03}
        if bursts:
            faults["congestion"] = {"every_s": 20, "lasting_s": 2}
        self.agents = 0 if robots_only else AGENTS * load
        self.switch: VirtualSwitchProcess | RealSwitch
        if real:
            self.switch = RealSwitch(home, self.agents)
        else:
            self.switch = VirtualSwitchProcess(home / "switch", population(faults=faults))
        self.switch.start()
        self.store = StoreProcess(home / "store")
        self.store.start()
        self.contacts: list[Contact] = []
        self.blind: list[tuple[float, float]] = []
        self.held: list[tuple[float, float]] = []
        self.troubles: list[str] = []
        self.senders: dict[str, tuple[str, float]] = {}
        self.owners: list[tuple[float, str]] = []
        self.operators_off = threading.Event()
        self._serial: Counter[str] = Counter()
        (home / "reminder.yaml").write_text(SCENARIO)
        robot = campaign(
            "robot",
            mode="robot",
            script=str(home / "reminder.yaml"),
            max_calls=10 * load,
            calls_per_s=6 * load,
        )
        self.campaigns = [robot]
        if not robots_only:
            talks = campaign("talks", calls_per_s=8 * load, max_calls=30 * load)
            talks["retries"] = {**talks["retries"], **BUSY_TWICE}
            self.campaigns.append(talks)
            if screened:
                self.campaigns.append(
                    campaign("screened", screening=True, calls_per_s=4 * load, max_calls=3 * load)
                )
        self.switch_wires = [
            Proxy(("127.0.0.1", self.switch.port), f"{seed} switch {n}", True, self._sender(f"engine-{n}"))
            for n in range(1, engines + 1)
        ]
        self.store_wires = [
            Proxy(("127.0.0.1", self.store.port), f"{seed} store {n}") for n in range(1, engines + 1)
        ]
        self.engines = [
            ChaosEngine(home / f"engine-{n}", self._config(home, n), name=f"engine-{n}", sabotage=sabotage)
            for n in range(1, engines + 1)
        ]
        self._names = {one.name: one for one in self.engines}

    def _config(self, home: Path, n: int) -> dict[str, Any]:
        media_port, rtp_port = free_ports(2)
        return config(
            home / "speech",
            *self.campaigns,
            agents=self.agents,
            switches=[
                {"name": "switch", "port": self.switch_wires[n - 1].port, "password": self.switch.password}
            ],
            gateways=[
                {
                    "name": "trunk",
                    "channels": CHANNELS * self.load,
                    "calls_per_s": CALLS_PER_S * self.load,
                    "rest_after_failures": 1000,
                }
            ],
            calling={
                "rules": [
                    {"rule": "attempt_limit", "params": {"rolling_days": 1, "rolling_most": ATTEMPTS_MOST}}
                ]
            },
            store={
                "url": f"redis://127.0.0.1:{self.store_wires[n - 1].port}/0",
                "data_dir": "data",
                "team_lease_s": 2,
                "claim_lease_s": 5,
            },
            media={
                "sip_port": media_port,
                "rtp_first_port": max(20_000, rtp_port // 2 * 2 - 400),
                "rtp_last_port": max(20_000, rtp_port // 2 * 2 - 400) + 399,
            },
        )

    def terms(self) -> Terms:
        return Terms(
            channels=CHANNELS * self.load,
            calls_per_s=CALLS_PER_S * self.load,
            attempts_most=ATTEMPTS_MOST,
            agents=self.agents,
            robots=frozenset({"robot"}),
            answer_limit_s={"screened": 5.0},
        )

    # --- life --------------------------------------------------------------------------------------

    def start(self) -> None:
        for one in self.engines:
            one.launch()
        self.await_fit(60.0)
        with redis.Redis(port=self.store.port, socket_timeout=5.0) as client:
            deadline = (
                time.monotonic() + 60.0
            )  # an archive knows nothing of what was trimmed before it was there
            while client.hlen("prozvon:journal:archives") < len(self.engines):
                assert time.monotonic() < deadline, "not every engine has an archive"
                time.sleep(0.1)
        for name in (one["id"] for one in self.campaigns):
            self.front().post(f"/v1/campaigns/{name}/start")

    def front(self) -> ChaosEngine:
        """An engine that is fit to dial, or the first one that lives."""
        for one in self.engines:
            if one.fit():
                return one
        return self.engines[0]

    def is_fit(self) -> bool:
        return any(one.fit() for one in self.engines)

    def await_fit(self, within_s: float) -> float:
        """Seconds until some engine was fit to dial; a trouble is noted when that took too long."""
        began_s = time.monotonic()
        while not self.is_fit():
            if time.monotonic() - began_s > within_s:
                self.troubles.append(f"no engine fit to dial within {within_s:g} s: {self.why_not()}")
                break
            time.sleep(0.1)
        return time.monotonic() - began_s

    def why_not(self) -> str:
        said = []
        for one in self.engines:
            try:
                said.append(f"{one.name} {one.ask('GET', '/health').text[:300]}")
            except (OSError, requests.RequestException) as error:
                said.append(f"{one.name} {type(error).__name__}")
        return "; ".join(said)

    def stop(self) -> None:
        for one in self.engines:
            with suppress(Exception):
                one.stop()
        for wire in (*self.switch_wires, *self.store_wires):
            wire.close()
        self.switch.stop()
        self.store.stop()

    # --- people and agents --------------------------------------------------------------------------

    def more_people(self, campaign_id: str, rows: int) -> bytes:
        """Rows of people nobody has seen yet, as CSV. Some (`shared_every`) have a case in the robot's
        campaign and in the agents' too, under another number."""
        people = numbers(MIX, seed=self.dice.randrange(10**9), first=1)
        people *= -(-rows // len(people))
        self.dice.shuffle(people)
        lines = ["phone,name,person_id,contact_id"]
        for known in people[:rows]:
            self._serial[campaign_id] += 1
            serial = self._serial[campaign_id]
            place = [one["id"] for one in self.campaigns].index(campaign_id) + 1
            number = f"{known[:6]}{place}{serial:05d}"
            is_shared = serial % self._shared_every == 0 and campaign_id != "screened"
            person = f"both-{serial}" if is_shared else f"{campaign_id}-{serial}"
            self.contacts.append(Contact(f"{campaign_id}:c{serial}", person, number, campaign_id))
            lines.append(f"{number},Anna {serial},{person},c{serial}")
        return "\n".join(lines).encode() + b"\n"

    def bring(self, campaign_id: str, rows: bytes, within_s: float = 300.0) -> None:
        """Import, again and again until it is acknowledged: rows already there count as duplicates."""
        want = rows.count(b"\n") - 1
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            answer = self.front_now().try_post(
                f"/v1/campaigns/{campaign_id}/contacts",
                data=rows,
                headers={"Content-Type": "text/csv"},
                timeout=60,  # its worker has the lowest priority of all
            )
            if answer and answer["added"] + answer["duplicates"] == want:
                return
            time.sleep(0.3)
        self.troubles.append(f"a list for {campaign_id} could not be imported within {within_s:g} s")

    def front_now(self) -> ChaosEngine:
        """As `front`, without insisting on a life."""
        with suppress(AssertionError):
            return self.front()
        return self.engines[0]

    def operators(self) -> None:
        """What people at the phones do all day: log in, be ready again. A loop for a thread."""
        while not self.operators_off.wait(0.4):
            front = self.front_now()
            for agent in front.try_get("/v1/agents") or ():
                if agent["state"] == "offline":
                    front.try_post(f"/v1/agents/{agent['agent_id']}/login", json={})
                elif agent["state"] == "paused":
                    front.try_post(f"/v1/agents/{agent['agent_id']}/ready", json={})

    def due(self, campaign_id: str) -> int:
        status = self.front_now().try_get(f"/v1/campaigns/{campaign_id}/status")
        return int(status["queue"].get("due", 10**6)) if status else 10**6

    # --- witnesses ----------------------------------------------------------------------------------

    def _sender(self, name: str) -> Any:
        def seen(data: bytes) -> None:
            if b"originate" in data:
                for uuid in re.findall(rb"origination_uuid=([0-9a-f-]{36})", data):
                    if b"sofia/gateway/" in data:
                        self.senders.setdefault(uuid.decode(), (name, time.time()))

        return seen

    def watch_owner(self, over: threading.Event) -> None:
        """Who owns the team, as the store has it: asked twenty times a second. A loop for a thread."""
        key = f"{{team:{TEAM}}}"
        pids = {}
        while not over.wait(0.05):
            try:
                with redis.Redis(port=self.store.port, socket_timeout=1.0) as client:
                    while not over.wait(0.05):
                        owner = (client.hget(key, "owner") or b"").decode()
                        for one in self.engines:
                            if one.lives and one._process is not None:
                                pids[str(one.pid)] = one.name
                        name = pids.get(owner.split(":")[1] if ":" in owner else "", "")
                        if name and (not self.owners or self.owners[-1][1] != name):
                            self.owners.append((time.time(), name))
            except redis.RedisError:
                continue

    def legs(self) -> list[str]:
        """People's legs that live on the switch."""
        with self.switch.connect() as esl:
            rows = json.loads(esl.api("show channels as json")).get("rows", [])
            people = {line["uuid"] for line in self.book() if line["what"] == "invite" and line["gateway"]}
            listed = [row["uuid"] for row in rows if row["uuid"] in people]
            return [uuid for uuid in listed if esl.api(f"uuid_exists {uuid}").strip() == "true"]

    def kept(self) -> tuple[list[str], list[str]]:
        """Attempts open, and contacts claimed, in the store itself."""
        opened: list[str] = []
        claimed: list[str] = []
        with redis.Redis(port=self.store.port) as client:
            for key in client.scan_iter(match="*"):
                name = key.decode("utf-8", "replace")
                if re.match(r"\{s\d+\}:open:", name):
                    opened += [field_.decode() for field_ in client.hkeys(key)]
                elif re.match(r"\{s\d+\}:leases$", name):
                    claimed += [member.decode() for member in client.zrange(key, 0, -1)]
        return opened, claimed

    def book(self) -> Iterator[dict[str, Any]]:
        for line in (self.switch.home / "invites.jsonl").read_bytes().splitlines():
            with suppress(ValueError):  # a kill -9 of the switch may leave half a line
                yield json.loads(line)

    def evidence(self) -> Evidence:
        front = self.front()
        opened, claimed = self.kept()
        return Evidence(
            contacts=self.contacts,
            book=list(self.book()),
            intents=front.journal("intent"),
            cdrs=front.cdrs(),
            terms=self.terms(),
            agents={agent["agent_id"]: agent["state"] for agent in front.get("/v1/agents")},
            queues={
                one["id"]: front.get(f"/v1/campaigns/{one['id']}/status")["queue"] for one in self.campaigns
            },
            open_attempts=opened,
            claimed=claimed,
            legs=self.legs(),
            blind=self.blind,
            senders=self.senders,
            owners=self.owners,
            troubles=self.troubles,
            held=self.held,
        )
