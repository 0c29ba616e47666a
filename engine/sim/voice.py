"""What can be heard of a leg's far end at each moment, in 20 ms frames of its codec. Pure.

Sound runs in real time, whatever the speed of the switch: a fork makes sense at speed 1 only.
"""

from typing import TYPE_CHECKING

from engine.sim import sounds
from engine.sim.callees import Callee

if TYPE_CHECKING:
    from engine.sim.leg import Leg

FRAME_BYTES = sounds.FRAME


class Voice:
    """The far end of one leg, heard by one listener. `frame` is asked for every 20 ms."""

    def __init__(self, leg: "Leg") -> None:
        self._leg = leg
        self._scene = ""
        self._at = 0

    def frame(self) -> bytes | None:
        """The next 20 ms, or None while there is no sound at all (it rings without early media)."""
        scene, since_us = self._now()
        if scene != self._scene:
            late_us = self._leg.core.clock.wall_us() - since_us
            self._scene, self._at = scene, max(0, round(late_us / 20_000)) * FRAME_BYTES
        sound, repeats = self._sound(scene)
        if not sound:
            return None
        at, self._at = self._at, self._at + FRAME_BYTES
        if repeats:
            at %= len(sound) - len(sound) % FRAME_BYTES
        frame = sound[at : at + FRAME_BYTES]
        return frame if len(frame) == FRAME_BYTES else sounds.silence(self._leg.codec)[:FRAME_BYTES]

    def _now(self) -> tuple[str, int]:
        """What is going on there, and since when."""
        leg = self._leg
        if leg.talking_to is not None:
            return "talk", leg.bridged_us
        if leg.answered_us:
            return "answered", leg.answered_us
        if leg.progress_media_us and leg.variables.get("ignore_early_media") != "true":
            return "early", leg.progress_media_us
        return "", 0

    def _sound(self, scene: str) -> tuple[bytes, bool]:
        """The sound of a scene and whether it goes round and round."""
        far, codec = self._leg.far, self._leg.codec
        if not scene:
            return b"", False
        if not isinstance(far, Callee):
            return sounds.silence(codec), True
        fate = far.fate
        voice, length_ds = fate.voice_seed % sounds.VOICES, max(1, round(fate.greeting_s * 10))
        if scene == "talk":
            return sounds.talking(voice, codec), True
        if scene == "answered":
            return sounds.after_answer(fate.kind, length_ds, voice, codec), False
        kind = "announcement" if fate.kind == "announcement" else "ringback"
        return sounds.before_answer(kind, length_ds, voice, codec), kind == "ringback"
