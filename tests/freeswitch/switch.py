"""A real FreeSWITCH for the tests: our freeswitch-conf and dialplans as they are, in a place of its own."""

import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.freeswitch.audio import tone, write_wav
from tests.freeswitch.esl import Esl, EslError

ROOT = Path(__file__).parents[2]
USUAL_PLACES = (
    "/usr/bin/freeswitch",
    "/usr/local/freeswitch/bin/freeswitch",
    "/opt/freeswitch/bin/freeswitch",
)
ABANDON_HZ, CLOSED_HZ, PROMPT_HZ, MUSIC_HZ = 440.0, 520.0, 600.0, 350.0


def find_freeswitch() -> str | None:
    """PROZVON_FREESWITCH, then PATH, then the usual places."""
    named = os.environ.get("PROZVON_FREESWITCH")
    if named:
        return shutil.which(named)
    return shutil.which("freeswitch") or next((p for p in USUAL_PLACES if shutil.which(p)), None)


def free_ports(count: int, low: int = 11_000, high: int = 16_000) -> list[int]:
    """Ports that nobody on loopback uses now, neither by UDP nor by TCP; other runs start elsewhere."""
    found: list[int] = []
    start = low + (os.getpid() * 37 + time.time_ns() // 1000) % (high - low)
    for offset in range(high - low):
        port = low + (start - low + offset) % (high - low)
        if _is_free(port, socket.SOCK_DGRAM) and _is_free(port, socket.SOCK_STREAM):
            found.append(port)
            if len(found) == count:
                return found
    raise RuntimeError(f"no {count} free ports between {low} and {high}")


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


LANES = 8


class Lane:
    """A share of this machine's UDP ports for one run of the tests; another run takes another lane.

    A lane is held by a listening socket, so the system gives it back however the run ends.
    """

    def __init__(self) -> None:
        for number in range(LANES):
            holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            try:
                holder.bind(("127.0.0.1", 16_390 + number))
                holder.listen(1)
            except OSError:
                holder.close()
                continue
            self._holder = holder
            self.switch_rtp = (16_400 + number * 2_000, 18_398 + number * 2_000)
            self.carrier_rtp = 6_000 + number * 500
            self.phones_rtp = 10_000 + number * 120
            return
        raise RuntimeError(f"{LANES} runs of these tests are under way on this machine already")

    def close(self) -> None:
        self._holder.close()


@dataclass
class FreeSwitch:
    """A running switch. `gateway`: the name to dial by; its calls go to `carrier_port` on 127.0.0.1.

    Calls that come in are offered to `inbound_port`. `settings`: further variables of vars.xml, names in
    capitals. `start_log`: what it wrote until it was ready.
    """

    binary: str
    home: Path
    lane: Lane
    password: str = "test-password"
    agents_password: str = "agents-password"
    gateway: str = "trunk"
    esl_port: int = 0
    trunk_port: int = 0
    agents_port: int = 0
    media_port: int = 0
    carrier_port: int = 0
    inbound_port: int = 0
    settings: dict[str, str] = field(default_factory=dict)
    start_log: str = ""
    _process: subprocess.Popen[bytes] | None = None

    @property
    def media_dir(self) -> Path:
        """Prompts: abandon.wav, closed.wav, survey.wav, music/; each is a tone of its own."""
        return self.home / "media"

    @property
    def recordings_dir(self) -> Path:
        return self.home / "recordings"

    @property
    def log(self) -> Path:
        return self.home / "log" / "freeswitch.log"

    def start(self, timeout_s: float = 40.0) -> None:
        self._lay_out()
        ports = free_ports(6)
        self.esl_port, self.trunk_port, self.agents_port, self.media_port = ports[:4]
        self.carrier_port, self.inbound_port = ports[4:]
        environment = os.environ | {
            "PROZVON_ESL_PORT": str(self.esl_port),
            "PROZVON_ESL_PASSWORD": self.password,
            "PROZVON_TRUNK_PORT": str(self.trunk_port),
            "PROZVON_TRUNK_PROXY": f"127.0.0.1:{self.carrier_port}",
            "PROZVON_AGENTS_PORT": str(self.agents_port),
            "PROZVON_AGENTS_PASSWORD": self.agents_password,
            "PROZVON_MEDIA_PORT": str(self.media_port),
            "PROZVON_INBOUND_SOCKET": f"127.0.0.1:{self.inbound_port}",
            "PROZVON_RTP_FIRST_PORT": str(self.lane.switch_rtp[0]),
            "PROZVON_RTP_LAST_PORT": str(self.lane.switch_rtp[1]),
            "PROZVON_MEDIA_DIR": str(self.media_dir),
            "PROZVON_LOGLEVEL": "notice",
            **self.settings,
        }
        places = {"conf": "conf", "log": "log", "db": "db", "run": "run", "temp": "tmp", "storage": "tmp"}
        places |= {"recordings": "recordings", "cache": "tmp", "certs": "tmp"}
        arguments = [part for flag, name in places.items() for part in (f"-{flag}", str(self.home / name))]
        with (self.home / "output.txt").open("wb") as output:
            self._process = subprocess.Popen(
                [self.binary, "-nonat", "-nf", "-nc", "-np", *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_until_ready(timeout_s)

    def _lay_out(self) -> None:
        shutil.copytree(ROOT / "freeswitch-conf", self.home / "conf", dirs_exist_ok=True)
        shutil.copytree(ROOT / "dialplans", self.home / "conf" / "dialplan", dirs_exist_ok=True)
        for name in ("log", "db", "run", "tmp", "recordings"):
            (self.home / name).mkdir(exist_ok=True)
        write_wav(self.media_dir / "abandon.wav", tone(ABANDON_HZ, 1.0))
        write_wav(self.media_dir / "closed.wav", tone(CLOSED_HZ, 2.0))
        write_wav(self.media_dir / "survey.wav", tone(PROMPT_HZ, 1.0))
        write_wav(self.media_dir / "prompt.wav", tone(PROMPT_HZ, 3.0))
        write_wav(self.media_dir / "music" / "hold.wav", tone(MUSIC_HZ, 10.0))

    def _wait_until_ready(self, timeout_s: float) -> None:
        """Ready when it says so and every SIP profile runs."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            assert self._process is not None
            if self._process.poll() is not None:
                raise RuntimeError(
                    f"FreeSWITCH ended with {self._process.returncode}; see {self.home}/output.txt"
                )
            try:
                with self.connect() as esl:
                    if "is ready" in esl.api("status") and esl.api("sofia status").count("RUNNING") == 3:
                        self.start_log = self.log.read_text(errors="replace")
                        return
            except (OSError, EslError):
                pass
            time.sleep(0.1)
        raise TimeoutError(f"FreeSWITCH was not ready after {timeout_s} s; see {self.log}")

    def connect(self) -> Esl:
        return Esl.connect("127.0.0.1", self.esl_port, self.password)

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
        self._process = None

    def kill(self) -> None:
        """The way a power cut would end it."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(5)
        self._process = None
