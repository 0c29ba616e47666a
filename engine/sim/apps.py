"""Applications a leg can run, one function each, named as FreeSWITCH names them; registry at the end."""

from engine.sim import joining
from engine.sim.bridge_app import bridge
from engine.sim.digits import play_and_get_digits, read
from engine.sim.eavesdrop import eavesdrop, native_eavesdrop
from engine.sim.later import delay_of
from engine.sim.outcomes import known_cause
from engine.sim.recording import start_recording, stop_recording
from engine.sim.sounding import playback, say, speak
from engine.sim.steps import Application, Progress, Step, Wait, Wake


def park(step: Step) -> Progress:
    """Stand and wait for orders; `park_timeout` bounds the first wait only."""
    leg = step.leg
    timeout = leg.variables.pop("park_timeout", "")
    if timeout:
        leg.variables.pop("park_after_bridge", None)
    seconds, _, cause = timeout.partition(":")
    leg.fire("CHANNEL_PARK")
    if leg.far is not None:
        leg.far.left_alone()
    try:
        wait = Wait(float(seconds)) if seconds.isdigit() else Wait()
        while (yield wait) is not Wake.TIME_UP:
            pass
        leg.core.hang_up(leg, known_cause(cause))
    finally:
        leg.fire("CHANNEL_UNPARK")


def sleep(step: Step) -> Progress | None:
    """Wait so many milliseconds; a break does not shorten it."""
    if not step.argument.strip().isdigit():
        return None
    return _sleeping(step, int(step.argument) / 1000)


def _sleeping(step: Step, seconds: float) -> Progress:
    clock = step.leg.core.clock
    end_s = clock.now_s() + seconds
    while (left_s := end_s - clock.now_s()) > 1e-6:
        yield Wait(left_s, runs_on=True)


def ring_ready(step: Step) -> None:
    step.leg.ring()


def answer(step: Step) -> None:
    step.leg.core.answered(step.leg)


def hangup(step: Step) -> None:
    step.leg.core.hang_up(step.leg, known_cause(step.argument))


def set_variable(step: Step) -> None:
    name, _, value = step.argument.partition("=")
    step.leg.set_variable(name.strip(), value)


def unset(step: Step) -> None:
    step.leg.set_variable(step.argument.strip(), "")


def multiset(step: Step) -> None:
    text = step.argument.strip()
    separator = " "
    if text.startswith("^^"):
        separator, text = text[2], text[3:]
    for pair in text.split(separator):
        name, _, value = pair.partition("=")
        step.leg.set_variable(name.strip(), value)


def nothing(step: Step) -> None:
    """An application whose work cannot be heard here: log, export, tone detection…"""


def transfer(step: Step) -> None:
    extension, *rest = step.argument.split(" ")
    dialplan = rest[0] if rest else "XML"
    step.leg.transfer(step.leg.core.dialplan.plan(extension, dialplan), dialplan)


def sched_hangup(step: Step) -> None:
    """`+seconds [cause]`"""
    when, _, cause = step.argument.partition(" ")
    leg = step.leg
    known = known_cause(cause, "ALLOTTED_TIMEOUT")
    leg.core.later.add(leg.uuid, delay_of(when) or 0.0, lambda: leg.core.hang_up(leg, known))


def record_session(step: Step) -> None:
    start_recording(step.leg, step.argument)


def stop_record_session(step: Step) -> None:
    stop_recording(step.leg, step.argument)


def record(step: Step) -> Progress:
    """`path [limit_s]`: record until the limit, a break, or a hang-up."""
    path, *rest = step.argument.split(" ")
    limit_s = float(rest[0]) if rest and rest[0].isdigit() else 3600.0
    recording = start_recording(step.leg, path)
    try:
        yield Wait(limit_s)
    finally:
        if recording is not None:
            recording.stop()


def socket(step: Step) -> Progress:
    """Hand the leg to a client: the switch connects to it; when it is gone, or refuses, the plan goes on."""
    leg = step.leg
    leg.core.open_socket(step)
    if (yield Wait()) is Wake.PARTED:
        return
    leg.fire("CHANNEL_PARK")
    if leg.far is not None:
        leg.far.left_alone()
    try:
        while (yield Wait()) is not Wake.PARTED:
            pass
    finally:
        leg.fire("CHANNEL_UNPARK")


_UNHEARD = (
    *("avmd_start", "avmd_stop", "break", "export", "info", "log", "pre_answer", "privacy", "send_dtmf"),
    *("spandsp_start_fax_detect", "spandsp_start_tone_detect", "start_dtmf", "stop_dtmf", "tone_detect"),
)

APPLICATIONS: dict[str, Application] = {
    "answer": answer,
    "bridge": bridge,
    "bridged_to": joining.joined,
    "eavesdrop": eavesdrop,
    "hangup": hangup,
    "multiset": multiset,
    "native_eavesdrop": native_eavesdrop,
    "park": park,
    "play_and_get_digits": play_and_get_digits,
    "playback": playback,
    "read": read,
    "record": record,
    "record_session": record_session,
    "ring_ready": ring_ready,
    "say": say,
    "sched_hangup": sched_hangup,
    "set": set_variable,
    "sleep": sleep,
    "socket": socket,
    "speak": speak,
    "stop_record_session": stop_record_session,
    "transfer": transfer,
    "unset": unset,
    "uuid_bridge": joining.joined,
    **dict.fromkeys(_UNHEARD, nothing),
}
