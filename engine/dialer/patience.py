"""How long a person waits for an agent, and what they hear at its end: who called them."""

from engine.calls.attempt import State
from engine.dialer.agents import Agents
from engine.dialer.life import Arm, CallLife, ExpectEnd
from engine.dialer.screening import NOTICE_MAX_S
from engine.dialer.shop import Shop, log
from engine.domain import facts as f
from engine.domain.campaign import Mode
from engine.domain.errors import SwitchError
from engine.ports import Switch

NET_BEHIND_S = 0.2  # our own notice comes first, the net's only without us
NOTICE_BEGINS_S, NOTICE_TRIES = 0.7, 10
"""Told of within 30 to 50 ms where nothing is wrong."""
NOTICE_MARGIN_S = 0.3  # the notice must begin within the limit, and a bridge takes 85-112 ms


class Patience:
    """Of people whom nobody serves yet. `arm`: a timer that becomes a fact."""

    def __init__(self, shop: Shop, agents: Agents, arm: Arm, expect_end: ExpectEnd) -> None:
        self._shop, self._agents, self._arm, self._expect_end = shop, agents, arm, expect_end

    def begin(self, life: CallLife, switch: Switch) -> None:
        now = self._shop.clock.now_s()
        if not life.waits_since_s:
            life.waits_since_s = wait_begins_s(life, now)
        if any(isinstance(fact, f.AgentReserved) for fact in life.inbox):
            return
        if life.script_waits_s:
            switch.hold(life.leg_id, life.hold_music or life.campaign.hold_music, "")
            self._arm(life, "patience", life.script_waits_s, f.NobodyCame)
        elif life.talked_to or not life.paced or life.campaign.mode is Mode.ROBOT:
            # Not a cold answer: the person knows whom they talk to, so music and a longer wait are right.
            switch.hold(life.leg_id, life.campaign.hold_music, life.campaign.abandonment.notice)
            self._arm(life, "patience", life.max_wait_s, f.PatienceRanOut)
        else:
            limit_s = life.campaign.abandonment.answer_limit_s - NOTICE_MARGIN_S
            life.patience_until_s = max(now, life.waits_since_s + limit_s)
            self._arm(life, "patience", life.patience_until_s - now, f.PatienceRanOut)
            if life.bridge_tries and life.campaign.abandonment.notice:
                # A bridge that failed took the person out of their net: without us they would hear nothing.
                left_s = life.patience_until_s - now + NET_BEHIND_S
                switch.rearm_net(life.leg_id, "", left_s, life.campaign.abandonment.notice)

    def abandon(self, life: CallLife, switch: Switch) -> None:
        self._agents.forget(life)
        if not (life.talked_to or life.campaign.mode is Mode.ROBOT):
            life.abandoned = True
            life.wait_s = self._shop.clock.now_s() - life.waits_since_s
        self._expect_end(life, NOTICE_MAX_S)
        if life.campaign.abandonment.notice:
            self._give_notice(life, switch)
        else:
            switch.hang_up(life.leg_id)

    def _give_notice(self, life: CallLife, switch: Switch, tries: int = NOTICE_TRIES) -> None:
        """Until it is heard: a leg that a failed bridge took out of its net has nothing else, and an order
        can be lost with the link."""

        def unheard() -> None:
            life.timers.pop("notice", None)
            if life.state is State.NOTICE and not life.notice_heard:
                self._shop.count("notices_again")
                self._give_notice(life, switch, tries - 1)

        if tries > 1:
            life.timers["notice"] = self._shop.timers.after(NOTICE_BEGINS_S, "notice", unheard)
        try:
            switch.notice(life.leg_id, life.campaign.abandonment.notice)
        except SwitchError as error:
            log.warning("notice not ordered", extra={"attempt": life.leg_id, "why": str(error)})


def wait_begins_s(life: CallLife, now_s: float) -> float:
    """From when the abandonment clock counts: the verdict "person" where it counts from the greeting's end,
    else the answer (the start of the greeting is not heard yet, and the answer is never later)."""
    from_verdict = life.screened and life.campaign.abandonment.clock == "greeting_end"
    return now_s if from_verdict or not life.answered_s else life.answered_s
