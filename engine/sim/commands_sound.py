"""Api commands about what is heard on a leg: recordings, prompts, keys, hold."""

import uuid as uuids

from engine.sim.core import SwitchCore
from engine.sim.dialstring import split_words
from engine.sim.recording import start_recording, stop_recording
from engine.sim.soundfiles import duration_s
from engine.sim.steps import Message

OK = "+OK\n"
NO_CHANNEL = "-ERR No such channel!\n"


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
    if mode.strip() == "all":
        leg.flush()  # at once: what is ordered after this is played
    core.clock.after(0.001, leg.break_step)
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


APIS = {
    "uuid_audio": uuid_audio,
    "uuid_break": uuid_break,
    "uuid_broadcast": uuid_broadcast,
    "uuid_displace": uuid_displace,
    "uuid_hold": uuid_hold,
    "uuid_record": uuid_record,
    "uuid_recv_dtmf": uuid_recv_dtmf,
    "uuid_send_dtmf": uuid_send_dtmf,
}
