"""Calls that AMD listens to: when, how long, and what follows from what it hears.

```text
early media ─ announcement ─► given up        answer ─┬─ person ─────────► agent, robot
                                                      ├─ nothing certain ─► asked, then a person
                                                      └─ machine ─┬─ message wanted ─ beep ─► message
                                                                  ├─ audited ─► agent
                                                                  └─► hung up
```
The net is lengthened or armed anew while AMD listens, never taken away: should every engine die, the switch
says who called, or leaves the message, by itself.
"""

from collections.abc import Callable
from typing import Protocol

from engine.dialer.agents import Agents
from engine.dialer.amd_book import AmdBook
from engine.dialer.life import Arm, CallLife, ExpectEnd
from engine.dialer.shop import Shop
from engine.domain import facts as f
from engine.domain.campaign import Mode
from engine.ports import Switch

JOIN_S = 0.8  # what is left of a limit that runs from the answer, for finding an agent and the bridge
NOTICE_MAX_S = 60.0
RECENT_BEEP_S = 1.5  # a beep that ended so long ago is the one that is waited for
LATE_NET_S = 5.0  # by how much the switch's own message comes after ours would have


class Screener(Protocol):
    """Answering-machine detection on a copy of the leg's sound; answers by facts. None of these waits."""

    def early(self, life: CallLife) -> None:
        """Listen to what the network says before the answer."""
        ...

    def start(self, life: CallLife) -> None:
        """It was answered: who picked up?"""
        ...

    def stop(self, life: CallLife) -> None: ...


class Screening:
    """`arm`: a timer of a call that becomes a fact. `expect_end`: the leg should end within so many
    seconds."""

    def __init__(
        self,
        shop: Shop,
        agents: Agents,
        screener: Screener | None,
        book: AmdBook,
        post: Callable[[f.Fact], None],
        arm: Arm,
        expect_end: ExpectEnd,
    ) -> None:
        self._shop, self._agents, self._screener, self._book = shop, agents, screener, book
        self._post, self._arm, self._expect_end = post, arm, expect_end

    # --- before the answer, and at it ---------------------------------------------------------------

    def listen_early(self, life: CallLife) -> None:
        if self._screener and life.campaign.amd.early and life.paced:
            self._screener.early(life)

    def wanted(self, life: CallLife) -> bool:
        """This call has been answered: is AMD to say who by, before anybody talks? Where people are joined at
        the answer it listens, and nobody waits."""
        wanted = life.campaign.screening and not life.screened and life.paced
        if not wanted or self._screener is None or self._book.is_off(life.campaign):
            if self._screener and not life.screened:
                self._screener.stop(life)  # it listened while it rang
            return False
        if life.campaign.amd.join != "answer":
            return True
        life.screened = True
        self._screener.start(life)
        return False

    def begin(self, life: CallLife, switch: Switch) -> None:
        assert self._screener is not None
        life.screened = True
        limits, amd = life.campaign.abandonment, life.campaign.amd
        # The net speaks just within the answer limit, and within 2 s in any case: it waits as much longer
        # as AMD may judge, and as a longer limit allows. The count runs from the answer.
        if limits.clock == "greeting_end":
            screening_s = extra_s = limits.max_screening_s
        else:  # the limit itself runs from the answer, so AMD must be done well within it
            screening_s, extra_s = min(limits.max_screening_s, max(0.0, limits.answer_limit_s - JOIN_S)), 0.0
        life.net_s = extra_s + max(2.0, limits.answer_limit_s)
        switch.extend_net(life.leg_id, round(1000 * (life.net_s - 2.0)))
        self._arm(life, "screening", screening_s, f.ScreeningOverdue)
        if amd.ask and amd.ask_after_s < screening_s:
            self._arm(life, "ask", amd.ask_after_s, f.AskDue)
        self._screener.start(life)

    def ask_again(self, life: CallLife, switch: Switch) -> None:
        """The net is armed anew with the question in it, and speaks when it would have spoken."""
        since_s = self._shop.clock.now_s() - life.answered_s
        left_s = max(0.5, life.net_s - since_s)
        switch.rearm_net(life.leg_id, life.campaign.amd.ask, left_s, life.campaign.abandonment.notice)
        self._shop.count("screenings_asked")

    # --- a machine ----------------------------------------------------------------------------------

    def route_machine(self, life: CallLife, fact: f.Fact, switch: Switch) -> None:
        """A message, an audit, or the end."""
        now_s = self._shop.clock.now_s()
        kind = fact.kind if isinstance(fact, f.MachineDetected) else "machine"
        self._agents.forget(life)
        life.disarm("screening", "ask", "patience")
        if kind == "machine" and self._audits(life):
            life.audited = True
            self._post(f.AgentWanted(life.leg_id, now_s))
        elif kind == "machine" and life.campaign.machine_message:
            self._post(f.MessageWanted(life.leg_id, now_s))
        else:
            self._post(f.EndWanted(life.leg_id, now_s))
            self._expect_end(life, 5.0)

    def _audits(self, life: CallLife) -> bool:
        """Only where an agent is free this instant: a machine must not become an abandoned call."""
        joins = life.campaign.mode is not Mode.ROBOT and not life.talked_to
        return joins and self._book.samples(life) and self._agents.free_for(life) is not None

    def await_beep(self, life: CallLife, switch: Switch) -> None:
        now_s, wait_s = self._shop.clock.now_s(), life.campaign.amd.beep_wait_s
        switch.set_variables(life.leg_id, {"prozvon_amd": life.amd})  # whoever adopts it leaves it alone
        if life.beep_s and now_s - life.beep_s < RECENT_BEEP_S:
            self._post(f.BeepEnded(life.leg_id, now_s))
            return
        switch.rearm_net(life.leg_id, "", wait_s + LATE_NET_S, life.campaign.machine_message)
        self._arm(life, "beep", wait_s, f.BeepOverdue)

    def leave_message(self, life: CallLife, switch: Switch) -> None:
        life.disarm("beep")
        self._expect_end(life, NOTICE_MAX_S)
        switch.notice(life.leg_id, life.campaign.machine_message)
        self._shop.count("messages_left")

    def tell_agent(self, life: CallLife) -> None:
        """Nothing is taken out of their hands; they see it at once."""
        self._shop.count("machines_after_all")
        self._shop.tell(
            "machine_after_all",
            agent=life.agent_id,
            attempt=life.leg_id,
            campaign=life.campaign.campaign_id,
            amd=life.amd,
        )
