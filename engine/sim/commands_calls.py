"""Api commands about one call: where it goes, its variables, and what is put off for it."""

from collections.abc import Callable

import orjson

from engine.sim import joining
from engine.sim.core import SwitchCore
from engine.sim.dialstring import split_words
from engine.sim.headers import channel_headers
from engine.sim.later import delay_of
from engine.sim.leg import Leg
from engine.sim.outcomes import known_cause
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
    if leg.running_state == "CS_PARK":
        leg.leave_everything()  # its transfer flag is never taken back: deaf until a transfer or a bridge
    else:
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
    plan = core.dialplan.plan(target, dialplan)
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
        joining.taken(core, each)
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
    plan = core.dialplan.plan(words[2], dialplan)
    return _schedule(core, words[0], leg, lambda: leg.transfer(plan, dialplan))


def _schedule(core: SwitchCore, when: str, leg: Leg, action: Callable[[], None]) -> str:
    delay_s = delay_of(when)
    if delay_s is None:
        return "-ERR Invalid time\n"
    core.later.add(leg.uuid, delay_s, lambda: action() if leg.alive else None)
    return OK


def sched_del(core: SwitchCore, text: str) -> str:
    return f"+OK Deleted: {core.later.take_back(text)}\n"


APIS = {
    "sched_del": sched_del,
    "sched_hangup": sched_hangup,
    "sched_transfer": sched_transfer,
    "uuid_answer": uuid_answer,
    "uuid_bridge": uuid_bridge,
    "uuid_dump": uuid_dump,
    "uuid_exists": uuid_exists,
    "uuid_getvar": uuid_getvar,
    "uuid_kill": uuid_kill,
    "uuid_park": uuid_park,
    "uuid_setvar": uuid_setvar,
    "uuid_setvar_multi": uuid_setvar_multi,
    "uuid_transfer": uuid_transfer,
}
