"""A pacing policy of the engine in a simulator of a dialer that speaks in events.

The simulator tells of answers, ends, talks; asks `decide(now, snap)` for calls to launch and to give up;
and keeps its own count. This is the adapter: its events become news, its snapshot becomes ours. Nothing is
decided here.
"""

from typing import Any

from engine.pacing import POLICIES
from engine.pacing.news import CallEnded, CallMoved, PersonMissed, PersonServed, TalkEnded, WrapUpEnded
from engine.pacing.snapshot import AgentView, CallView, Policy, Snapshot, Terms, UnpacedDemand

STATES = {"amd": "screening"}
WHY = {"timeout": "no_answer", "fail": "failed"}
NO_DEMAND = UnpacedDemand()
READY = AgentView("ready", "ready", 0.0)


class Paced:
    """One campaign of the simulator, paced by the policy `mode`."""

    mode = "predictive"

    def reset(self, info: dict[str, Any]) -> None:
        self.policy: Policy = POLICIES[self.mode]()
        self.terms = Terms(
            cap=info["target"],
            patience_s=info["patience"],
            ring_time_s=min(info["timeout"], 120.0),
            least_ring_s=info["min_ring_before_cancel"],
            cancel_share=info["max_cancel"],
        )
        self.max_calls = 10**6
        self.segments = info.get("segments", 1)
        self.picked_up: tuple[int, float] | None = None
        self.wrapped: list[tuple[float, float]] = []
        self.staffed = info["agents"]

    # --- events ------------------------------------------------------------------------------------

    def call_launched(self, call: int, segment: int, t: float) -> None:
        self.policy.observe(CallMoved(str(call), "dialing", t, str(segment)))

    def call_progress(self, call: int, state: str, t: float) -> None:
        self.policy.observe(CallMoved(str(call), state, t))

    def call_answered(self, call: int, t: float) -> None:
        self.picked_up = call, t  # in screening, unless its verdict comes in the same instant

    def call_live(self, call: int, t: float) -> None:
        self.picked_up = None
        self.policy.observe(CallMoved(str(call), "waiting", t))

    def call_ended(self, call: int, why: str, t: float) -> None:
        self.picked_up = None
        if why != "abandoned":
            self.policy.observe(CallEnded(str(call), WHY.get(why, why), t))

    def on_connect(self, t: float, wait: float) -> None:
        self.policy.observe(PersonServed("", wait, t))

    def on_abandon(self, t: float, wait: float) -> None:
        self.policy.observe(PersonMissed("", wait, t))

    def on_talk_end(self, t: float, talk: float) -> None:
        self.policy.observe(TalkEnded("", talk, t))

    def on_wrap_end(self, t: float, wrap: float) -> None:
        self.wrapped.append((wrap, t))

    # --- decisions ---------------------------------------------------------------------------------

    def decide(self, now: float, snap: Any) -> tuple[int, list[int]]:
        """What the policy says, for the simulator."""
        if self.picked_up:
            self.policy.observe(CallMoved(str(self.picked_up[0]), "screening", self.picked_up[1]))
            self.picked_up = None
        for wrap, t in self.wrapped:
            self.policy.observe(WrapUpEnded("", wrap, t, snap.staffed >= self.staffed))
        self.wrapped.clear()
        self.staffed = snap.staffed
        agents = [READY] * snap.idle
        agents += [AgentView("talking", "talking", now - elapsed) for elapsed in snap.talking]
        agents += [AgentView("wrap_up", "wrap_up", now - elapsed) for elapsed in snap.wrapping]
        calls = [
            CallView(str(call), STATES.get(state, state), now - age, now - in_state, str(segment))
            for call, state, in_state, age, segment in snap.calls
        ]
        calls += [CallView("", "waiting", now - waited, now - waited, "") for waited in snap.waiting]
        upcoming = tuple(map(str, snap.upcoming(8))) if self.segments > 1 else ("0",)
        room = snap.free_trunks
        decision = self.policy.decide(
            now,
            Snapshot(
                "simulated",
                tuple(calls),
                tuple(agents),
                NO_DEMAND,
                self.max_calls,
                room,
                (),
                self.terms,
                upcoming,
                room,
            ),
        )
        return decision.launch, [int(attempt_id) for attempt_id in decision.cancel]
