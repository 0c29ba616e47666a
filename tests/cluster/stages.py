"""Redis as production runs it, on loopback: a primary with replicas behind Sentinels, and a Cluster."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import redis

from tests.contracts.store.servers import BINARIES
from tests.freeswitch.switch import free_ports

BINARY = BINARIES.get("redis") or BINARIES["valkey"]
DEAD_AFTER_MS = 1500


def until(what: str, ask: Callable[[], object], within_s: float = 30.0) -> None:
    deadline = time.monotonic() + within_s
    while True:
        try:
            if ask():
                return
        except redis.RedisError:
            pass
        assert time.monotonic() < deadline, f"no {what} within {within_s} s"
        time.sleep(0.05)


class Process:
    """One server or Sentinel. `kill`: what a power switch does."""

    def __init__(self, folder: Path, port: int, *settings: str, sentinel: bool = False) -> None:
        self.port, self.folder = port, folder / str(port)
        self.folder.mkdir()
        conf = self.folder / "conf"
        conf.write_text("\n".join([f"port {port}", f"dir {self.folder}", "bind 127.0.0.1", *settings]) + "\n")
        self._command = [str(BINARY), str(conf), *(["--sentinel"] if sentinel else [])]
        self.process = subprocess.Popen(self._command, stdout=(self.folder / "log").open("ab"))

    @property
    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port, socket_timeout=2, protocol=2)

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, stdout=(self.folder / "log").open("ab"))

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)


class Stage:
    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="prozvon-redis-", dir="/tmp"))
        self.processes: list[Process] = []

    def run(self, port: int, *settings: str, sentinel: bool = False) -> Process:
        self.processes.append(Process(self.folder, port, *settings, sentinel=sentinel))
        return self.processes[-1]

    def remove(self) -> None:
        for one in self.processes:
            if one.alive:
                one.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Sentinels(Stage):
    """A primary, two replicas, three Sentinels that call it `prozvon`."""

    def __init__(self) -> None:
        super().__init__()
        ports = free_ports(6)
        durable = ("appendonly yes", "appendfsync everysec", 'save ""', "repl-diskless-sync-delay 0")
        self.primary = self.run(ports[0], *durable)
        self.replicas = [self.run(port, *durable, f"replicaof 127.0.0.1 {ports[0]}") for port in ports[1:3]]
        until("replicas", lambda: self.primary.client.info("replication")["connected_slaves"] == 2)
        for port in ports[3:]:
            self.run(
                port,
                f"sentinel monitor prozvon 127.0.0.1 {ports[0]} 2",
                f"sentinel down-after-milliseconds prozvon {DEAD_AFTER_MS}",
                "sentinel failover-timeout prozvon 5000",
                sentinel=True,
            )
        self.sentinels = self.processes[-3:]
        for one in self.sentinels:
            until("Sentinels", lambda one=one: self._sees(one)["num-other-sentinels"] == 2)  # type: ignore[misc]
            until("replicas", lambda one=one: self._sees(one)["num-slaves"] == 2)  # type: ignore[misc]
        hosts = ",".join(f"127.0.0.1:{port}" for port in ports[3:])
        self.url = f"redis+sentinel://{hosts}/prozvon"

    @staticmethod
    def _sees(sentinel: Process) -> dict[str, int]:
        return dict(sentinel.client.sentinel_master("prozvon"))  # type: ignore[arg-type]

    def primary_port(self) -> int:
        for one in self.sentinels:
            if one.alive:
                return int(one.client.sentinel_get_master_addr_by_name("prozvon")[1])  # type: ignore[index]
        raise AssertionError("no Sentinel lives")


class Cluster(Stage):
    """Three primaries, each with a replica."""

    def __init__(self) -> None:
        super().__init__()
        ports = free_ports(12)
        durable = ("appendonly yes", "appendfsync everysec", 'save ""', "repl-diskless-sync-delay 0")
        for port, bus in zip(ports[:6], ports[6:], strict=True):
            own = ("cluster-enabled yes", f"cluster-port {bus}", f"cluster-node-timeout {DEAD_AFTER_MS}")
            self.run(port, *durable, *own, "cluster-config-file nodes.conf")
        self.primaries, self.replicas = self.processes[:3], self.processes[3:]
        for one in self.processes:
            until("a node", lambda one=one: one.client.ping())  # type: ignore[misc]
        for at, one in enumerate(self.primaries):
            first, last = at * 16384 // 3, (at + 1) * 16384 // 3 - 1
            one.client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
            one.client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", at + 1)
        for port, bus in zip(ports[1:6], ports[7:], strict=True):
            self.primaries[0].client.execute_command("CLUSTER", "MEET", "127.0.0.1", port, bus)
        for one in self.processes:
            until("six nodes", lambda one=one: self._info(one)["cluster_known_nodes"] == "6")  # type: ignore[misc]
        for main, replica in zip(self.primaries, self.replicas, strict=True):
            name = str(main.client.execute_command("CLUSTER", "MYID"), "ascii")
            replica.client.execute_command("CLUSTER", "REPLICATE", name)
        for one in self.processes:
            until("the Cluster", lambda one=one: self._info(one)["cluster_state"] == "ok")  # type: ignore[misc]
        for main in self.primaries:
            until("a replica", lambda m=main: m.client.info("replication")["connected_slaves"] == 1)  # type: ignore[misc]
        self.url = "redis+cluster://" + ",".join(f"127.0.0.1:{one.port}" for one in self.processes[:3])

    @staticmethod
    def _info(node: Process) -> dict[str, str]:
        told = node.client.execute_command("CLUSTER", "INFO")
        lines = told.decode().split() if isinstance(told, bytes) else [f"{k}:{v}" for k, v in told.items()]
        return dict(line.split(":", 1) for line in lines)
