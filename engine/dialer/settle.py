"""The end of an attempt: disposition, CDR, what the person's limits keep, when to call again."""

from collections import deque
from collections.abc import Callable

from engine.dialer.gateways import GatewayBook
from engine.dialer.life import CallLife, cdr_of
from engine.dialer.rulebook import Rulebook
from engine.dialer.shop import Shop, log
from engine.domain.attempt import Cdr, Disposition, Intent
from engine.domain.campaign import Campaign, Mode
from engine.domain.contact import Claimed, Progress, Scheduled, Touch, TouchPhase
from engine.domain.disposition import Ending, touch_phase
from engine.domain.errors import StoreError
from engine.ports import IntentBook

RETRY_S = 1.0
REMEMBERED_S = 15.0  # a store may lose what it took last, in a failover; it is told again
PROMISED = "callback promised"


class Settler:
    """Settlements in order of their coming; while the store is away they wait here and are tried again."""

    def __init__(
        self, shop: Shop, rules: Rulebook, gateways: GatewayBook, intents: IntentBook | None = None
    ) -> None:
        self._shop, self._rules, self._gateways, self._intents = shop, rules, gateways, intents
        self._late: deque[tuple[str, Cdr, Touch | None, Scheduled]] = deque()
        self._retrying = False
        self._written: deque[tuple[float, str, Cdr, Touch | None, Scheduled]] = deque()
        self._writing: dict[str, tuple[CallLife, float]] = {}  # with the callback that is being written
        self.results: dict[str, dict[str, int]] = {}
        self.listeners: list[Callable[[CallLife, Cdr], None]] = []
        """Told of each call whose end is known, with its record."""

    @property
    def waiting(self) -> int:
        return len(self._late)

    def writes(self, attempt_id: str) -> bool:
        """The end of this attempt is known here, though not yet to the store."""
        return attempt_id in self._writing

    def let_go(self, team: str) -> None:
        """Another engine has the team. It settles what it finds open: an end that we could not write in time
        is told there as it looks from there."""
        lost = [cdr.attempt_id for of_team, cdr, _, _ in self._late if of_team == team]
        self._late = deque(late for late in self._late if late[0] != team)
        for attempt_id in lost:
            self._writing.pop(attempt_id, None)
            log.error("settlement left to another engine", extra={"attempt": attempt_id})

    def settle(self, life: CallLife) -> None:
        """Work out the end and write it, beside the caller."""
        wall = self._shop.clock.wall_s()
        ending = ending_of(life)
        end = self._rules.disposition(ending)
        cdr = cdr_of(life, end.value, wall)
        congested = end is Disposition.CONGESTION
        if self._gateways.give_back(life.intent.gateway, congested, self._shop.clock.now_s()):
            self._shop.tell("gateway_rests", gateway=life.intent.gateway)
            self._shop.note("note", what="gateway rests", gateway=life.intent.gateway)
        if life.transfer_gateway:
            self._gateways.give_back(life.transfer_gateway, False, self._shop.clock.now_s())
        self._told(cdr)
        for listen in self.listeners:
            listen(life, cdr)
        if not life.stored:
            self._shop.journal.append("cdr", cdr.person_id, as_record(cdr))
            if life.callback_at_s:
                self._shop.tasks.start("callback", self._keep_promise, life)
            return
        promised_s = life.callback_at_s or None
        then = self._rules.after(
            life.contact, life.intent.number, life.progress, end, life.campaign, wall, promised_s
        )
        self._writing[life.leg_id] = life, life.callback_at_s
        touch = touch_of(cdr, touch_phase(ending, end))
        self._shop.tasks.start("settle", self._write, cdr.team, cdr, touch, then)

    def call_back(self, life: CallLife, at_s: float) -> None:
        """An agent promised the person another call: with the settlement, or at once when that is written.
        StoreError: not kept, and it can be said again."""
        life.callback_at_s = at_s
        if life.end is not None and life.leg_id not in self._writing:
            self._reschedule(life)

    def _reschedule(self, life: CallLife) -> None:
        contact, lease = life.contact, self._shop.leases.get(life.intent.team)
        if lease is None:
            raise StoreError("the team is not ours now", life.intent.team, "Try again in a moment.")
        told = (contact.campaign_id, contact.person_id, contact.contact_id, life.callback_at_s, PROMISED)
        if not self._shop.store.reschedule(lease, *told):
            raise StoreError("no callback kept", contact.contact_id, "The contact is unknown, or called now.")

    def _keep_promise(self, life: CallLife) -> None:
        """Beside everybody: nobody is there to be told of a failure but the log."""
        try:
            self._reschedule(life)
        except StoreError as error:
            self._shop.count("callbacks_lost")
            log.error("callback not kept", extra={"attempt": life.leg_id, "why": str(error)})

    def settle_unknown(self, intent: Intent, found: Claimed | None, campaign: Campaign | None) -> None:
        """An intent whose end no one can tell: kept in every limit, not dialed again within the window."""
        wall = self._shop.clock.wall_s()
        cdr = Cdr(
            **{name: getattr(intent, name) for name in INTENT_FIELDS},
            disposition=Disposition.UNKNOWN.value,
            ended_at_s=wall,
            cause="UNKNOWN",
        )
        touch = Touch(intent.attempt_id, intent.made_at_s, TouchPhase.UNKNOWN, intent.number)
        then = Scheduled(found.progress if found else Progress(), None, "its campaign is not there any more")
        if found and campaign:
            end = Disposition.UNKNOWN
            then = self._rules.after(found.contact, intent.number, found.progress, end, campaign, wall)
        self._told(cdr)
        self._shop.tasks.start("settle", self._write, cdr.team, cdr, touch, then)

    def _told(self, cdr: Cdr) -> None:
        counts = self.results.setdefault(cdr.campaign_id, {})
        counts[cdr.disposition] = counts.get(cdr.disposition, 0) + 1
        self._shop.count("attempts")
        self._shop.tell(
            "end",
            attempt=cdr.attempt_id,
            campaign=cdr.campaign_id,
            disposition=cdr.disposition,
            cause=cdr.cause,
            number=cdr.number,
            agent=cdr.agent_id,
        )

    def _write(self, team: str, cdr: Cdr, touch: Touch | None, then: Scheduled) -> None:
        try:
            if self._shop.store.settle(self._shop.leases[team], cdr, touch, then):
                self._remember(team, cdr, touch, then)
            else:
                self._shop.count("settled_already")
                if not cdr.originated_at_s and not cdr.created_at_s:  # its intent never came to the store
                    self.results[cdr.campaign_id][cdr.disposition] -= 1
            if self._intents:
                self._intents.settled(cdr.attempt_id)
            life, written_at_s = self._writing.pop(cdr.attempt_id, (None, 0.0))
            if life and life.callback_at_s != written_at_s:  # promised in between
                self._keep_promise(life)
        except (StoreError, KeyError) as error:  # fenced too: perhaps only by a newer lease of our own, that
            # overtook this on its way. Where it is another engine's, `let_go` comes before long.
            log.warning(
                "settlement waits for the store", extra={"attempt": cdr.attempt_id, "why": str(error)}
            )
            self._late.append((team, cdr, touch, then))
            self._retry_later()

    def _remember(self, team: str, cdr: Cdr, touch: Touch | None, then: Scheduled) -> None:
        now = self._shop.clock.now_s()
        self._written.append((now, team, cdr, touch, then))
        while self._written[0][0] < now - REMEMBERED_S:
            self._written.popleft()

    def remind_store(self, team: str) -> None:
        """Another server than before has the store: what it lost of our last settlements it is told again.
        StoreError: the store is away."""
        for _, of_team, cdr, touch, then in list(self._written):
            if of_team == team and self._shop.store.settle(self._shop.leases[team], cdr, touch, then):
                self._shop.count("settlements_restored")
                log.error("the store had lost a settlement", extra={"attempt": cdr.attempt_id})

    def _retry_later(self) -> None:
        if not self._retrying:
            self._retrying = True
            self._shop.timers.after(
                RETRY_S, "settle again", lambda: self._shop.tasks.start("settle", self._again)
            )

    def _again(self) -> None:
        self._retrying = False
        for _ in range(len(self._late)):
            self._write(*self._late.popleft())
            if self._retrying:
                return


INTENT_FIELDS = (
    "attempt_id", "contact_id", "person_id", "campaign_id", "team", "mode", "number", "caller_id", "gateway",
    "switch", "made_at_s", "agent_id", "decided",
)  # fmt: skip


def ending_of(life: CallLife) -> Ending:
    """What is known of the end, for its disposition."""
    end = life.end
    return Ending(
        cause=end.cause if end else life.refused,
        q850=end.q850 if end else 0,
        sip_code=end.sip_code if end else 0,
        created=end is not None,
        answered=bool(life.answered_at_s or (end and end.answered_at_s)),
        early_media=life.early_media,
        bridged=bool(life.bridged_at_s),
        person=life.person,
        abandoned=life.abandoned,
        robot=life.campaign.mode is Mode.ROBOT,
        script_outcome=life.script_outcome if life.script_completed else "",
        amd=life.amd,
        cancelled=life.cancelled,
        lost=life.lost,
        ended_by=end.ended_by if end else "",
        rang=bool(life.ringing_at_s),
        ring_time_over=life.ring_time_over,
        script_ended=life.script_completed,
        announced=life.announced,
    )


def touch_of(cdr: Cdr, phase: TouchPhase | None) -> Touch | None:
    """What the limits remember of this attempt; None where nobody was disturbed."""
    if phase is None or not cdr.originated_at_s:
        return None
    connected_s = max(0.0, cdr.ended_at_s - cdr.answered_at_s) if cdr.answered_at_s else 0.0
    return Touch(cdr.attempt_id, cdr.made_at_s, phase, cdr.number, round(connected_s, 3), cdr.disposition)


def as_record(cdr: Cdr) -> dict[str, object]:
    """A CDR as plain data for the journal."""
    return {name: getattr(cdr, name) for name in cdr.__slots__}
