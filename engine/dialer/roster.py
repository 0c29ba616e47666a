"""Who is at work, as pacing sees it, kept rather than made anew for each of its twenty looks a second."""

from engine.calls.agent import AgentLife
from engine.domain.agent import AgentState
from engine.pacing.snapshot import AgentView


class Roster:
    """Views of the agents who are not offline, by team. It is told (`look`) of all that happens to one."""

    def __init__(self) -> None:
        self._teams: dict[str, dict[str, AgentView]] = {}
        self._skills: dict[str, frozenset[str]] = {}
        self._team_of: dict[str, str] = {}

    def look(self, life: AgentLife) -> None:
        """Something may have changed: their state, their wish to leave, their team or skills."""
        agent = life.agent
        agent_id, team = agent.agent_id, agent.team
        before = self._team_of.get(agent_id)
        if before is not None and (before != team or life.state is AgentState.OFFLINE):
            del self._teams[self._team_of.pop(agent_id)][agent_id]
        if life.state is not AgentState.OFFLINE:
            view = AgentView(agent_id, life.state, life.since_s, bool(life.leaving))
            self._teams.setdefault(team, {})[agent_id] = view
            self._team_of[agent_id], self._skills[agent_id] = team, agent.skills

    def views(self, team: str, skills: frozenset[str] = frozenset()) -> tuple[AgentView, ...]:
        """Those of the team who have all these skills."""
        views = self._teams.get(team, {}).values()
        if not skills:
            return tuple(views)
        return tuple([view for view in views if skills <= self._skills[view.agent_id]])
