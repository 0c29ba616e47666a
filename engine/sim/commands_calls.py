"""Api commands about one call: the uuid_* family and what schedules things for a call."""

import uuid as uuids
from collections.abc import Callable

import orjson

from engine.sim import joining
from engine.sim.core import SwitchCore
from engine.sim.dialstring import split_words
from engine.sim.headers import channel_headers
from engine.sim.leg import Leg
from engine.sim.outcomes import known_cause
from engine.sim.population import AgentPhone
from engine.sim.recording import start_recording, stop_recording
from engine.sim.soundfiles import duration_s
from engine.sim.steps import Message
from engine.sim.wire import plain_block

OK = "+OK\n"
NO_CHANNEL = "-ERR No such channel!\n"
MOST_TRANSFERS = 70


def uuid_kill(core: SwitchCore, text: str) -> str:
    if not text:
        return "-USAGE: <uuid> [cause]\n"
    uuid, _, cause = text.partition(" ")
    leg = core.live(uuid)
    if leg is None:
        return NO_CHANNEL
    core.clock.after(0.001, lambda: core.hang_up(leg, known_cause(cause.strip() or "NORMAL_CLEARING")))
    return OK


def uuid_bridge(core: SwitchCore, text: str) -> str:
    words = text.split()
    if len(words) < 2:
        return "-USAGE: <uuid> <other_uuid>\n"
    return joining.uuid_bridge(core, words[0], words[1])


def uuid_park(core: SwitchCore, text: str) -> str:
    leg = core.live(text)
    if leg is None:
        return NO_CHANNEL
    leg.stand()
    return OK


def uuid_transfer(core: SwitchCore, text: str) -> str:
    words = split_words(text)
    if len(words) < 2:
        return "-USAGE: <uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]\n"
    leg = core.live(words[0])
    if leg is None:
        return NO_CHANNEL
    flag = words.pop(1) if len(words) > 1 and words[1] in ("-both", "-bleg", "-aleg") else ""
    if len(words) < 2:
        return "-USAGE: <uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]\n"
    target, dialplan = words[1], words[2] if len(words) > 2 else "XML"
    context = words[3] if len(words) > 3 else "default"
    plan = core.plan_of(target, dialplan)
    moved = [leg] if flag != "-bleg" else []
    if flag in ("-both", "-bleg") and leg.talking_to is not None:
        moved.append(leg.talking_to)
    for each in moved:
        most = each.variables.get("max_session_transfers", "")
        each.transfers += 1
        if each.transfers >= (int(most) if most.isdigit() else MOST_TRANSFERS):
            core.hang_up(each, "EXCHANGE_ROUTING_ERROR")
            return "-ERR\n"
        each.context = context
        each.transfer(plan, dialplan)
    return OK


def uuid_setvar(core: SwitchCore, text: str) -> str:
    uuid, _, rest = text.partition(" ")
    if not rest:
        return "-USAGE: <uuid> <var> [value]\n"
    leg = core.live(uuid)
    if leg is None:
        return NO_CHANNEL
    name, _, value = rest.partition(" ")
    leg.set_variable(name, value.strip("'"))
    return OK


def uuid_setvar_multi(core: SwitchCore, text: str) -> str:
    uuid, _, rest = text.partition(" ")
    leg = core.live(uuid)
    if leg is None:
        return f"{NO_CHANNEL}-USAGE: <uuid> <var>=<value>;<var>=<value>...\n"
    for pair in rest.split(";"):
        name, equals, value = pair.partition("=")
        if equals:
            leg.set_variable(name.strip(), value)
    return OK


def uuid_getvar(core: SwitchCore, text: str) -> str:
    uuid, _, name = text.partition(" ")
    if not name:
        return "-USAGE: <uuid> <var>\n"
    leg = core.live(uuid)
    if leg is None:
        return NO_CHANNEL
    return leg.value(name.strip()) or "_undef_"


def uuid_dump(core: SwitchCore, text: str) -> str:
    uuid, _, kind = text.partition(" ")
    if not uuid:
        return "-USAGE: <uuid> [format]\n"
    leg = core.live(uuid)
    if leg is None:
        return NO_CHANNEL
    fields = core.bus.stamp("CHANNEL_DATA") | channel_headers(leg)
    fields |= {f"variable_{name}": value for name, value in leg.variables.items()}
    return orjson.dumps(fields).decode() if kind == "json" else plain_block(fields)


def uuid_exists(core: SwitchCore, text: str) -> str:
    return "true" if text in core.legs else "false"


def uuid_answer(core: SwitchCore, text: str) -> str:
    leg = core.live(text)
    if leg is None:
        return "-ERROR\n"
    core.answered(leg)
    return OK


def uuid_record(core: SwitchCore, text: str) -> str:
    """<uuid> start|stop|mask|unmask|pause|resume <path> [<limit>] [{vars}]"""
    words = text.split()
    if len(words) < 3:
        return "-USAGE: <uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]\n"
    leg = core.live(words[0])
    if leg is None:
        return "-ERR Cannot locate session!\n"
    action, path = words[1], words[2]
    recording = leg.recordings.get(path)
    if action == "start":
        given = words[4].strip("{}").split(",") if len(words) > 4 else []
        variables = {name: value for name, _, value in (pair.partition("=") for pair in given)}
        limit_s = float(words[3]) if len(words) > 3 and words[3].isdigit() else 0.0
        started = start_recording(leg, path, variables)
        if started is None:
            return "-ERR Cannot record session!\n"
        if limit_s:
            core.clock.after(limit_s, started.stop)
        return "+OK Success\n"
    if action == "stop":
        return "+OK Success\n" if stop_recording(leg, path) else "-ERR Cannot stop record session!\n"
    if recording is None or action not in ("mask", "unmask", "pause", "resume"):
        return f"-ERR Cannot {action} recording session!\n"
    if action in ("mask", "unmask"):
        recording.masked = action == "mask"
    else:
        recording.paused = action == "pause"
    recording.note()
    return "+OK Success\n"


def uuid_displace(core: SwitchCore, text: str) -> str:
    """<uuid> start|stop <file> [<limit>] [mux]: a sound for this leg alone, over whatever it hears."""
    words = split_words(text)
    leg = core.live(words[0]) if words else None
    if leg is None:
        return "-ERR Cannot locate session!\n"
    if len(words) < 3 or words[1] not in ("start", "stop"):
        return "-USAGE: <uuid> [start|stop] <path> [<limit>] [mux]\n"
    if words[1] == "start" and duration_s(words[2], core.population.file.files) is None:
        return "-ERR Cannot displace session!\n"
    return "+OK Success\n"


def uuid_broadcast(core: SwitchCore, text: str) -> str:
    """<uuid> <path or app::args> [aleg|bleg|both]"""
    words = split_words(text)
    if len(words) < 2:
        return "-USAGE: <uuid> <path> [aleg|bleg|holdb|both]\n"
    leg = core.live(words[0])
    if leg is None:
        return "-ERR invalid uuid\n"
    application, separator, argument = words[1].partition("::")
    if not separator:
        application, argument = "playback", words[1]
    whom = words[2] if len(words) > 2 else "aleg"
    targets = [leg] if whom in ("aleg", "both") else []
    if whom in ("bleg", "both", "holdb") and leg.talking_to is not None:
        targets.append(leg.talking_to)
    for target in targets:
        target.order(Message(application, argument, str(uuids.uuid4())))
    return "+OK Message sent\n"


def uuid_break(core: SwitchCore, text: str) -> str:
    uuid, _, mode = text.partition(" ")
    if not uuid:
        return "-USAGE: <uuid> [all]\n"
    leg = core.live(uuid)
    if leg is None:
        return NO_CHANNEL
    core.clock.after(0.001, lambda: leg.break_step(flush=mode.strip() == "all"))
    return OK


def uuid_send_dtmf(core: SwitchCore, text: str) -> str:
    """Keys towards the far end. Nobody there understands them; the reply is all there is."""
    uuid, _, digits = text.partition(" ")
    if core.live(uuid) is None:
        return "-ERR Cannot locate session!\n"
    return f"+OK {uuid} sent DTMF {digits}.\n"


def uuid_recv_dtmf(core: SwitchCore, text: str) -> str:
    """Keys as if the far end had pressed them."""
    uuid, _, digits = text.partition(" ")
    leg = core.live(uuid)
    if leg is None:
        return "-ERR Cannot locate session!\n"
    for digit in digits.partition("@")[0]:
        leg.press(digit, source="APP")
    return f"+OK {uuid} received DTMF {digits}.\n"


def uuid_audio(core: SwitchCore, text: str) -> str:
    if not text:
        return "-USAGE: <uuid> [start [read|write] [mute|level <level>]|stop]\n"
    return NO_CHANNEL if core.live(text.partition(" ")[0]) is None else OK


def uuid_hold(core: SwitchCore, text: str) -> str:
    words = text.split()
    off = bool(words) and words[0] == "off"
    leg = core.live(words[1 if off else 0]) if len(words) > off else None
    if leg is not None:  # the reply is the same for a leg that is not there
        leg.call_enters("UNHELD" if off else "HELD")
        leg.fire("CHANNEL_UNHOLD" if off else "CHANNEL_HOLD")
        if off:
            leg.call_enters("ACTIVE")
    return "+OK Success\n"


def sched_hangup(core: SwitchCore, text: str) -> str:
    """[+]<time> <uuid> [<cause>]"""
    words = text.split()
    if len(words) < 2:
        return "-USAGE: [+]<time> <uuid> [<cause>]\n"
    leg = core.live(words[1])
    if leg is None:
        return NO_CHANNEL
    cause = known_cause(words[2] if len(words) > 2 else "ALLOTTED_TIMEOUT")
    return _schedule(core, words[0], leg, lambda: core.hang_up(leg, cause))


def sched_transfer(core: SwitchCore, text: str) -> str:
    """[+]<time> <uuid> <extension> [<dialplan>] [<context>]"""
    words = split_words(text)
    leg = core.live(words[1]) if len(words) > 2 else None
    if leg is None:
        return NO_CHANNEL
    dialplan = words[3] if len(words) > 3 else "XML"
    plan = core.plan_of(words[2], dialplan)
    return _schedule(core, words[0], leg, lambda: leg.transfer(plan, dialplan))


def _schedule(core: SwitchCore, when: str, leg: Leg, action: Callable[[], None]) -> str:
    delay = when.lstrip("+")
    if not delay.isdigit():
        return "-ERR Invalid time\n"
    core.schedule(leg.uuid, float(delay), lambda: action() if leg.alive else None)
    return OK


def sched_del(core: SwitchCore, text: str) -> str:
    return f"+OK Deleted: {core.unschedule(text)}\n"


def call_in(core: SwitchCore, text: str) -> str:
    """FROM TO: somebody calls us. Not an api of FreeSWITCH."""
    words = text.split()
    if len(words) != 2:
        return "-USAGE: <from> <to>\n"
    return f"+OK {core.call_in(words[0], words[1]).uuid}\n"


def callee(core: SwitchCore, text: str) -> str:
    """UUID hangup | UUID press KEYS: make the far end of a leg do something. Not an api of FreeSWITCH."""
    words = text.split()
    leg = core.live(words[0]) if len(words) > 1 else None
    if leg is None or leg.far is None:
        return NO_CHANNEL
    if words[1] == "hangup":
        leg.far.hang_up()
    elif words[1] == "press" and len(words) == 3:
        leg.far.press(words[2])
    else:
        return "-USAGE: <uuid> hangup | <uuid> press <keys>\n"
    return OK


def phone(core: SwitchCore, text: str) -> str:
    """EXTENSION register | unregister: an agent's phone appears or is lost. Not an api of FreeSWITCH."""
    words = text.split()
    if len(words) != 2 or words[1] not in ("register", "unregister"):
        return "-USAGE: <extension> register|unregister\n"
    known = core.phone(words[0]) or AgentPhone()
    core.phones[words[0]] = known.model_copy(update={"registered": words[1] == "register"})
    return OK


APIS = {
    "prozvon_call_in": call_in,
    "prozvon_callee": callee,
    "prozvon_phone": phone,
    "sched_del": sched_del,
    "sched_hangup": sched_hangup,
    "sched_transfer": sched_transfer,
    "uuid_answer": uuid_answer,
    "uuid_audio": uuid_audio,
    "uuid_break": uuid_break,
    "uuid_bridge": uuid_bridge,
    "uuid_broadcast": uuid_broadcast,
    "uuid_displace": uuid_displace,
    "uuid_dump": uuid_dump,
    "uuid_exists": uuid_exists,
    "uuid_getvar": uuid_getvar,
    "uuid_hold": uuid_hold,
    "uuid_kill": uuid_kill,
    "uuid_park": uuid_park,
    "uuid_record": uuid_record,
    "uuid_recv_dtmf": uuid_recv_dtmf,
    "uuid_send_dtmf": uuid_send_dtmf,
    "uuid_setvar": uuid_setvar,
    "uuid_setvar_multi": uuid_setvar_multi,
    "uuid_transfer": uuid_transfer,
}
