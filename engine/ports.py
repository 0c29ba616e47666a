"""The engine's edges as protocols. Each has an adapter and a twin in memory; one suite runs on both."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from engine.domain.attempt import Cdr, Intent
from engine.domain.campaign import CampaignState
from engine.domain.contact import Claimed, Contact, PersonHistory, Scheduled, Touch
from engine.domain.facts import LegEnded


class Clock(Protocol):
    """Two clocks: `now_s` for durations (monotonic), `wall_s` for calendars (epoch seconds)."""

    def now_s(self) -> float: ...
    def wall_s(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Lease:
    """Ownership of a team. Every write carries the token; the store refuses one lower than it has seen."""

    team: str
    owner: str
    token: int
    until_s: float


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """An intent whose end is not known to the store. `token`: the fence it was made under."""

    intent: Intent
    token: int


class ContactStore(Protocol):
    """Contacts, people, intents. `now_s` is never passed: leases use the store's own clock.

    Every method may raise StoreError when the store is away; none retries by itself. After a StoreError the
    step may have happened or not; any may be repeated with the same arguments. `settle` then says False if it
    had happened, and what a lost reply of `claim_due` claimed comes back with its lease.
    Methods that take `lease` raise Fenced when another engine owns the team, and then change nothing.
    Instants are kept in whole milliseconds; an infinite one means never, as None does.
    """

    def acquire_team(self, team: str, owner: str, ttl_s: float, alone: bool = False) -> Lease | None:
        """Take or renew the ownership; None while another living engine has it. `owner`: unique to this life
        of this engine. The token rises with each owner; from here every older one is fenced off. `alone`: it
        is proven that no other engine uses this store, so whoever owned the team is dead."""
        ...

    def release_team(self, lease: Lease) -> None: ...

    def add_contacts(self, contacts: Iterable[tuple[Contact, float]], import_id: str) -> "ImportCount":
        """Contacts with the epoch second from which each is due. A contact_id that is there already is kept
        as it is and counted as a duplicate. Safe to repeat."""
        ...

    def claim_due(self, lease: Lease, campaign_id: str, limit: int, lease_s: float) -> list[Claimed]:
        """Up to `limit` due contacts, best first (priority, those beyond ±1000 as ±1000; then who was due
        earlier); each returns to the queue by itself after `lease_s`. Nobody who is being called, or of whom
        another contact is claimed, is among them."""
        ...

    def put_back(
        self,
        lease: Lease,
        campaign_id: str,
        person_id: str,
        contact_id: str,
        due_at_s: float | None,
        reason: str,
        rule: str = "",
    ) -> None:
        """End a claim without an attempt: due again then, or (None) retired; the reason is journalled. Does
        nothing when the claim is over already: its lease ran out, or an intent was stored."""
        ...

    def reschedule(
        self, lease: Lease, campaign_id: str, person_id: str, contact_id: str, due_at_s: float, reason: str
    ) -> bool:
        """A promise to call back: the contact, queued or done, is due at `due_at_s` instead. False, and
        nothing changed: it is unknown, claimed or being called. Safe to repeat."""
        ...

    def history(self, person_id: str) -> PersonHistory:
        """What is known of a person; version 0 and no touches for a stranger. Touches are kept 100 days."""
        ...

    def intend(self, lease: Lease, intent: Intent) -> bool:
        """Store the intent, reserve a touch, mark the person busy: atomically. False: the person's version
        moved on or an attempt is open; go back to the gate. Repeating the same intent is True again; another
        intent under the same attempt id is a StoreError. The contact need not be claimed (an agent dials by
        hand), nor exist (a call without a case)."""
        ...

    def settle(self, lease: Lease, cdr: Cdr, touch: Touch | None, then: Scheduled) -> bool:
        """End an attempt: journal the CDR, replace its reservation by `touch` (None gives it back), free the
        person, schedule the contact: atomically. False: it was settled already; nothing changed."""
        ...

    def open_attempts(self, team: str) -> list[OpenAttempt]:
        """Every unsettled intent of the team, for recovery after a crash or takeover."""
        ...

    def find_contact(self, contact_id: str) -> Claimed | None:
        """A contact with its progress and history, wherever it is. Lease fields are zero."""
        ...

    def contact_of_number(self, number: str) -> list[str]:
        """Contact ids that have this E.164 number (for calls that come in)."""
        ...

    def queue_sizes(self, campaign_id: str, wall_s: float) -> "QueueSizes":
        """As they are at `wall_s`, which is now or later."""
        ...

    def set_campaign(self, campaign_id: str, definition: Mapping[str, Any], state: CampaignState) -> None: ...

    def campaigns(self) -> list[tuple[str, dict[str, Any], CampaignState]]: ...

    def save_blob(self, name: str, value: bytes) -> None:
        """Small things that must outlive the process, e.g. what a pacing policy has learned."""
        ...

    def load_blob(self, name: str) -> bytes | None: ...

    def ping(self) -> float:
        """Round trip in seconds."""
        ...


@dataclass(frozen=True, slots=True)
class ImportCount:
    added: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class QueueSizes:
    """`due`: may be claimed now. `later`: due in future, the earliest at `next_due_at_s` (0.0: none).
    `claimed`: claimed or being called. `done`: retired. The four add up to all contacts ever added."""

    due: int
    later: int
    claimed: int
    done: int
    next_due_at_s: float


@dataclass(frozen=True, slots=True)
class LineAsk:
    """What an engine tells of a gateway. `channels`, `starts`: of its contract; so many calls may be begun at
    once, and they come back at its calls per second. `wanted`: channels it has use for, at least 1; 0: it
    leaves. `in_use`: channels its calls are on; `keeps_to`: channels and starts of the last answer that
    reached it, (0, 0) when that has run out."""

    gateway: str
    channels: int
    starts: int
    wanted: int
    in_use: int
    keeps_to: tuple[int, int]


@dataclass(frozen=True, slots=True)
class LineSlice:
    """What of a gateway's contract is this engine's."""

    gateway: str
    channels: int
    starts: int


class Lines(Protocol):
    """The contracts of gateways, shared by engines."""

    def share(self, owner: str, asks: Sequence[LineAsk], ttl_s: float) -> list[LineSlice]:
        """A slice of each, for `ttl_s` from now; all engines' slices together never exceed a contract. To be
        asked for again and again: slices follow what engines want. A smaller slice than before binds from the
        answer on. StoreError: keep to the last answer until its time is over, then start nothing."""
        ...


class IntentBook(Protocol):
    """This machine's own record of intents, on the disk before the call: read first after a crash, so that a
    store that lost its last second (power, failover) cannot make us dial twice."""

    def append(self, intent: Intent, token: int) -> None:
        """On return it is on the disk. StoreError: it may not be; do not dial."""
        ...

    def settled(self, attempt_id: str) -> None: ...
    def open_attempts(self) -> list[OpenAttempt]: ...


class Journal(Protocol):
    """Facts and decisions, hot tail and archive read as one, oldest first.

    Kinds: intent, cdr, blocked and callback are written by the store itself (in `intend`, `settle`,
    `put_back`, `reschedule`); outcome (what an agent noted), audit (who did what by the API), decision,
    import, agent, campaign, config and note by whoever has something to tell.
    """

    def append(self, kind: str, shard_of: str, record: Mapping[str, Any]) -> None:
        """`shard_of`: the person the record is about ("" for the system). `record`: plain data; the keys
        kind, at_s and id are the journal's own. Never blocks. Raises TypeError for what is not plain."""
        ...

    def read(self, kinds: frozenset[str] | None = None, since_s: float = 0.0) -> Iterator[dict[str, Any]]:
        """Records from `since_s` (epoch seconds) on: the fields given, with `kind`, `at_s` (wall clock of who
        wrote it) and `id` (unique). In order of arrival at the store, to the millisecond across people."""
        ...


class Timers(Protocol):
    """Call `then` once, `after_s` seconds from now on the engine's clock; the returned function cancels."""

    def after(self, after_s: float, name: str, then: Callable[[], None]) -> Callable[[], None]: ...


class Tasks(Protocol):
    """Run something that may wait, beside the caller. Its exceptions are logged, never lost."""

    def start(self, name: str, run: Callable[..., None], *args: object) -> None: ...


@dataclass(frozen=True, slots=True)
class SafetyNet:
    """What an answered person hears if no engine speaks: `notice` (a prompt) after `after_ms`, then the end.

    `extendable`: leave a step that `extend_net` can lengthen while AMD listens.
    """

    notice: str
    after_ms: int = 1800
    extendable: bool = False


@dataclass(frozen=True, slots=True)
class Dial:
    """One leg towards a contact. `leg_id` is the attempt's id. `gateway`: "" dials an extension. `variables`
    go on the channel (for recovery and CDRs); values are data, never commands. `ring_time_s`: the switch
    gives up then. `codec`: "" leaves it to the profile."""

    leg_id: str
    number: str
    gateway: str
    caller_id: str
    ring_time_s: float
    net: SafetyNet | None
    variables: Mapping[str, str]
    codec: str = ""


@dataclass(frozen=True, slots=True)
class LegRecord:
    """The switch's own record of a leg that is over. `bridged_at_s`: epoch seconds, 0.0: never.
    `variables`: ours, `prozvon_*`."""

    ended: LegEnded
    bridged_at_s: float
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LiveLeg:
    """A leg found alive after a crash, a gap or a takeover. Instants: epoch seconds, 0.0 for never."""

    leg_id: str
    answered: bool
    bridged_to: str
    created_at_s: float
    answered_at_s: float
    variables: Mapping[str, str]


class Switch(Protocol):
    """One FreeSWITCH, in the trade's words. Facts come back through the engine's `on_fact`.

    Methods that only give an order return at once; a refusal raises SwitchError when it is known at once,
    SwitchGone when the connection is down or the deadline passed.
    """

    name: str

    @property
    def up(self) -> bool: ...

    def lag_s(self) -> float:
        """Originate → channel created, p95 of the last seconds: the only sign of an overloaded switch."""
        ...

    def dial(self, order: Dial) -> None: ...

    def call_agent(
        self, leg_id: str, extension: str, ring_time_s: float, variables: Mapping[str, str]
    ) -> None:
        """A standing leg: parked when answered, parked again after each talk."""
        ...

    def bridge(self, agent_leg: str, person_leg: str) -> None: ...
    def hang_up(self, leg_id: str, cause: str = "NORMAL_CLEARING") -> None: ...
    def hang_up_later(self, leg_id: str, after_s: float) -> None:
        """A last stop that outlives us; again: counts from now; 0.0: taken back."""
        ...

    def park(self, leg_id: str) -> None:
        """Take the leg out of whatever it does or hears, the safety net included; LegParked follows. Only
        when somebody serves it now."""
        ...

    def begin_with(self, leg_id: str, prompts: Sequence[str]) -> None:
        """Take the leg out of whatever it does or hears, into `prompts` one after another; LegParked follows.
        One order: a leg that leaves its net so is never without both."""
        ...

    def extend_net(self, leg_id: str, by_ms: int) -> None: ...
    def rearm_net(self, leg_id: str, first: str, after_s: float, prompt: str) -> None:
        """Another net in place of the one there is: `first` is heard now ("": nothing), and unless somebody
        serves the leg within `after_s` from here, `prompt`, and the leg ends. Drops about 40 ms of its
        sound."""
        ...

    def notice(self, leg_id: str, prompt: str) -> None:
        """Play the prompt, then hang up; goes on without us."""
        ...

    def after_bridge(self, leg_id: str, notice: str) -> None:
        """Should the agent's leg die, the person falls into the net again. One-shot: for each bridge."""
        ...

    def play(self, leg_id: str, step_id: str, prompts: Sequence[str]) -> None:
        """Prompts one after another; one StepDone with `step_id` when the last has ended."""
        ...

    def stop_playing(self, leg_id: str) -> None: ...
    def hold(self, leg_id: str, music: str, notice: str) -> None: ...
    def transfer(self, leg_id: str, number: str, gateway: str, caller_id: str, sorry: str) -> None:
        """Join the leg to `number` ("" as gateway: an extension). If nobody answers it hears `sorry`; when
        either is through, both end. Goes on without us."""
        ...

    def record(self, leg_id: str, path: str) -> None:
        """Stereo: person left, agent right. Goes on until the leg ends."""
        ...

    def mask_recording(self, leg_id: str, path: str, on: bool) -> None: ...
    def tell_agent(self, agent_leg: str, prompt: str) -> None:
        """A tone or whisper that only the agent hears, mixed in without delay."""
        ...

    def warn(self, leg_id: str, prompt: str) -> None:
        """The leg hears the prompt instead of its peer until it ends; also while it is being bridged."""
        ...

    def fork(self, leg_id: str, fork_id: str, codec: str, host: str, port: int, listen: str = "") -> None:
        """A leg of its own, `fork_id`, carries what the far end says to the media process at host:port, until
        either ends. `codec`: the call's own. `listen`: what the media process is to know. No facts are told
        about it."""
        ...

    def tap(self, leg_id: str, path: str, most_s: float) -> None:
        """Write what the far end says to PATH-in.CODEC as it comes, for so long at most. Cheaper than a fork,
        where switch and media process share a machine and `path` is in memory."""
        ...

    def untap(self, leg_id: str, path: str) -> None: ...

    def mute(self, agent_leg: str, on: bool) -> None: ...
    def set_variables(self, leg_id: str, variables: Mapping[str, str]) -> None: ...
    def call_supervisor(
        self, leg_id: str, extension: str, agent_leg: str, variables: Mapping[str, str]
    ) -> None:
        """Dial a supervisor's phone; its leg listens to the agent's, and is parked when that goes."""
        ...

    def listen_to(self, supervisor_leg: str, agent_leg: str) -> None: ...
    def speak(self, supervisor_leg: str, how: str) -> None:
        """`how`: listen (speak to nobody), whisper (to the agent alone), barge (to both)."""
        ...

    def is_alive(self, leg_id: str) -> bool: ...
    def record_of(self, leg_id: str, at_s: float) -> LegRecord | None:
        """What the switch itself wrote of a leg that ended, where it does. `at_s`: of the fact in it."""
        ...

    def live_ids(self) -> frozenset[str]:
        """Every leg that lives: one cheap question, for the regular sweep."""
        ...

    def live_legs(self) -> list[LiveLeg]:
        """Every leg that lives and carries a `prozvon_*` variable, with what is needed to adopt it."""
        ...

    def file_exists(self, path: str) -> bool: ...
    def gateway_up(self, gateway: str) -> bool: ...
