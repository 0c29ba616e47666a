"""Event Socket bytes on their way to a client, taken apart into frames and spoilt. Pure; shares nothing with
the engine's codec.

Only events are spoilt: a reply that never comes is what a cut connection is for. Spoilt means what a reader
can notice (a body that is no JSON any more, bytes that are no UTF-8): a flipped letter inside a name is a lie
that nobody can see, and TCP does not tell it.
"""

import random
from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Rates:
    """Shares of event frames, 0..1."""

    lost: float = 0.0
    twice: float = 0.0
    late: float = 0.0  # behind the next one
    garbled: float = 0.0


@dataclass(slots=True)
class Spoiler:
    """`feed` takes what came from the switch and gives what goes on to the client."""

    dice: random.Random
    rates: Rates
    counted: Counter[str] = field(default_factory=Counter)
    _buffer: bytes = b""
    _held: bytes = b""

    def feed(self, data: bytes) -> bytes:
        self._buffer += data
        out = bytearray()
        while (frame := self._take()) is not None:
            if is_event(frame):
                out += self._spoilt(frame)
            else:
                out += frame
        return bytes(out)

    def rest(self) -> bytes:
        """What waits here for more: a held frame and half a one."""
        held, self._held, buffer, self._buffer = self._held, b"", self._buffer, b""
        return held + buffer

    def _take(self) -> bytes | None:
        head_end = self._buffer.find(b"\n\n")
        if head_end < 0:
            return None
        length = 0
        for line in self._buffer[:head_end].split(b"\n"):
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"content-length":
                length = int(value)
        end = head_end + 2 + length
        if len(self._buffer) < end:
            return None
        frame, self._buffer = self._buffer[:end], self._buffer[end:]
        return frame

    def _spoilt(self, frame: bytes) -> bytes:
        held, self._held = self._held, b""
        fate, rates = self.dice.random(), self.rates
        for name, share in (
            ("lost", rates.lost),
            ("twice", rates.twice),
            ("late", rates.late),
            ("garbled", rates.garbled),
        ):
            if fate < share:
                self.counted[f"event {name}"] += 1
                if name == "lost":
                    return held
                if name == "twice":
                    return frame + frame + held
                if name == "late":
                    self._held = frame
                    return held
                return garbled(frame, self.dice) + held
            fate -= share
        return frame + held


def is_event(frame: bytes) -> bool:
    return b"text/event-" in frame[: frame.find(b"\n\n")]


def garbled(frame: bytes, dice: random.Random) -> bytes:
    """The body hurt in one place, its length kept, so that the next frame begins where it should."""
    start = frame.find(b"\n\n") + 2
    body = bytearray(frame[start:])
    if len(body) < 8:
        return frame
    kind = dice.randrange(3)
    if kind == 0:  # no UTF-8
        at = dice.randrange(1, len(body) - 1)
        body[at : at + 2] = b"\xff\xfe"
    elif kind == 1:  # the end is missing
        keep = dice.randrange(1, len(body) - 1)
        body[keep:] = b" " * (len(body) - keep)
    else:  # another language in the middle
        at = dice.randrange(1, len(body) - 4)
        body[at : at + 4] = b'"\0{\n'
    return frame[:start] + bytes(body)
