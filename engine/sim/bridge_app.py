"""The application `bridge`: call somebody else and join them to the leg."""

import uuid as uuids

from engine.sim.joining import after_bridge, connect, in_bridge
from engine.sim.leg import Leg
from engine.sim.originate import originate
from engine.sim.steps import Progress, Step, Wait, Wake


def bridge(step: Step) -> Progress:
    """`{vars}endpoint`. `call_timeout` bounds the ringing.

    originate_disposition and last_bridge_hangup_cause tell how it went. A call that failed ends the leg too,
    unless `continue_on_fail` lets its plan go on.
    """
    leg, core = step.leg, step.leg.core
    outcome: list[str] = []
    reached: list[Leg] = []

    def begin(called: Leg) -> None:
        reached.append(called)
        leg.wake(step, Wake.TOLD)

    def done(text: str) -> None:
        outcome.append(text)
        if text.startswith("-"):
            leg.wake(step, Wake.TOLD)

    leg.call_enters("RING_WAIT")
    originate(core, _dial_string(step), done, begin)
    uuid = leg.variables["last_called_uuid"]
    try:
        while not reached and not (outcome and outcome[0].startswith("-")):
            yield Wait()
    finally:
        if not reached and (ringing := core.live(uuid)) is not None:
            core.hang_up(ringing, "ORIGINATOR_CANCEL")
    leg.call_enters("ACTIVE" if leg.answered else "RINGING")
    if not reached:
        cause = outcome[0].removeprefix("-ERR ").strip()
        leg.variables |= {"originate_disposition": cause, "last_bridge_hangup_cause": cause}
        if not leg.is_on("continue_on_fail"):
            core.hang_up(leg, cause)
        return
    other = reached[0]
    leg.variables["originate_disposition"] = "SUCCESS"
    connect(leg, other)
    other.enter("CS_EXCHANGE_MEDIA")
    other.start("bridged_to", leg.uuid, tells_start=False, tells_end=False)
    yield from in_bridge(step)
    leg.variables["last_bridge_hangup_cause"] = other.hangup_cause or "NORMAL_CLEARING"
    if leg.far is not None:
        leg.far.left_alone()
    if not after_bridge(leg) and leg.is_on("hangup_after_bridge"):
        core.hang_up(leg, "NORMAL_CLEARING")


def _dial_string(step: Step) -> str:
    """The argument as an originate, with an id for the new leg and the ring time of this one."""
    leg = step.leg
    uuid, text = str(uuids.uuid4()), step.argument
    if "origination_uuid=" in text:
        uuid = text.split("origination_uuid=")[1].split(",")[0].split("}")[0].strip("'")
    else:
        text = f"{{origination_uuid={uuid}}}{text}"
    leg.variables["last_called_uuid"] = uuid
    timeout = leg.variables.get("call_timeout") or leg.variables.get("originate_timeout") or "60"
    caller = leg.variables.get("effective_caller_id_number") or leg.caller_number
    defaults = f"originate_timeout={timeout},origination_caller_id_number={caller}"
    return f"{{{defaults}}}{text} &park()"
