"""What is fuzzed: every place where bytes of somebody else come in. A target raises only when it is wrong."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from engine.config.load import read as read_config
from engine.contacts.import_rows import ImportOptions, ImportRows
from engine.contacts.numbers import BadNumber, read_number
from engine.domain.errors import ConfigError, ProtocolError, SwitchError
from engine.ivr.reading import read as read_scenario
from engine.media import sdp, sip
from engine.media.rtp import Receiver
from engine.switch import orders
from engine.switch.counters import LinkCounters
from engine.switch.esl import EslCodec, Frame, parse_event
from engine.switch.intake import Intake
from tests.fuzz.guided import Target
from tests.media.caller import packet
from tests.media.test_rtp import LAWS
from tests.switch.recordings import OUTCOMES, json_frames, stream

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Bytes:
    """`what`: in words, for the report."""

    name: str
    what: str
    target: Target
    seeds: Sequence[bytes]
    words: Sequence[bytes] = ()


def esl(data: bytes) -> None:
    """A stream cut anywhere: frames, or a ProtocolError."""
    codec = EslCodec(max_head=20_000, max_body=100_000)
    size = 1 + (len(data) * 7) % 61
    with suppress(ProtocolError):
        for at in range(0, len(data), size):
            for frame in codec.receive(data[at : at + size]):
                parse_event(frame)


def event(data: bytes) -> None:
    """One JSON event on its way to facts: facts or nothing; a known leg's facts carry its id."""
    intake = Intake(LinkCounters(), lambda leg_id, text: None)
    intake.originated("leg-1", 0.0)
    for fact in intake.facts(Frame({"Content-Type": "text/event-json"}, data), 1.0):
        assert isinstance(fact.leg_id, str)
        assert fact.at_s == 1.0


def rtp(data: bytes) -> None:
    it, size = Receiver(dict(LAWS)), 172
    for number, at in enumerate(range(0, len(data), size)):
        assert len(it.receive(data[at : at + size], number * 0.02)) < 100_000


def sip_request(data: bytes) -> None:
    request = sip.parse(data)
    if request is not None:
        sdp.parse_offer(request.body)


def sdp_offer(data: bytes) -> None:
    sdp.parse_offer(data.decode("utf-8", "replace"))


def config(data: bytes) -> None:
    with suppress(ConfigError):
        read_config(data.decode("utf-8", "replace"), "config.yaml", {}, ROOT)


def scenario(data: bytes) -> None:
    with suppress(ConfigError):
        read_scenario(data.decode("utf-8", "replace"), "scenario.yaml")


def rows(data: bytes) -> None:
    options = ImportOptions("spring", "RU", default_zone="Europe/Moscow", language="ru")
    size = 1 + len(data) % 97
    for row in ImportRows((data[at : at + size] for at in range(0, len(data), size)), options):
        assert row is not None


def number(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for region in ("PL", "RU", "GB"):
        with suppress(BadNumber):
            found = read_number(text, region)
            assert found.e164.startswith("+")
            assert found.e164[1:].isascii()
            assert found.e164[1:].isdigit()


def dial_string(data: bytes) -> None:
    """Any text as a variable, a name, a number of a call: the order stays one line of one call, whose every
    variable has a name of ours; or it is refused."""
    text = data.decode("utf-8", "replace")
    leg, to = "5f6d1c1e-0000-4000-8000-000000000001", "sofia/gateway/trunk/48600100200"
    orders_of = (
        lambda: orders.originate(leg, to, values={"prozvon_contact": text}),
        lambda: orders.originate(leg, to, caller_name=text),
        lambda: orders.originate(leg, to, caller_id=text),
        lambda: orders.originate(leg, orders.gateway_endpoint("trunk", text)),
        lambda: orders.setvar(leg, "prozvon_name", text),
    )
    for order in orders_of:
        with suppress(SwitchError):
            made = order()
            assert not set("\r\n\0") & set(made)
            assert "${" not in made
            if made.startswith("originate {"):
                names = {name for name, _, _ in _pairs(made)}
                assert names <= OURS, names


OURS = {
    "origination_uuid",
    "originate_timeout",
    "origination_caller_id_number",
    "origination_caller_id_name",
    "prozvon_contact",
}


def _pairs(order: str) -> list[tuple[str, str, str]]:
    """The variables of a dial string, read as the switch reads them: commas part them, outside quotes and
    not behind a backslash."""
    inside, quoted, parts, at = order[len("originate {") :], False, [""], 0
    while at < len(inside):
        sign = inside[at]
        if sign == "\\" and at + 1 < len(inside):
            parts[-1] += inside[at : at + 2]
            at += 2
            continue
        if sign == "'":
            quoted = not quoted
        elif sign == "}" and not quoted:
            return [part.partition("=") for part in parts]
        if sign == "," and not quoted:
            parts.append("")
        else:
            parts[-1] += sign
        at += 1
    raise AssertionError("the variables of a dial string never end")


def _events() -> list[bytes]:
    return [frame.body for case in OUTCOMES for frame in json_frames(case)][:60]


def _texts(*patterns: str) -> list[bytes]:
    return [path.read_bytes() for pattern in patterns for path in sorted(ROOT.glob(pattern))]


_LIST = (
    "ФИО;Телефон;Телефон 2;Сумма долга;Часовой пояс\r\n"
    "Иванов Иван;89161234567;+7 916 123-45-68;1 500,50;MSK\r\n"
)
_INVITE = (
    b"INVITE sip:fork-1@127.0.0.1:5095 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK1\r\n"
    b"From: <sip:a@b>;tag=1\r\nTo: <sip:fork-1@127.0.0.1>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n"
    b"Contact: <sip:a@127.0.0.1:5060>\r\nContent-Type: application/sdp\r\nContent-Length: 120\r\n\r\n"
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\n"
)
_RTP = b"".join(packet(bytes(160), 100 + n, n * 160) for n in range(8))
_HEADS = (b"Content-Length: ", b"Content-Type: ", b"text/event-json", b"\n\n", b"Unique-ID: ", b"%0A")
_JSON = (
    b'"Event-Name":"',
    b"CHANNEL_HANGUP_COMPLETE",
    b'"variable_',
    b"null",
    b"[]",
    b"{}",
    b'"\\ud800"',
    b"\xff",
)
_YAML = (
    b"\n",
    b"  ",
    b"- ",
    b": ",
    b"&a ",
    b"*a",
    b"<<: *a",
    b"!!python/object:os.system ",
    b"|",
    b"{",
    b"[",
    b"'",
)
_CSV = (b";", b",", b'"', b'""', b"\r\n", b"\r", b"\0", b"\xef\xbb\xbf", b"=cmd()", b"+7916", b"\xff\xfe")
_SIP = (b"\r\n", b": ", b"Content-Length: ", b";tag=", b"SIP/2.0", b"m=audio ", b"c=IN IP6 ::1", b"a=rtpmap:")
_DIAL = (
    b"${",
    b"}",
    b"{",
    b",",
    b"'",
    b"\\",
    b"\n",
    b"|",
    b"[",
    b"^^",
    b"&",
    b"expand",
    quote("\n").encode(),
)

TARGETS = (
    Bytes("esl", "Event Socket bytes", esl, [stream(case)[:8000] for case in OUTCOMES], _HEADS),
    Bytes("event", "JSON events to facts", event, _events(), _JSON),
    Bytes("rtp", "RTP packets", rtp, [_RTP]),
    Bytes("sip", "SIP requests", sip_request, [_INVITE], _SIP),
    Bytes("sdp", "SDP offers", sdp_offer, [_INVITE.partition(b"\r\n\r\n")[2]], _SIP),
    Bytes("config", "config.yaml", config, _texts("config.yaml"), _YAML),
    Bytes("scenario", "scenario YAML", scenario, _texts("scenarios/*.yaml"), _YAML),
    Bytes("rows", "rows of a list", rows, [_LIST.encode(), _LIST.encode("cp1251")], _CSV),
    Bytes(
        "number",
        "telephone numbers",
        number,
        [b"+48 22 123 45 67", b"8 (916) 123-45-67"],
        (b"+", b"00", b"ext."),
    ),
    Bytes("dial", "values in dial strings", dial_string, [b"Anna Nowak", "Анна".encode()], _DIAL),
)
