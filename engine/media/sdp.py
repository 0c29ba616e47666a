"""Session descriptions, as far as a listener to G.711 needs them. Pure."""

import re
from dataclasses import dataclass

from engine.amd.audio import Law

_STATIC = {law.payload_type: law for law in Law}
_MAP = re.compile(r"rtpmap:(\d{1,3})\s+([A-Za-z0-9-]+)/(\d+)")


@dataclass(frozen=True, slots=True)
class Offer:
    """Where the other side's sound comes from, and the laws it can send: payload type → law, best first."""

    host: str
    port: int
    laws: dict[int, Law]


def parse_offer(text: str) -> Offer | None:
    """The first audio stream of an offer; None where there is none, or none in G.711."""
    host, port, types = "", 0, list[int]()
    dynamic: dict[int, Law | None] = {}
    in_audio = False
    for line in text.splitlines():
        kind, _, value = line.partition("=")
        if kind == "m":
            if in_audio:
                break
            words = value.split()
            in_audio = len(words) > 3 and words[0] == "audio" and words[1].partition("/")[0].isdecimal()
            if in_audio:
                port = int(words[1].partition("/")[0][:6])
                types = [int(word) for word in words[3:] if re.fullmatch(r"\d{1,3}", word, re.ASCII)]
        elif kind == "c" and (in_audio or not host):
            words = value.split()
            host = words[2].partition("/")[0] if len(words) == 3 and words[1] == "IP4" else host
        elif kind == "a" and in_audio and (found := _MAP.match(value)):
            name, rate = found[2].upper(), found[3]
            dynamic[int(found[1])] = Law[name] if name in Law.__members__ and rate == "8000" else None
    laws = {kind: law for kind in types if (law := dynamic.get(kind, _STATIC.get(kind))) is not None}
    return Offer(host, port, laws) if laws and host and 0 < port < 65_536 else None


def answer(host: str, port: int, kind: int, law: Law, session: int) -> str:
    """We listen and say nothing."""
    lines = ["v=0", f"o=prozvon {session} 1 IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0"]
    lines += [f"m=audio {port} RTP/AVP {kind}", f"a=rtpmap:{kind} {law.value}/8000", "a=ptime:20"]
    return "\r\n".join([*lines, "a=recvonly", ""])
