"""From the queue to the wire: claim → gate → number → line → intent → originate.

Every call that the engine makes goes through `_dial`, and through the gate before it: there is no other way.
"""

import math
from collections.abc import Callable
from dataclasses import replace

from engine.callerid import LineChoice, NoLine
from engine.calls.agent import AgentLife
from engine.dialer.agents import Agents
from engine.dialer.calls import Calls
from engine.dialer.claims import Claims
from engine.dialer.gateways import GatewayBook
from engine.dialer.life import CallLife
from engine.dialer.nodes import Nodes
from engine.dialer.originate import Wire, life_of
from engine.dialer.rulebook import Rulebook
from engine.dialer.shop import Shop, log
from engine.domain.agent import AgentState
from engine.domain.campaign import Campaign, Mode
from engine.domain.contact import Claimed, Contact, Phone
from engine.domain.disposition import STORE_LOST
from engine.domain.errors import ConfigError, DialerError, Fenced, StoreError
from engine.domain.gate import Blocked
from engine.ports import IntentBook

JUDGE_AT_MOST = 500  # contacts judged for one decision, so that a list at night does not hold the engine
DRY_S = 1.0
NO_LINE_S = 10.0
FORBIDDEN_S = 3600.0  # the configuration carries it nowhere: it may be mended, so look again


class Launcher:
    """Turns "launch n" into calls, or into reasons why not."""

    def __init__(
        self,
        shop: Shop,
        calls: Calls,
        agents: Agents,
        gateways: GatewayBook,
        rules: Rulebook,
        intents: IntentBook | None = None,
    ) -> None:
        self._shop, self._calls, self._agents = shop, calls, agents
        self._gateways, self._rules, self._intents = gateways, rules, intents
        self._wire = Wire(shop, calls, gateways)
        self.nodes = Nodes(shop, calls, agents, gateways)
        self.claims = Claims(shop, self._unused)
        self._starts: dict[str, tuple[float, float]] = {}
        self._promised: dict[str, tuple[str, float]] = {}
        self.launching: dict[str, int] = {}
        self.prepare: Callable[[Campaign, Contact], str] = lambda campaign, contact: ""
        """What the call needs besides a line (prompts); the one to be whispered to the agent, or "".
        ConfigError: this contact lacks something."""

    # --- what pacing asks --------------------------------------------------------------------------

    def queued(self, campaign: Campaign) -> int:
        """Contacts that may be dialed now, as far as is known without asking the store."""
        return self.claims.queued(campaign)

    def promised(self, campaign: Campaign) -> int:
        """People of the campaign who are due, were promised an agent, and found none free just now."""
        now = self._shop.clock.now_s()
        for contact_id in [one for one, (_, until_s) in self._promised.items() if until_s < now]:
            del self._promised[contact_id]
        return sum(name == campaign.campaign_id for name, _ in self._promised.values())

    def starts_left(self, campaign: Campaign) -> int:
        """What the campaign's own calls per second allow now (at most one second's worth is saved up)."""
        now, most = self._shop.clock.now_s(), max(1.0, campaign.calls_per_s)
        tokens, at = self._starts.get(campaign.campaign_id, (most, now))
        tokens = min(most, tokens + (now - at) * campaign.calls_per_s)
        self._starts[campaign.campaign_id] = (tokens, now)
        return int(tokens)

    def launch(self, campaign: Campaign, count: int) -> None:
        """Start `count` calls beside the caller; fewer where the queue, the gate or the lines allow fewer."""
        name = campaign.campaign_id
        tokens, at = self._starts.get(name, (campaign.calls_per_s, self._shop.clock.now_s()))
        self._starts[name] = (tokens - count, at)
        self.launching[name] = self.launching.get(name, 0) + count
        self._shop.tasks.start("launch", self._launch, campaign, count)

    def _launch(self, campaign: Campaign, count: int) -> None:
        left = count
        try:
            for _ in range(JUDGE_AT_MOST):
                claimed = self.claims.next(campaign, left) if left else None
                if claimed is None:
                    break
                plan = self._judge(campaign, claimed)
                if isinstance(plan, Blocked):
                    self._turn_down(campaign, claimed, plan)
                    continue
                left -= 1
                self._shop.tasks.start("dial", self._dial_counted, campaign, claimed, plan)
        except StoreError as error:
            log.warning("queue not reached", extra={"campaign": campaign.campaign_id, "why": str(error)})
            self.claims.dry(campaign)
        finally:
            self._launched(campaign, left)

    def _launched(self, campaign: Campaign, count: int) -> None:
        name = campaign.campaign_id
        self.launching[name] = max(0, self.launching.get(name, 0) - count)

    def _dial_counted(self, campaign: Campaign, claimed: Claimed, plan: tuple[Phone, LineChoice]) -> None:
        try:
            whisper = self.prepare(campaign, claimed.contact)
            self._dial(campaign, claimed, plan, None, whisper)
        except ConfigError as error:
            self._shop.count("not_prepared")
            self.put_back(campaign, claimed, None, str(error), "fields")
        except DialerError as error:
            wall = self._shop.clock.wall_s()
            self.put_back(campaign, claimed, wall + NO_LINE_S, str(error), "prompts")
        finally:
            self._launched(campaign, 1)

    # --- claims ------------------------------------------------------------------------------------

    def claim_one(self, campaign: Campaign) -> Claimed | None:
        """A contact for an agent's preview."""
        return self.claims.next(campaign, 1)

    def return_claims(self, campaign: Campaign) -> None:
        """The campaign stops: what we hold of its queue goes back at once."""
        self.claims.release(campaign, "campaign paused")

    def _unused(self, campaign: Campaign, claimed: Claimed, reason: str) -> None:
        self.put_back(campaign, claimed, self._shop.clock.wall_s(), reason)

    def wake(self, campaign_id: str) -> None:
        """Contacts came in: look at the queue again."""
        self.claims.wake(campaign_id)

    def put_back(
        self, campaign: Campaign, claimed: Claimed, due_at_s: float | None, reason: str, rule: str = ""
    ) -> None:
        """Give a claimed contact back, beside the caller; a failure only lets its lease run out."""

        def give() -> None:
            contact = claimed.contact
            try:
                lease = self._shop.leases[campaign.team]
                self._shop.store.put_back(
                    lease, campaign.campaign_id, contact.person_id, contact.contact_id, due_at_s, reason, rule
                )
            except (StoreError, KeyError) as error:
                log.warning("contact not put back", extra={"contact": contact.contact_id, "why": str(error)})

        self._shop.tasks.start("put back", give)

    # --- gate and line -----------------------------------------------------------------------------

    def _judge(
        self, campaign: Campaign, claimed: Claimed, path: str = "", agent_switch: str = ""
    ) -> tuple[Phone, LineChoice] | Blocked:
        """The gate, then the number and the line; or what is against the call. `agent_switch`: where the
        agent stands who is held for it, "" when nobody is."""
        phone = self._gate(campaign, claimed, path or path_of(campaign, claimed))
        if isinstance(phone, Blocked):
            return phone
        now, wall = self._shop.clock.now_s(), self._shop.clock.wall_s()
        open_gateways = self.nodes.open_gateways(campaign, now, agent_switch)
        line = self._rules.line(campaign, phone, open_gateways, wall)
        if isinstance(line, NoLine):
            return Blocked("line", line.reason, wall + (NO_LINE_S if line.passing else FORBIDDEN_S))
        return phone, line

    def _gate(self, campaign: Campaign, claimed: Claimed, path: str) -> Phone | Blocked:
        """The first number that the gate lets pass. A rule against one number leaves the others a chance."""
        contact, wall = claimed.contact, self._shop.clock.wall_s()
        by_hand = path in ("preview", "manual")
        held = by_hand or (claimed.progress.guaranteed and campaign.mode is not Mode.ROBOT)
        soonest: Blocked | None = None
        for phone in self._rules.phones(contact, claimed.progress):
            answer = self._rules.gate(contact, phone, campaign, claimed.history, wall, path, held)
            if not isinstance(answer, Blocked):
                return phone
            if soonest is None or answer.retry_at_s < soonest.retry_at_s:
                soonest = answer
            if not answer.number_only:
                break
        return soonest or Blocked("numbers", "every number is dead or spent", math.inf)

    def _turn_down(self, campaign: Campaign, claimed: Claimed, blocked: Blocked) -> None:
        """A claimed contact goes back until the rule may change its mind."""
        self._shop.count(f"blocked_{blocked.rule}")
        due = None if blocked.for_ever else blocked.retry_at_s
        self.put_back(campaign, claimed, due, blocked.reason, blocked.rule)

    def may_show(self, campaign: Campaign, claimed: Claimed) -> bool:
        """Judge a contact before an agent sees its card; a refused one is put back."""
        answer = self._gate(campaign, claimed, "preview")
        if isinstance(answer, Blocked):
            self._turn_down(campaign, claimed, answer)
            return False
        return True

    # --- intent and originate ----------------------------------------------------------------------

    def dial_for(self, campaign: Campaign, claimed: Claimed, agent: AgentLife, path: str) -> str | Blocked:
        """Preview and manual: the agent starts the call. The attempt's id, or what is against it."""
        if not self._shop.may_dial(campaign.team):
            wall = self._shop.clock.wall_s()
            return Blocked("team", "the team's live calls are still being taken over", wall + DRY_S)
        claimed = replace(claimed, history=self._shop.store.history(claimed.contact.person_id))
        campaign = replace(campaign, mode=Mode(path))  # whatever the campaign does by itself
        plan = self._judge(campaign, claimed, path, agent.switch if agent.leg_id else "")
        wall = self._shop.clock.wall_s()
        try:
            whisper = "" if isinstance(plan, Blocked) else self.prepare(campaign, claimed.contact)
        except DialerError as error:
            plan = Blocked("prompts", str(error), wall + NO_LINE_S)
        if agent.state is not AgentState.PREVIEW:  # they paused or left while the store was asked
            plan = Blocked("agent", f"agent {agent.agent.agent_id} is {agent.state.value} now", wall)
        if isinstance(plan, Blocked):
            if path == "preview":
                self._turn_down(campaign, claimed, plan)
            return plan
        attempt_id = self._dial(campaign, claimed, plan, agent, whisper)
        return attempt_id or Blocked("line", "the line or the person was taken meanwhile", wall + DRY_S)

    def _dial(
        self,
        campaign: Campaign,
        claimed: Claimed,
        plan: tuple[Phone, LineChoice],
        agent: AgentLife | None,
        whisper: str,
    ) -> str:
        phone, line = plan
        now, wall = self._shop.clock.now_s(), self._shop.clock.wall_s()
        if not self._gateways.take(line.gateway, now):
            self.put_back(campaign, claimed, wall + DRY_S, "the gateway's contract is used up", "line")
            return ""
        switch = self._gateways.lines[line.gateway].terms.switch
        life = life_of(self._shop, campaign, claimed, phone, line, switch)
        life.paced, life.whisper = agent is None, whisper
        if claimed.progress.guaranteed and agent is None and campaign.mode is not Mode.ROBOT:
            agent = self._agents.free_for(life)
            if agent is None:
                self._gateways.give_back(line.gateway, False, now)
                self._promised[claimed.contact.contact_id] = (campaign.campaign_id, now + NO_LINE_S)
                why = "waits for an agent to be held for it"
                self.put_back(campaign, claimed, wall + NO_LINE_S, why, "agent")
                return ""
        if agent is not None:
            life.intent = replace(life.intent, agent_id=agent.agent.agent_id)
            life.agent_id = agent.agent.agent_id
            self._agents.promise(agent, life)
        stored = self._intend(campaign, claimed, life)
        if stored is None or (stored and not self._shop.owns_surely(campaign.team)):
            # Unknown whether it stands, or we slept and another engine may settle it: never dialed.
            life.refused, life.originated_at_s = STORE_LOST, 0.0
            self._calls.abort(life)
            self.claims.dry(campaign)
            return ""
        if not stored:
            self._gateways.give_back(line.gateway, False, now)
            if agent is not None:
                self._agents.break_promise(agent)
            return ""
        self._wire.originate(life)
        return life.leg_id

    def _intend(self, campaign: Campaign, claimed: Claimed, life: CallLife) -> bool | None:
        """True: stored. False: somebody was faster, the contact is back in the queue. None: unknown."""
        try:
            lease = self._shop.leases[campaign.team]
            if self._shop.store.intend(lease, life.intent):
                if self._intents:
                    self._intents.append(life.intent, lease.token)
                return True
            due = self._shop.clock.wall_s() + DRY_S
            self.put_back(campaign, claimed, due, "the person's history changed meanwhile", "version")
            return False
        except Fenced as fenced:
            self._shop.leases.pop(campaign.team, None)
            log.error("another engine owns the team", extra={"team": campaign.team, "why": str(fenced)})
            return False
        except (StoreError, KeyError) as error:
            log.warning("intent not stored", extra={"attempt": life.leg_id, "why": str(error)})
            return None


def path_of(campaign: Campaign, claimed: Claimed) -> str:
    """By which path a paced call comes to the gate."""
    if campaign.mode is Mode.ROBOT:
        return "robot"
    return "retry" if claimed.progress.attempts else "first"
