"""One engine, put together from the configuration and kept running."""

import logging
import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine import greenlets
from engine.app.feed import Feed
from engine.app.paths import Places
from engine.app.prompter import Prompter
from engine.app.rules import Rules
from engine.app.runtime import GeventTasks, GeventTimers, SystemClock
from engine.app.switches import Switches
from engine.config import Config, Reloader, agents_of, campaign_of
from engine.config.reload import Reloaded
from engine.dialer.dialer import Dialer
from engine.dialer.robots import RobotDesk
from engine.dialer.shop import GatewayTerms, Shop
from engine.domain.campaign import Campaign, CampaignState, Mode
from engine.domain.errors import ConfigError, StoreError
from engine.journal.hot import HotJournal
from engine.journal.intent_log import IntentLog
from engine.store.embedded import EmbeddedServer
from engine.store.redis_store import RedisStore
from engine.switch.link import LinkState

log = logging.getLogger("prozvon")


class Engine:
    """`start` brings everything up or raises a DialerError that says what is missing."""

    def __init__(self, config_path: Path, clock: SystemClock | None = None, speed: float = 0.0) -> None:
        self.reloader = Reloader(config_path)
        self.clock = clock or SystemClock()
        self._speed = speed
        self.started_at_s = self.clock.wall_s()
        config = self.config
        self.data = config.at(config.store.data_dir).resolve()
        media_path = config.switches[0].media_path if config.switches else ""
        self.places = Places(self.data, media_path or str(self.data))
        self.feed = Feed(self.clock.wall_s)
        self.lag = greenlets.HubLag()
        self._server: EmbeddedServer | None = None
        self._definitions: dict[str, dict[str, Any]] = {}

    @property
    def config(self) -> Config:
        return self.reloader.config

    # --- coming up ---------------------------------------------------------------------------------

    def start(self) -> None:
        config = self.config
        self.data.mkdir(parents=True, exist_ok=True)
        self.lag.start()
        self.store = RedisStore(self._store_url(), config.store.shards, config.store.confirm_replicas)
        self.store.ping()
        self.journal = HotJournal(self.store, self.data, self.clock.wall_s)
        self.intents = IntentLog(self.data / "intents.log")
        self.prompter = Prompter(config, self.places)
        self.rules = Rules(config)
        self.switches = Switches(
            config, self.clock, self.places.logs, self._on_fact, self._on_link, self._speed
        )
        self.shop = Shop(
            clock=self.clock,
            timers=GeventTimers(self.clock),
            tasks=GeventTasks(),
            store=self.store,
            journal=self.journal,
            switches=self.switches.ports,
            tell=self.feed.tell,
            gateways=gateway_terms(config, next(iter(self.switches.ports))),
            agents=agents_of(config),
        )
        self.prompter.make_built_in()
        for model in config.campaigns:
            self._define(campaign_of(model, config), model.model_dump(mode="json"))
        self.dialer = Dialer(self.shop, self.rules, owner(), self._robots, log_intent=self.intents.append)
        self.dialer.launcher.prepare = self.prompter.prepare
        self._restore_campaigns()
        self.switches.start()
        self.dialer.start()
        self.feed.tell("engine", what="started")

    def _store_url(self) -> str:
        url = self.config.store.url.get_secret_value()
        if url:
            return url
        self._server = EmbeddedServer(self.data / "store")
        return self._server.start()

    def _robots(self, shop: Shop, on_fact: Callable[..., None]) -> RobotDesk:
        return RobotDesk(shop, on_fact, self.prompter.scripts, self.prompter)

    def _define(self, campaign: Campaign, definition: dict[str, Any]) -> Campaign:
        """Make a campaign ready to dial: its prompts and scenario proven, paths as the switch sees them."""
        campaign = self.prompter.ready(campaign)
        if campaign.recording_path:
            path = str(Path(self.places.media_path) / campaign.recording_path)
            campaign = replace(campaign, recording_path=path)
        self.shop.campaigns[campaign.campaign_id] = campaign
        self._definitions[campaign.campaign_id] = definition
        return campaign

    def _restore_campaigns(self) -> None:
        """What ran when the last engine ended runs again; what was made by the API is there again."""
        known = {model.id: model.start for model in self.config.campaigns}
        for campaign_id, definition, state in self.store.campaigns():
            if campaign_id not in known:
                try:
                    self.create(definition, announce=False)
                except ConfigError as error:
                    log.error("campaign not restored", extra={"campaign": campaign_id, "why": str(error)})
                    continue
            known.pop(campaign_id, None)
            self.dialer.states[campaign_id] = state
        for campaign_id, starts in known.items():
            state = CampaignState.RUNNING if starts else CampaignState.READY
            self.dialer.states[campaign_id] = state
            self.store.set_campaign(campaign_id, self._definitions[campaign_id], state)

    # --- campaigns ---------------------------------------------------------------------------------

    def create(self, definition: dict[str, Any], announce: bool = True) -> Campaign:
        """A campaign from the API; ConfigError says what is wrong with it."""
        from engine.config import read_campaign

        model = read_campaign(definition, self.config)
        campaign = self._define(campaign_of(model, self.config), model.model_dump(mode="json"))
        if announce:
            state = self.dialer.states.setdefault(campaign.campaign_id, CampaignState.READY)
            self.store.set_campaign(campaign.campaign_id, self._definitions[campaign.campaign_id], state)
            self.dialer.change(campaign)
        return campaign

    def definition(self, campaign_id: str) -> dict[str, Any]:
        return self._definitions[campaign_id]

    def set_state(self, campaign_id: str, state: CampaignState) -> None:
        self.dialer.set_state(campaign_id, state, self._definitions[campaign_id])

    # --- reload ------------------------------------------------------------------------------------

    def reload(self) -> Reloaded:
        """Read config.yaml again; ConfigError changes nothing."""
        before = self.reloader.config
        changes = self.reloader.reload()
        config = self.config
        try:
            rules, prompter = Rules(config), Prompter(config, self.places)
            prompter.make_built_in()
            campaigns = {
                model.id: (prompter.ready(campaign_of(model, config)), model) for model in config.campaigns
            }
        except ConfigError:
            self.reloader.config = before
            raise
        self.rules.become(rules)
        self.prompter.become(prompter)
        self.dialer.gateways.set_terms(gateway_terms(config, next(iter(self.switches.ports))))
        for agent in agents_of(config).values():
            self.shop.agents[agent.agent_id] = agent
            self.dialer.agents.life(agent).agent = agent
        for campaign_id, (_, model) in campaigns.items():
            campaign = self._define(campaign_of(model, config), model.model_dump(mode="json"))
            self.dialer.states.setdefault(campaign_id, CampaignState.READY)
            self.dialer.change(campaign)
        self.feed.tell("config", changed=[change.key for change in (*changes.now, *changes.restart)])
        self.journal.append("config", "", changes.as_dict())
        return changes

    # --- facts -------------------------------------------------------------------------------------

    def _on_fact(self, fact: Any) -> None:
        self.dialer.on_fact(fact)

    def _on_link(self, name: str, state: LinkState) -> None:
        self.dialer.on_switch(self.switches.ports[name], state.value)

    # --- going down --------------------------------------------------------------------------------

    def stop(self) -> None:
        """Leave in order: no new calls, leases given back, journal flushed, children ended."""
        self.feed.tell("engine", what="stopping")
        self.dialer.stop()
        self.switches.stop()
        self.journal.close()
        self.intents.close()
        self.prompter.stop()
        self.store.close()
        if self._server:
            self._server.stop()
        self.lag.stop()

    def settle_down(self, deadline_s: float) -> bool:
        """Wait until every call and settlement is over; False when the deadline came first."""
        until = self.clock.now_s() + deadline_s
        while self.dialer.calls.lives or self.dialer.settler.waiting:
            if self.clock.now_s() > until:
                return False
            greenlets.sleep(0.05)
        return True

    def agents_needed(self) -> bool:
        """Does a running campaign need agents?"""
        running = self.dialer.pacer.running
        return any(self.shop.campaigns[name].mode is not Mode.ROBOT for name in running)


def gateway_terms(config: Config, only_switch: str) -> dict[str, GatewayTerms]:
    return {
        one.name: GatewayTerms(
            one.name, one.switch or only_switch, one.channels, one.calls_per_s, one.prefixes
        )
        for one in config.gateways
    }


def owner() -> str:
    """Who we are to other engines."""
    return f"{socket.gethostname()}:{os.getpid()}"


__all__ = ["Engine", "StoreError", "owner"]
