"""Bridges: how two legs come together, come apart, and where the one that is left goes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.sim.leg import Leg
from engine.sim.performing import TICK_S
from engine.sim.steps import Progress, Step, Wait, Wake

if TYPE_CHECKING:
    from engine.sim.core import SwitchCore

JOIN_AFTER_S = 0.010  # after both legs have left what they did
NOTICED_AFTER_S = 0.002  # that the other one is gone
AT_THE_ANSWER_S = 0.05  # while the leg's own originate may still send it elsewhere
IN_VAIN_S = 20.0  # how long a leg waits for another that went elsewhere


@dataclass(slots=True)
class Join:
    """A bridge that was ordered and is not made yet. `off`: a later bridge took one of the legs. `taken`: an
    order sent the second leg elsewhere. `in_vain`: the first leg waits for it all the same."""

    first: Leg
    second: Leg
    taken: bool = False
    left: bool = False
    off: bool = False
    in_vain: bool = False


def uuid_bridge(core: "SwitchCore", first_uuid: str, second_uuid: str) -> str:
    """Join two legs, the first of which is whose CHANNEL_BRIDGE is seen. The reply comes before the fact.

    command ──20 ms── both leave what they do ──10 ms── both answered? ── CHANNEL_BRIDGE
    If the second leg goes away in between, the first dies (ORIGINATOR_CANCEL) or, with its variable
    uuid_bridge_park_on_cancel, parks. If the first goes away, the second is left in limbo: silent, without
    an event, out of its safety net, until a new order. A leg that still rings is waited for, and its
    originate_timeout is gone. If the second leg is sent elsewhere in between, as its own originate does now
    and then, the first waits for it in vain: the same order again kills the second leg, the order that names
    it first joins them.
    """
    first, second = core.live(first_uuid), core.live(second_uuid)
    if first is None or second is None or first is second:
        return "-ERR Invalid uuid\n"
    waiting = core.joins.get(first.uuid)
    if waiting is not None and waiting.in_vain and waiting.second is second:
        core.clock.after(2 * TICK_S, lambda: core.hang_up(second, "DESTINATION_OUT_OF_ORDER"))
        return f"+OK {second_uuid}\n"
    for leg in (first, second):
        _steal(core, leg)
    join = core.joins[first.uuid] = core.joins[second.uuid] = Join(first, second)
    just_answered = not (first.hit_dialplan and second.hit_dialplan)
    fresh = 0 < core.clock.wall_us() - second.answered_us < AT_THE_ANSWER_S * 1e6
    if fresh and core.dice.random() < core.population.file.faults.lost_bridges:
        join.taken = True
    core.clock.after(TICK_S / 2 if just_answered else TICK_S, lambda: _leave(core, join))
    return f"+OK {second_uuid}\n"


def taken(core: "SwitchCore", leg: Leg) -> None:
    """A transfer of this leg was ordered: a bridge that is on its way to it comes too late."""
    join = core.joins.get(leg.uuid)
    if join is not None and join.second is leg and not join.left:
        join.taken = True


def _steal(core: "SwitchCore", leg: Leg) -> None:
    """A second bridge takes the leg from the first; what becomes of its partner depends on how far that was.

    Both ordered at once: limbo. Some ms later: hung up. Joined already: as if the leg had left.
    """
    earlier = core.joins.get(leg.uuid)
    if earlier is None:
        return
    earlier.off = True
    if earlier.in_vain:
        del core.joins[earlier.first.uuid]
        return
    partner = earlier.second if earlier.first is leg else earlier.first
    for end in (leg, partner):
        core.joins.pop(end.uuid, None)
    if not partner.alive:
        return
    if earlier.left:
        core.hang_up(partner, "NORMAL_CLEARING")
    else:
        partner.leave_everything("CS_RESET")


def _leave(core: "SwitchCore", join: Join) -> None:
    """Both legs drop what they do; an originate that still waits for one of them is told so."""
    if join.off:
        return
    if join.second.alive and join.taken:
        join.first.leave_everything("CS_RESET")
        join.in_vain = True
        core.joins.pop(join.second.uuid, None)
        _wait_in_vain(core, join, core.clock.now_s() + IN_VAIN_S)
        return
    join.left = True
    for leg in (join.first, join.second):
        if leg.alive:
            leg.leave_everything("CS_HIBERNATE")
            leg.enter("CS_HIBERNATE")
            leg.enter("CS_RESET")
            core.give_up_waiting(leg)
    core.clock.after(JOIN_AFTER_S, lambda: _meet(core, join))


def _wait_in_vain(core: "SwitchCore", join: Join, until_s: float) -> None:
    """The first leg stands there, silent; it is parked when the second ends. Both end when time is up."""
    if join.off or not join.first.alive:
        return
    if join.second.alive and core.clock.now_s() < until_s:
        core.clock.after(TICK_S, lambda: _wait_in_vain(core, join, until_s))
        return
    del core.joins[join.first.uuid]
    if join.second.alive:
        for leg in (join.first, join.second):
            core.hang_up(leg, "DESTINATION_OUT_OF_ORDER")
    else:
        _refused(core, join.first)


def _meet(core: "SwitchCore", join: Join) -> None:
    if not join.off:
        for leg in (join.first, join.second):
            if leg.alive:
                leg.enter("CS_SOFT_EXECUTE")
        _join(core, join)


def _join(core: "SwitchCore", join: Join) -> None:
    """Connect them once both are answered, or find that one of them is gone."""
    first, second = join.first, join.second
    if join.off:
        return
    if first.alive and second.alive and not (first.answered_us and second.answered_us):
        core.clock.after(TICK_S, lambda: _join(core, join))
        return
    for leg in (first, second):
        core.joins.pop(leg.uuid, None)
    if not first.alive:
        return
    if second.alive:
        for leg, other in ((first, second), (second, first)):
            leg.start("uuid_bridge", other.uuid, tells_end=False)
        connect(first, second)
        second.enter("CS_EXCHANGE_MEDIA")
    else:
        _refused(core, first)


def _refused(core: "SwitchCore", first: Leg) -> None:
    """Nobody is there to be joined to."""
    if first.is_on("uuid_bridge_park_on_cancel"):
        first.stand(delay_s=0.0)
    else:
        core.hang_up(first, "ORIGINATOR_CANCEL")


def connect(first: Leg, second: Leg) -> None:
    """Both hear each other from now on. One event tells it, of the first leg."""
    core = first.core
    first.peer, second.peer = second, first
    first.bridge_first, second.bridge_first = True, False
    first.bridged_us = second.bridged_us = core.clock.wall_us()
    for leg, other in ((first, second), (second, first)):
        leg.variables |= {"bridge_uuid": other.uuid, "signal_bond": other.uuid}
        leg.variables |= {"last_bridge_to": other.uuid, "bridge_channel": other.name}
    second.variables["call_uuid"] = first.uuid
    core.invites.joined("bridge", first, second, first.bridged_us)
    first.fire("CHANNEL_BRIDGE", _pair(first, second))
    for leg in (first, second):
        leg.tell_recordings()
        if leg.far is not None:
            leg.far.joined()


def _pair(first: Leg, second: Leg) -> dict[str, str]:
    return {"Bridge-A-Unique-ID": first.uuid, "Bridge-B-Unique-ID": second.uuid}


def part(leg: Leg) -> None:
    """The leg is out of its bridge. The first one's leaving is what CHANNEL_UNBRIDGE tells.

    The other one learns of it a moment later and goes where its variables say.
    """
    other = leg.peer
    if other is None:
        return
    if leg.bridge_first:
        leg.fire("CHANNEL_UNBRIDGE", _pair(leg, other))
    both_were_there = leg.talking_to is other
    if both_were_there:
        leg.core.invites.joined("parted", leg, other, leg.core.clock.wall_us())
    leg.peer = None
    if other.alive:  # else it names the dead for ever
        leg.variables.pop("signal_bond", None)
    leg.variables["call_uuid"] = leg.uuid
    for end in (leg, other):
        end.tell_recordings()
    if both_were_there:
        leg.core.clock.after(NOTICED_AFTER_S, lambda: _left_behind(other, leg))


def _left_behind(leg: Leg, gone: Leg) -> None:
    """Wake the leg's bridge, if it is still in that one."""
    if leg.peer is gone:
        for step in tuple(leg.steps):
            if step.application in BRIDGES:
                leg.wake(step, Wake.PARTED)


def in_bridge(step: Step) -> Progress:
    """Be in a bridge until the other is gone or an order takes this leg away."""
    try:
        while (yield Wait()) is not Wake.PARTED:
            pass
    finally:
        part(step.leg)


def joined(step: Step) -> Progress:
    """What a leg does that uuid_bridge joined, or that a `bridge` application called."""
    yield from in_bridge(step)
    leg = step.leg
    if leg.far is not None:
        leg.far.left_alone()
    if not after_bridge(leg):
        leg.core.hang_up(leg, "NORMAL_CLEARING")


def after_bridge(leg: Leg) -> bool:
    """Send a leg where `park_after_bridge` or `transfer_after_bridge` says. False: neither is set.

    park_after_bridge wins and stays; transfer_after_bridge is used up.
    """
    if leg.is_on("park_after_bridge"):
        leg.stand(delay_s=0.0)
        return True
    target = leg.variables.pop("transfer_after_bridge", "")
    if not target:
        return False
    extension, *rest = target.split(":")
    dialplan = rest[0] if rest else "XML"
    leg.transfer(leg.core.dialplan.plan(extension, dialplan), dialplan, delay_s=0.0)
    return True


BRIDGES = frozenset({"bridge", "bridged_to", "uuid_bridge"})
