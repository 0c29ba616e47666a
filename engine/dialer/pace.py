"""Ticks: when to ask a campaign's policy, what it sees, and what becomes of its answer."""

import json
from collections.abc import Callable

from engine.calls.agent import AgentLife
from engine.calls.attempt import State
from engine.dialer.agents import Agents
from engine.dialer.calls import Calls
from engine.dialer.gateways import GatewayBook
from engine.dialer.launch import Launcher
from engine.dialer.life import CallLife
from engine.dialer.patience import NOTICE_MARGIN_S
from engine.dialer.reporter import Reporter
from engine.dialer.shop import Shop, log
from engine.domain import facts as f
from engine.domain.agent import AgentState
from engine.domain.campaign import Campaign, Mode
from engine.domain.errors import StoreError
from engine.pacing.governor import Limits, govern
from engine.pacing.news import CallEnded, CallMoved, News
from engine.pacing.snapshot import CallView, Decision, Policy, Snapshot, Terms, UnpacedDemand

LOOK_AHEAD = 8
new_tuple = tuple.__new__  # half the price of CallView(…), for calls in hundreds, twenty times a second
TELL_EVERY_S = 1.0


class Pacer:
    """One policy object per running campaign; decisions of a team coalesce."""

    def __init__(
        self, shop: Shop, calls: Calls, agents: Agents, gateways: GatewayBook, launcher: Launcher
    ) -> None:
        self._shop, self._calls, self._agents = shop, calls, agents
        self._gateways, self._launcher = gateways, launcher
        self._policies: dict[str, tuple[Mode, Policy]] = {}
        self._ticking: dict[str, tuple[float, Callable[[], None]]] = {}  # team: when, and how to call it off
        self._last_s: dict[str, float] = {}
        self._told_s: dict[str, float] = {}
        self.running: set[str] = set()
        self.decisions: dict[str, Decision] = {}
        agents.listeners.append(self._agent_moved)
        reporter = Reporter(shop.clock, self.observe, self._observe_team)
        calls.listeners.append(reporter.call_moved)
        agents.listeners.append(reporter.agent_moved)

    def start(self, campaign: Campaign) -> None:
        self._policy(campaign)
        self.running.add(campaign.campaign_id)
        self.poke(campaign.team)

    def pause(self, campaign: Campaign) -> None:
        self.running.discard(campaign.campaign_id)
        self._launcher.return_claims(campaign)

    def observe(self, campaign_id: str, news: News) -> None:
        """News of a campaign's own call; the others of its team overhear them."""
        if campaign_id in self._policies:
            self._policies[campaign_id][1].observe(news)
        if len(self._policies) > 1 and isinstance(news, CallMoved | CallEnded):
            campaigns = self._shop.campaigns
            team = campaigns[campaign_id].team if campaign_id in campaigns else ""
            for name, (_, policy) in self._policies.items():
                if name != campaign_id and name in campaigns and campaigns[name].team == team:
                    policy.overhear(news)

    def _observe_team(self, team: str, news: News) -> None:
        for name, campaign in self._shop.campaigns.items():
            if campaign.team == team and name in self._policies:
                self._policies[name][1].observe(news)

    def _agent_moved(self, life: AgentLife, before: AgentState) -> None:
        self.poke(life.agent.team)

    def poke(self, team: str, after_s: float = 0.0) -> None:
        """Ask for a decision: at once where the last is old enough, never closer than min_check_s."""
        now = self._shop.clock.now_s()
        at_s = max(now + after_s, self._last_s.get(team, -1.0) + self._shop.tuning.min_check_s)
        if team in self._ticking:
            due_s, call_off = self._ticking[team]
            if due_s <= at_s or after_s > 0.0:
                return  # soon enough, or it will set the next itself
            call_off()
        self._ticking[team] = at_s, self._shop.timers.after(at_s - now, "tick", lambda: self.tick(team))

    def tick(self, team: str) -> None:
        """One decision for each running campaign of the team, the most important first."""
        self._ticking.pop(team, None)
        now = self._shop.clock.now_s()
        self._last_s[team] = now
        mine = [c for c in self._shop.campaigns.values() if c.team == team and c.campaign_id in self.running]
        next_s = self._shop.tuning.max_check_s
        for campaign in sorted(mine, key=lambda c: (-c.priority, c.campaign_id)):
            decision = self._decide(campaign, now)
            next_s = min(next_s, decision.next_check_s)
        if mine:
            self.poke(team, next_s)

    def _decide(self, campaign: Campaign, now: float) -> Decision:
        policy = self._policy(campaign)
        limits = self._limits(campaign, now)
        snapshot = self.snapshot(campaign, now, limits)
        decision = govern(policy.decide(now, snapshot), snapshot, limits)
        before = self.decisions.get(campaign.campaign_id)
        self.decisions[campaign.campaign_id] = decision
        self._tell(campaign, decision, before, now)
        if (decision.launch or decision.cancel) and decision != before:  # a dry queue is asked every second
            self._shop.note(
                "decision",
                campaign=campaign.campaign_id,
                launch=decision.launch,
                cancel=list(decision.cancel),
                reason=decision.reason,
            )
        for attempt_id in decision.cancel:
            self._calls.post(f.CancelWanted(attempt_id, now))
        if decision.launch:
            self._launcher.launch(campaign, decision.launch)
        return decision

    def _tell(self, campaign: Campaign, decision: Decision, before: Decision | None, now: float) -> None:
        """Each launch; what was weighed without one at most once a second."""
        name = campaign.campaign_id
        changed = before is None or before.reason != decision.reason
        if decision.numbers and not decision.cancel and now - self._told_s.get(name, -1.0) < TELL_EVERY_S:
            changed = False
        if decision.launch or changed:
            self._told_s[name] = now
            numbers = {key: round(value, 4) for key, value in decision.numbers.items()}
            more = {"numbers": numbers} if numbers else {}
            self._shop.tell("pacing", campaign=name, launch=decision.launch, reason=decision.reason, **more)

    def _policy(self, campaign: Campaign) -> Policy:
        mode, policy = self._policies.get(campaign.campaign_id, (None, None))
        if policy is None or mode is not campaign.mode:
            policy = self._shop.policies[campaign.mode.value]()
            self._policies[campaign.campaign_id] = (campaign.mode, policy)
            self._remember(campaign, policy)
        return policy

    # --- what was learned --------------------------------------------------------------------------

    def _remember(self, campaign: Campaign, policy: Policy) -> None:
        """Give a new policy what its like had learned in an earlier life of the engine."""
        try:
            saved = self._shop.store.load_blob(blob_name(campaign.campaign_id, campaign.mode))
            if saved:
                policy.load(json.loads(saved))
        except (StoreError, ValueError, KeyError) as error:
            extra = {"campaign": campaign.campaign_id, "why": str(error)}
            log.warning("pacing starts without what it had learned", extra=extra)

    def save(self) -> None:
        """Keep what the policies have learned. StoreError: kept at the next call."""
        for campaign_id, (mode, policy) in self._policies.items():
            learned = policy.save()
            if learned:
                self._shop.store.save_blob(blob_name(campaign_id, mode), json.dumps(learned).encode())

    # --- what a policy sees ------------------------------------------------------------------------

    def snapshot(self, campaign: Campaign, now: float, limits: Limits | None = None) -> Snapshot:
        """What the policy may see of this moment. `limits`: where they are worked out already."""
        limits = limits or self._limits(campaign, now)
        mine, others = [], []
        for life in self._calls.lives.values():
            if life.campaign.campaign_id == campaign.campaign_id:
                mine.append(life.view or view_of(life))
            elif life.campaign.team == campaign.team and life.campaign.mode is not Mode.ROBOT:
                others.append(life.view or view_of(life))
        for name, launching in self._launcher.launching.items():  # a slow store may hold many of them up
            its = self._shop.campaigns.get(name, campaign)
            wants_agent = its.mode is not Mode.ROBOT
            if name == campaign.campaign_id or (wants_agent and its.team == campaign.team):
                views = mine if name == campaign.campaign_id else others
                views += [CallView(f"launching-{name}-{n}", "dialing", now, now, name, wants_agent)
                          for n in range(launching)]  # fmt: skip
        of_team = [c for c in self._agents.waiting.values() if c.campaign.team == campaign.team]
        waiting = [c for c in of_team if not c.paced]
        transfers = [c for c in of_team if c.paced and c.campaign.mode is Mode.ROBOT]
        demand = UnpacedDemand(len(waiting), len(transfers), self._launcher.promised(campaign))
        queued = self._launcher.queued(campaign)
        return Snapshot(
            campaign.campaign_id,
            tuple(mine),
            self._agents.roster.views(campaign.team, campaign.skills),
            demand,
            campaign.max_calls,
            queued,
            tuple(others),
            terms_of(campaign),
            self._launcher.claims.upcoming(campaign, LOOK_AHEAD),
            limits.channels_left,
            doubt_of(limits),
            self._shop.clock.wall_s(),
        )

    def _limits(self, campaign: Campaign, now: float) -> Limits:
        switches = {
            self._gateways.lines[g].terms.switch for g in campaign.gateways if g in self._gateways.lines
        }
        up = [s for name, s in self._shop.switches.items() if name in switches and s.up]
        gateways = campaign.gateways
        if len(up) < len(switches):
            there = {s.name for s in up}
            lines = self._gateways.lines
            gateways = tuple(g for g in gateways if g in lines and lines[g].terms.switch in there)
        channels, starts = self._gateways.room(gateways, now)
        return Limits(
            channels_left=channels,
            starts_left=min(starts, self._launcher.starts_left(campaign)),
            switch_up=bool(up) and self._shop.may_dial(campaign.team),
            switch_lag_s=max((s.lag_s() for s in up), default=0.0),
            switch_lag_limit_s=self._shop.tuning.switch_lag_limit_s,
            switch_lag_stop_s=self._shop.tuning.switch_lag_stop_s,
            needs_agents=campaign.mode is not Mode.ROBOT,
        )


def blob_name(campaign_id: str, mode: Mode) -> str:
    return f"pacing:{mode.value}:{campaign_id}"


def terms_of(campaign: Campaign) -> Terms:
    """The campaign's wishes in pacing's words. The wait that counts as abandonment ends a little early: the
    notice must have begun by then."""
    wish, clock = campaign.predicting, campaign.abandonment
    return Terms(
        cap=wish.cap,
        windows_s=wish.windows_s,
        patience_s=max(0.0, clock.answer_limit_s - NOTICE_MARGIN_S),
        ring_time_s=campaign.ring_time_s,
        least_ring_s=wish.cancel_after_s,
        cancel_share=wish.cancel_share,
        reserve=wish.reserve,
        largest_ratio=wish.largest_ratio,
    )


def doubt_of(limits: Limits) -> str:
    """Why what is known of calls and agents may be stale."""
    if not limits.switch_up:
        return "the switch is not connected"
    if limits.switch_lag_s > limits.switch_lag_limit_s:
        return f"the switch lags {limits.switch_lag_s * 1000:.0f} ms"
    return ""


def view_of(life: CallLife) -> CallView:
    """One live call as pacing sees it: no number, no name. Kept for the next look: a call is looked at some
    hundred times, and in its life only some ten things happen to it."""
    waits = life.state is State.WAITING
    early = life.early_media and life.state is State.DIALING
    view = new_tuple(
        CallView,
        (
            life.intent.attempt_id,
            "early_media" if early else life.state.value,  # plain: an Enum is slow to look up
            life.started_s,
            life.since_s,
            life.call_class,
            # a caller who waits is told as demand that nobody paces, and must not count twice
            life.campaign.mode is not Mode.ROBOT and not (waits and not life.paced),
            life.intent.agent_id or life.agent_id,
            life.patience_until_s or None if waits else None,
        ),
    )
    life.view = view
    return view
