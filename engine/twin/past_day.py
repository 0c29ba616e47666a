"""A day as its journal tells it: what pacing could see at any instant, and what became of it. Pure.

The journal has agents' moves, intents and CDRs; ringing, answers and bridges stand in the CDRs with their
instants. What it does not have: verdicts of the detector in their instant (a call is `screening` until it is
bridged or over), and an agent's wish to leave in the middle of a talk.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from engine.domain.attempt import Disposition as D
from engine.domain.errors import ConfigError
from engine.pacing.news import CallEnded, CallMoved, News, PersonMissed, PersonServed, TalkEnded, WrapUpEnded
from engine.pacing.snapshot import NO_BOUND, AgentView, CallView, Snapshot, Terms, UnpacedDemand

WHY = {
    D.DEAD_NUMBER: "dead",
    D.BUSY: "busy",
    D.CONGESTION: "congestion",
    D.SWITCH_BUSY: "congestion",
    D.UNREACHABLE: "unavailable",
    D.NO_ANSWER: "no_answer",
    D.MACHINE: "machine",
    D.FAX: "machine",
    D.ANNOUNCEMENT: "unavailable",
    D.CANCELLED: "cancelled",
}
CLASS_DIGITS = 5  # with the plus: what masking leaves
LOOK_AHEAD = 8
MISSED = frozenset({D.ABANDONED.value, D.HUNG_UP.value})


class Event(NamedTuple):
    """`order` breaks ties: what is derived from a CDR comes before what was written at that instant."""

    at_s: float
    order: int
    what: str
    who: str
    record: Mapping[str, Any]


@dataclass(slots=True)
class _Call:
    started_s: float
    state: str
    since_s: float
    reserved: str
    paced: bool
    call_class: str
    agent: str = ""  # who was to talk with them in the end, as the CDR knows
    waits_since_s: float = 0.0


@dataclass(slots=True)
class Day:
    """Goes through the events in order; between two of them `snapshot` tells what pacing saw."""

    campaign: str
    events: list[Event]
    calls: dict[str, _Call] = field(default_factory=dict)
    agents: dict[str, tuple[str, float]] = field(default_factory=dict)
    upcoming: deque[str] = field(
        default_factory=deque
    )  # classes of the calls that were launched from here on

    def __post_init__(self) -> None:
        starts = (event.record for event in self.events if event.what == "start")
        self.upcoming.extend(class_of(one) for one in starts if is_paced(one))

    def apply(self, event: Event) -> Iterator[News]:
        """The state after the event; the news that a policy is told of it."""
        at_s, one = event.at_s, event.record
        if event.what == "agent":
            yield from self._agent(event.who, str(one["state"]), at_s)
        elif event.what == "start":
            paced, held, kind = is_paced(one), str(one.get("held") or ""), class_of(one)
            agent = str(one.get("agent") or "")
            self.calls[event.who] = _Call(at_s, "dialing", at_s, held, paced, kind, agent)
            if paced:
                self.upcoming.popleft()
                yield CallMoved(event.who, "dialing", at_s, kind)
        elif event.what == "end":
            call = self.calls.pop(event.who, None)
            if call and call.paced and call.state not in ("talking", "closing"):
                end = str(one["disposition"])
                if end in MISSED:
                    yield PersonMissed(event.who, at_s - (call.waits_since_s or at_s), at_s)
                elif end != D.TALKED:
                    yield CallEnded(event.who, WHY.get(D(end), "failed"), at_s)
        elif event.who in self.calls:
            yield from self._progress(event.who, self.calls[event.who], event.what, at_s)

    def _progress(self, attempt_id: str, call: _Call, state: str, at_s: float) -> Iterator[News]:
        if state in ("waiting", "screening"):
            call.waits_since_s = at_s
        waited_s = at_s - call.waits_since_s
        call.state, call.since_s = state, at_s
        if call.paced:
            if state == "talking":
                yield PersonServed(attempt_id, waited_s, at_s)
            elif state == "closing":
                yield PersonMissed(attempt_id, waited_s, at_s)
            else:
                yield CallMoved(attempt_id, state, at_s, call.call_class)

    def _agent(self, agent_id: str, state: str, at_s: float) -> Iterator[News]:
        before, since_s = self.agents.get(agent_id, ("offline", at_s))
        if before == "talking" and state != "talking":
            yield TalkEnded(agent_id, at_s - since_s, at_s)
        elif before == "wrap_up":
            yield WrapUpEnded(agent_id, at_s - since_s, at_s, state not in ("paused", "offline"))
        self.agents[agent_id] = (state, at_s)
        if state == "reserved":
            for call in self.calls.values():
                if call.agent == agent_id and call.state in ("waiting", "screening"):
                    call.state, call.since_s, call.reserved = "connecting", at_s, agent_id

    def snapshot(self, at_s: float, terms: Terms) -> Snapshot:
        calls, waiting = [], 0
        for attempt_id, call in self.calls.items():
            if not call.paced and not call.reserved:
                waiting += call.state == "waiting"
                continue
            until_s = call.since_s + terms.patience_s if call.state == "waiting" else None
            calls.append(
                CallView(
                    attempt_id,
                    call.state,
                    call.started_s,
                    call.since_s,
                    call.call_class,
                    True,
                    call.reserved,
                    until_s,
                )
            )
        agents = tuple(
            AgentView(agent_id, state, since_s)
            for agent_id, (state, since_s) in self.agents.items()
            if state != "offline"
        )
        return Snapshot(
            self.campaign,
            tuple(calls),
            agents,
            UnpacedDemand(waiting),
            NO_BOUND,
            NO_BOUND,
            terms=terms,
            upcoming=tuple(islice(self.upcoming, LOOK_AHEAD)),
            wall_s=at_s,
        )


def is_paced(start: Mapping[str, Any]) -> bool:
    """Did a policy launch it, for any agent?"""
    return start["mode"] not in ("inbound", "preview", "manual") and not start.get("held")


def class_of(start: Mapping[str, Any]) -> str:
    """The nearest to the dialer's classes that a masked number tells: its first digits."""
    return f"{start['campaign_id']}/{str(start['number'])[:CLASS_DIGITS]}"


def day_of(records: Iterable[Mapping[str, Any]], campaign: str = "") -> Day:
    """`campaign`: the one to look at; needed where there are several. ConfigError: none, or too many.

    The day ends where the first call begins of whose end the journal does not tell: from there on nobody
    knows what was on the line.
    """
    kept = [one for one in records if one.get("kind") in ("intent", "cdr", "agent")]
    campaigns = sorted({str(one["campaign_id"]) for one in kept if one["kind"] == "cdr"})
    if not campaigns or (campaign and campaign not in campaigns):
        raise ConfigError(
            f"no call of campaign '{campaign}'" if campaign else "no call", "journal", _known(campaigns)
        )
    if not campaign and len(campaigns) > 1:
        raise ConfigError(f"the journal tells of {len(campaigns)} campaigns", "--campaign", _known(campaigns))
    campaign = campaign or campaigns[0]
    if all(one["mode"] == "robot" for one in kept if one["kind"] == "cdr" and one["campaign_id"] == campaign):
        raise ConfigError(
            f"campaign '{campaign}' was a robot's",
            "journal",
            "It fills channels: there was nothing to decide.",
        )
    strangers = _strangers(kept, campaign)
    cdrs = {str(one["attempt_id"]): one for one in kept if one["kind"] == "cdr"}
    events: list[Event] = []
    begun: set[str] = set()
    for order, one in enumerate(kept):
        at_s = round(float(one["at_s"]), 3)
        if one["kind"] == "agent":
            if "state" in one and str(one["agent"]) not in strangers:
                events.append(Event(at_s, order, "agent", str(one["agent"]), one))
        elif one["campaign_id"] == campaign:
            attempt_id = str(one["attempt_id"])
            if attempt_id not in begun:
                begun.add(attempt_id)
                start_s = at_s if one["kind"] == "intent" else round(float(one["made_at_s"]), 3)
                held = one.get("agent_id") if one["kind"] == "intent" else ""
                told = {**one, "held": held, "agent": cdrs.get(attempt_id, {}).get("agent_id")}
                events.append(Event(start_s, order, "start", attempt_id, told))
                events += _progress_of(attempt_id, cdrs.get(attempt_id), start_s)
            if one["kind"] == "cdr":
                events.append(Event(at_s, order, "end", attempt_id, one))
    untold_s = min((one.at_s for one in events if one.what == "start" and one.who not in cdrs), default=None)
    kept_events = [one for one in events if untold_s is None or one.at_s < untold_s]
    return Day(campaign, sorted(kept_events, key=lambda event: event[:2]))


def _progress_of(attempt_id: str, cdr: Mapping[str, Any] | None, start_s: float) -> Iterator[Event]:
    if cdr is None:
        return
    answered_s, bridged_s = float(cdr["answered_at_s"]), float(cdr["bridged_at_s"])
    screened = bool(cdr["amd"])
    steps = [
        (float(cdr["ringing_at_s"]), "ringing"),
        (answered_s, "screening" if screened else "waiting"),
        (bridged_s, "talking"),
    ]
    if cdr["disposition"] == D.ABANDONED and answered_s:
        steps.append((answered_s + float(cdr["wait_s"] or 2.0), "closing"))
    for at_s, state in steps:
        if at_s:
            yield Event(max(start_s, round(at_s, 3)), -1, state, attempt_id, cdr)


def _strangers(kept: list[Mapping[str, Any]], campaign: str) -> set[str]:
    """Agents who talked in that time, but for other teams alone."""
    team = next((one["team"] for one in kept if one["kind"] == "cdr" and one["campaign_id"] == campaign), "")
    talked: dict[str, set[str]] = {}
    for one in kept:
        if one["kind"] == "cdr" and one["agent_id"]:
            talked.setdefault(str(one["agent_id"]), set()).add(str(one["team"]))
    return {agent for agent, teams in talked.items() if team not in teams}


def _known(campaigns: list[str]) -> str:
    return f"There are: {', '.join(campaigns)}." if campaigns else "It has no CDR: export a whole day."
