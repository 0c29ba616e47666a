"""A world fitted to the journal of real days: who answers by class and hour, how long things take.

What a journal cannot tell is left at the defaults and named: delays of the switch, errors of the detector,
the contract of the trunk.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine.domain.attempt import Disposition as D
from engine.domain.errors import ConfigError
from engine.twin.book import STAFFED
from engine.twin.survival import Time, duration_mass, incidence, quantiles
from engine.twin.world import World

PREFIX = 5  # characters that masking leaves: the plus and four digits
LEAST_CLASS, MOST_CLASSES = 0.05, 8
LEAST_HOUR = 200  # calls of a class in an hour, to have shares of its own
LEAST_TIMES = 30
STEP_S = 1_800.0
FATES = {
    D.TALKED: "answer",
    D.ABANDONED: "answer",
    D.HUNG_UP: "answer",
    D.ROBOT_DONE: "answer",
    D.ROBOT_PARTIAL: "answer",
    D.MACHINE: "voicemail",
    D.FAX: "fax",
    D.ANNOUNCEMENT: "announcement",
    D.BUSY: "busy",
    D.NO_ANSWER: "no_answer",
    D.UNREACHABLE: "unreachable",
    D.REJECTED: "rejected",
    D.DEAD_NUMBER: "dead",
    D.CONGESTION: "congestion",
    D.SWITCH_BUSY: "congestion",
    D.CANCELLED: "",
}
STAFFED_WORDS = frozenset(state.value for state in STAFFED)


@dataclass(slots=True)
class Fitted:
    """The world, and what it rests on: counts by what was counted."""

    world: World
    data: dict[str, Any]
    told: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class _Heard:
    """What the journal said, sorted."""

    calls: list[Mapping[str, Any]] = field(default_factory=list)
    inbound: list[Mapping[str, Any]] = field(default_factory=list)
    moves: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    last_s: float = 0.0


def fit(records: Iterable[Mapping[str, Any]], zone: str, campaign: str = "", name: str = "fitted") -> Fitted:
    """`zone`: in which hours are counted. `campaign`: the only one counted; needed where there are several.
    ConfigError: too little happened, or several campaigns did."""
    heard = _listen(records, campaign)
    if len(heard.calls) < LEAST_TIMES:
        raise ConfigError(
            f"{len(heard.calls)} calls are too few to fit anything to", "journal", "Give a day or more."
        )
    local = ZoneInfo(zone)
    begin_s = min(float(one["originated_at_s"]) for one in heard.calls)
    end_s = max(float(one["ended_at_s"]) for one in heard.calls)
    talks, wraps = _talks(heard), _wraps(heard)
    starts = Counter(int(float(one["originated_at_s"])) for one in heard.calls)
    modes = Counter(str(one["mode"]) for one in heard.calls)
    staffing = _staffing(heard, begin_s, end_s)
    data: dict[str, Any] = {
        "name": name,
        "start": datetime.fromtimestamp(begin_s, UTC).astimezone(local).strftime("%Y-%m-%dT%H:%M"),
        "zone": zone,
        "hours": round(max(0.1, (end_s - begin_s) / 3600.0), 2),
        "operators": {"count": max([1, *(n for _, n in staffing)]), "staffing": staffing},
        "campaign": {"mode": modes.most_common(1)[0][0], "screening": any(one["amd"] for one in heard.calls)},
        "default": {},
        "classes": _classes(heard.calls, local),
        "trunk": {
            "channels": max(10, 2 * _most_at_once(heard.calls)),
            "calls_per_s": float(max(2, 2 * max(starts.values()))),
        },
    }
    for place, key, times in (("default", "talk_s", talks), ("operators", "wrap_up_s", wraps)):
        if sum(bool(one.end) for one in times) >= LEAST_TIMES:
            data[place][key] = {"quantiles": list(quantiles(duration_mass(times)))}
    data["default"]["patience_s"] = _patience(heard.calls)
    if heard.inbound:
        data["calls_in"] = _calls_in(heard.inbound, data["hours"])
    told = {
        "calls": len(heard.calls),
        "talks": sum(bool(one.end) for one in talks),
        "talks cut short": sum(not one.end for one in talks),
        "wrap-ups": sum(bool(one.end) for one in wraps),
        "calls given up": sum(one["disposition"] == D.CANCELLED for one in heard.calls),
        "calls that came in": len(heard.inbound),
    }
    return Fitted(World.model_validate(data), data, told)


def _listen(records: Iterable[Mapping[str, Any]], campaign: str) -> _Heard:
    heard, campaigns = _Heard(), set()
    for one in records:
        heard.last_s = max(heard.last_s, float(one.get("at_s", 0.0)))
        if one.get("kind") == "agent" and "state" in one:
            heard.moves.setdefault(str(one["agent"]), []).append((float(one["at_s"]), str(one["state"])))
        elif one.get("kind") == "cdr" and one.get("campaign_id") == (campaign or one.get("campaign_id")):
            campaigns.add(str(one["campaign_id"]))
            if one["mode"] == "inbound":
                heard.inbound.append(one)
            elif one["originated_at_s"] and one["disposition"] in FATES:
                heard.calls.append(one)
    if len(campaigns) > 1:
        raise ConfigError(
            f"the journal tells of {len(campaigns)} campaigns",
            "journal",
            f"Choose: {', '.join(sorted(campaigns))}.",
        )
    return heard


# --- who answers -------------------------------------------------------------------------------------


def _classes(calls: list[Mapping[str, Any]], local: ZoneInfo) -> list[dict[str, Any]]:
    starts = Counter(str(one["number"])[:PREFIX] for one in calls)
    big = [prefix for prefix, count in starts.most_common(MOST_CLASSES) if count >= LEAST_CLASS * len(calls)]
    kept = big or [starts.most_common(1)[0][0]]
    by_class: dict[str, list[Mapping[str, Any]]] = {}
    for one in calls:
        prefix = str(one["number"])[:PREFIX]
        by_class.setdefault(prefix if prefix in kept else kept[-1], []).append(one)
    people = {prefix: len({one["contact_id"] for one in mine}) for prefix, mine in by_class.items()}
    of = sum(people.values())  # not calls: who is hard to reach is called more often
    return [_class(prefix, mine, people[prefix] / of, local) for prefix, mine in sorted(by_class.items())]


def _class(prefix: str, calls: list[Mapping[str, Any]], weight: float, local: ZoneInfo) -> dict[str, Any]:
    shares, mass = incidence([_time(one) for one in calls])
    by_hour: dict[int, list[Mapping[str, Any]]] = {}
    for one in calls:
        begun = datetime.fromtimestamp(float(one["originated_at_s"]), UTC).astimezone(local)
        by_hour.setdefault(begun.hour, []).append(one)
    found: dict[str, Any] = {
        "prefix": prefix,
        "weight": round(weight, 4),
        "kind": "unknown",
        "shares": _rounded(shares),
        "by_hour": {
            hour: _rounded(incidence([_time(one) for one in mine])[0])
            for hour, mine in sorted(by_hour.items())
            if len(mine) >= LEAST_HOUR
        },
    }
    setup = [Time(_setup_s(one), "set up") for one in calls]
    found["setup_s"] = {"quantiles": list(quantiles(duration_mass(setup)))}
    answers = mass.get("answer", [])
    if len(answers) >= LEAST_TIMES:
        mean_setup_s = sum(one.seconds for one in setup) / len(setup)
        rings = [(max(0.0, at - mean_setup_s), part) for at, part in answers]
        rung = [
            (float(one["answered_at_s"]) - float(one["ringing_at_s"]), 1.0)
            for one in calls
            if one["ringing_at_s"] and one["answered_at_s"] and FATES[D(one["disposition"])] == "answer"
        ]
        found["ring_s"] = {"quantiles": list(quantiles(rung if len(rung) >= len(rings) / 2 else rings))}
    return found


def _time(one: Mapping[str, Any]) -> Time:
    """From the order to dial until it was known what became of the call."""
    until_s = float(one["answered_at_s"]) or float(one["ended_at_s"])
    return Time(max(0.0, until_s - float(one["originated_at_s"])), FATES[D(one["disposition"])])


def _setup_s(one: Mapping[str, Any]) -> float:
    """Until the network says anything: it rings, or it is over."""
    told_s = float(one["ringing_at_s"]) or float(one["answered_at_s"]) or float(one["ended_at_s"])
    return max(0.0, told_s - (float(one["created_at_s"]) or float(one["originated_at_s"])))


def _rounded(shares: Mapping[str, float]) -> dict[str, float]:
    return {fate: round(share, 4) for fate, share in sorted(shares.items())}


# --- how long things take ----------------------------------------------------------------------------


def _talks(heard: _Heard) -> list[Time]:
    """Talks with people; those that go on as the journal ends are cut short there."""
    done = [
        Time(float(one["ended_at_s"]) - float(one["bridged_at_s"]), "over")
        for one in heard.calls
        if one["disposition"] == D.TALKED and one["bridged_at_s"] and one["amd"] in ("", "person", "unsure")
    ]
    open_ = [
        Time(heard.last_s - moves[-1][0], "") for moves in heard.moves.values() if moves[-1][1] == "talking"
    ]
    return [one for one in done + open_ if one.seconds >= 0.0]


def _wraps(heard: _Heard) -> list[Time]:
    """From wrap-up to ready. Who pauses or leaves out of it, or is in it as the journal ends: cut short."""
    found = []
    for moves in heard.moves.values():
        following = [*moves[1:], (heard.last_s, "")]
        for (at_s, state), (next_s, after) in zip(moves, following, strict=True):
            if state == "wrap_up":
                found.append(Time(max(0.0, next_s - at_s), "over" if after in ("ready", "reserved") else ""))
    return found


def _patience(calls: list[Mapping[str, Any]]) -> dict[str, float]:
    """Exponential, by the rate of people who left in the time that anybody waited; at least one is supposed
    to have left, so that patience is never endless."""
    waited_s, left = 0.0, 0
    for one in calls:
        answered_s = float(one["answered_at_s"])
        if one["disposition"] == D.TALKED:
            waited_s += float(one["wait_s"])
        elif one["disposition"] in (D.ABANDONED, D.HUNG_UP) and answered_s:
            waited_s += float(one["ended_at_s"]) - answered_s
            left += one["disposition"] == D.HUNG_UP
    return {"exponential": round(max(1.0, waited_s / max(1, left)), 2)}


def _calls_in(calls: list[Mapping[str, Any]], hours: float) -> dict[str, Any]:
    talks = [
        Time(float(one["ended_at_s"]) - float(one["bridged_at_s"]), "over")
        for one in calls
        if one["bridged_at_s"]
    ]
    found: dict[str, Any] = {"per_hour": round(len(calls) / hours, 2)}
    if len(talks) >= LEAST_TIMES:
        found["talk_s"] = {"quantiles": list(quantiles(duration_mass(talks)))}
    return found


# --- who works ---------------------------------------------------------------------------------------


def _staffing(heard: _Heard, begin_s: float, end_s: float) -> list[list[float]]:
    """[hour of the day's run, operators], half hour by half hour, rounded; breaks are in it."""
    steps = max(1, int((end_s - begin_s) / STEP_S + 0.5))
    sums = [0.0] * steps
    for moves in heard.moves.values():
        following = [*moves[1:], (heard.last_s, "")]
        for (at_s, state), (next_s, _) in zip(moves, following, strict=True):
            if state in STAFFED_WORDS:
                for step in range(steps):
                    from_s = begin_s + step * STEP_S
                    sums[step] += max(0.0, min(next_s, from_s + STEP_S) - max(at_s, from_s))
    found: list[list[float]] = []
    for step, seconds in enumerate(sums):
        length_s = min(STEP_S, max(1.0, end_s - begin_s - step * STEP_S))
        count = round(seconds / length_s)
        if not found or found[-1][1] != count:
            found.append([step * STEP_S / 3600.0, count])
    return found


def _most_at_once(calls: list[Mapping[str, Any]]) -> int:
    changes = sorted(
        [(float(one["originated_at_s"]), 1) for one in calls]
        + [(float(one["ended_at_s"]), -1) for one in calls]
    )
    now = most = 0
    for _, change in changes:
        now += change
        most = max(most, now)
    return most
