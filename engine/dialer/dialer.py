"""The dialer as a whole: facts in, ticks, ownership of teams, starting and stopping."""

import math
from collections.abc import Callable
from typing import Any

from engine.dialer.adopt import Adoption
from engine.dialer.agents import Agents
from engine.dialer.calls import Calls
from engine.dialer.conduct import Robots
from engine.dialer.consult import Consultations
from engine.dialer.desk import Desk
from engine.dialer.gateways import GatewayBook
from engine.dialer.inbound import Inbound
from engine.dialer.launch import Launcher
from engine.dialer.ownership import Ownership
from engine.dialer.pace import Pacer
from engine.dialer.recover import Recovery
from engine.dialer.rulebook import Rulebook
from engine.dialer.screening import Screener
from engine.dialer.settle import Settler
from engine.dialer.shop import Shop, log
from engine.dialer.slices import Slices
from engine.dialer.sweep import Sweeper
from engine.dialer.wayout import WayOut
from engine.domain import facts as f
from engine.domain.campaign import Campaign, CampaignState, Mode
from engine.domain.errors import StoreError, SwitchError
from engine.ports import IntentBook, Lines, Switch

SWEEP_EVERY_S = 30.0


class Dialer:
    """One engine. Give it facts (`on_fact`), tell it of switches (`on_switch`), start and stop campaigns."""

    def __init__(
        self,
        shop: Shop,
        rules: Rulebook,
        owner: str,
        make_robots: Callable[[Shop, Callable[[f.Fact], None]], Robots],
        screener: Screener | None = None,
        intents: IntentBook | None = None,
        alone: bool = False,
        lines: Lines | None = None,
    ) -> None:
        """`alone`: no other engine can be on this store. `lines`: where engines share gateways; None: they
        are ours alone."""
        self.shop, self.rules, self.owner = shop, rules, owner
        self.gateways = GatewayBook(shop.gateways)
        self.agents = Agents(shop, self.on_fact)
        self.settler = Settler(shop, rules, self.gateways, intents)
        self.robots = make_robots(shop, self.on_fact)
        self.calls = Calls(shop, self.agents, self.robots, screener, self.settler)
        self.settler.listeners.append(self.calls.amd.settled)
        self.launcher = Launcher(shop, self.calls, self.agents, self.gateways, rules, intents)
        self.pacer = Pacer(shop, self.calls, self.agents, self.gateways, self.launcher)
        self.ways = WayOut(shop, self.gateways)
        self.consultations = Consultations(shop, self.calls, self.agents, self.ways)
        self.desk = Desk(
            shop, self.calls, self.agents, self.launcher, self.consultations, self.settler, self.ways
        )
        self.inbound = Inbound(shop, self.calls, ())
        self.recovery = Recovery(
            shop,
            self.calls,
            self.agents,
            self.settler,
            Adoption(shop, self.calls, self.agents, self.gateways, self.inbound),
            self.desk.supervisors,
            intents,
        )
        self.sweeper = Sweeper(shop, self.calls, self.agents, self.desk.supervisors)
        self.agents.coming = self.calls.coming
        self.nodes = self.launcher.nodes
        self.agents.home_of = self.nodes.home_of
        self.states: dict[str, CampaignState] = {}
        self._down_at_s: dict[str, float] = {}
        self.ownership = Ownership(
            shop,
            owner,
            alone,
            lambda: self.teams,
            self.recovery.take_team,
            self._taken,
            self._let_go,
            self.agents.offer_again,
        )
        self.slices = Slices(shop, self.gateways, lines, owner, self._dialing) if lines else None
        self._stopping = False
        for agent in shop.agents.values():
            self.agents.life(agent)

    # --- facts -------------------------------------------------------------------------------------

    def on_fact(self, fact: f.Fact) -> None:
        """Everything that happens comes through here; one fact at a time per leg, never waiting."""
        life = self.calls.lives.get(fact.leg_id)
        if life is not None:
            self.calls.post(fact)
            if isinstance(fact, f.LegEnded):
                self.consultations.person_gone(fact.leg_id)
            if isinstance(fact, f.LegEnded | f.OriginateRefused):
                self.agents.offer_again(life.campaign.team)
                self.pacer.poke(life.campaign.team)
            return
        agent_id = self.agents.by_leg.get(fact.leg_id)
        if agent_id is not None:
            self.agents.on_leg_fact(agent_id, fact)
        elif fact.leg_id in self.consultations.by_leg:
            self.consultations.on_fact(fact)
        elif fact.leg_id in self.desk.supervisors.by_leg:
            self.desk.supervisors.on_fact(fact)
        elif isinstance(fact, f.LegCreated | f.LegAnswered) and fact.leg_id in self.recovery.awaited:
            self.recovery.look_again(fact.leg_id)
        else:
            self.shop.count("facts_of_unknown_legs")

    def on_switch(self, switch: Switch, what: str) -> None:
        """`what`: up, down, restarted, gap. A switch that came back is asked what lives."""
        self.shop.tell("switch", switch=switch.name, what=what)
        self.shop.note("note", what=f"switch {what}", switch=switch.name)
        if what == "down":
            self._down_at_s[switch.name] = self.shop.clock.now_s()
            self.nodes.down(switch)
            return
        self.nodes.up(switch, switch.name in self._down_at_s)
        if what == "up":
            lives = list(self.calls.lives.values())
            self.shop.tasks.start("robots again", self.robots.link_back, switch.name, lives)
        gone_before_s = self._down_at_s.get(switch.name, 0.0) if what == "restarted" else -math.inf
        self.shop.tasks.start("sweep", self._sweep_one, switch, gone_before_s, True)
        if not all(map(self.shop.may_dial, self.teams)) and not self._stopping:
            self.shop.tasks.start("leases", self.ownership.renew)

    def _sweep_one(self, switch: Switch, gone_before_s: float = -math.inf, came_back: bool = False) -> None:
        try:
            self.sweeper.sweep(switch, gone_before_s)
            if came_back:
                self.sweeper.catch_up(switch)
                for team in self.shop.leases.keys() - self.shop.recovering:
                    self.recovery.take_late(team, switch)
        except (SwitchError, StoreError) as error:
            log.warning("sweep failed", extra={"switch": switch.name, "why": str(error)})

    def _sweep(self) -> None:
        for switch in self.shop.switches.values():
            if switch.up:
                self.shop.tasks.start("sweep", self._sweep_one, switch)
        if not self._stopping:
            self.shop.timers.after(SWEEP_EVERY_S, "sweep", self._sweep)

    # --- ownership ---------------------------------------------------------------------------------

    @property
    def teams(self) -> set[str]:
        return {c.team for c in self.shop.campaigns.values()} | {a.team for a in self.shop.agents.values()}

    def start(self) -> None:
        """Take the teams, adopt what lives, begin to tick. Campaign states come from the store."""
        self.ownership.start()
        if self.slices:
            self.slices.start()
        self.shop.timers.after(SWEEP_EVERY_S, "sweep", self._sweep)

    def _dialing(self) -> list[Campaign]:
        return [
            campaign
            for campaign in self.shop.campaigns.values()
            if campaign.campaign_id in self.desk.running and self.shop.may_dial(campaign.team)
        ]

    def _taken(self, team: str) -> None:
        for campaign in self.shop.campaigns.values():
            if campaign.team == team and self.states.get(campaign.campaign_id) is CampaignState.RUNNING:
                self.set_running(campaign, True)

    def _let_go(self, team: str) -> None:
        """Another engine has the team: its calls and agents live on there, and we give no more orders."""
        for campaign in self.shop.campaigns.values():
            if campaign.team == team:
                self.desk.running.discard(campaign.campaign_id)
                self.pacer.running.discard(campaign.campaign_id)
                self.launcher.claims.forget(campaign)
        self.desk.let_go(team)
        self.consultations.let_go(team)
        self.desk.supervisors.let_go(team)
        self.recovery.let_go(team)
        for life in [life for life in self.calls.lives.values() if life.intent.team == team]:
            self.calls.let_go(life)
            for gateway in filter(None, (life.intent.gateway, life.transfer_gateway)):
                self.gateways.give_back(gateway, False, self.shop.clock.now_s())
        self.settler.let_go(team)
        self.agents.let_go(team)
        self.shop.tell("team", team=team, what="lost")

    # --- campaigns ---------------------------------------------------------------------------------

    def set_running(self, campaign: Campaign, on: bool) -> None:
        """Begin or cease to launch; live calls go on."""
        if on:
            self.desk.running.add(campaign.campaign_id)
            self.pacer.start(campaign)
            for life in list(self.agents.lives.values()):
                if campaign.mode is Mode.PREVIEW and life.agent.team == campaign.team:
                    self.shop.tasks.start("card", self.desk.show_card, life.agent.agent_id, campaign)
        else:
            self.desk.running.discard(campaign.campaign_id)
            self.pacer.pause(campaign)

    def change(self, campaign: Campaign) -> None:
        """A new definition: new calls follow it at once, live ones keep the one they began with."""
        self.shop.campaigns[campaign.campaign_id] = campaign
        if campaign.campaign_id in self.pacer.running:
            self.set_running(campaign, True)

    def set_state(self, campaign_id: str, state: CampaignState, definition: dict[str, Any]) -> None:
        """Start, pause or stop; the wish is stored before it takes effect, so a restart keeps it."""
        self.shop.store.set_campaign(campaign_id, definition, state)
        self.follow(campaign_id, state)
        self.shop.note("campaign", campaign=campaign_id, state=state.value)

    def follow(self, campaign_id: str, state: CampaignState) -> None:
        """The wish stands in the store: here it takes effect."""
        campaign = self.shop.campaigns[campaign_id]
        self.states[campaign_id] = state
        self.set_running(campaign, state is CampaignState.RUNNING and self.shop.may_dial(campaign.team))
        self.shop.tell("campaign", campaign=campaign_id, state=state.value)

    # --- the end -----------------------------------------------------------------------------------

    def drain(self) -> None:
        """No new calls; those that live go on."""
        for campaign_id in list(self.pacer.running):
            self.set_running(self.shop.campaigns[campaign_id], False)

    def stop(self) -> None:
        """Leave: what lives is left to the safety nets and to the next engine."""
        self._stopping = True
        self.drain()
        if self.slices:
            self.slices.stop()
        self.ownership.stop()
