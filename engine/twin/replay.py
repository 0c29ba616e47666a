"""A real day decided again: where would another policy have acted otherwise? Pure.

The day goes its recorded way; the policy is shown each instant and asked. It cannot be told what would have
come of its own calls (the twin, fitted to the day, is for that), so each instant is compared by itself:

    launches    the recorded calls of one decision, against what the policy asks for at that instant
    quiet       a second in which nothing happened and nothing was launched: the recorded decision was "none"
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.pacing.governor import Limits, govern
from engine.pacing.snapshot import NO_BOUND, Policy, Terms
from engine.twin.past_day import Day, Event, is_paced

TOGETHER_S = 0.2  # intents this close were one decision
SETTLED_S = 0.6  # after an event so old the engine has decided upon it


@dataclass(frozen=True, slots=True)
class Moment:
    """`at_s`: epoch seconds. `recorded`, `asked`: calls launched then, and asked for by the policy now."""

    at_s: float
    ready: int
    in_flight: int
    recorded: int
    asked: int
    cancel: int
    reason: str

    @property
    def more(self) -> int:
        return self.asked - self.recorded


@dataclass(frozen=True, slots=True)
class Replay:
    campaign: str
    moments: tuple[Moment, ...]

    @property
    def same(self) -> int:
        return sum(one.more == 0 and not one.cancel for one in self.moments)

    def as_record(self, most: int = 20) -> dict[str, Any]:
        bolder = [one for one in self.moments if one.more > 0]
        careful = [one for one in self.moments if one.more < 0]
        return {
            "campaign": self.campaign,
            "moments": len(self.moments),
            "same": self.same,
            "bolder": len(bolder),
            "more_careful": len(careful),
            "gives_up": sum(one.cancel > 0 for one in self.moments),
            "recorded_launches": sum(one.recorded for one in self.moments),
            "asked_launches_then": sum(one.asked for one in self.moments if one.recorded),
            "greatest": [{name: getattr(one, name) for name in one.__slots__} for one in self.greatest(most)],
        }

    def greatest(self, most: int) -> list[Moment]:
        """The moments that differ most, each kind of them, in the order of the day."""
        differing = [one for one in self.moments if one.more or one.cancel]
        found = sorted(differing, key=lambda one: (-abs(one.more) - one.cancel, one.at_s))[:most]
        return sorted(found, key=lambda one: one.at_s)


@dataclass(frozen=True, slots=True)
class _Governed:
    own: Policy
    limits: Limits


def replay(day: Day, make: Callable[[], Policy], terms: Terms = Terms()) -> Replay:  # noqa: B008 - frozen
    """Every moment of the day, asked anew. The journal does not tell the limits of trunk and campaign: no
    more is asked for at once than the day itself launched in its busiest second."""
    events, n, last_s = day.events, 0, 0.0
    policy, moments = _Governed(make(), Limits(NO_BOUND, _most_in_a_second(events))), list[Moment]()
    while n < len(events):
        event = events[n]
        if last_s:
            moments += _quiet(day, policy, terms, last_s, event.at_s)
        if _is_launch(event):
            count = _together(events, n)
            moments.append(_asked(day, policy, terms, event.at_s, count))
            stop_s = event.at_s + TOGETHER_S
            while n < len(events) and events[n].at_s <= stop_s and (count or not _is_launch(events[n])):
                count -= _is_launch(events[n])
                _apply(day, policy, events[n])
                n += 1
                if count <= 0:
                    break
        else:
            _apply(day, policy, event)
            n += 1
        last_s = events[n - 1].at_s
    return Replay(day.campaign, tuple(moments))


def _most_in_a_second(events: list[Event]) -> int:
    seconds = Counter(int(event.at_s) for event in events if _is_launch(event))
    return max(seconds.values(), default=0)


def _is_launch(event: Event) -> bool:
    return event.what == "start" and is_paced(event.record)


def _together(events: list[Event], n: int) -> int:
    """Launches of the decision whose first is events[n]."""
    stop_s = events[n].at_s + TOGETHER_S
    count = 0
    for event in events[n:]:
        if event.at_s > stop_s or not (_is_launch(event) or event.order < 0):
            break
        count += _is_launch(event)
    return count


def _apply(day: Day, policy: _Governed, event: Event) -> None:
    for news in day.apply(event):
        policy.own.observe(news)


def _quiet(day: Day, policy: _Governed, terms: Terms, from_s: float, until_s: float) -> list[Moment]:
    """Each second between two events in which the engine had long decided, and launched nothing."""
    found, at_s = [], from_s + SETTLED_S
    while at_s < until_s - 1e-6:
        found.append(_asked(day, policy, terms, at_s, 0))
        at_s += 1.0
    return found


def _asked(day: Day, policy: _Governed, terms: Terms, at_s: float, recorded: int) -> Moment:
    snapshot = day.snapshot(at_s, terms)
    decision = govern(policy.own.decide(at_s, snapshot), snapshot, policy.limits)
    return Moment(
        at_s,
        snapshot.ready_agents,
        snapshot.in_flight,
        recorded,
        decision.launch,
        len(decision.cancel),
        decision.reason,
    )
