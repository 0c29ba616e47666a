"""Campaigns of this engine: from config.yaml, from the API, and as the last engine left them."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.app.importing import import_csv
from engine.config import Config, campaign_of, read_campaign
from engine.domain.campaign import Campaign, CampaignState
from engine.domain.errors import ConfigError, DialerError, StoreError

log = logging.getLogger("prozvon")


class CampaignBook:
    """Their definitions, as a user wrote them, beside what the dialer makes of them. `engine`: ours."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._definitions: dict[str, dict[str, Any]] = {}

    def definition(self, campaign_id: str) -> dict[str, Any]:
        return self._definitions[campaign_id]

    def define(self, model: Any, config: Config) -> Campaign:
        """Make a campaign ready to dial: its prompts and scenario proven, paths as the switch sees them."""
        engine = self._engine
        campaign: Campaign = engine.prompter.ready(campaign_of(model, config))
        if campaign.recording_path:
            path = str(Path(engine.places.media_path) / campaign.recording_path)
            campaign = replace(campaign, recording_path=path)
        engine.shop.campaigns[campaign.campaign_id] = campaign
        self._definitions[campaign.campaign_id] = model.model_dump(mode="json")
        return campaign

    def restore(self) -> None:
        """What ran when the last engine ended runs again; what was made by the API is there again. Those of
        config.yaml are as it says, whatever the API had changed."""
        engine = self._engine
        known = {model.id: model.start for model in engine.config.campaigns}
        for campaign_id, definition, state in engine.store.campaigns():
            if campaign_id not in known:
                try:
                    self.create(definition, announce=False)
                except ConfigError as error:
                    log.error("campaign not restored", extra={"campaign": campaign_id, "why": str(error)})
                    continue
            else:
                self._as_the_file_has_it(campaign_id, definition, state)
            known.pop(campaign_id, None)
            engine.dialer.states[campaign_id] = state
        for campaign_id, starts in known.items():
            state = CampaignState.RUNNING if starts else CampaignState.READY
            engine.dialer.states[campaign_id] = state
            engine.store.set_campaign(campaign_id, self._definitions[campaign_id], state)

    def _as_the_file_has_it(self, campaign_id: str, stored: dict[str, Any], state: CampaignState) -> None:
        """The store's copy follows the file, and what the API had changed is said once, not at every start.
        A key that an older version did not know is no change of anyone's."""
        ours = self._definitions[campaign_id]
        if stored == ours:
            return
        if changed := [key for key, value in ours.items() if stored.get(key, value) != value]:
            log.warning("campaign is as the file has it", extra={"campaign": campaign_id, "changed": changed})
        self._engine.store.set_campaign(campaign_id, ours, state)

    def create(self, definition: dict[str, Any], announce: bool = True) -> Campaign:
        """A campaign from the API; ConfigError says what is wrong with it."""
        engine = self._engine
        campaign = self.define(read_campaign(definition, engine.config), engine.config)
        if announce:
            name = campaign.campaign_id
            state = engine.dialer.states.setdefault(name, CampaignState.READY)
            engine.store.set_campaign(name, self._definitions[name], state)
            engine.dialer.change(campaign)
        return campaign

    def follow(self, definition: dict[str, Any]) -> None:
        """A campaign made or changed at another engine. ConfigError: not with our configuration."""
        self._engine.dialer.change(self.create(definition, announce=False))

    def become(self, before: Config, config: Config) -> None:
        """Those of a new configuration, from the next call on; those it holds no more are stopped."""
        engine = self._engine
        for model in config.campaigns:
            campaign = self.define(model, config)
            engine.dialer.states.setdefault(model.id, CampaignState.READY)
            engine.dialer.change(campaign)
        for gone in sorted({one.id for one in before.campaigns} - {one.id for one in config.campaigns}):
            try:
                self.set_state(gone, CampaignState.STOPPED)
            except StoreError as error:
                engine.dialer.set_running(engine.shop.campaigns[gone], False)
                log.error("campaign not stopped for good", extra={"campaign": gone, "why": str(error)})

    def set_state(self, campaign_id: str, state: CampaignState) -> None:
        self._engine.dialer.set_state(campaign_id, state, self._definitions[campaign_id])

    def import_file(self, campaign_id: str, name: str) -> None:
        """The campaign's own list, at every start: rows that are there already count as duplicates."""
        engine = self._engine
        path = engine.config.at(name)
        try:
            if path.exists() and not path.is_file():
                raise ConfigError("the list is no plain file", str(path), "Pipes and devices cannot be read.")
            with path.open("rb") as file:
                rows = iter(lambda: file.read(1 << 20), b"")
                result = import_csv(engine, engine.shop.campaigns[campaign_id], rows, {})
            log.info("contacts file read", extra={"file": name, "added": result["added"]})
        except (OSError, DialerError) as error:
            log.error("contacts file not read", extra={"file": name, "why": str(error)})
