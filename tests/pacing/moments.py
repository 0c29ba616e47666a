"""Moments that pacing may be asked about: any team, any calls, any demand, any limits."""

from hypothesis import strategies as st

from engine.domain.agent import AgentState
from engine.pacing.governor import Limits
from engine.pacing.snapshot import AgentView, CallView, Decision, Snapshot, UnpacedDemand

STATES = ("dialing", "early_media", "ringing", "answered", "screening", "waiting", "connecting", "talking",
          "held", "robot", "notice", "closing")  # fmt: skip

ids = st.integers(0, 999).map("attempt-{}".format)
NOW = 800.0
seconds = st.floats(0, 3600, allow_nan=False)
instants = seconds.map(lambda ago: NOW - ago)
counts = st.integers(0, 200)


def call(number: int = 0, state: str = "ringing", **more) -> CallView:
    return CallView(f"attempt-{number}", state, NOW - 5.0, NOW - 1.0, "autumn", **more)


def agent(number: int = 0, state: str = "ready", leaving: bool = False) -> AgentView:
    return AgentView(f"agent-{number}", state, NOW - 10.0, leaving)


calls = st.lists(
    st.builds(
        CallView,
        attempt_id=ids,
        state=st.sampled_from(STATES),
        began_s=instants,
        since_s=instants,
        call_class=st.just("autumn"),
        needs_agent=st.booleans(),
        reserved_agent=st.sampled_from(("", "agent-0")),
        patience_until_s=st.none() | instants,
    ),
    max_size=12,
).map(tuple)

agents = st.lists(
    st.builds(
        AgentView,
        agent_id=ids,
        state=st.sampled_from([state.value for state in AgentState]),
        since_s=instants,
        leaving=st.booleans(),
    ),
    max_size=8,
).map(tuple)

demands = st.builds(
    UnpacedDemand,
    inbound_waiting=st.integers(0, 10),
    robot_transfers=st.integers(0, 10),
    callbacks_due=st.integers(0, 10),
)

snapshots = st.builds(
    Snapshot,
    campaign_id=st.just("autumn"),
    calls=calls,
    agents=agents,
    demand=demands,
    max_calls=st.integers(0, 100),
    queued=counts,
    others=calls,
)

limits = st.builds(
    Limits,
    channels_left=st.integers(-5, 100),  # a contract made smaller while calls are up leaves less than none
    starts_left=st.integers(-5, 100),
    switch_up=st.booleans(),
    switch_lag_s=st.floats(0, 10),
    needs_agents=st.booleans(),
)

decisions = st.builds(
    Decision,
    launch=st.integers(-10, 10_000),
    cancel=st.lists(ids, max_size=3).map(tuple),
    next_check_s=st.floats(0.05, 10),
    reason=st.just("as the policy says"),
)
