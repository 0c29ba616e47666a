"""Bridges: how two legs come together, come apart, and where the one that is left goes."""

import uuid as uuids
from typing import TYPE_CHECKING

from engine.sim.leg import TICK_S, Leg
from engine.sim.originate import originate
from engine.sim.steps import Progress, Step, Wait, Wake

if TYPE_CHECKING:
    from engine.sim.core import SwitchCore

JOIN_AFTER_S = 0.010  # after both legs have left what they did


def uuid_bridge(core: "SwitchCore", first_uuid: str, second_uuid: str) -> str:
    """Join two legs, the first of which is whose CHANNEL_BRIDGE is seen. The reply comes before the fact.

    command ──20 ms── both leave what they do ──10 ms── CHANNEL_BRIDGE
    A leg that goes away in between leaves the other in limbo (silent, no event, no net) or, if the first leg
    carries uuid_bridge_park_on_cancel, parked. A leg that is still ringing is waited for.
    """
    first, second = core.live(first_uuid), core.live(second_uuid)
    if first is None or second is None or first is second:
        return "-ERR Invalid uuid\n"
    for leg in (first, second):
        _take_from_another(leg)
        core.joins[leg.uuid] = (first, second)
    _when_both_are_up(core, first, second)
    return f"+OK {second_uuid}\n"


def _when_both_are_up(core: "SwitchCore", first: Leg, second: Leg) -> None:
    for leg in (first, second):
        if leg.alive and not leg.answered_us:
            waiting = core.waiting.get(leg.uuid)
            if waiting is not None and waiting.timer is not None:
                waiting.timer.cancel()  # the bridge waits for the answer as long as it takes
    core.clock.after(TICK_S, lambda: _leave(core, first, second))


def _still_wanted(core: "SwitchCore", first: Leg, second: Leg) -> bool:
    return core.joins.get(first.uuid) == (first, second) == core.joins.get(second.uuid)


def _leave(core: "SwitchCore", first: Leg, second: Leg) -> None:
    if not _still_wanted(core, first, second):
        return
    if first.alive and second.alive and not (first.answered_us and second.answered_us):
        core.clock.after(TICK_S, lambda: _leave(core, first, second))
        return
    for leg in (first, second):
        if leg.alive:
            leg.leave_everything()
    core.clock.after(JOIN_AFTER_S, lambda: _join(core, first, second))


def _join(core: "SwitchCore", first: Leg, second: Leg) -> None:
    if not _still_wanted(core, first, second):
        return
    del core.joins[first.uuid], core.joins[second.uuid]
    if not second.alive:
        if first.alive:
            _first_is_left(core, first)
        return
    if not first.alive:
        return  # the second one is in limbo: only a new order moves it
    first.execute([("uuid_bridge", second.uuid)], "inline")
    second.execute([("uuid_bridge", first.uuid)], "inline")
    connect(first, second)


def _first_is_left(core: "SwitchCore", first: Leg) -> None:
    if first.is_on("uuid_bridge_park_on_cancel"):
        first.execute([("park", "")], "inline")
    else:
        core.hang_up(first, "ORIGINATOR_CANCEL")


def _take_from_another(leg: Leg) -> None:
    """A second bridge for a leg steals it; what becomes of the first partner depends on how far that was."""
    core = leg.core
    pending = core.joins.pop(leg.uuid, None)
    if pending is None:
        return
    other = pending[1] if pending[0] is leg else pending[0]
    core.joins.pop(other.uuid, None)
    if other.alive and not other.steps:
        core.hang_up(other, "NORMAL_CLEARING")  # it had left what it did: seen at 10 to 30 ms' distance
    elif other.alive:
        other.leave_everything()  # limbo: seen when both commands came at once


def connect(first: Leg, second: Leg) -> None:
    """Both hear each other from now on. One event tells it, of the first leg."""
    core = first.core
    first.peer, second.peer = second, first
    first.bridge_first, second.bridge_first = True, False
    first.bridged_us = second.bridged_us = core.clock.wall_us()
    for leg, other in ((first, second), (second, first)):
        leg.variables |= {"bridge_uuid": other.uuid, "signal_bond": other.uuid}
        leg.variables |= {"last_bridge_to": other.uuid, "bridge_channel": other.name}
        leg.enter("CS_EXCHANGE_MEDIA", tell=False)
    first.fire("CHANNEL_BRIDGE", _pair(first, second))
    for leg in (first, second):
        leg.tell_recordings()
        if leg.far is not None:
            leg.far.joined()


def _pair(first: Leg, second: Leg) -> dict[str, str]:
    return {"Bridge-A-Unique-ID": first.uuid, "Bridge-B-Unique-ID": second.uuid}


def part(leg: Leg) -> None:
    """The leg leaves its bridge; the other learns of it a tick later and goes where its variables say."""
    other = leg.peer
    if other is None:
        return
    first, second = (leg, other) if leg.bridge_first else (other, leg)
    first.fire("CHANNEL_UNBRIDGE", _pair(first, second))
    for end in (leg, other):
        end.peer = None
        end.variables.pop("signal_bond", None)
        end.variables.pop("bridge_uuid", None)
        end.tell_recordings()
    if other.alive:
        other.core.clock.after(TICK_S, lambda: _left_behind(other))


def _left_behind(leg: Leg) -> None:
    """Wake the bridge application of the leg whose partner is gone, if it is still in that bridge."""
    if leg.alive and leg.peer is None:
        for step in leg.steps:
            if step.application in ("uuid_bridge", "bridge", "bridged_to"):
                leg.wake(step, Wake.PARTED)
                return


def uuid_bridge_step(step: Step) -> Progress:
    """What a joined leg does until the other is gone or an order takes it away."""
    try:
        while (yield Wait()) is not Wake.PARTED:
            pass
    finally:
        part(step.leg)
    if step.leg.far is not None:
        step.leg.far.left_alone()
    if not after_bridge(step.leg):
        step.leg.core.hang_up(step.leg, "NORMAL_CLEARING")


def after_bridge(leg: Leg) -> bool:
    """Send a leg where `park_after_bridge` or `transfer_after_bridge` says. False: neither is set.

    park_after_bridge wins and stays; transfer_after_bridge is used up.
    """
    if leg.is_on("park_after_bridge"):
        leg.transfer([("park", "")], "inline", delay_s=0.0)
        return True
    target = leg.variables.pop("transfer_after_bridge", "")
    if not target:
        return False
    extension, *rest = target.split(":")
    dialplan = rest[0] if rest else "XML"
    context = rest[1] if len(rest) > 1 else "default"
    leg.transfer(leg.core.plan_of(extension, dialplan, context), dialplan, delay_s=0.0)
    return True


def bridge(step: Step) -> Progress:
    """`bridge:{vars}endpoint`: call somebody and join them. Failed: the plan goes on with `continue_on_fail`.

    `call_timeout` bounds the ringing. originate_disposition and last_bridge_hangup_cause tell the outcome.
    """
    leg, core = step.leg, step.leg.core
    outcome: list[str] = []
    uuid = str(uuids.uuid4())

    def done(text: str) -> None:
        outcome.append(text)
        if step in leg.steps and not step.is_running:
            leg.wake(step, Wake.TOLD)

    timeout = leg.variables.get("call_timeout") or leg.variables.get("originate_timeout") or "60"
    text = (
        step.argument
        if "origination_uuid=" in step.argument
        else f"{{origination_uuid={uuid}}}{step.argument}"
    )
    plan = f"{{originate_timeout={timeout}}}{text} &bridged_to({leg.uuid})"
    originate(core, plan, done)
    while not outcome:
        yield Wait()
    if not outcome[0].startswith("+OK"):
        yield from _bridge_failed(step, outcome[0].removeprefix("-ERR ").strip())
        return
    other = core.live(outcome[0].removeprefix("+OK ").strip())
    leg.variables["originate_disposition"] = "SUCCESS"
    if other is None:
        return
    connect(leg, other)
    try:
        while (yield Wait()) is not Wake.PARTED:
            pass
    finally:
        part(leg)
    leg.variables["last_bridge_hangup_cause"] = other.hangup_cause or "NORMAL_CLEARING"
    if not after_bridge(leg) and leg.is_on("hangup_after_bridge"):
        core.hang_up(leg, "NORMAL_CLEARING")


def _bridge_failed(step: Step, cause: str) -> Progress:
    leg = step.leg
    leg.variables["originate_disposition"] = leg.variables["last_bridge_hangup_cause"] = cause
    if not leg.is_on("continue_on_fail"):
        yield Wait(0.001)
        leg.core.hang_up(leg, cause)


def bridged_to(step: Step) -> Progress:
    """The called side of a `bridge` application: it stays as long as the bridge does."""
    leg = step.leg
    try:
        while (yield Wait()) is not Wake.PARTED:
            pass
    finally:
        part(leg)
    if not after_bridge(leg):
        leg.core.hang_up(leg, "NORMAL_CLEARING")
