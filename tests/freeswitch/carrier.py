"""SIPp as the carrier: one process, one scenario, the outcome of a call chosen by the number dialed."""

import itertools
import re
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import quoteattr

from tests.freeswitch.audio import alaw_encode, tone

CUSTOMER_HZ = 1000.0

# outcome → prefix of the numbers (E.164 without the plus, of Polish mobile form) that meet it
PREFIXES = {
    "answered": "48600",  # rings, answers, sends a tone until we hang up
    "busy": "48601",  # 486
    "dead": "48602",  # 404
    "rejected": "48603",  # 603
    "congestion": "48604",  # 503
    "unreachable": "48605",  # 480
    "no_answer": "48606",  # rings for ever
    "forbidden": "48607",  # 403
    "hangs_up": "48608",  # answers, sends a tone, hangs up after `talk_s`
    "announcement": "48609",  # 183 with a tone, then 480 with Reason: Q.850;cause=20
    "slow": "48660",  # rings for 2 s, then as `answered`
    "changed": "48661",  # 410
    "malformed": "48662",  # 484
}
REFUSALS = {
    "busy": (486, "Busy Here"),
    "dead": (404, "Not Found"),
    "rejected": (603, "Decline"),
    "congestion": (503, "Service Unavailable"),
    "unreachable": (480, "Temporarily Unavailable"),
    "forbidden": (403, "Forbidden"),
    "changed": (410, "Gone"),
    "malformed": (484, "Address Incomplete"),
}
_SAME = "[last_Via:]\n[last_From:]\n{to}\n[last_Call-ID:]\n{cseq}\n"
_TO = "[last_To:];tag=[pid]C[call_number]"
_CONTACT = "Contact: <sip:carrier@[local_ip]:[local_port]>\n"
_SDP = (
    "v=0\no=carrier 1 1 IN IP4 [local_ip]\ns=-\nc=IN IP4 [media_ip]\nt=0 0\n"
    "m=audio [rtpstream_audio_port] RTP/AVP 8 101\na=rtpmap:8 PCMA/8000\n"
    "a=rtpmap:101 telephone-event/8000\na=fmtp:101 0-16\na=ptime:20\n"
)


def _send(
    status: str, *, sdp: bool = False, extra: str = "", cseq: str = "[last_CSeq:]", to: str = _TO
) -> str:
    lines = f"SIP/2.0 {status}\n" + _SAME.format(to=to, cseq=cseq) + _CONTACT + extra
    lines += (
        f"Content-Type: application/sdp\nContent-Length: [len]\n\n{_SDP}" if sdp else "Content-Length: 0\n\n"
    )
    again = "" if status.startswith("1") else ' retrans="500"'
    return f"<send{again}><![CDATA[\n\n{lines}\n]]></send>\n"


def _reply(status: str, *, to: str = "[last_To:]") -> str:
    """An answer to something inside the call (BYE, CANCEL): sent once."""
    body = f"SIP/2.0 {status}\n" + _SAME.format(to=to, cseq="[last_CSeq:]") + "Content-Length: 0\n\n"
    return f"<send><![CDATA[\n\n{body}\n]]></send>\n"


def _goto(label: str) -> str:
    return f"<nop next={quoteattr(label)}/>\n"


def _label(name: str) -> str:
    return f"<label id={quoteattr(name)}/>\n"


def _answer_and_talk(tone_file: Path) -> str:
    play = f"{tone_file},-1,8,PCMA/8000"
    return (
        _send("200 OK", sdp=True)
        + '<recv request="ACK"/>\n'
        + f"<nop><action><exec rtp_stream={quoteattr(play)}/></action></nop>\n"
    )


def scenario(tone_file: Path, talk_s: float) -> str:
    """The whole carrier as a SIPp scenario."""
    parts = ['<?xml version="1.0" encoding="ISO-8859-1"?>\n<scenario name="carrier">\n']
    parts.append('<recv request="INVITE"><action>\n')
    for outcome, prefix in PREFIXES.items():
        expression = quoteattr(rf"sip:[+]?{prefix}[0-9]*@")
        parts.append(f'<ereg regexp={expression} search_in="hdr" header="To:" assign_to="is_{outcome}"/>\n')
    parts.append('<ereg regexp="sip:[^;>]*" search_in="hdr" header="Contact:" assign_to="their_contact"/>\n')
    parts.append('<ereg regexp="sip:.*" search_in="hdr" header="From:" assign_to="their_name"/>\n')
    parts.append('<ereg regexp="sip:.*" search_in="hdr" header="To:" assign_to="our_name"/>\n')
    parts.append('<log message="[$our_name]"/>\n')
    parts.append("</action></recv>\n" + _send("100 Trying", to="[last_To:]"))
    parts += [
        f'<nop next="{outcome}" test="is_{outcome}"/>\n' for outcome in PREFIXES if outcome != "answered"
    ]

    end = "".join(['<recv request="BYE"/>\n', _reply("200 OK"), _goto("end")])
    parts += [_send("180 Ringing"), _answer_and_talk(tone_file), end]
    for outcome, (code, reason) in REFUSALS.items():
        parts += [_label(outcome), _send(f"{code} {reason}"), '<recv request="ACK"/>\n', _goto("end")]

    cancelled = [_reply("200 OK"), _send("487 Request Terminated", cseq="CSeq: [cseq] INVITE")]
    cancelled += ['<recv request="ACK"/>\n', _goto("end")]
    parts += [_label("no_answer"), _send("180 Ringing"), '<recv request="CANCEL"/>\n', *cancelled]
    parts += [_label("slow"), _send("180 Ringing")]
    parts += ['<recv request="CANCEL" timeout="2000" ontimeout="pick_up"/>\n', *cancelled]
    parts += [_label("pick_up"), _answer_and_talk(tone_file), end]

    stream = f"<nop><action><exec rtp_stream={quoteattr(f'{tone_file},-1,8,PCMA/8000')}/></action></nop>\n"
    parts += [_label("announcement"), _send("183 Session Progress", sdp=True), stream]
    parts += ['<recv request="CANCEL" timeout="1500" ontimeout="absent"/>\n', *cancelled]
    parts += [_label("absent"), _send("480 Temporarily Unavailable", extra="Reason: Q.850;cause=20\n")]
    parts += ['<recv request="ACK"/>\n', _goto("end")]

    bye = (
        "BYE [$their_contact] SIP/2.0\nVia: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\n"
        "From: <[$our_name];tag=[pid]C[call_number]\nTo: <[$their_name]\nCall-ID: [call_id]\nCSeq: 1 BYE\n"
        "Max-Forwards: 70\nContent-Length: 0\n\n"
    )
    parts += [_label("hangs_up"), _send("180 Ringing"), _answer_and_talk(tone_file)]
    parts += [f'<recv request="BYE" timeout="{round(talk_s * 1000)}" ontimeout="leave"/>\n']
    parts += [_reply("200 OK"), _goto("end"), _label("leave")]
    parts += [f'<send retrans="500"><![CDATA[\n\n{bye}\n]]></send>\n<recv response="200"/>\n', _label("end")]
    return "".join(parts) + '<Reference variables="is_answered"/>\n</scenario>\n'


@dataclass
class Carrier:
    """`talk_s`: after how many seconds of talk a `hangs_up` number hangs up. `says`: what people say from
    the answer on, A-law; else a tone."""

    port: int
    home: Path
    talk_s: float = 2.0
    says: bytes = b""
    _process: subprocess.Popen[bytes] | None = None
    _counters: dict[str, "itertools.count[int]"] = field(default_factory=dict)

    def number_for(self, outcome: str) -> str:
        """A number, E.164 with the plus, that nobody has been given yet and that meets this outcome."""
        number = next(self._counters.setdefault(outcome, itertools.count(1)))
        return f"+{PREFIXES[outcome]}{number:06d}"

    def invited(self, prefix: str = "") -> list[str]:
        """Every number that was called so far, as often as it was called: the carrier's own witness.
        `prefix`: only numbers, without the plus, that begin with it."""
        text = (self.home / "invited.log").read_text() if (self.home / "invited.log").exists() else ""
        called = re.findall(r"sip:\+?(\d+)@", text)
        return [f"+{number}" for number in called if number.startswith(prefix)]

    def start(self, first_media_port: int, timeout_s: float = 10.0) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        tone_file = self.home / "customer.al"
        tone_file.write_bytes(self.says or alaw_encode(tone(CUSTOMER_HZ, 10.0)))
        (self.home / "carrier.xml").write_text(self.scenario(tone_file))
        media = ["-mi", "127.0.0.1", "-mp", str(first_media_port)]
        command = [
            "sipp",
            "-sf",
            str(self.home / "carrier.xml"),
            "-i",
            "127.0.0.1",
            "-p",
            str(self.port),
            *media,
        ]
        command += ["-nostdin", "-trace_err", "-error_file", str(self.home / "errors.log")]
        command += ["-trace_logs", "-log_file", str(self.home / "invited.log")]
        with (self.home / "screen.txt").open("wb") as screen:
            self._process = subprocess.Popen(
                command, cwd=self.home, stdin=subprocess.DEVNULL, stdout=screen, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + timeout_s
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"SIPp did not start; see {self.home}/screen.txt and errors.log")
            time.sleep(0.05)

    def scenario(self, tone_file: Path) -> str:
        return scenario(tone_file, self.talk_s)

    def _listens(self) -> bool:
        """Its port is taken: whoever binds it too is told so."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError:
                return True
            return False

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(5)
            self._process = None
