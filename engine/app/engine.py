"""One engine, put together from the configuration and kept running."""

import gc
import logging
import os
import socket
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

from gevent.lock import BoundedSemaphore

from engine import greenlets
from engine.app import kept_files
from engine.app.campaigns import CampaignBook
from engine.app.children import Child, Kept
from engine.app.doorkeeper import Doorkeeper
from engine.app.feed import Feed
from engine.app.following import Following
from engine.app.import_worker import STORE_URL
from engine.app.paths import Places, lock_data_folder
from engine.app.prompter import Prompter
from engine.app.rules import Rules
from engine.app.runtime import GeventTasks, GeventTimers, SystemClock
from engine.app.screening import MediaScreener
from engine.app.store_keeper import keep
from engine.app.switches import Switches
from engine.app.terms import gateway_terms, routes_of, tuning_of
from engine.config import Config, Reloader, agents_of, campaign_of
from engine.config.reload import Reloaded
from engine.dialer.dialer import Dialer
from engine.dialer.robots import RobotDesk
from engine.dialer.shop import Shop
from engine.domain.errors import StoreError
from engine.journal.hot import HotJournal
from engine.journal.intent_log import IntentLog
from engine.journal.read import JournalReader
from engine.store.client import make_client
from engine.store.embedded import EmbeddedServer
from engine.store.lines import RedisLines
from engine.store.redis_store import RedisStore
from engine.switch.link import LinkState

log = logging.getLogger("prozvon")

KEEP_EVERY_S = 30.0
REPLICATED_S = 2.0  # by then replicas have what the primary took
CALLER_ID_USE = "caller_ids"
AMD_BOOK = "amd"


YOUNG_OBJECTS = 5_000
"""As many as a hundred calls in flight are made of: most are gone before the collector looks at them, which
halves its work. A look takes some 2 ms."""


class Engine:
    """`start` brings everything up or raises a DialerError that says what is missing."""

    def __init__(
        self, config_path: Path, clock: SystemClock | None = None, config: Config | None = None
    ) -> None:
        self.reloader = Reloader(config_path)
        if config:
            self.reloader.config = config
        self.clock = clock or SystemClock()
        self.started_at_s = self.clock.wall_s()
        config = self.config
        self.data = config.at(config.store.data_dir).resolve()
        media_path = config.switches[0].media_path if config.switches else ""
        self.places = Places(self.data, media_path or str(self.data))
        self.feed = Feed(self.clock.wall_s)
        self.lag = greenlets.HubLag()
        self._server: EmbeddedServer | None = None
        self.campaigns = CampaignBook(self)
        self._reloading = BoundedSemaphore(1)
        self._leave = ExitStack()  # what was started, each with its end; the last one ends first

    @property
    def config(self) -> Config:
        return self.reloader.config

    # --- coming up ---------------------------------------------------------------------------------

    def start(self) -> None:
        config = self.config
        self.data.mkdir(parents=True, exist_ok=True)
        self._leave.callback(os.close, lock_data_folder(self.data))
        self.lag.start()
        self._leave.callback(self.lag.stop)
        self.store = RedisStore(
            self._open_store_url(), config.store.shards, config.store.confirm_replicas, config.store.timeout_s
        )
        self._leave.callback(self.store.close)
        self.store.ping()
        self._keep_journal()
        self.intents = IntentLog(self.data / "intents")
        self._leave.callback(self.intents.close)
        self.prompter = Prompter(config, self.places)
        self._leave.callback(self.prompter.stop)
        self.rules = Rules(config)
        self.switches = Switches(config, self.clock, self.places.logs, self._on_fact, self._on_link)
        self._leave.callback(self.switches.stop)
        self.shop = Shop(
            clock=self.clock,
            timers=GeventTimers(self.clock),
            tasks=GeventTasks(),
            store=self.store,
            journal=self.journal,
            switches=self.switches.ports,
            tell=self.feed.tell,
            bridge_proof_s=0.3 * self.clock.speed,  # as long as machines need, however fast people live
            tuning=tuning_of(config),
            gateways=gateway_terms(config, next(iter(self.switches.ports))),
            agents=agents_of(config),
        )
        self.prompter.make_built_in()
        for model in config.campaigns:
            self.campaigns.define(model, config)
        self.screener = MediaScreener(config, self.shop, self._on_fact, self.places.logs, self.data)
        self._leave.callback(self.screener.close)
        lines = None if self.embedded else RedisLines(self.store.batcher)
        self.dialer = Dialer(
            self.shop,
            self.rules,
            owner(),
            self._robots,
            self.screener,
            self.intents,
            alone=self.embedded,
            lines=lines,
        )
        self._leave.callback(self.dialer.stop)
        self.store.on_new_server = self._store_died
        self.dialer.launcher.prepare = self.prompter.prepare
        self.rules.load(self.store.load_blob(CALLER_ID_USE))
        self.dialer.calls.amd.load(self.store.load_blob(AMD_BOOK))
        self.dialer.inbound.routes = routes_of(config)
        self.door = Doorkeeper(
            config.inbound, self.dialer.inbound, self.switches, self.clock, config.calling.country
        )
        self._leave.callback(self.door.stop)
        self.door.start()
        self.campaigns.restore()
        if any(one.screening or one.amd.early for one in self.shop.campaigns.values()):
            self.screener.open()
        self.switches.start()
        self.dialer.start()
        keeper = greenlets.supervise("keeper", self._keep, lambda name: None)
        self._leave.callback(greenlets.kill, keeper)
        if not self._server:
            following = greenlets.supervise("following", Following(self).run, lambda name: None)
            self._leave.callback(greenlets.kill, following)
        if self._server:
            self._leave.callback(greenlets.kill, keep(self._server, self._store_died))
        gc.collect()
        gc.freeze()  # what is here now stays: to look through it again holds calls up for 50 ms
        gc.set_threshold(YOUNG_OBJECTS)
        self.feed.tell("engine", what="started")
        for model in config.campaigns:
            if model.contacts_file:
                greenlets.start("contacts file", self.campaigns.import_file, model.id, model.contacts_file)

    def _open_store_url(self) -> str:
        url = self.config.store.url.get_secret_value()
        if not url:
            self._server = EmbeddedServer(self.data / "store")
            self._leave.callback(self._server.stop)
            url = self._server.start()
        self.store_url = url
        return url

    def _store_died(self) -> None:
        """Nothing is launched until each team is taken anew: our own log knows what its disk, or the replica
        that is the primary now, may lack."""
        self.dialer.ownership.forget()
        self.feed.tell("store", what="ended")

    @property
    def embedded(self) -> bool:
        """The store is our own child."""
        return self._server is not None

    def _keep_journal(self) -> None:
        """The hot tail in the store, a process that archives it, a reader over both."""
        shards, folder = self.config.store.shards, self.data / "journal"
        reader = JournalReader(make_client(self.store_url), folder, shards)
        self.journal = HotJournal(self.store.batcher, shards, self.clock, self.data / "spool", reader)
        arguments = ["worker", "archiver", "--shards", str(shards), "--folder", str(folder)]
        if not self.embedded:
            arguments += ["--rest-s", f"{REPLICATED_S:g}"]
        secret = {STORE_URL: self.store_url}
        self._archiver = Kept(Child("archiver", arguments, self.places.logs / "archiver.log", secret))
        self._leave.callback(self._archiver.stop)
        self._leave.callback(self.journal.close)
        self._archiver.start()

    def _robots(self, shop: Shop, on_fact: Callable[..., None]) -> RobotDesk:
        return RobotDesk(shop, on_fact, self.prompter.scripts, self.prompter)

    def _keep(self) -> None:
        """Small things that must outlive us: what pacing has learned, how often own numbers were shown."""
        while True:
            greenlets.sleep(KEEP_EVERY_S)
            keep_days = {
                kept_files.EVIDENCE: self.config.media.evidence_days,
                kept_files.IMPORTS: self.config.store.imports_days,
            }
            for folder, days in keep_days.items():
                kept_files.prune(self.data / folder, days, self.clock.wall_s())
            try:
                self.dialer.pacer.save()
                self.store.save_blob(CALLER_ID_USE, self.rules.save())
                self.store.save_blob(AMD_BOOK, self.dialer.calls.amd.save())
            except StoreError as error:
                log.warning("not kept, next time", extra={"why": str(error)})

    # --- reload ------------------------------------------------------------------------------------

    def reload(self) -> Reloaded:
        """Read config.yaml again; an error changes nothing. One at a time."""
        with self._reloading:
            return self._reload()

    def _reload(self) -> Reloaded:
        before = self.reloader.config
        changes = self.reloader.reload()
        config = self.config
        prompter = Prompter(config, self.places)
        try:
            rules = Rules(config)
            prompter.make_built_in()
            for model in config.campaigns:
                prompter.ready(campaign_of(model, config))
        except BaseException:  # whatever it is: the old configuration holds
            self.reloader.config = before
            prompter.stop()
            raise
        self.rules.become(rules)
        self.prompter.become(prompter)
        self.dialer.inbound.routes = routes_of(config)
        self.shop.tuning = tuning_of(config)
        self.dialer.gateways.set_terms(gateway_terms(config, next(iter(self.switches.ports))))
        for agent in agents_of(config).values():
            self.shop.agents[agent.agent_id] = agent
            self.dialer.agents.know(agent)
        self.campaigns.become(before, config)
        for agent_id in sorted({one.id for one in before.agents} - {one.id for one in config.agents}):
            self.dialer.desk.dismiss(agent_id)  # when they have finished their talk
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
        """Leave in order: no new calls, leases given back, journal flushed, children ended. Just so after a
        start that failed half way."""
        self.feed.tell("engine", what="stopping")
        self._leave.close()

    def settle_down(self, deadline_s: float) -> bool:
        """Wait until every call and settlement is over; False when the deadline came first."""
        until = self.clock.now_s() + deadline_s
        while self.dialer.calls.lives or self.dialer.settler.waiting:
            if self.clock.now_s() > until:
                return False
            greenlets.sleep(0.05)
        return True


def owner() -> str:
    """Who we are to other engines: another name in each life, for a dead engine's promises are not ours."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
