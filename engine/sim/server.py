"""The virtual switch as a server.

    switch = VirtualSwitch(parse_population("numbers: {'+48600100200': {fate: busy}}"))
    switch.start()                       # Event Socket on 127.0.0.1:switch.port, password ClueCon
    ...
    switch.stop()

From a shell: `prozvon sim --port 8021 --population engine/sim/populations/demo.yaml`. Python must run under
gevent; nothing here is monkey-patched or needs to be. Without a population everybody answers.
"""

import logging
from functools import partial
from pathlib import Path

from gevent.server import StreamServer
from gevent.socket import IPPROTO_TCP, TCP_NODELAY, socket

from engine import greenlets
from engine.sim.apps import APPLICATIONS
from engine.sim.callees import FarEnd
from engine.sim.client import Client
from engine.sim.clock import RealClock
from engine.sim.core import SwitchCore
from engine.sim.fates import Population
from engine.sim.forking import Listener, Metronome
from engine.sim.invites import InviteLog
from engine.sim.leg import Leg
from engine.sim.outbound import connect_out
from engine.sim.population import PopulationFile
from engine.sim.voice import Voice

log = logging.getLogger(__name__)


class VirtualSwitch:
    """A switch with people behind it.

    `port` 0: the system picks one, then `switch.port` tells it. `speed`: how many times faster than life its
    people and its timers are; time stamps, linger and heartbeats stay real. `invite_log`: a JSONL file that
    gets a line per INVITE sent and per end. `socket_address`: host:port that is handed calls that come in.
    `life_size`: events as big as real ones, for benchmarks.
    """

    def __init__(
        self,
        population: PopulationFile | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        password: str = "ClueCon",
        speed: float = 1.0,
        heartbeat_s: float = 20.0,
        invite_log: Path | None = None,
        socket_address: str = "",
        life_size: bool = False,
    ) -> None:
        self.clock = RealClock(speed)
        self.core = SwitchCore(
            self.clock, Population(population), APPLICATIONS, InviteLog(invite_log), socket_address, life_size
        )
        self.core.open_socket = partial(connect_out, self.core)
        self.core.listener_at = self._listener_at
        self._metronome = Metronome()
        self.core.hear = lambda who, leg, sink: self._metronome.add(who, Voice(leg), sink)
        self.core.hear_no_more = self._metronome.remove
        self.host = host
        self.port = port
        self._password = password
        self._heartbeat_s = heartbeat_s
        self._server: StreamServer | None = None
        self._clients: set[Client] = set()
        self._loops: list[object] = []

    def start(self) -> None:
        """Listen and come alive. Raises OSError if the port is taken."""
        server = StreamServer((self.host, self.port), self._serve, backlog=64)
        server.start()
        self._server, self.port = server, server.server_port
        self.clock.start()
        self.core.invites.up(self.clock.wall_us())
        self._metronome.start()
        self._keep("heartbeat", self._heartbeats)
        if self.core.population.file.faults.disconnect_every_s is not None:
            self._keep("disconnects", self._disconnects)
        if self.core.population.file.inbound.per_hour:
            self._call_us_later()

    def stop(self) -> None:
        """Hang up on every client and stop; the legs are gone with it."""
        if self._server is not None:
            self._server.stop(timeout=0.5)
            self._server = None
        greenlets.kill(*self._loops)
        self.drop_clients()
        self.clock.stop()
        self._metronome.stop()
        self.core.invites.close()

    def drop_clients(self) -> None:
        """Cut every Event Socket connection, without a word, as a crash would."""
        for client in tuple(self._clients):
            client.hang_up()

    def _listener_at(self, leg: Leg, user: str, address: str) -> FarEnd:
        host, _, port = address.partition(":")
        return Listener(self.core, leg, user, (host, int(port) if port.isdigit() else 5060), self._metronome)

    def _serve(self, sock: socket, address: tuple[str, int]) -> None:
        sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        client = Client(self.core, sock, self._password)
        self._clients.add(client)
        try:
            client.serve()
        finally:
            self._clients.discard(client)

    def _keep(self, name: str, loop: object) -> None:
        assert callable(loop)
        self._loops.append(greenlets.supervise(f"virtual switch {name}", loop, lambda _: None))

    def _heartbeats(self) -> None:
        core = self.core
        while True:
            greenlets.sleep(self._heartbeat_s)
            core.bus.fire("HEARTBEAT", self._health)

    def _health(self) -> dict[str, str]:
        core = self.core
        up_us = self.clock.wall_us() - core.started_at_us
        minutes, seconds = divmod(up_us // 1_000_000, 60)
        return {
            "Event-Info": "System Ready",
            "Up-Time": f"0 years, 0 days, 0 hours, {minutes} minutes, {seconds} seconds",
            "FreeSWITCH-Version": "1.11.2-virtual~64bit",
            "Uptime-msec": str(up_us // 1000),
            "Session-Count": str(len(core.legs)),
            "Max-Sessions": str(core.max_sessions or 1000),
            "Session-Per-Sec": str(core.sessions_per_second or 30),
            "Session-Since-Startup": str(core.sessions_made),
            "Idle-CPU": "99.000000",
            "Heartbeat-Interval": str(round(self._heartbeat_s)),
        }

    def _disconnects(self) -> None:
        every = self.core.population.file.faults.disconnect_every_s
        assert every is not None
        while True:
            greenlets.sleep(every.draw(self.core.dice) / self.clock.speed)
            self.drop_clients()

    def _call_us_later(self) -> None:
        inbound = self.core.population.file.inbound

        def call() -> None:
            number = f"{inbound.from_prefix}{self.core.dice.randrange(10**7):07d}"
            self.core.call_in(number, inbound.to)
            self._call_us_later()

        self.clock.after(self.core.dice.expovariate(inbound.per_hour / 3600), call)
