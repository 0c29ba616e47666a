"""One leg for each ready agent, never more."""

from engine.pacing.snapshot import Decision, Memoryless, Snapshot


class Progressive(Memoryless):
    """launch = ready agents − calls that may need one − people who wait already."""

    def decide(self, now_s: float, snapshot: Snapshot) -> Decision:
        waiting = snapshot.demand.inbound_waiting + snapshot.demand.robot_transfers
        ready, flying = snapshot.ready_agents, snapshot.in_flight
        return Decision(
            max(0, ready - flying - waiting),
            reason=f"{ready} ready, {flying} in flight, {waiting} waiting besides",
        )
