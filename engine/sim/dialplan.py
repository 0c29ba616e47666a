"""The dialplan that is built in: a few extensions for legs nobody drives, and what happens to a call in."""

from engine.sim.dialstring import Plan, parse_inline

MESSAGE = "tone_stream://%(1000,0,440)"
GLOBALS = {"abandon_message": MESSAGE, "closed_message": MESSAGE, "survey_prompt": MESSAGE}
"""Where a leg sets none of its own, a tone stands for each message."""

BUILT_IN: dict[str, tuple[str, ...]] = {
    "park": ("park",),
    "abandon": ("sleep:1800", "playback:${abandon_message}", "hangup:NORMAL_CLEARING"),
    "survey": (
        "play_and_get_digits:1 2 1 7000 # ${survey_prompt} "
        "silence_stream://250 survey_answer ^(10|[1-9])$ 2000",
        "hangup:NORMAL_CLEARING",
    ),
}


class Dialplan:
    """Extensions of the population file come before those built in."""

    def __init__(self, extensions: dict[str, tuple[str, ...]]) -> None:
        self._extensions = BUILT_IN | extensions

    def plan(self, extension: str, dialplan: str = "XML") -> Plan:
        """What an extension does; nothing if it is not known. `inline`: the extension is the list itself."""
        if dialplan == "inline":
            return parse_inline(extension)
        steps = self._extensions.get(extension, ())
        return [(name, argument) for name, _, argument in (step.partition(":") for step in steps)]

    def incoming(self, extension: str, socket_address: str) -> Plan:
        """A call that comes in: its own extension, or ring and ask the client, or else answer and park."""
        known = self.plan(extension)
        if known:
            return known
        if not socket_address:
            return [("ring_ready", ""), ("answer", ""), ("park", "")]
        socket = ("socket", f"{socket_address} async full")
        closed = [("answer", ""), ("sleep", "300"), ("playback", "${closed_message}")]
        return [("ring_ready", ""), socket, *closed, ("hangup", "NORMAL_CLEARING")]
