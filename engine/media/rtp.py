"""RTP packets to a stream of sound without holes. Pure: time is an argument.

Nothing is delayed to wait for a packet that is late: what is missing is silence at once, what comes too late
is left out. Whatever arrives, `receive` neither raises nor grows.
"""

import re
import struct

from engine.amd.audio import FRAME_BYTES, FRAME_SAMPLES, RATE, SILENCE, Law, decode

HEADER = struct.Struct("!BBHII")
MAX_PAYLOAD = 1_600  # 200 ms
MAX_GAP_SAMPLES = RATE  # a hole longer than a second is a stream that begins anew
MAX_GAP_PACKETS = 100
QUIET_S = 0.2  # so long without a packet: the far end suppresses silence, or the network stalls
_PLAIN = b"\x80"  # the first octet where neither sources nor extension nor padding follow: nearly always
_SILENT_FRAME = bytes(FRAME_BYTES)
_SOME_FILLER = b"\xff" * 80
_FILLER = re.compile(rb"\xff{80,}")


class Receiver:
    """One stream. `laws`: payload type → law; packets of other types are not sound (keys, comfort noise).

    `packets`, `lost`, `late`, `junk`: counted since the beginning.
    """

    def __init__(self, laws: dict[int, Law]) -> None:
        self._laws = laws
        self._ssrc = -1
        self._sequence = 0
        self._timestamp = 0  # of the sample that should come next
        self._ahead = 0  # samples of silence given by `quiet` that no packet has accounted for yet
        self._heard_at_s = self._filled_to_s = 0.0
        self.packets = self.lost = self.late = self.junk = 0

    def receive(self, packet: bytes, now_s: float) -> bytes:
        """The pcm to hear now: the packet's own sound after silence for what is missing; b"" for none."""
        payload = packet[HEADER.size :] if packet[:1] == _PLAIN else _payload(packet)
        if not payload or len(payload) > MAX_PAYLOAD:
            self.junk += 1
            return b""
        _, kind, sequence, timestamp, ssrc = HEADER.unpack_from(packet)
        law = self._laws.get(kind & 0x7F)
        if law is None:
            self.junk += 1
            return b""
        missing = 0
        if self.packets and ssrc == self._ssrc:
            step = (sequence - self._sequence) & 0xFFFF
            if step == 0 or step > 0xFFFF - MAX_GAP_PACKETS:
                self.late += 1
                return b""
            if step <= MAX_GAP_PACKETS:
                self.lost += step - 1
                if timestamp != self._timestamp or self._ahead:
                    missing = self._missing(timestamp, (step - 1) * len(payload))
        self._ssrc, self._sequence = ssrc, sequence
        self._timestamp = (timestamp + len(payload)) & 0xFFFFFFFF
        self.packets += 1
        self._heard_at_s = self._filled_to_s = now_s
        sound = sound_of(payload, law)
        return bytes(2 * missing) + sound if missing else sound

    def _missing(self, timestamp: int, guess: int) -> int:
        """Samples of silence before this packet. `guess`: by the sequence, where timestamps say nonsense."""
        gap = (timestamp - self._timestamp) & 0xFFFFFFFF
        gap = gap if gap <= MAX_GAP_SAMPLES else min(guess, MAX_GAP_SAMPLES)
        given, self._ahead = self._ahead, 0
        return max(0, gap - given)

    def quiet(self, now_s: float) -> bytes:
        """Silence for the time that passed without a packet; call it every 20 to 100 ms. At most 200 ms."""
        if not self.packets or now_s - self._heard_at_s < QUIET_S:
            return b""
        frames = min(10, int((now_s - self._filled_to_s) * 1000 / 20))
        self._filled_to_s += frames * 0.02
        self._ahead = min(self._ahead + frames * FRAME_SAMPLES, MAX_GAP_SAMPLES)
        return _SILENT_FRAME * frames


def sound_of(octets: bytes, law: Law) -> bytes:
    """pcm of what the switch forwards. Where it has nothing, FreeSWITCH fills up with octets of 255, whatever
    the law: nothing in μ-law, in A-law a thump at either end, which was heard as somebody's word."""
    if law is Law.PCMA and _SOME_FILLER in octets:
        octets = _FILLER.sub(lambda found: SILENCE[law] * len(found[0]), octets)
    return decode(octets, law)


def _payload(packet: bytes) -> bytes | None:
    """What an RTP packet carries, without header, extension and padding; None: it is not one."""
    if len(packet) <= HEADER.size or packet[0] >> 6 != 2:
        return None
    begin, end = HEADER.size + 4 * (packet[0] & 15), len(packet)
    if packet[0] & 0x10:
        if begin + 4 > end:
            return None
        begin += 4 + 4 * int.from_bytes(packet[begin + 2 : begin + 4], "big")
    if packet[0] & 0x20:
        end -= packet[-1]
    return packet[begin:end] if begin < end else None
