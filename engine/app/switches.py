"""Switches of the configuration as links and ports; the virtual one as a child process when there is none."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from engine.app.children import Child, Kept
from engine.app.runtime import SystemClock
from engine.config import Config
from engine.domain.facts import Fact
from engine.switch.freeswitch import FreeSwitch
from engine.switch.link import LinkState, SwitchLink
from engine.switch.records import CallRecords

VIRTUAL = "virtual"


def _stamped(on_fact: Callable[[Fact], object], clock: SystemClock) -> Callable[[Fact], object]:
    """Facts in the engine's time. Links keep real time: their deadlines are for machines, not for people."""
    if clock.speed == 1.0:
        return on_fact
    return lambda fact: on_fact(replace(fact, at_s=clock.now_s()))


class Switches:
    """All switches of this engine. `virtual`: the child process, None when real ones are configured."""

    def __init__(
        self,
        config: Config,
        clock: SystemClock,
        logs: Path,
        on_fact: Callable[[Fact], object],
        on_state: Callable[[str, LinkState], object],
    ) -> None:
        self.virtual: Kept | None = None
        self.links: dict[str, SwitchLink] = {}
        self.ports: dict[str, FreeSwitch] = {}
        for one in config.switches:
            link = self._link(
                one.name,
                one.host,
                one.port,
                one.password.get_secret_value(),
                clock,
                on_fact,
                on_state,
                one.command_deadline_s,
            )
            self.ports[one.name] = FreeSwitch(
                one.name,
                link,
                one.dial,
                one.agent_dial,
                media_endpoint=one.media_dial,
                records=CallRecords(Path(one.records_dir)) if one.records_dir else None,
            )
        if not config.switches:
            port = self._start_virtual(config, logs)
            link = self._link(VIRTUAL, "127.0.0.1", port, "ClueCon", clock, on_fact, on_state)
            self.ports[VIRTUAL] = FreeSwitch(VIRTUAL, link)

    def _link(
        self,
        name: str,
        host: str,
        port: int,
        password: str,
        clock: SystemClock,
        on_fact: Callable[[Fact], object],
        on_state: Callable[[str, LinkState], object],
        deadline_s: float = 5.0,
    ) -> SwitchLink:
        link = SwitchLink(
            name,
            host,
            port,
            password,
            _stamped(on_fact, clock),
            lambda state: on_state(name, state),
            SystemClock(),
            timeout_s=deadline_s,
        )
        self.links[name] = link
        return link

    def _start_virtual(self, config: Config, logs: Path) -> int:
        """Its port. When it dies it is started again on the same one, and the link finds it there."""
        own = config.virtual_switch
        arguments = ["--speed", f"{own.speed:g}", "--seed", str(own.seed)]
        arguments += ["--invites", str(logs / "invites.jsonl")]
        arguments += ["--socket", f"{config.inbound.host}:{config.inbound.port}"]
        if own.population:
            arguments += ["--population", str(config.at(own.population))]
        child = Child("virtual switch", ["sim", "--port", "0", *arguments], logs / "virtual-switch.log")
        self.virtual = Kept(child, first_line_s=10.0)
        port = self.virtual.start().split(",")[0].rpartition(":")[2]
        child.arguments = ["sim", "--port", port, *arguments]
        return int(port)

    def start(self) -> None:
        for link in self.links.values():
            link.start()

    def stop(self) -> None:
        for link in self.links.values():
            link.stop()
        if self.virtual:
            self.virtual.stop()
