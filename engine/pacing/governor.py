"""The cap over every policy: F05's hard stop, gateway contracts, and a switch that falls behind."""

from dataclasses import dataclass

from engine.pacing.snapshot import Decision, Snapshot


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds a launch now. `channels_left`, `starts_left`: of the campaign's gateways, from the leases;
    `switch_lag_s`: originate → CHANNEL_CREATE, p95 of late: above the limit half of what is asked for is
    launched, from the stop on nothing."""

    channels_left: int
    starts_left: int
    switch_up: bool = True
    switch_lag_s: float = 0.0
    switch_lag_limit_s: float = 0.5
    switch_lag_stop_s: float = 2.0
    needs_agents: bool = True


SOON = frozenset({"ready", "wrap_up", "talking", "reserved", "preview"})
"""States of an agent who takes calls now or will without being asked (the hard stop only)."""


def govern(decision: Decision, snapshot: Snapshot, limits: Limits) -> Decision:
    """The decision, cut to what is allowed; the reason says which bound cut it.

    F05: in a mode that needs agents, with none ready and none who will be (all paused or gone), nothing is
    launched, whatever the policy says.
    """
    launch, cuts = max(0, decision.launch), []

    def cap(most: int, why: str) -> None:
        nonlocal launch
        if launch > most:
            launch = max(0, most)
            cuts.append(why)

    if not limits.switch_up:
        cap(0, "the switch is not connected")
    if limits.needs_agents and not any(a.state in SOON and not a.leaving for a in snapshot.agents):
        cap(-1, "hard stop: no agent ready or soon ready")  # said even where nothing was asked for
    cap(snapshot.max_calls - len(snapshot.calls), f"campaign limit of {snapshot.max_calls} calls")
    cap(limits.channels_left, f"gateways have {limits.channels_left} channels left")
    cap(limits.starts_left, f"gateways may start {limits.starts_left} calls now")
    if limits.switch_lag_s >= limits.switch_lag_stop_s:
        cap(0, f"the switch lags {limits.switch_lag_s * 1000:.0f} ms: stopped")
    elif limits.switch_lag_s > limits.switch_lag_limit_s:
        cap(max(1, decision.launch // 2), f"the switch lags {limits.switch_lag_s * 1000:.0f} ms: slowed")
    cap(snapshot.queued, "no more contacts to dial now")
    reason = "; ".join([decision.reason, *cuts]) if cuts else decision.reason
    return Decision(launch, decision.cancel, decision.next_check_s, reason, decision.numbers)
