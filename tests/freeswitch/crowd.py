"""People and operators for a long run on a real FreeSWITCH: two SIPp processes, times chosen by the number.

A number `+4868RTnnnnn` rings for the R-th of ten times and talks for the T-th of ten; the other numbers are
those of `carrier.py`. The operators' phones take every call and keep silent until it ends.
"""

import math
import random
import subprocess
import time
from itertools import pairwise
from pathlib import Path
from statistics import NormalDist

from tests.freeswitch.carrier import PREFIXES, REFUSALS, _goto, _label, _reply, _send
from tests.freeswitch.switch import free_ports

PERSON = "4868"
CLASSES = 10
REFUSING = ("busy", "dead", "unreachable")


def bounds(median: float, sigma: float) -> list[float]:
    """Eleven bounds of ten equally likely classes of a log-normal time, seconds; its ends are cut off."""
    shares = [0.01, *(n / CLASSES for n in range(1, CLASSES)), 0.98]
    return [round(median * math.exp(sigma * NormalDist().inv_cdf(share)), 3) for share in shares]


def middles(edges: list[float]) -> list[float]:
    return [(low + high) / 2 for low, high in pairwise(edges)]


RING_S, TALK_S = bounds(8.0, 0.5), bounds(30.0, 0.7)


def numbers(count: int, shares: dict[str, float], seed: int) -> list[str]:
    """People by the shares of `answer`, `no_answer`, `busy`, `dead` and `unreachable`."""
    dice, found = random.Random(seed), []
    for serial in range(count):
        fate = dice.choices(list(shares), list(shares.values()))[0]
        if fate == "answer":
            ring, talk = dice.randrange(CLASSES), dice.randrange(CLASSES)
            found.append(f"+{PERSON}{ring}{talk}{serial:05d}")
        else:
            found.append(f"+{PREFIXES[fate]}{serial:06d}")
    return found


def people() -> str:
    """Everybody as one SIPp scenario."""
    parts = [
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n<scenario name="people">\n',
        '<recv request="INVITE"><action>\n',
    ]
    tests = {name: rf"sip:[+]?{PREFIXES[name]}[0-9]*@" for name in (*REFUSING, "no_answer")}
    tests |= {f"ring_{n}": rf"sip:[+]?{PERSON}{n}[0-9]*@" for n in range(CLASSES)}
    tests |= {f"talk_{n}": rf"sip:[+]?{PERSON}[0-9]{n}[0-9]*@" for n in range(CLASSES)}
    for name, expression in tests.items():
        parts.append(f'<ereg regexp="{expression}" search_in="hdr" header="To:" assign_to="is_{name}"/>\n')
    for header, name, pattern in (
        ("Contact:", "their_contact", "sip:[^;>]*"),
        ("From:", "their_name", "sip:.*"),
        ("To:", "our_name", "sip:.*"),
    ):
        parts.append(f'<ereg regexp="{pattern}" search_in="hdr" header="{header}" assign_to="{name}"/>\n')
    parts.append("</action></recv>\n" + _send("100 Trying", to="[last_To:]"))
    parts += [f'<nop next="{name}" test="is_{name}"/>\n' for name in tests if not name.startswith("talk_")]
    cancelled = [_reply("200 OK"), _send("487 Request Terminated", cseq="CSeq: [cseq] INVITE")]
    cancelled += ['<recv request="ACK"/>\n', _goto("end")]
    for name in REFUSING:
        code, reason = REFUSALS[name]
        parts += [_label(name), _send(f"{code} {reason}"), '<recv request="ACK"/>\n', _goto("end")]
    parts += [_label("no_answer"), _send("180 Ringing"), '<recv request="CANCEL"/>\n', *cancelled]
    for n, seconds in enumerate(middles(RING_S)):
        wait = f'<recv request="CANCEL" timeout="{round(seconds * 1000)}" ontimeout="pick_up"/>\n'
        parts += [_label(f"ring_{n}"), _send("180 Ringing"), wait, *cancelled]
    parts += [_label("pick_up"), _send("200 OK", sdp=True), '<recv request="ACK"/>\n']
    parts += [f'<nop next="talk_{n}" test="is_talk_{n}"/>\n' for n in range(CLASSES)]
    for n, seconds in enumerate(middles(TALK_S)):
        wait = f'<recv request="BYE" timeout="{round(seconds * 1000)}" ontimeout="leave"/>\n'
        parts += [_label(f"talk_{n}"), wait, _reply("200 OK"), _goto("end")]
    bye = (
        "BYE [$their_contact] SIP/2.0\nVia: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\n"
        "From: <[$our_name];tag=[pid]C[call_number]\nTo: <[$their_name]\nCall-ID: [call_id]\nCSeq: 1 BYE\n"
        "Max-Forwards: 70\nContent-Length: 0\n\n"
    )
    parts += [_label("leave"), f'<send retrans="500"><![CDATA[\n\n{bye}\n]]></send>\n']
    return "".join([*parts, '<recv response="200"/>\n', _label("end"), "</scenario>\n"])


def operators() -> str:
    """Phones that take every call."""
    parts = [
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n<scenario name="operators">\n<recv request="INVITE"/>\n'
    ]
    parts += [_send("200 OK", sdp=True), '<recv request="ACK"/>\n<recv request="BYE"/>\n', _reply("200 OK")]
    return "".join([*parts, "</scenario>\n"])


class Sipp:
    """A SIPp that plays a scenario for whoever calls `port`."""

    def __init__(self, home: Path, scenario: str, media_port: int, port: int = 0) -> None:
        self.home, self.port = home, port or free_ports(1)[0]
        home.mkdir(parents=True, exist_ok=True)
        (home / "scenario.xml").write_text(scenario)
        command = ["sipp", "-sf", str(home / "scenario.xml"), "-i", "127.0.0.1", "-p", str(self.port)]
        command += ["-mi", "127.0.0.1", "-mp", str(media_port), "-nostdin", "-trace_err"]
        command += ["-error_file", str(home / "errors.log")]
        with (home / "screen.txt").open("wb") as screen:
            self._process = subprocess.Popen(
                command, cwd=home, stdin=subprocess.DEVNULL, stdout=screen, stderr=subprocess.STDOUT
            )
        time.sleep(1.0)
        if self._process.poll() is not None:
            raise RuntimeError(f"SIPp did not start; see {home}/screen.txt and errors.log")

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(5)
