"""`Control` for a running engine: what is asked of it, answered from dialer, store and journal."""

import os
import time
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import metadata
from typing import Any

from engine.app import why as whys
from engine.app.agents_office import AgentsOffice
from engine.app.doctor import examine
from engine.app.importing import import_csv
from engine.app.meters import Meters
from engine.app.totals import Totals, cdr_of_record
from engine.control import NotFound, Refused
from engine.domain.attempt import Cdr
from engine.domain.campaign import Campaign, CampaignState, Mode
from engine.domain.errors import StoreError
from engine.pacing.snapshot import Decision

ELSEWHERE = "served by another engine"


class Office(AgentsOffice):
    """See `engine.control.Control`."""

    def __init__(self, engine: Any) -> None:
        super().__init__(engine)
        self._meters = Meters(engine)

    @cached_property
    def _totals(self) -> Totals:
        return Totals(self.engine.journal.reader, time.monotonic)

    # --- the whole ---------------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        engine, dialer = self.engine, self.engine.dialer
        states: dict[str, int] = {}
        for life in dialer.agents.lives.values():
            states[life.state.value] = states.get(life.state.value, 0) + 1
        return {
            "version": metadata.version("prozvon"),
            "pid": os.getpid(),
            "uptime_s": round(engine.clock.wall_s() - engine.started_at_s, 1),
            "wall_s": engine.clock.wall_s(),
            "speed": engine.clock.speed,
            "switches": [
                {
                    "name": name,
                    "up": port.up,
                    "virtual": name == "virtual",
                    "lag_ms": round(port.lag_s() * 1000, 1),
                    "why": engine.switches.links[name].last_error,
                }
                for name, port in engine.switches.ports.items()
            ],
            "store": {"embedded": engine.embedded, "late": dialer.settler.waiting},
            "teams": {team: engine.shop.may_dial(team) for team in sorted(dialer.teams)},
            "campaigns": self.campaigns(),
            "agents": self.agents(),
            "agent_states": states,
            "calls": len(dialer.calls.lives),
            "hub_lag_ms": round(engine.lag.worst_ms, 1),
            "counters": dict(engine.shop.counters),
        }

    def health(self) -> tuple[bool, dict[str, Any]]:
        engine = self.engine
        found = {name: "ok" if port.up else "not connected" for name, port in engine.switches.ports.items()}
        try:
            engine.store.ping()
            found["store"] = "ok"
        except StoreError as error:
            found["store"] = str(error)
        for team in sorted(engine.dialer.teams):
            ours, elsewhere = engine.shop.may_dial(team), team in engine.dialer.ownership.elsewhere
            found[f"team {team}"] = "ok" if ours else ELSEWHERE if elsewhere else "not yet taken"
        return all(answer in ("ok", ELSEWHERE) for answer in found.values()), found

    def doctor(self) -> list[dict[str, Any]]:
        return examine(self.engine)

    def reload(self) -> dict[str, Any]:
        return dict(self.engine.reload().as_dict())

    def events(self, after: int = 0) -> Iterator[dict[str, Any]]:
        return iter(self.engine.feed.events(after))

    def metrics(self) -> bytes:
        return self._meters.text()

    # --- campaigns ---------------------------------------------------------------------------------

    def campaigns(self) -> list[dict[str, Any]]:
        return [self._brief(campaign) for campaign in list(self.engine.shop.campaigns.values())]

    def _campaign(self, campaign_id: str) -> Campaign:
        campaign: Campaign | None = self.engine.shop.campaigns.get(campaign_id)
        if campaign is None:
            raise NotFound(f"no campaign '{campaign_id}'", "campaigns", "See `prozvon campaign list`.")
        return campaign

    def _brief(self, campaign: Campaign) -> dict[str, Any]:
        dialer, name = self.engine.dialer, campaign.campaign_id
        calls: dict[str, int] = {}
        for life in dialer.calls.lives.values():
            if life.campaign.campaign_id == name:
                calls[life.state.name.lower()] = calls.get(life.state.name.lower(), 0) + 1
        decision = dialer.pacer.decisions.get(name)
        results = dict(dialer.settler.results.get(name, {}))
        return {
            "campaign_id": name,
            "mode": campaign.mode.value,
            "team": campaign.team,
            "state": dialer.states.get(name, CampaignState.READY).value,
            "queue": self._queue(name),
            "calls": calls,
            "results": results,
            "attempts": sum(results.values()),
            "decision": decided(decision) if decision else None,
        }

    def _queue(self, campaign_id: str) -> dict[str, Any]:
        try:
            sizes = self.engine.store.queue_sizes(campaign_id, self.engine.clock.wall_s())
        except StoreError as error:
            return {"error": str(error)}
        names = ("due", "later", "claimed", "done", "next_due_at_s")
        return {name: getattr(sizes, name) for name in names}

    def create_campaign(self, definition: Mapping[str, Any]) -> dict[str, Any]:
        if definition.get("id") in self.engine.shop.campaigns:
            raise Refused(
                f"campaign '{definition['id']}' is there", "id", "Change it instead, or choose another id."
            )
        return self._brief(self.engine.campaigns.create(dict(definition)))

    def change_campaign(self, campaign_id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        self._campaign(campaign_id)
        definition = {**self.engine.campaigns.definition(campaign_id), **changes, "id": campaign_id}
        return self._brief(self.engine.campaigns.create(definition))

    def start_campaign(self, campaign_id: str) -> dict[str, Any]:
        campaign = self._campaign(campaign_id)
        self._must_be_playable(campaign)
        self.engine.campaigns.set_state(campaign_id, CampaignState.RUNNING)
        return self._brief(campaign)

    def _must_be_playable(self, campaign: Campaign) -> None:
        """What is said to people and machines is proven present on every switch that may play it, or the
        campaign does not start."""
        for name, switch in self.engine.switches.ports.items():
            if not switch.up:
                raise Refused(f"switch {name} is not connected", "start", "See `prozvon doctor`.")
            for prompt in (campaign.abandonment.notice, campaign.machine_message, campaign.amd.ask):
                if prompt and not switch.file_exists(prompt):
                    fix = "Share the folder with the switch, or set media_path to where it sees it."
                    where = f"campaign {campaign.campaign_id}"
                    raise Refused(f"switch {name} cannot find {prompt}", where, fix)

    def pause_campaign(self, campaign_id: str) -> dict[str, Any]:
        campaign = self._campaign(campaign_id)
        self.engine.campaigns.set_state(campaign_id, CampaignState.PAUSED)
        return self._brief(campaign)

    def stop_campaign(self, campaign_id: str) -> dict[str, Any]:
        campaign = self._campaign(campaign_id)
        self.engine.campaigns.set_state(campaign_id, CampaignState.STOPPED)
        return self._brief(campaign)

    def campaign_status(self, campaign_id: str) -> dict[str, Any]:
        campaign = self._campaign(campaign_id)
        needs = campaign.mode is not Mode.ROBOT
        return {
            **self._brief(campaign),
            "needs_agents": needs,
            "amd": self.engine.dialer.calls.amd.figures(campaign) if campaign.screening else None,
            "summary": self._totals.of(campaign_id).as_record(),
            "summary_is_whole": self._totals.is_whole,
        }

    def campaign_allow_amd(self, campaign_id: str) -> dict[str, Any]:
        campaign = self._campaign(campaign_id)
        self.engine.dialer.calls.amd.allow(campaign_id)
        return self.engine.dialer.calls.amd.figures(campaign)

    # --- contacts and results ----------------------------------------------------------------------

    def add_contacts(
        self, campaign_id: str, rows: Iterator[bytes], options: Mapping[str, str]
    ) -> dict[str, Any]:
        return import_csv(self.engine, self._campaign(campaign_id), rows, options)

    def why(self, contact_id: str) -> dict[str, Any]:
        return whys.why(self.engine, contact_id)

    def journal(self, kinds: frozenset[str] | None, since_s: float) -> Iterator[dict[str, Any]]:
        """CDRs carry what the agent noted, also when they noted it after the CDR was written."""
        noted = self._noted(since_s) if kinds is None or "cdr" in kinds else {}
        for record in self.engine.journal.read(kinds, since_s):
            said = noted.get(record.get("attempt_id", "")) if record["kind"] == "cdr" else None
            yield {**record, **said} if said else record

    def _noted(self, since_s: float) -> dict[str, dict[str, Any]]:
        """By attempt: the last outcome and note."""
        read = self.engine.journal.read(frozenset({"outcome"}), since_s)
        return {one["attempt_id"]: {"outcome": one["outcome"], "note": one["note"]} for one in read}

    def audit(self, action: Mapping[str, Any]) -> None:
        self.engine.journal.append("audit", "", action)

    def summary(self, campaign_id: str) -> dict[str, Any]:
        self._campaign(campaign_id)
        return self._totals.all_of(campaign_id).as_record()

    def cdrs(self) -> Iterator[Cdr]:
        """Every CDR of the journal, archive and hot tail."""
        for record in self.journal(frozenset({"cdr"}), 0.0):
            yield cdr_of_record(record)


def decided(decision: Decision) -> dict[str, Any]:
    """The last pacing decision, with what was weighed."""
    numbers = {key: round(value, 4) for key, value in decision.numbers.items()}
    return {"launch": decision.launch, "reason": decision.reason, "numbers": numbers}
