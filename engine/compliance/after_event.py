"""Rule: after certain events, leave the person alone for a while."""

from dataclasses import dataclass
from typing import ClassVar

from engine.compliance.case import Case
from engine.compliance.counting import counts
from engine.domain.attempt import Disposition
from engine.domain.contact import Touch, TouchPhase
from engine.domain.errors import ConfigError
from engine.domain.gate import Blocked

_BY_PHASE = {"call": "attempts", "connection": "connections", "conversation": "conversations"}
_KNOWN = (*_BY_PHASE, *(str(disposition) for disposition in Disposition))


@dataclass(frozen=True, slots=True)
class Params:
    """`event`: call, connection, conversation, or a disposition such as abandoned or machine.

    `hours`: counted from the end of the call (its intent plus the time it was connected).
    `unless_agent_guaranteed`: does not bind when an agent is held before the number is dialed.
    """

    event: str
    hours: float
    unless_agent_guaranteed: bool = False

    def __post_init__(self) -> None:
        if self.event not in _KNOWN:
            raise ConfigError(f"unknown event {self.event!r}", "event", f"Use one of: {', '.join(_KNOWN)}.")
        if not 0 < self.hours <= 90 * 24:
            raise ConfigError(f"{self.hours:g} hours", "hours", "More than 0, at most 2160 (90 days).")


class AfterEvent:
    name: ClassVar[str] = "after_event"
    needs_zone = False

    def __init__(self, params: Params) -> None:
        self._params = params
        self._lock_s = params.hours * 3_600

    def judge(self, case: Case) -> Blocked | None:
        touches = case.history.touches
        if not touches or (self._params.unless_agent_guaranteed and case.agent_guaranteed):
            return None
        last_s = max((t.at_s + t.connected_s for t in touches if self._is_event(t)), default=None)
        if last_s is None or last_s + self._lock_s <= case.wall_s:
            return None
        hours = (
            f"{self._params.hours:g} h" if self._params.hours < 48 else f"{self._params.hours / 24:g} days"
        )
        word = self._params.event.replace("_", " ")
        unless = ", unless an agent is guaranteed" if self._params.unless_agent_guaranteed else ""
        reason = f"no call for {hours} after an event of the kind '{word}'{unless}"
        return Blocked(self.name, reason, last_s + self._lock_s)

    def _is_event(self, touch: Touch) -> bool:
        counted_as = _BY_PHASE.get(self._params.event)
        if counted_as:
            return counts(touch, counted_as, 0.0)
        unsettled = touch.phase in (TouchPhase.RESERVED, TouchPhase.UNKNOWN)
        return unsettled or touch.outcome == self._params.event
