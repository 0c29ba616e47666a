"""Switches of the configuration as links and ports; the virtual one as a child process when there is none."""

from collections.abc import Callable
from pathlib import Path

from engine.app.children import Child
from engine.config import Config
from engine.domain.facts import Fact
from engine.ports import Clock
from engine.switch.freeswitch import FreeSwitch
from engine.switch.link import LinkState, SwitchLink

VIRTUAL = "virtual"


class Switches:
    """All switches of this engine. `virtual`: the child process, None when real ones are configured."""

    def __init__(
        self,
        config: Config,
        clock: Clock,
        logs: Path,
        on_fact: Callable[[Fact], object],
        on_state: Callable[[str, LinkState], object],
    ) -> None:
        self.virtual: Child | None = None
        self.links: dict[str, SwitchLink] = {}
        self.ports: dict[str, FreeSwitch] = {}
        for one in config.switches:
            link = self._link(
                one.name, one.host, one.port, one.password.get_secret_value(), clock, on_fact, on_state
            )
            self.ports[one.name] = FreeSwitch(one.name, link, one.dial, one.agent_dial)
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
        clock: Clock,
        on_fact: Callable[[Fact], object],
        on_state: Callable[[str, LinkState], object],
    ) -> SwitchLink:
        link = SwitchLink(name, host, port, password, on_fact, lambda state: on_state(name, state), clock)
        self.links[name] = link
        return link

    def _start_virtual(self, config: Config, logs: Path) -> int:
        own = config.virtual_switch
        arguments = ["sim", "--port", "0", "--speed", f"{own.speed:g}", "--seed", str(own.seed)]
        arguments += ["--invites", str(logs / "invites.jsonl")]
        arguments += ["--socket", f"{config.inbound.host}:{config.inbound.port}"]
        if own.population:
            arguments += ["--population", str(config.at(own.population))]
        self.virtual = Child("virtual switch", arguments, logs / "virtual-switch.log")
        said = self.virtual.start(first_line_s=10.0)
        return int(said.split(",")[0].rsplit(":", 1)[1])

    def start(self) -> None:
        for link in self.links.values():
            link.start()

    def stop(self) -> None:
        for link in self.links.values():
            link.stop()
        if self.virtual:
            self.virtual.stop()
