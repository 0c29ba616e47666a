"""Prompts: what is played to the far end of a leg, for how long, and what tells it."""

from collections.abc import Generator

from engine.sim.soundfiles import duration_s, spoken_s
from engine.sim.steps import Progress, Step, Wait, Wake

NOT_FOUND_S = 0.020


def playback(step: Step) -> Progress:
    """Play a file, tone or silence to the far end."""
    seconds = seconds_of(step, step.argument)
    if seconds is None:
        yield Wait(NOT_FOUND_S)
        step.respond("FILE NOT FOUND")
        return
    try:
        yield from played(step, step.argument, seconds)
    finally:
        step.respond("FILE PLAYED")


def seconds_of(step: Step, what: str) -> float | None:
    return duration_s(what, step.leg.core.population.file.files)


def played(step: Step, what: str, seconds: float, *, digits: bool = False) -> Progress:
    """Sound with its two events; a break (or a key, with `digits`) cuts it."""
    leg = step.leg
    kind = {"Playback-File-Path": what}
    head = what.partition("://")[0]
    if head in ("silence_stream", "tone_stream", "file_string"):
        kind = {"Playback-File-Type": head} | kind
    leg.fire("PLAYBACK_START", kind)
    began_s, ended = leg.core.clock.now_s(), False
    try:
        why = yield from sounded(step, what, seconds, digits=digits)
        ended = why is Wake.TIME_UP
    finally:
        heard_s = seconds if ended or head == "tone_stream" else leg.core.clock.now_s() - began_s
        leg.variables["playback_seconds"] = str(int(heard_s))
        leg.variables["playback_ms"] = str(round(heard_s * 1000))
        leg.variables["playback_samples"] = str(round(heard_s * 8000))
        leg.fire("PLAYBACK_STOP", kind | {"Playback-Status": "done" if ended else "break"})


def sounded(step: Step, what: str, seconds: float, *, digits: bool = False) -> Generator[Wait, Wake, Wake]:
    """Let the far end hear something for so long. Returns why it ended.

    People take files and speech for somebody talking to them; tones and silence they do not.
    """
    leg = step.leg
    speech = not what.startswith(("silence_stream://", "tone_stream://"))
    leg.sound_began(what)
    if speech and leg.far is not None:
        leg.far.prompt_began()
        leg.core.invites.hears(leg, what, leg.core.clock.wall_us())
    try:
        why = yield Wait(seconds, digits=digits)
    finally:
        leg.sound_ended()
    if speech and leg.far is not None:
        leg.far.left_alone()
    return why


def speak(step: Step) -> Progress:
    """`engine|voice|text`: the time a synthesiser would need."""
    text = step.argument.split("|", 2)[-1]
    yield from sounded(step, f"say:{text}", spoken_s(text))


def say(step: Step) -> Progress:
    """`language type method text`"""
    text = step.argument.rsplit(" ", 1)[-1]
    yield from sounded(step, f"say:{text}", spoken_s(text))
