"""After a crash, a gap in the events, a reconnect or a takeover: ask the switch what lives, settle the rest.

An intent is never dialed again here. What lives is adopted; what does not, and left no news, is settled as
unknown and kept in every limit.
"""

from collections.abc import Set
from dataclasses import replace

from engine.dialer.adopt import Adoption
from engine.dialer.agents import LEG_VARIABLE, Agents
from engine.dialer.calls import Calls
from engine.dialer.consult import LEG_CONSULT
from engine.dialer.inbound import MARK
from engine.dialer.settle import Settler
from engine.dialer.shop import Shop, log
from engine.dialer.supervisors import Supervisors
from engine.domain.attempt import Intent
from engine.domain.contact import PersonHistory
from engine.domain.errors import StoreError, SwitchError
from engine.ports import IntentBook, LiveLeg, OpenAttempt, Switch

ABSENT_S = 60.0  # a switch that is away for longer had its calls
YOUNG_S = 10.0  # a command that left us may still stand in the switch's queue


class Recovery:
    """Reconciles memory, store and switches: says what lives, what is gone and what may still come. (How what
    lives goes on: `adopt.py`.)"""

    def __init__(
        self,
        shop: Shop,
        calls: Calls,
        agents: Agents,
        settler: Settler,
        adoption: Adoption,
        supervisors: Supervisors,
        intents: IntentBook | None = None,
    ) -> None:
        self._shop, self._calls, self._agents = shop, calls, agents
        self._settler, self._adoption, self._intents = settler, adoption, intents
        self._supervisors = supervisors
        self._late: dict[str, set[str]] = {}
        self.awaited: dict[str, OpenAttempt] = {}
        """Attempts so young that the switch may still make their legs. By attempt."""

    # --- takeover ----------------------------------------------------------------------------------

    def take_team(self, team: str) -> tuple[int, int]:
        """We own the team now: adopt what lives, settle what does not. Returns (adopted, unknown).

        Raises StoreError when the store is away, SwitchError when every switch is: then nothing was settled,
        and no call may be launched until this has succeeded. A switch that is away alone is waited for
        (`take_late`); what stood there is settled after `ABSENT_S`.
        """
        self._remind_store(team)
        self._settler.remind_store(team)
        open_attempts = {o.intent.attempt_id: o for o in self._shop.store.open_attempts(team)}
        legs, away = self._live_legs()
        self._late[team] = away
        peers = {leg.leg_id: leg.bridged_to for _, leg in legs.values() if leg.bridged_to}
        peers |= {there: here for here, there in peers.items() if there in legs}
        callers = {leg_id for leg_id, (_, leg) in legs.items() if is_caller_of(team, leg)}
        people = callers | (open_attempts.keys() & legs.keys())
        for switch, leg in legs.values():
            self._take_leg(team, switch, leg, peers.get(leg.leg_id, ""), people)
        for switch, leg in legs.values():
            self._supervisors.adopt(team, switch, leg, frozenset(self._agents.by_leg))
        adopted = unknown = 0
        for attempt_id, attempt in open_attempts.items():
            if attempt_id in self._calls.lives or self._settler.writes(attempt_id):
                continue
            if attempt_id in legs:
                switch, leg = legs[attempt_id]
                adopted += self._adopt(attempt, switch, leg, peers.get(attempt_id, ""))
            elif attempt.intent.switch in away:
                self._wait_for(attempt, ABSENT_S)
            else:
                unknown += self._gone(attempt)
        for leg_id in callers - self._calls.lives.keys():
            switch, leg = legs[leg_id]
            adopted += self._adoption.adopt_caller(switch, leg, peers.get(leg_id, ""))
        if adopted or unknown:
            log.warning("recovered", extra={"team": team, "adopted": adopted, "unknown": unknown})
            self._shop.note("note", what="recovered", team=team, adopted=adopted, unknown=unknown)
        return adopted, unknown

    def _live_legs(self) -> tuple[dict[str, tuple[Switch, LiveLeg]], set[str]]:
        """Every leg there is, and the switches that could not be asked. SwitchError: none could."""
        legs: dict[str, tuple[Switch, LiveLeg]] = {}
        away: dict[str, SwitchError] = {}
        for switch in self._shop.switches.values():
            try:
                legs |= {leg.leg_id: (switch, leg) for leg in switch.live_legs()}
            except SwitchError as error:
                away[switch.name] = error
        if len(away) == len(self._shop.switches):
            raise next(iter(away.values()))
        return legs, set(away)

    def take_late(self, team: str, switch: Switch) -> None:
        """A switch that was away when we took the team is there: what lives on it is the team's, too."""
        if switch.name in self._late.get(team, ()):
            self.take_team(team)

    def _wait_for(self, attempt: OpenAttempt, most_s: float) -> None:
        attempt_id = attempt.intent.attempt_id
        self.awaited[attempt_id] = attempt
        self._shop.timers.after(most_s, "look again", lambda: self.look_again(attempt_id))

    def let_go(self, team: str) -> None:
        """Another engine has the team, and looks for what is still to come."""
        for attempt_id in [one for one, open_ in self.awaited.items() if open_.intent.team == team]:
            del self.awaited[attempt_id]

    def _take_leg(self, team: str, switch: Switch, leg: LiveLeg, peer: str, people: Set[str]) -> None:
        """Agents' standing legs are theirs again; whoever an agent consulted is let go, the person waits."""
        consulting = LEG_CONSULT in leg.variables and peer not in people
        agent_id = leg.variables.get(LEG_VARIABLE, "")
        if consulting and leg.variables.get("prozvon_team") == team:
            switch.hang_up(leg.leg_id)
        elif agent_id and leg.variables.get("prozvon_team") == team:
            life = self._agents.lives.get(agent_id)
            if life is None or not leg.answered:
                switch.hang_up(leg.leg_id)  # nobody knows them any more, or nobody waits for their answer
            elif life.leg_id and life.leg_id != leg.leg_id:
                switch.hang_up(leg.leg_id)  # they were called from another switch meanwhile
            elif not life.leg_id:
                wish, talking_on = leg.variables.get("prozvon_wish", ""), peer if peer in people else ""
                self._agents.adopt_leg(agent_id, leg.leg_id, switch.name, wish, talking_on)

    def _remind_store(self, team: str) -> None:
        """Intents on our own disk that the store does not know: it lost them, so they are told it again."""
        if self._intents is None:
            return
        known = {o.intent.attempt_id for o in self._shop.store.open_attempts(team)}
        for attempt in self._intents.open_attempts():
            intent = attempt.intent
            if intent.team != team or intent.attempt_id in known:
                continue
            history = self._shop.store.history(intent.person_id)
            if was_settled(intent, history):
                self._intents.settled(intent.attempt_id)
                continue
            again = replace(intent, person_version=history.version)
            if self._shop.store.intend(self._shop.leases[team], again):
                log.error("the store had lost an intent", extra={"attempt": intent.attempt_id})
                self._shop.count("intents_restored")

    def _adopt(self, attempt: OpenAttempt, switch: Switch, leg: LiveLeg, peer: str) -> int:
        """How many were adopted: one, or none."""
        self.awaited.pop(attempt.intent.attempt_id, None)
        if self._adoption.adopt(attempt.intent, switch, leg, peer):
            return 1
        return self._gone(attempt)

    def _gone(self, attempt: OpenAttempt) -> int:
        """No leg: unknown, unless it is so young that the switch may not have come to it yet."""
        intent = attempt.intent
        if self._settled_by_record(intent):
            return 0
        age_s = self._shop.clock.wall_s() - intent.made_at_s
        if age_s < YOUNG_S:
            self._wait_for(attempt, YOUNG_S - age_s)
            return 0
        self.awaited.pop(intent.attempt_id, None)
        found = self._shop.store.find_contact(intent.contact_id)
        self._settler.settle_unknown(intent, found, self._shop.campaigns.get(intent.campaign_id))
        return 1

    def _settled_by_record(self, intent: Intent) -> bool:
        found = self._adoption.from_record(intent)
        if found is None:
            return False
        self.awaited.pop(intent.attempt_id, None)
        self._adoption.end(*found)
        return True

    def look_again(self, attempt_id: str) -> None:
        """Its time is over, or there is news of its leg: beside the caller, adopt it or let it go."""
        if attempt_id in self.awaited:
            self._shop.tasks.start("look again", self._look_again, self.awaited[attempt_id])

    def _look_again(self, attempt: OpenAttempt) -> None:
        attempt_id = attempt.intent.attempt_id
        try:
            legs, _ = self._live_legs()
            still = {one.intent.attempt_id for one in self._shop.store.open_attempts(attempt.intent.team)}
            if attempt_id in self._calls.lives or attempt_id not in still:
                self.awaited.pop(attempt_id, None)  # its news came in the usual way
            if attempt_id not in self.awaited:
                return  # somebody was faster
            if attempt_id in legs:
                self._adopt(attempt, *legs[attempt_id], legs[attempt_id][1].bridged_to)
            else:
                self._gone(attempt)
        except (SwitchError, StoreError) as error:
            log.warning("cannot look for an open attempt", extra={"attempt": attempt_id, "why": str(error)})
            self._wait_for(attempt, 5.0)


def was_settled(intent: Intent, history: PersonHistory) -> bool:
    """A touch tells, or, of an attempt that disturbed nobody, the mark of its end. (No instant does: clocks
    are set, and an attempt settled twice would be written down twice.)"""
    attempt_id = intent.attempt_id
    return attempt_id in history.ended or any(touch.attempt_id == attempt_id for touch in history.touches)


def is_caller_of(team: str, leg: LiveLeg) -> bool:
    return MARK in leg.variables and leg.variables.get("prozvon_team") == team
