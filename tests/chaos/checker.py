"""The judge of a chaos run: what the switch wrote in its own book against what the engine says happened.

Shares no code with the engine, and looks at nothing but plain records, so it can be shown wrong ones. Each
function is one law; each finding is one sentence that names the call, the contact or the agent.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

Record = dict[str, Any]
FOR_EVER = float("inf")
SAMPLED_S = 0.1  # the store is asked for the owner every 0.05 s

ANSWERED = frozenset(
    {"talked", "robot_done", "robot_partial", "abandoned", "hung_up", "machine", "fax", "announcement"}
)
REFUSED = frozenset({"busy", "dead_number", "rejected", "unreachable", "no_answer", "congestion"})
NEVER_MADE = frozenset({"failed", "switch_busy"})
BY_FATE = {
    "busy": {"busy"},
    "dead": {"dead_number"},
    "rejected": {"rejected"},
    "unreachable": {"unreachable"},
    "no_answer": {"no_answer", "cancelled"},
    "congestion": {"congestion"},
    "answer": {"talked", "robot_done", "robot_partial", "abandoned", "hung_up", "no_answer", "cancelled"},
}
"""What a call to such a person may be written down as, besides `unknown` and, in a burst, `congestion`."""


@dataclass(frozen=True, slots=True)
class Contact:
    contact_id: str
    person: str
    number: str
    campaign: str


@dataclass(frozen=True, slots=True)
class Terms:
    """`attempts_most`: INVITEs that count against a person's limit. `retried`: dispositions after which a
    contact may be called again. `agents`: of the team. `answer_limit_s`: by campaign, until a person who
    answered must be served or told who called; `slack_s`: what a loaded machine may add."""

    channels: int
    calls_per_s: float
    attempts_most: int
    agents: int
    robots: frozenset[str]
    answer_limit_s: dict[str, float]
    retried: frozenset[str] = frozenset({"busy", "cancelled", "switch_busy", "failed", "congestion"})
    ring_most_s: float = 8.0
    slack_s: float = 1.0
    takeover_s: float = 0.5


@dataclass(slots=True)
class Evidence:
    """`book`: the switch's lines in order. `intents`, `cdrs`: the journal. `agents`: each one's state at the
    end. `queues`: sizes by campaign at the end. `open_attempts`, `claimed`: what the store still holds.
    `legs`: people's legs that live on the switch at the end. `blind`: spans in which the switch itself stood
    still, or could not have been told anything. `senders`: by call, who sent its originate and when.
    `owners`: (from when, whose the team was). `held`: spans in which orders were held up on their way."""

    contacts: list[Contact]
    book: list[Record]
    intents: list[Record]
    cdrs: list[Record]
    terms: Terms
    agents: dict[str, str] = field(default_factory=dict)
    queues: dict[str, Record] = field(default_factory=dict)
    open_attempts: list[str] = field(default_factory=list)
    claimed: list[str] = field(default_factory=list)
    legs: list[str] = field(default_factory=list)
    blind: list[tuple[float, float]] = field(default_factory=list)
    senders: dict[str, tuple[str, float]] = field(default_factory=dict)
    owners: list[tuple[float, str]] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    held: list[tuple[float, float]] = field(default_factory=list)


@dataclass(slots=True)
class Call:
    """One INVITE and what the switch saw of it. `ended_at_s`: FOR_EVER while it lives; the switch's own
    death ends it too (`cause` CRASH)."""

    uuid: str
    number: str
    gateway: str
    fate: str
    sent_at_s: float
    answered_at_s: float = 0.0
    served_at_s: float = 0.0
    ended_at_s: float = FOR_EVER
    cause: str = ""
    sip: int = 0
    bridges: list[tuple[str, float, float]] = field(default_factory=list)


def calls_of(book: Iterable[Record]) -> list[Call]:
    """The book's calls in the order of their INVITEs; the same leg twice is two calls."""
    calls: list[Call] = []
    alive: dict[str, Call] = {}
    for line in book:
        what, at_s, uuid = line["what"], line["at_s"], line.get("uuid", "")
        if what == "up":
            for call in alive.values():
                _close(call, at_s, "CRASH")
            alive.clear()
        elif what == "invite":
            if line["gateway"]:
                call = Call(uuid, line["number"], line["gateway"], line["fate"], at_s)
                calls.append(call)
                alive[uuid] = call
        elif call := alive.get(uuid):
            if what == "answer":
                call.answered_at_s = at_s
            elif what == "bridge":
                call.served_at_s = call.served_at_s or at_s
                call.bridges.append((line["with"], at_s, FOR_EVER))
            elif what == "parted":
                _part(call, at_s)
            elif what == "hears":
                call.served_at_s = call.served_at_s or at_s
            elif what == "end":
                call.sip = line["sip"]
                _close(call, at_s, line["cause"])
                del alive[uuid]
    return calls


def _close(call: Call, at_s: float, cause: str) -> None:
    call.ended_at_s, call.cause = at_s, cause
    _part(call, at_s)


def _part(call: Call, at_s: float) -> None:
    call.bridges = [(agent, since, min(until, at_s)) for agent, since, until in call.bridges]


# --- laws ------------------------------------------------------------------------------------------------


def no_double_dial(it: Evidence, calls: list[Call]) -> Iterator[str]:
    """One INVITE for an attempt; a contact again only after an end that its campaign retries, and never after
    one that nobody knows."""
    for uuid, times in Counter(call.uuid for call in calls).items():
        if times > 1:
            yield f"attempt {uuid} was dialed {times} times"
    cdrs = {cdr["attempt_id"]: cdr for cdr in it.cdrs}
    for number, mine in _by(calls, lambda call: call.number).items():
        for before, after in pairwise(mine):
            if after.sent_at_s < before.ended_at_s:
                yield f"{number} was dialed again while call {before.uuid} lived"
            end = cdrs.get(before.uuid)
            if end is not None and end["disposition"] not in it.terms.retried:
                yield f"{number} was dialed again after {end['disposition']} ({before.uuid}, {after.uuid})"


def nobody_is_called_twice_at_once(it: Evidence, calls: list[Call]) -> Iterator[str]:
    """A person has several contacts; two of their telephones never ring at the same time."""
    person_of = {contact.number: contact.person for contact in it.contacts}
    for person, mine in _by(calls, lambda call: person_of.get(call.number, call.number)).items():
        for before, after in pairwise(mine):
            if after.sent_at_s < before.ended_at_s and after.number != before.number:
                yield f"person {person} was called on two numbers at once ({before.uuid}, {after.uuid})"


def limits_hold(it: Evidence, calls: list[Call]) -> Iterator[str]:
    """Attempts of a person over all campaigns. One that the trunk turned away has disturbed nobody."""
    person_of = {contact.number: contact.person for contact in it.contacts}
    felt = (call for call in calls if call.sip < 500 or call.sip >= 600)
    for person, times in Counter(person_of.get(call.number, call.number) for call in felt).items():
        if times > it.terms.attempts_most:
            yield f"person {person} was called {times} times, the limit is {it.terms.attempts_most}"


def every_call_has_its_papers(it: Evidence, calls: list[Call]) -> Iterator[str]:
    """No INVITE without an intent for that number; an intent and an INVITE have one CDR each."""
    intents = {intent["attempt_id"]: intent for intent in it.intents}
    cdrs = Counter(cdr["attempt_id"] for cdr in it.cdrs)
    for call in calls:
        intent = intents.get(call.uuid)
        if intent is None:
            yield f"call {call.uuid} to {call.number} has no stored intent"
        elif intent["number"].lstrip("+") != call.number.lstrip("+"):
            yield f"call {call.uuid} went to {call.number}, its intent says {intent['number']}"
        if not cdrs[call.uuid]:
            yield f"call {call.uuid} to {call.number} has no outcome"
    for attempt in intents:
        if not cdrs[attempt]:
            yield f"intent {attempt} has no outcome"
    for attempt, times in cdrs.items():
        if times > 1:
            yield f"attempt {attempt} was settled {times} times"
        if attempt not in intents:
            yield f"the outcome of {attempt} has no intent"


def outcomes_are_true(it: Evidence, calls: list[Call]) -> Iterator[str]:
    """What the CDR says is what the switch saw, or `unknown`."""
    seen = {call.uuid: call for call in calls}
    for cdr in it.cdrs:
        said, call = cdr["disposition"], seen.get(cdr["attempt_id"])
        if call is None:
            if said in ANSWERED | REFUSED:
                yield f"{cdr['attempt_id']} is written down as {said}, and was never dialed"
            continue
        if said == "unknown":
            continue
        if said in NEVER_MADE:
            yield f"{call.uuid} is written down as {said}, and was dialed"
        elif said in ANSWERED and not call.answered_at_s:
            yield f"{call.uuid} is written down as {said}, and nobody answered ({call.fate}, {call.cause})"
        elif said in REFUSED | {"cancelled"} and call.answered_at_s:
            yield f"{call.uuid} is written down as {said}, and was answered"
        elif said not in may_be(call):
            yield f"{call.uuid} is written down as {said}, and was {call.fate} ({call.cause})"
        if said == "talked" and not call.bridges:
            yield f"{call.uuid} is written down as talked, and was never joined to anybody"


def may_be(call: Call) -> set[str]:
    """What a call that was seen so may be written down as."""
    found = set(BY_FATE.get(call.fate, ANSWERED | REFUSED))
    if call.sip >= 500:
        found.add("congestion")
    if call.cause in ("CRASH", "NO_ANSWER", "ORIGINATOR_CANCEL"):
        found.add("no_answer")
    return found


def nobody_is_lost(it: Evidence, calls: list[Call]) -> Iterator[str]:
    """Every contact was called, or may have been (`unknown`), or stands in its queue; the queues add up;
    nothing is claimed or open for ever."""
    called = {call.number for call in calls}
    called |= {cdr["number"] for cdr in it.cdrs if cdr["disposition"] == "unknown"}
    for campaign, mine in _by(it.contacts, lambda contact: contact.campaign).items():
        queue = it.queues.get(campaign)
        if queue is None:
            continue
        total = sum(queue[name] for name in ("due", "later", "claimed", "done"))
        if total != len(mine):
            yield f"campaign {campaign} has {total} contacts, {len(mine)} were given to it"
        if queue["due"] or queue["claimed"]:
            yield f"campaign {campaign} leaves {queue['due']} due and {queue['claimed']} claimed"
        uncalled = [contact.contact_id for contact in mine if contact.number not in called]
        if len(uncalled) > queue["due"] + queue["later"] + queue["claimed"]:
            yield f"campaign {campaign} is done with people it never called, e.g. {uncalled[0]}"
    for attempt in it.open_attempts:
        yield f"attempt {attempt} is open in the store for ever"
    for contact_id in it.claimed:
        yield f"contact {contact_id} is claimed in the store for ever"


def nobody_is_stuck(it: Evidence, calls: list[Call]) -> Iterator[str]:
    """At the end every agent is ready, no leg lives, and none has rung past its time."""
    for agent, state in it.agents.items():
        if state != "ready":
            yield f"agent {agent} is stuck: {state}"
    for leg in it.legs:
        yield f"leg {leg} lives on, and nobody knows of it"
    for call in calls:
        until = call.answered_at_s or call.ended_at_s
        rang_s = until - call.sent_at_s - _blind_s(it, call.sent_at_s, until)
        if rang_s > it.terms.ring_most_s + it.terms.slack_s:
            yield f"call {call.uuid} rang for {rang_s:.1f} s"


def one_agent_one_call(it: Evidence, calls: list[Call]) -> Iterator[str]:
    """Nobody is joined to an agent's leg while somebody else talks there."""
    talks: dict[str, list[tuple[float, float, str]]] = defaultdict(list)
    for call in calls:
        for agent, since, until in call.bridges:
            talks[agent].append((since, until, call.uuid))
    for agent, mine in talks.items():
        mine.sort()
        for (_, until, first), (since, _, second) in pairwise(mine):
            if since < until and first != second:
                yield f"agent leg {agent} was given to {second} while {first} talked"


def who_answers_is_served(it: Evidence, calls: list[Call]) -> Iterator[str]:
    """Joined, or told who called, in time; with every engine dead too."""
    campaign_of = {contact.number: contact.campaign for contact in it.contacts}
    for call in calls:
        if not call.answered_at_s:
            continue
        most_s = it.terms.answer_limit_s.get(campaign_of.get(call.number, ""), 2.0) + it.terms.slack_s
        until = call.served_at_s or call.ended_at_s
        if until == FOR_EVER:
            continue
        waited_s = until - call.answered_at_s - _blind_s(it, call.answered_at_s, until)
        if waited_s > most_s:
            yield f"the person of {call.uuid} heard nothing for {waited_s:.1f} s"


def trunks_keep_their_contract(it: Evidence, calls: list[Call]) -> Iterator[str]:
    """Channels at once as the trunk sees them, and calls in any one second as they were sent: what the way to
    the switch holds up for a moment arrives with what follows it, and no sender can help that."""
    for gateway, mine in _by(calls, lambda call: call.gateway).items():
        most, _ = _most_at_once((call.sent_at_s, call.ended_at_s) for call in mine)
        if most > it.terms.channels:
            yield f"trunk {gateway} carried {most} calls at once, its contract is {it.terms.channels}"
        held = [(since - 1.0, until + 1.0) for since, until in (*it.blind, *it.held)]
        sent = sorted(it.senders[one.uuid][1] if one.uuid in it.senders else one.sent_at_s for one in mine)
        free = (at for at in sent if not any(since <= at <= until for since, until in held))
        burst = max((bisect_right(sent, at + 1.0) - bisect_left(sent, at) for at in free), default=0)
        if burst > it.terms.calls_per_s * 1.1 + 1:  # the book's clock and the wire are not the engine's
            yield f"trunk {gateway} got {burst} calls in a second, its contract is {it.terms.calls_per_s:g}"


def hard_stop(it: Evidence, calls: list[Call]) -> Iterator[str]:
    """One call for one ready agent: never more unanswered ones than there are agents."""
    campaign_of = {contact.number: contact.campaign for contact in it.contacts}
    mine = [call for call in calls if campaign_of.get(call.number) not in it.terms.robots]
    spans = [(call.sent_at_s, call.answered_at_s or call.ended_at_s) for call in mine]
    most, at_s = _most_at_once(spans)
    if most > it.terms.agents:
        yield f"{most} calls rang at once for {it.terms.agents} agents at {at_s:.2f}"


def the_owner_dials(it: Evidence, calls: list[Call]) -> Iterator[str]:
    """A team has one engine at a time: whoever lost it sends nothing more for it."""
    starts = [at_s for at_s, _ in it.owners]
    for uuid, (sender, at_s) in it.senders.items():
        place = bisect_right(starts, at_s) - 1
        if place < 0:
            continue
        since_s, owner = it.owners[place]
        next_s, next_owner = it.owners[place + 1] if place + 1 < len(it.owners) else (FOR_EVER, "")
        if next_owner == sender and next_s - at_s < SAMPLED_S:
            continue  # the store was looked at a moment after they had taken it
        if owner != sender and at_s - since_s > it.terms.takeover_s:
            yield f"{sender} dialed {uuid} {at_s - since_s:.1f} s after {owner} had taken the team over"


def nothing_fell_over(it: Evidence, calls: list[Call]) -> Iterator[str]:
    """What the runner itself met: no recovery in time, an exception in a log, an unsound archive."""
    yield from it.troubles


Law = Callable[[Evidence, list[Call]], Iterator[str]]
LAWS: tuple[Law, ...] = (
    no_double_dial,
    nobody_is_called_twice_at_once,
    limits_hold,
    every_call_has_its_papers,
    outcomes_are_true,
    nobody_is_lost,
    nobody_is_stuck,
    one_agent_one_call,
    who_answers_is_served,
    trunks_keep_their_contract,
    hard_stop,
    the_owner_dials,
    nothing_fell_over,
)


def violations(it: Evidence) -> dict[str, list[str]]:
    """By law, whatever was broken; empty: nothing."""
    calls = calls_of(it.book)
    found = {law.__name__: list(law(it, calls)) for law in LAWS}
    return {name: sentences for name, sentences in found.items() if sentences}


# --- helpers ---------------------------------------------------------------------------------------------


def _by(items: Iterable[Any], key: Callable[[Any], str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for item in items:
        found[key(item)].append(item)
    return found


def _most_at_once(spans: Iterable[tuple[float, float]]) -> tuple[int, float]:
    """How many, and when first."""
    most, now, when_s = 0, 0, 0.0
    for at_s, step in sorted(move for since, until in spans for move in ((since, 1), (until, -1))):
        now += step
        if now > most:
            most, when_s = now, at_s
    return most, when_s


def _blind_s(it: Evidence, since: float, until: float) -> float:
    """How much of a span the switch could do nothing."""
    return sum(max(0.0, min(until, b) - max(since, a)) for a, b in it.blind)
