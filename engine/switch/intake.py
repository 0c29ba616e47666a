"""What comes in from the switch, made into facts: duplicates out, jobs matched, legs kept in mind."""

import logging
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterable

from engine.domain.errors import ProtocolError
from engine.domain.facts import Fact, OriginateRefused
from engine.switch.counters import LinkCounters
from engine.switch.esl import Event, Frame
from engine.switch.glance import glance
from engine.switch.vocabulary import facts_of

log = logging.getLogger(__name__)

REMEMBERED_EVENTS = 8192
LAG_WINDOW_S = 30.0
MOST_LAGS = 500
OWED_S = 120.0


class _Originate:
    __slots__ = ("created", "sent_at_s")

    def __init__(self, sent_at_s: float) -> None:
        self.sent_at_s, self.created = sent_at_s, False


class _Lags:
    """Originate -> CHANNEL_CREATE of the last half minute, kept sorted: pacing asks at each decision."""

    def __init__(self) -> None:
        self._told: deque[tuple[float, float]] = deque()
        self._sorted: list[float] = []

    def clear(self) -> None:
        self._told.clear()
        self._sorted.clear()

    def add(self, at_s: float, lag_s: float) -> None:
        self._told.append((at_s, lag_s))
        insort(self._sorted, lag_s)
        if len(self._told) > MOST_LAGS:
            self._drop_oldest()

    def p95(self, now_s: float, owed: list[float]) -> float:
        """95th percentile with the ages of those still owed; 0.0 of nothing."""
        while self._told and now_s - self._told[0][0] > LAG_WINDOW_S:
            self._drop_oldest()
        count = len(self._sorted) + len(owed)
        if not count:
            return 0.0
        above = count - int(0.95 * (count - 1))
        return sorted(self._sorted[-above:] + owed)[-above]

    def _drop_oldest(self) -> None:
        del self._sorted[bisect_left(self._sorted, self._told.popleft()[1])]


class Intake:
    """Owns no socket. `on_refusal(leg_id, text)`: a job ended badly and no channel of it was seen so far.
    Several threads of the switch send events, so wait a little and then ask `refusal`.
    """

    def __init__(self, counters: LinkCounters, on_refusal: Callable[[str, str], object]) -> None:
        self.counters, self._on_refusal = counters, on_refusal
        self.heartbeat_at_s = 0.0
        self.legs: set[str] = set()
        self._originates: dict[str, _Originate] = {}
        self._lags = _Lags()
        self._doubtful: set[str] = set()
        self._seen: set[str] = set()
        self._seen_order: deque[str] = deque()

    def reset(self) -> None:
        """A new connection: whatever was under way on the old one will not be told here."""
        self.heartbeat_at_s = 0.0
        for memory in (self.legs, self._originates, self._lags, self._doubtful, self._seen, self._seen_order):
            memory.clear()

    def facts(self, frame: Frame, at_s: float) -> list[Fact]:
        """Facts of one event. An event that cannot be read is logged and counted, and gives none."""
        try:
            event = glance(frame)
            name = event["Event-Name"]
            if self._is_duplicate(event.get("Event-Sequence")):
                return []
            self.counters.events[name] += 1
            if name == "BACKGROUND_JOB":
                self._on_job(event)
                return []
            if name == "HEARTBEAT":
                self.heartbeat_at_s = at_s
                return []
            if name == "CHANNEL_CREATE":
                self._on_created(event["Unique-ID"], at_s)
            elif name == "CHANNEL_HANGUP_COMPLETE":
                self.legs.discard(event["Unique-ID"])
                self.forget(event["Unique-ID"])
            return facts_of(event, at_s)
        except (ProtocolError, LookupError, TypeError, ValueError, AttributeError):
            self.counters.unreadable += 1
            log.exception("unreadable event", extra={"bytes": len(frame.body)})
            return []

    def _is_duplicate(self, sequence: str | None) -> bool:
        """Some events are delivered twice with one Event-Sequence."""
        if sequence is None:
            return False
        if sequence in self._seen:
            self.counters.duplicates += 1
            return True
        self._seen.add(sequence)
        self._seen_order.append(sequence)
        if len(self._seen_order) > REMEMBERED_EVENTS:
            self._seen.discard(self._seen_order.popleft())
        return False

    # --- originates ------------------------------------------------------------------------------

    def originated(self, leg_id: str, at_s: float) -> None:
        originate = self._originates[leg_id] = _Originate(at_s)
        originate.created = leg_id in self.legs  # asked twice: the switch refuses, and the first one lives

    def forget(self, leg_id: str) -> None:
        self._originates.pop(leg_id, None)

    def refusal(self, leg_id: str, text: str, at_s: float) -> OriginateRefused | None:
        """The originate is over; a fact only when no channel came of it."""
        originate = self._originates.pop(leg_id, None)
        if originate is None or originate.created:
            return None
        self.counters.refused += 1
        return OriginateRefused(leg_id, at_s, text=text)

    def _on_created(self, leg_id: str, at_s: float) -> None:
        self.legs.add(leg_id)
        originate = self._originates.get(leg_id)
        if originate and not originate.created:
            originate.created = True
            self._lags.add(at_s, at_s - originate.sent_at_s)

    def lag_s(self, now_s: float) -> float:
        """Originate -> CHANNEL_CREATE, 95th percentile of the last half minute; what is owed counts too."""
        return self._lags.p95(
            now_s, [now_s - o.sent_at_s for o in self._originates.values() if not o.created]
        )

    def _on_job(self, event: Event) -> None:
        """Of a channel its own events tell the truth; the job's text does not, and has no fixed place."""
        leg_id = event.get("Job-UUID", "")
        originate = self._originates.get(leg_id)
        if originate is None:
            return
        text = "" if originate.created else event.get("_body", "").strip()
        if originate.created or text.startswith("+OK"):
            self.forget(leg_id)
        else:
            self._on_refusal(leg_id, text)

    # --- lost events -------------------------------------------------------------------------------

    def audit(self, listed: Iterable[str], now_s: float) -> tuple[bool, bool]:
        """(an event was lost, look again soon): do the legs we were told of live, and no others?

        A leg in doubt at two looks in a row means a lost event; once is only an event on its way.
        Event-Sequence cannot tell: it also counts the events nobody subscribed to.
        """
        for leg_id, originate in list(self._originates.items()):
            if not originate.created and now_s - originate.sent_at_s > OWED_S:
                self.forget(leg_id)  # its events were lost; the owner of the call asks by himself
        there = set(listed)
        doubtful = there ^ self.legs
        lost = doubtful & self._doubtful
        self._doubtful = doubtful - lost
        self.legs = (self.legs - lost) | (there & lost)
        self.counters.gaps += bool(lost)
        return bool(lost), bool(self._doubtful)
