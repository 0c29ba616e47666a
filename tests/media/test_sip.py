"""SIP and SDP: what is said in order is answered, what is not is left alone."""

from hypothesis import given
from hypothesis import strategies as st

from engine.amd.audio import Law
from engine.media.sdp import answer, parse_offer
from engine.media.sip import GIVE_UP_S, Dialog, parse, respond

INVITE = (
    "INVITE sip:amd@127.0.0.1:5095 SIP/2.0\r\n"
    "v: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1\r\n"
    "Via: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK2\r\n"
    "Record-Route: <sip:10.0.0.2;lr>\r\n"
    'f: "Fork" <sip:switch@10.0.0.1>;tag=abc\r\n'
    "To: <sip:amd@127.0.0.1>\r\n"
    "i: call-1\r\n"
    "CSeq: 7 INVITE\r\n"
    "Contact: <sip:switch@10.0.0.1:5060>\r\n"
    "X-Prozvon-Attempt: a-1\r\n"
    "Subject: folded\r\n  line\r\n"
    "\r\n"
    "v=0\r\n"
)
OFFER = (
    "v=0\r\no=FreeSWITCH 1 2 IN IP4 10.0.0.1\r\ns=FreeSWITCH\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n"
    "m=audio 24000 RTP/AVP 96 8 0 101\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:8 PCMA/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\n"
)


def test_a_request_is_taken_apart_compact_names_and_folded_lines_too():
    request = parse(INVITE.encode())
    assert request is not None
    assert (request.method, request.cseq, request.header("call-id"), request.user) == (
        "INVITE",
        7,
        "call-1",
        "amd",
    )
    assert (request.header("x-prozvon-attempt"), request.header("subject")) == ("a-1", "folded line")
    assert request.body == "v=0\n"


def test_an_answer_has_every_via_in_order_and_a_tag():
    request = parse(INVITE.encode())
    assert request is not None
    head, _, body = (
        respond(request, "200 OK", "m1", ("Contact: <sip:amd@x>",), "v=0\r\n").decode().partition("\r\n\r\n")
    )
    lines = head.split("\r\n")
    assert lines[0] == "SIP/2.0 200 OK"
    assert [line[-1] for line in lines if line.startswith("Via")] == ["1", "2"]
    assert "To: <sip:amd@127.0.0.1>;tag=m1" in lines
    assert "CSeq: 7 INVITE" in lines
    assert ("Content-Length: 5" in lines, body) == (True, "v=0\r\n")


def test_the_answer_is_said_again_until_it_is_confirmed_and_not_for_ever():
    request = parse(INVITE.encode())
    assert request is not None
    dialog = Dialog(request, ("10.0.0.1", 5060), "m1", "sip:amd@127.0.0.1:5095")
    ok = dialog.accept("v=0\r\n", 100.0)
    said_at = [now for now in (100 + n * 0.1 for n in range(400)) if dialog.due(now) == ok]
    assert 8 <= len(said_at) <= 12
    assert dialog.ended
    assert said_at[-1] - 100 < GIVE_UP_S
    dialog.accept("v=0\r\n", 200.0)
    dialog.confirmed = True
    assert not any(dialog.due(200 + n) for n in range(60))


def test_our_goodbye_goes_where_they_said_they_are():
    request = parse(INVITE.encode())
    assert request is not None
    bye = Dialog(request, ("10.0.0.1", 5060), "m1", "sip:amd@127.0.0.1:5095").bye().decode()
    assert bye.startswith("BYE sip:switch@10.0.0.1:5060 SIP/2.0\r\n")
    assert 'To: "Fork" <sip:switch@10.0.0.1>;tag=abc\r\n' in bye
    assert "From: <sip:amd@127.0.0.1>;tag=m1\r\n" in bye


def test_only_the_laws_of_an_offer_are_taken_best_first():
    offer = parse_offer(OFFER)
    assert offer is not None
    assert (offer.host, offer.port, list(offer.laws.items())) == (
        "10.0.0.1",
        24_000,
        [(8, Law.PCMA), (0, Law.PCMU)],
    )
    assert "a=recvonly" in answer("127.0.0.1", 21_000, 8, Law.PCMA, 1)
    dynamic = OFFER.replace("96 8 0 101", "97").replace("a=rtpmap:96 opus/48000/2", "a=rtpmap:97 PCMU/8000")
    renamed = parse_offer(dynamic)
    assert renamed is not None
    assert renamed.laws == {97: Law.PCMU}


def test_an_offer_without_sound_for_us_is_none():
    for text in ("", "v=0\r\n", OFFER.replace("audio", "video"), OFFER.replace("96 8 0 101", "18 101")):
        assert parse_offer(text) is None
    assert parse_offer(OFFER.replace("24000", "0")) is None


@given(st.binary(max_size=9_000))
def test_random_bytes_are_no_request(data: bytes):
    assert parse(data) is None


@given(st.integers(0, len(INVITE)), st.binary(max_size=40), st.integers(0, 60))
def test_a_damaged_request_is_answered_or_left_alone_and_never_raises(at: int, junk: bytes, cut: int):
    data = INVITE.encode()
    request = parse(data[:at] + junk + data[at + cut :])
    if request is not None:
        assert respond(request, "200 OK", "m1").startswith(b"SIP/2.0 200 OK\r\n")


@given(st.text(max_size=300), st.integers(0, len(OFFER)), st.integers(0, 80))
def test_a_damaged_offer_never_raises(junk: str, at: int, cut: int):
    for text in (junk, OFFER[:at] + junk + OFFER[at + cut :]):
        offer = parse_offer(text)
        assert offer is None or (offer.laws and 0 < offer.port < 65_536)
