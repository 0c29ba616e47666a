"""G.711 and frames: what arrives in RTP, as the 16-bit samples a detector hears. Pure.

`pcm` everywhere: signed 16-bit little-endian samples, mono, 8 kHz.
"""

from enum import Enum

import numpy as np
import numpy.typing as npt

RATE = 8_000
FRAME_MS = 20
FRAME_SAMPLES = RATE * FRAME_MS // 1000
FRAME_BYTES = FRAME_SAMPLES * 2
FRAME_S = FRAME_MS / 1000

Table = npt.NDArray[np.int16]


class Law(Enum):
    """The two laws of G.711, by the name a codec has in SDP and on the switch."""

    PCMU = "PCMU"
    PCMA = "PCMA"

    @property
    def payload_type(self) -> int:
        """The static RTP payload type (RFC 3551)."""
        return 0 if self is Law.PCMU else 8


def _mu_law() -> Table:
    code = ~np.arange(256) & 0xFF
    magnitude = (((code & 15) << 3) + 132 << ((code >> 4) & 7)) - 132
    return np.where(code & 0x80, -magnitude, magnitude).astype("<i2")


def _a_law() -> Table:
    code = np.arange(256) ^ 0x55
    exponent, magnitude = (code >> 4) & 7, ((code & 15) << 4) + 8
    magnitude = np.where(exponent > 0, (magnitude + 256) << np.maximum(exponent - 1, 0), magnitude)
    return np.where(code & 0x80, magnitude, -magnitude).astype("<i2")


_DECODED = {Law.PCMU: _mu_law(), Law.PCMA: _a_law()}
_BYTES = {law: (table.tobytes()[::2], table.tobytes()[1::2]) for law, table in _DECODED.items()}  # low, high
_ORDER = {law: 255 - np.argsort(table[::-1], kind="stable") for law, table in _DECODED.items()}
_MIDDLES = {
    law: (lambda rising: (rising[:-1] + rising[1:]) / 2)(_DECODED[law][order].astype(np.int32))
    for law, order in _ORDER.items()
}
SILENCE = {Law.PCMU: b"\xff", Law.PCMA: b"\xd5"}
"""One sample of nothing in each law."""


def decode(payload: bytes, law: Law) -> bytes:
    """G.711 octets to pcm, two bytes for each. By tables of bytes: half the price of an array's, and every
    packet pays it."""
    low, high = _BYTES[law]
    pcm = bytearray(2 * len(payload))
    pcm[::2], pcm[1::2] = payload.translate(low), payload.translate(high)
    return bytes(pcm)


def encode(pcm: bytes, law: Law) -> bytes:
    """pcm to G.711: for each sample the octet whose value is nearest. An odd last byte is left out."""
    samples = np.frombuffer(pcm[: len(pcm) & ~1], "<i2")
    return _ORDER[law][np.searchsorted(_MIDDLES[law], samples)].astype(np.uint8).tobytes()


class Framer:
    """Cuts a stream of pcm of any chunk size into whole frames of 20 ms."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def push(self, pcm: bytes) -> list[bytes]:
        """Every frame that is complete now; what is over waits for the next call (less than 20 ms)."""
        if not self._rest and len(pcm) == FRAME_BYTES:  # the usual packet
            return [pcm]
        pcm = self._rest + pcm
        whole = len(pcm) // FRAME_BYTES * FRAME_BYTES
        self._rest = pcm[whole:]
        return [pcm[at : at + FRAME_BYTES] for at in range(0, whole, FRAME_BYTES)]
