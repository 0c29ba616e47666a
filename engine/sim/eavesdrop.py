"""Listening to a leg that lives elsewhere in the switch."""

from engine.sim.steps import Progress, Step, Wait, Wake


def eavesdrop(step: Step) -> Progress:
    """A supervisor's leg hears a call until that call or the order ends."""
    core = step.leg.core
    target = core.live(step.argument.split(" ")[0])
    if target is None:
        return
    core.listeners.setdefault(target.uuid, []).append(step)
    try:
        while (yield Wait()) is not Wake.PARTED:
            pass
    finally:
        if step in core.listeners.get(target.uuid, ()):
            core.listeners[target.uuid].remove(step)


native_eavesdrop = eavesdrop
