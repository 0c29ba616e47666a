"""What a pacing policy may see, and what it answers. Pure data: no contact, no number, no clock.

The views are tuples of instants, not of ages: a view holds until something happens to its agent or call, and
need not be made anew for each of the twenty decisions of a second.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from engine.pacing.news import News

DAY_S = 86_400.0
NO_BOUND = 1_000_000


class CallView(NamedTuple):
    """One call in flight. `state`: dialing, early_media, ringing, screening, waiting, connecting, talking,
    robot, closing. `began_s`: the originate; `since_s`: in this state since then; both on the clock of
    `decide`. `call_class`: an aggregate class (campaign and number kind), never a score of one record.
    `patience_until_s`: when a waiting person counts as abandoned, None while nobody waits. `needs_agent`:
    False for a robot's call."""

    attempt_id: str
    state: str
    began_s: float
    since_s: float
    call_class: str
    needs_agent: bool = True
    reserved_agent: str = ""
    patience_until_s: float | None = None


class AgentView(NamedTuple):
    """One agent that may serve the campaign. `state`: as AgentState; `since_s`: in it since then."""

    agent_id: str
    state: str
    since_s: float
    leaving: bool = False


@dataclass(frozen=True, slots=True)
class UnpacedDemand:
    """Calls for agents that no policy launches: in count of people.

    `callbacks_due`: people who were promised an agent and wait until one is free to be held for them.
    """

    inbound_waiting: int = 0
    robot_transfers: int = 0
    callbacks_due: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """How a campaign wants to be paced. It may change between any two decisions.

    `cap`: abandoned live answers at most, as a fraction of live answers, in each of `windows_s` (seconds).
    `patience_s`: how long an answered person may wait for an agent. `ring_time_s`: after which an unanswered
    call ends by itself. `least_ring_s`: a call may be given up only after it rang so long; `cancel_share`:
    calls given up at most, of those launched. `reserve`: ready agents that are kept free for demand that is
    not paced. `largest_ratio`: calls in flight at most, for each agent at work.
    """

    cap: float = 0.03
    windows_s: tuple[float, ...] = (DAY_S, 30 * DAY_S)
    patience_s: float = 2.0
    ring_time_s: float = 30.0
    least_ring_s: float = 15.0
    cancel_share: float = 0.03
    reserve: int = 0
    largest_ratio: float = 20.0


MAY_NEED_AN_AGENT = frozenset({"dialing", "early_media", "ringing", "answered", "screening", "waiting"})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The moment a decision is made for one campaign.

    `calls`: the campaign's own. `others`: calls of the team's other campaigns that may want the same agents.
    `max_calls`: legs the campaign may have at once. `queued`: contacts that could be dialed now.
    `upcoming`: classes of the next contacts, in the order they will be dialed, as far as known. `room`: calls
    the trunks could still take. `doubt`: why what we see may be stale or wrong (the switch lags, agents'
    states are old), "" when all is well; a policy then goes back to one call for each ready agent. `wall_s`:
    the calendar's clock, epoch seconds, for windows that outlive a restart; 0.0 where there is none.
    """

    campaign_id: str
    calls: tuple[CallView, ...]
    agents: tuple[AgentView, ...]
    demand: UnpacedDemand
    max_calls: int
    queued: int
    others: tuple[CallView, ...] = ()
    terms: Terms = Terms()
    upcoming: tuple[str, ...] = ()
    room: int = NO_BOUND
    doubt: str = ""
    wall_s: float = 0.0

    @property
    def ready_agents(self) -> int:
        return len([agent for agent in self.agents if agent.state == "ready" and not agent.leaving])

    @property
    def in_flight(self) -> int:
        """Calls that may yet need an agent who is not promised to them."""
        flying = [
            call
            for call in (*self.calls, *self.others)
            if call.needs_agent and not call.reserved_agent and call.state in MAY_NEED_AN_AGENT
        ]
        return len(flying)


@dataclass(frozen=True, slots=True)
class Decision:
    """Legs to originate now, attempts to give up while they ring, and why.

    `next_check_s`: ask again no later than this, seconds from now. `numbers`: what was weighed, by name, for
    the event stream and the metrics; rates and probabilities are fractions.
    """

    launch: int
    cancel: tuple[str, ...] = ()
    next_check_s: float = 1.0
    reason: str = ""
    numbers: Mapping[str, float] = field(default_factory=dict)


class Policy(Protocol):
    """A pacing policy: facts in, a decision with its reason out. No clock, no I/O.

    It is told news in the order in which they happened, and asked for decisions in between.
    """

    def observe(self, news: News) -> None: ...

    def overhear(self, news: News) -> None:
        """News of calls of the team's other campaigns, which want the same agents."""
        ...

    def decide(self, now_s: float, snapshot: Snapshot) -> Decision: ...

    def save(self) -> dict[str, float]:
        """What was learned, to survive a restart."""
        ...

    def load(self, learned: dict[str, float]) -> None: ...


class Memoryless:
    """Base of policies that learn nothing."""

    def observe(self, news: News) -> None:
        return None

    def overhear(self, news: News) -> None:
        return None

    def save(self) -> dict[str, float]:
        return {}

    def load(self, learned: dict[str, float]) -> None:
        return None
