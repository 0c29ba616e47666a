"""The demonstration: two campaigns on the virtual switch, played by simulated agents, ended by itself."""

import csv
import io
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from engine import greenlets
from engine.config import Config
from engine.domain.agent import AgentState
from engine.domain.campaign import CampaignState, Mode
from engine.domain.errors import ConfigError
from engine.reports.cdr import csv_lines

PREFIXES = {"PL": ("+4860", 7), "RU": ("+7916", 7), "US": ("+1212555", 4)}
ANY_HOUR = "00:00-24:00"
NAMES = ("Anna Nowak", "Jan Kowalski", "Ewa Wójcik", "Piotr Zieliński", "Maria Lewandowska", "Adam Szymański")


def people(count: int, country: str, seed: int, first: int) -> Iterator[bytes]:
    """A list of simulated debtors as CSV, as a user would import it."""
    prefix, digits = PREFIXES.get(country, PREFIXES["PL"])
    chance = random.Random(seed)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    writer.writerow(["phone", "name", "person_id", "company", "amount", "currency", "due_date"])
    for number in range(first, first + count):
        phone = f"{prefix}{number:0{digits}d}"
        amount = f"{chance.randint(50, 5000)}.{chance.randint(0, 99):02d}"
        row = [phone, chance.choice(NAMES), f"demo-{number}", "Prozvon Demo", amount, "PLN", "2026-12-15"]
        writer.writerow(row)
    yield out.getvalue().encode()


def demo_config(config: Config, contacts: int, speed: float) -> Config:
    """The user's configuration, played: own data folder, simulated people who may be called at any hour."""
    if config.switches:
        raise ConfigError(
            "the demo needs the virtual switch", "switches", "Use `prozvon run` with real ones."
        )
    demo = config.demo.model_copy(
        update={"contacts": contacts or config.demo.contacts, "speed": speed or config.demo.speed}
    )
    rules = tuple(
        rule.model_copy(update={"params": {"workday": ANY_HOUR, "weekend": ANY_HOUR, "holiday": ANY_HOUR}})
        if rule.rule == "calling_hours"
        else rule
        for rule in config.calling.rules
    )
    changes = {
        "demo": demo,
        "calling": config.calling.model_copy(update={"rules": rules}),
        "store": config.store.model_copy(update={"data_dir": "data/demo", "url": SecretStr("")}),
        "virtual_switch": config.virtual_switch.model_copy(update={"speed": demo.speed}),
        "inbound": config.inbound.model_copy(update={"port": 0}),
    }
    played = config.model_copy(update=changes)
    played._folder = config._folder
    return played


class Demo:
    """Prepares the lists, logs the agents in, starts the campaigns, knows when it is over."""

    def __init__(self, engine: Any, office: Any) -> None:
        self._engine, self._office = engine, office
        self._until_s = 0.0

    def begin(self) -> None:
        """Everything a user would do by hand, by the same requests."""
        own, office = self._engine.config.demo, self._office
        self._wait_for_switch()
        self._until_s = self._engine.clock.wall_s() + own.longest_s
        for number, campaign in enumerate(list(self._engine.shop.campaigns.values())):
            rows = people(own.contacts, own.country, number, 1_000_000 + number * 100_000)
            office.add_contacts(campaign.campaign_id, rows, {})
        for agent_id in list(self._engine.shop.agents)[: own.agents]:
            office.agent_login(agent_id)
            self._engine.shop.tasks.start("demo agent", self._work, agent_id)
        for campaign in self._engine.shop.campaigns.values():
            if campaign.mode in (Mode.ROBOT, Mode.PROGRESSIVE):
                office.start_campaign(campaign.campaign_id)

    def _wait_for_switch(self) -> None:
        while not self._office.health()[0]:
            greenlets.sleep(0.05)

    def _work(self, agent_id: str) -> None:
        """A simulated agent: picks up, is ready; notes each talk a little before wrap-up is over."""
        life = self._engine.dialer.agents.lives[agent_id]
        while life.state in (AgentState.OFFLINE, AgentState.CALLING):
            greenlets.sleep(0.05)
        self._office.agent_ready(agent_id)

    @property
    def over(self) -> bool:
        """Nothing due, nothing live, nothing unsettled; or the time is up."""
        engine = self._engine
        if engine.clock.wall_s() > self._until_s:
            return True
        dialer = engine.dialer
        if dialer.calls.lives or dialer.settler.waiting or any(dialer.launcher.launching.values()):
            return False
        running = [c for c in engine.shop.campaigns if engine.dialer.states.get(c) is CampaignState.RUNNING]
        sizes = [engine.store.queue_sizes(name, engine.clock.wall_s()) for name in running]
        return not any(one.due or one.claimed for one in sizes)

    def end(self) -> None:
        """No new calls; those under way are let come to their end."""
        for campaign_id, state in list(self._engine.dialer.states.items()):
            if state is CampaignState.RUNNING:
                self._office.stop_campaign(campaign_id)
        self._engine.settle_down(60.0 * self._engine.clock.speed)

    def summary(self) -> dict[str, Any]:
        """What came of each campaign that was played."""
        names = [name for name, state in self._engine.dialer.states.items() if state is CampaignState.STOPPED]
        self._engine.journal.flush(5.0)
        return {"campaigns": {name: self._office.summary(name) for name in names}}

    def export(self, path: Path) -> None:
        """Every CDR as CSV."""
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(csv_lines(self._office.cdrs()))
