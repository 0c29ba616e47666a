"""The two switches under test, seen alike: the virtual one and a real FreeSWITCH with its harness."""

import itertools
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import yaml

from tests.freeswitch.audio import tone, write_wav
from tests.freeswitch.carrier import PREFIXES, REFUSALS, Carrier
from tests.freeswitch.esl import Esl
from tests.freeswitch.farend import FarEnd
from tests.freeswitch.fixtures import add_agent
from tests.freeswitch.phones import Phone
from tests.freeswitch.switch import ABANDON_HZ, PROMPT_HZ, FreeSwitch, free_ports

CUSTOMER_HZ, AGENT_HZ = 1000.0, 700.0


class Person(Protocol):
    """Somebody who answers at once and then does what the test says. `endpoint`: how to dial them."""

    endpoint: str

    def hang_up(self) -> None: ...
    def press(self, digits: str) -> None: ...


class Switch(Protocol):
    """`number_for` as the carrier's. Persons are steered one by one; agents' phones answer by themselves.
    `unregistered`: an extension of the directory whose phone is not there."""

    name: str
    media_dir: Path
    recordings_dir: Path
    inbound_port: int
    password: str
    unregistered: str

    def connect(self, password: str = "") -> Esl: ...
    def number_for(self, outcome: str) -> str: ...
    def person(self, esl: Esl, uuid: str) -> Person: ...
    def agents(self, count: int) -> list[str]: ...
    def call_in(self, caller: str, to: str) -> None: ...
    def tidy(self) -> None: ...


@dataclass
class FarPerson:
    """A person of the real switch: a far end dialed by its address."""

    far: FarEnd
    endpoint: str

    def hang_up(self) -> None:
        self.far.hang_up(self.far.wait_call())

    def press(self, digits: str) -> None:
        for digit in digits:
            self.far.press(self.far.wait_call(), digit)


@dataclass
class RealSwitch:
    freeswitch: FreeSwitch
    carrier: Carrier
    have_agents: Callable[[int], list[Phone]]
    name: str = "freeswitch"
    unregistered: str = "1099"
    _people: list[FarEnd] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.media_dir = self.freeswitch.media_dir
        self.recordings_dir = self.freeswitch.recordings_dir
        self.inbound_port = self.freeswitch.inbound_port
        self.password = self.freeswitch.password
        add_agent(self.freeswitch, self.unregistered)

    def connect(self, password: str = "") -> Esl:
        return Esl.connect("127.0.0.1", self.freeswitch.esl_port, password or self.password)

    def number_for(self, outcome: str) -> str:
        return self.carrier.number_for(outcome)

    def person(self, esl: Esl, uuid: str) -> Person:
        far = FarEnd(tone_hz=CUSTOMER_HZ)
        self._people.append(far)
        return FarPerson(far, f"sofia/external/48600700800@127.0.0.1:{far.port}")

    def agents(self, count: int) -> list[str]:
        return [phone.dial for phone in self.have_agents(count)]

    def call_in(self, caller: str, to: str) -> None:
        far = FarEnd(tone_hz=CUSTOMER_HZ)
        self._people.append(far)
        far.call(to, f"127.0.0.1:{self.freeswitch.trunk_port}", caller)

    def tidy(self) -> None:
        while self._people:
            self._people.pop().close()


@dataclass
class VirtualPerson:
    """A person of the virtual switch: steered by its own commands, by the leg's id."""

    esl: Esl
    uuid: str
    endpoint: str

    def hang_up(self) -> None:
        assert self.esl.api(f"prozvon_callee {self.uuid} hangup").startswith("+OK")

    def press(self, digits: str) -> None:
        assert self.esl.api(f"prozvon_callee {self.uuid} press {digits}").startswith("+OK")


_RUN = "import sys; from engine.sim.program import run; sys.exit(run(sys.argv[1:]))"
_FATES = {
    "answered": {"fate": "answer"},
    "hangs_up": {"fate": "answer", "patience_s": 2, "talk_s": 2, "listen_s": 2},
    "slow": {"fate": "answer", "ring_s": 2},
    "no_answer": {"fate": "no_answer", "ring_s": 0.1},
    "announcement": {"fate": "announcement", "announcement_s": 1.5},
}
_FOR_EVER = 3600


@dataclass
class VirtualSwitchProgram:
    """`prozvon sim` in a process of its own, with a population of the carrier's number plan."""

    home: Path
    name: str = "virtual"
    unregistered: str = "1099"
    password: str = "test-password"
    numbers_each: int = 100
    port: int = 0
    inbound_port: int = 0
    _process: subprocess.Popen[str] | None = None
    _counters: dict[str, "itertools.count[int]"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.media_dir = self.home / "media"
        self.recordings_dir = self.home / "recordings"

    def start(self) -> None:
        self.recordings_dir.mkdir(parents=True)
        write_wav(self.media_dir / "abandon.wav", tone(ABANDON_HZ, 1.0))
        write_wav(self.media_dir / "prompt.wav", tone(PROMPT_HZ, 3.0))
        population = self.home / "population.yaml"
        population.write_text(yaml.safe_dump(self._population()))
        self.inbound_port = free_ports(1)[0]
        arguments = ["--port", "0", "--password", self.password, "--population", str(population)]
        arguments += ["--heartbeat", "1", "--socket", f"127.0.0.1:{self.inbound_port}"]
        with (self.home / "errors.txt").open("w") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _RUN, *arguments],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("virtual switch on "), (self.home / "errors.txt").read_text()
        self.port = int(line.split(",")[0].rpartition(":")[2])

    def _population(self) -> dict[str, object]:
        """Every number of the plan prescribed; whoever answers stays unless `hangs_up`."""
        numbers: dict[str, dict[str, object]] = {}
        for outcome, prefix in PREFIXES.items():
            fate = _FATES.get(outcome) or {"sip": REFUSALS[outcome][0]}
            for serial in range(1, self.numbers_each + 1):
                numbers[f"+{prefix}{serial:06d}"] = {"ring_s": 0, "setup_s": 0.02, **fate}
        calm = {
            "talk_s": _FOR_EVER,
            "listen_s": _FOR_EVER,
            "patience_s": _FOR_EVER,
            "ring_s": 0,
            "setup_s": 0.02,
        }
        return {
            "default": {"shares": {"answer": 1}, "codec": "PCMA", **calm},
            "numbers": numbers,
            "gateways": {"trunk": {}},
            "agents": {"1001": {}, "1002": {}, "1003": {}, self.unregistered: {"registered": False}},
        }

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def connect(self, password: str = "") -> Esl:
        return Esl.connect("127.0.0.1", self.port, password or self.password)

    def number_for(self, outcome: str) -> str:
        serial = next(self._counters.setdefault(outcome, itertools.count(1)))
        assert serial <= self.numbers_each
        return f"+{PREFIXES[outcome]}{serial:06d}"

    def person(self, esl: Esl, uuid: str) -> Person:
        return VirtualPerson(esl, uuid, f"sofia/gateway/trunk/{self.number_for('answered')}")

    def agents(self, count: int) -> list[str]:
        return [f"user/{1001 + number}" for number in range(count)]

    def call_in(self, caller: str, to: str) -> None:
        with self.connect() as esl:
            assert esl.api(f"prozvon_call_in {caller} {to}").startswith("+OK")

    def tidy(self) -> None:
        """Nothing is left of a test but its legs, and those are hung up by the fixture."""
