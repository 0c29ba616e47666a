"""What a campaign came to: a fold over its CDRs. Every number here can be counted again from them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.domain.attempt import Cdr, Disposition
from engine.reports.cdr import talk_s

D = Disposition
_ROBOT = frozenset({str(D.ROBOT_DONE), str(D.ROBOT_PARTIAL)})
_LIVE = _ROBOT | {str(D.TALKED), str(D.ABANDONED), str(D.HUNG_UP)}
_NOT_LIVE = frozenset({str(D.MACHINE), str(D.FAX)})


@dataclass(slots=True)
class AgentSummary:
    """Durations in seconds."""

    talks: int = 0
    talk_s: float = 0.0


@dataclass(slots=True)
class CampaignSummary:
    """`answered`: picked up by anyone. `live`: by a person = talked + robot + abandoned + hung_up.

    `abandoned`: as the campaign's clock counted. `wait_s`: sum over the talks, `talk_s`: sum, seconds.
    `agents`: by agent id; their talks add up to `talked`.
    """

    campaign_id: str
    attempts: int = 0
    by_disposition: dict[str, int] = field(default_factory=dict)
    answered: int = 0
    live: int = 0
    talked: int = 0
    robot: int = 0
    abandoned: int = 0
    hung_up: int = 0
    wait_s: float = 0.0
    talk_s: float = 0.0
    agents: dict[str, AgentSummary] = field(default_factory=dict)

    @property
    def abandon_rate(self) -> float:
        """Abandoned ÷ live answers, a fraction 0..1; 0.0 before the first live answer."""
        return self.abandoned / self.live if self.live else 0.0

    @property
    def average_wait_s(self) -> float:
        return self.wait_s / self.talked if self.talked else 0.0

    @property
    def average_talk_s(self) -> float:
        return self.talk_s / self.talked if self.talked else 0.0

    def add(self, cdr: Cdr) -> None:
        end = cdr.disposition
        self.attempts += 1
        self.by_disposition[end] = self.by_disposition.get(end, 0) + 1
        live = end in _LIVE
        self.live += live
        self.answered += bool(live or cdr.answered_at_s or end in _NOT_LIVE)
        self.robot += end in _ROBOT
        self.abandoned += end == D.ABANDONED
        self.hung_up += end == D.HUNG_UP
        if end == D.TALKED:
            self.talked += 1
            self.wait_s += cdr.wait_s
            self.talk_s += talk_s(cdr)
            agent = self.agents.setdefault(cdr.agent_id, AgentSummary())
            agent.talks += 1
            agent.talk_s += talk_s(cdr)

    def as_record(self) -> dict[str, object]:
        """Plain data for the API and for --json."""
        return {
            "campaign_id": self.campaign_id,
            "attempts": self.attempts,
            "by_disposition": dict(sorted(self.by_disposition.items())),
            "answered": self.answered,
            "live": self.live,
            "talked": self.talked,
            "robot": self.robot,
            "abandoned": self.abandoned,
            "hung_up": self.hung_up,
            "abandon_rate": round(self.abandon_rate, 4),
            "average_wait_s": round(self.average_wait_s, 3),
            "average_talk_s": round(self.average_talk_s, 3),
            "talk_s": round(self.talk_s, 3),
            "agents": {
                agent_id: {"talks": agent.talks, "talk_s": round(agent.talk_s, 3)}
                for agent_id, agent in sorted(self.agents.items())
            },
        }


def summarise(
    cdrs: Iterable[Cdr], found: dict[str, CampaignSummary] | None = None
) -> dict[str, CampaignSummary]:
    """Campaign id → its summary, in the order the campaigns first appear. `found`: what they are added to."""
    found = {} if found is None else found
    for cdr in cdrs:
        summary = found.get(cdr.campaign_id)
        if summary is None:
            summary = found[cdr.campaign_id] = CampaignSummary(cdr.campaign_id)
        summary.add(cdr)
    return found
