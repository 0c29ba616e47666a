"""Listening to a leg that lives elsewhere in the switch."""

from engine.sim.leg import Leg
from engine.sim.steps import Progress, Step, Wait, Wake


def eavesdrop(step: Step) -> Progress:
    """`uuid`: a supervisor hears a call, through all its bridges, until it or the order ends."""
    target = step.leg.core.live(step.argument.split(" ")[0])
    if target is not None:
        yield from _listen(step, target)


def native_eavesdrop(step: Step) -> Progress:
    """`uuid read`: the far end's packets as they are, to this leg's far end. The codecs must be equal."""
    target = step.leg.core.live(step.argument.split(" ")[0])
    if target is None or step.leg.far is None:
        return
    if target.codec != step.leg.codec:
        return
    step.leg.far.send_sound_of(target)
    try:
        yield from _listen(step, target)
    finally:
        step.leg.far.stop_sound()


def _listen(step: Step, target: Leg) -> Progress:
    listeners = step.leg.core.listeners.setdefault(target.uuid, [])
    listeners.append(step)
    try:
        while (yield Wait()) is not Wake.PARTED:
            pass
    finally:
        if step in listeners:
            listeners.remove(step)
