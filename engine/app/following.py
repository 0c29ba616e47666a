"""Several engines, one set of campaigns: what is started, paused or made at one is so at the others."""

import logging
from typing import Any

from engine import greenlets
from engine.domain.campaign import CampaignState
from engine.domain.errors import ConfigError, StoreError

log = logging.getLogger("prozvon")

EVERY_S = 1.0


class Following:
    """`engine`: ours. A wish counts when it is new in the store: what was decided here meanwhile stands."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._seen: dict[str, tuple[dict[str, Any], CampaignState]] = {
            name: (engine.campaigns.definition(name), state) for name, state in engine.dialer.states.items()
        }

    def run(self) -> None:
        while True:
            greenlets.sleep(EVERY_S)
            try:
                self.look()
            except StoreError as error:
                log.debug("campaigns not read", extra={"why": str(error)})

    def look(self) -> None:
        """Once. StoreError: the store is away."""
        for campaign_id, definition, state in self._engine.store.campaigns():
            before = self._seen.get(campaign_id)
            self._seen[campaign_id] = definition, state
            if before is not None and before != (definition, state):
                self._follow(campaign_id, definition, state, before)
            elif before is None and campaign_id not in self._engine.shop.campaigns:
                self._follow(campaign_id, definition, state, None)

    def _follow(
        self,
        campaign_id: str,
        definition: dict[str, Any],
        state: CampaignState,
        before: tuple[dict[str, Any], CampaignState] | None,
    ) -> None:
        engine = self._engine
        in_file = any(model.id == campaign_id for model in engine.config.campaigns)
        if not in_file and (before is None or before[0] != definition):
            try:
                engine.campaigns.follow(definition)
            except ConfigError as error:
                log.error("campaign not followed", extra={"campaign": campaign_id, "why": str(error)})
                return
        if engine.dialer.states.get(campaign_id) is not state and campaign_id in engine.shop.campaigns:
            log.info("campaign follows", extra={"campaign": campaign_id, "state": state.value})
            engine.dialer.follow(campaign_id, state)
