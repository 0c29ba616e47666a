"""Applications a leg can run, one function each, named as FreeSWITCH names them; registry at the end."""

import re

from engine.sim import joining
from engine.sim.eavesdrop import eavesdrop, native_eavesdrop
from engine.sim.leg import Leg
from engine.sim.outcomes import known_cause
from engine.sim.recording import start_recording, stop_recording
from engine.sim.soundfiles import duration_s, spoken_s
from engine.sim.steps import Application, Progress, Step, Wait, Wake

NOT_FOUND_S = 0.020


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
    core = step.leg.core
    end_s = core.clock.now_s() + seconds
    while (left_s := end_s - core.clock.now_s()) > 1e-6:
        yield Wait(left_s, runs_on=True)


def playback(step: Step) -> Progress:
    """Play a file, tone or silence to the far end."""
    leg = step.leg
    seconds = duration_s(step.argument, leg.core.population.file.files)
    if seconds is None:
        step.response = "FILE NOT FOUND"
        yield Wait(NOT_FOUND_S)
        return
    yield from played(step, step.argument, seconds)


def played(step: Step, what: str, seconds: float, digits: bool = False) -> Progress:
    """Sound for so long, with its two events; a break (or a key, with `digits`) cuts it."""
    leg = step.leg
    step.response = "FILE PLAYED"
    kind = {"Playback-File-Type": _type_of(what), "Playback-File-Path": what}
    leg.fire("PLAYBACK_START", kind)
    prompt = not what.startswith(("silence_stream://", "tone_stream://"))
    leg.sound_began(what)
    if prompt and leg.far is not None:
        leg.far.prompt_began()
    status = "break"
    try:
        why = yield Wait(seconds, digits=digits)
        status = "done" if why is Wake.TIME_UP else "break"
    finally:
        leg.sound_ended()
        leg.fire("PLAYBACK_STOP", kind | {"Playback-Status": status})
    if prompt and leg.far is not None and leg.alive:
        leg.far.left_alone()


def _type_of(what: str) -> str:
    head = what.partition("://")[0]
    return head if head in ("silence_stream", "tone_stream", "file_string") else "file"


def speak(step: Step) -> Progress:
    """`engine|voice|text`: the time a synthesiser would need."""
    text = step.argument.split("|", 2)[-1]
    yield from played(step, f"say:{text}", spoken_s(text))
    step.response = "_none_"


def say(step: Step) -> Progress:
    text = step.argument.rsplit(" ", 1)[-1]
    yield from played(step, f"say:{text}", spoken_s(text))
    step.response = "_none_"


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
    """An application whose work cannot be heard here: log, export, privacy, fax detection…"""


def transfer(step: Step) -> None:
    extension, *rest = step.argument.split(" ")
    dialplan = rest[0] if rest else "XML"
    context = rest[1] if len(rest) > 1 else step.leg.context
    step.leg.transfer(step.leg.core.plan_of(extension, dialplan, context), dialplan)


def sched_hangup(step: Step) -> None:
    when, _, cause = step.argument.partition(" ")
    leg = step.leg
    leg.core.schedule(leg.uuid, _seconds(when), lambda: leg.core.hang_up(leg, known_cause(cause)))


def _seconds(when: str) -> float:
    return float(when.lstrip("+") or 0) if re.fullmatch(r"\+\d+", when) else 0.0


def send_dtmf(step: Step) -> None:
    """Keys to the far end; a bridged leg's peer is another far end and does not hear them."""


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
        yield Wait(limit_s, digits=True)
    finally:
        if recording is not None:
            recording.stop()


def play_and_get_digits(step: Step) -> Progress:
    """min max tries timeout_ms terminators file invalid_file variable regexp [digit_timeout_ms]

    A wrong entry leaves the variable unset and fills VARIABLE_invalid, and read_result still says success.
    """
    leg = step.leg
    words = step.argument.split(" ")
    if len(words) < 7:
        return
    least, most, tries, timeout_ms = (int(word) if word.isdigit() else 1 for word in words[:4])
    terminators, prompt = words[4], words[5]
    invalid_prompt, variable = words[6], words[7] if len(words) > 7 else ""
    pattern = words[8] if len(words) > 8 else r"\d+"
    between_s = int(words[9]) / 1000 if len(words) > 9 and words[9].isdigit() else timeout_ms / 1000
    leg.set_variable(variable, "")
    for _ in range(max(1, tries)):
        entry = _Entry(leg, least, most, terminators)
        yield from entry.collect(step, prompt, timeout_ms / 1000, between_s)
        step.response = "_none_"
        leg.variables["read_result"] = "success" if entry.digits else "failure"
        if entry.terminator:
            leg.variables["read_terminator_used"] = entry.terminator
        if len(entry.digits) >= least and re.fullmatch(pattern, entry.digits):
            leg.set_variable(variable, entry.digits)
            return
        if entry.digits:
            leg.variables[f"{variable}_invalid"] = entry.digits
        if (seconds := duration_s(invalid_prompt, leg.core.population.file.files)) is not None:
            yield from played(step, invalid_prompt, seconds)
            step.response = "_none_"


class _Entry:
    """Keys pressed while and after one prompt."""

    def __init__(self, leg: Leg, least: int, most: int, terminators: str) -> None:
        self.leg, self.least, self.most, self.terminators = leg, least, most, terminators
        self.digits = ""
        self.terminator = ""

    def collect(self, step: Step, prompt: str, timeout_s: float, between_s: float) -> Progress:
        seconds = duration_s(prompt, self.leg.core.population.file.files)
        self._take()
        if seconds is not None and not self._complete():
            yield from played(step, prompt, seconds, digits=True)
        self._take()
        while not self._complete():
            why = yield Wait(between_s if self.digits else timeout_s, digits=True)
            if why is not Wake.DIGIT:
                return
            self._take()

    def _take(self) -> None:
        while self.leg.digits and not self._complete():
            digit = self.leg.digits.popleft()
            if digit in self.terminators:
                self.terminator = digit
            else:
                self.digits += digit

    def _complete(self) -> bool:
        return len(self.digits) >= self.most or bool(self.terminator)


def read(step: Step) -> Progress:
    """min max file variable timeout_ms [terminators]"""
    words = step.argument.split(" ")
    if len(words) < 5:
        return
    terminators = words[5] if len(words) > 5 else "none"
    entry = _Entry(step.leg, int(words[0]), int(words[1]), terminators)
    timeout_s = int(words[4]) / 1000
    yield from entry.collect(step, words[2], timeout_s, timeout_s)
    step.response = "_none_"
    step.leg.set_variable(words[3], entry.digits)
    step.leg.variables["read_result"] = "success" if len(entry.digits) >= entry.least else "failure"


def socket(step: Step) -> Progress:
    """Hand the leg to a client: the switch connects to it, and hangs the leg up when it is gone."""
    leg = step.leg
    leg.core.open_socket(leg, step.argument)
    while True:
        yield Wait()


_UNHEARD = (
    *("avmd_start", "avmd_stop", "break", "export", "info", "log", "pre_answer", "privacy", "ring_ready"),
    *("spandsp_start_fax_detect", "spandsp_start_tone_detect", "start_dtmf", "stop_dtmf", "tone_detect"),
)

APPLICATIONS: dict[str, Application] = {
    "answer": answer,
    "bridge": joining.bridge,
    "bridged_to": joining.bridged_to,
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
    "say": say,
    "sched_hangup": sched_hangup,
    "send_dtmf": send_dtmf,
    "set": set_variable,
    "sleep": sleep,
    "socket": socket,
    "speak": speak,
    "stop_record_session": stop_record_session,
    "transfer": transfer,
    "unset": unset,
    "uuid_bridge": joining.uuid_bridge_step,
    **dict.fromkeys(_UNHEARD, nothing),
}
