"""Pacing's view of the team is kept, not made anew: it must be the same as if it were."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from engine.domain.agent import (
    AgentState,
    CardClosed,
    CardShown,
    Joined,
    LoginWanted,
    LogoutWanted,
    PauseWanted,
    PhoneDown,
    PhoneUp,
    PromiseBroken,
    Promised,
    ReadyWanted,
    TalkOver,
    WrapUpOver,
)
from engine.pacing.snapshot import AgentView
from tests.dialer.world import World

FACTS = (CardClosed, CardShown, Joined, LoginWanted, LogoutWanted, PauseWanted, PhoneDown, PhoneUp,
         PromiseBroken, Promised, ReadyWanted, TalkOver, WrapUpOver)  # fmt: skip
facts = st.tuples(st.sampled_from(("a1", "a2")), st.sampled_from(FACTS))
moves = st.tuples(st.sampled_from(("a1", "a2")), st.sampled_from(("other team", "skilled", "plain")))
adoptions = st.tuples(st.sampled_from(("a1", "a2")), st.sampled_from(("ready", "paused", "talking", "hold")))


def made_anew(world: World, team: str, skills: frozenset[str]) -> set[AgentView]:
    return {
        AgentView(life.agent.agent_id, life.state, life.since_s, bool(life.leaving))
        for life in world.dialer.agents.lives.values()
        if life.state is not AgentState.OFFLINE and life.agent.team == team and skills <= life.agent.skills
    }


def happen(world: World, agent_id: str, what: object) -> None:
    agents = world.dialer.agents
    agent = agents.lives[agent_id].agent
    match what:
        case "other team":
            agents.know(replace(agent, team="other"))
        case "skilled":
            agents.know(replace(agent, skills=frozenset({"polish"})))
        case "plain":
            agents.know(replace(agent, team="team", skills=frozenset()))
        case "ready" | "paused":
            agents.adopt_leg(agent_id, f"leg-{agent_id}", "sw1", str(what), "")
        case "talking":
            agents.adopt_leg(agent_id, f"leg-{agent_id}", "sw1", "ready", "call-1")
        case "hold":
            agents.hold_on(agent_id, "call-2")
        case "let go":
            agents.let_go("team")
        case fact:
            agents.apply(fact(agent_id, world.time.now))  # type: ignore[operator]


@given(st.lists(facts | moves | adoptions | st.just(("a1", "let go")), max_size=30))
def test_the_kept_view_is_the_one_that_would_be_made_anew(story: list[tuple[str, object]]) -> None:
    world = World(agents=2)
    for agent_id, what in story:
        world.time.pass_s(1.0)
        happen(world, agent_id, what)
        for team in ("team", "other"):
            for skills in (frozenset[str](), frozenset({"polish"})):
                views = world.dialer.agents.roster.views(team, skills)
                assert set(views) == made_anew(world, team, skills)
                assert len(views) == len(set(views))
