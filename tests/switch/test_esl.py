import time
from contextlib import suppress
from urllib.parse import quote

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.domain.errors import ProtocolError, SwitchError
from engine.switch.esl import EslCodec, Frame, command, parse_event, parse_headers
from tests.switch.recordings import OUTCOMES, json_frames, plain_frames, stream, wire_form


def feed(data: bytes, *cuts: int) -> list[Frame]:
    codec, frames, last = EslCodec(), [], 0
    for cut in [*sorted(cuts), len(data)]:
        frames += codec.receive(data[last:cut])
        last = cut
    assert codec.idle
    return frames


WHOLE = (
    b"Content-Type: auth/request\n\n"
    b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n"
    b"Content-Type: api/response\nContent-Length: 23\n\n" + "Привет, мир\n\n\n".encode() + b""
    b"Content-Type: text/disconnect-notice\nContent-Length: 5\n\nbye\n\n"
    b"Content-Type: api/response\nContent-Length: 3\n\n+OK"
)


@given(st.lists(st.integers(0, len(WHOLE)), max_size=12))
@example(list(range(len(WHOLE))))
def test_any_way_of_cutting_the_stream_gives_the_same_frames(cuts):
    frames = feed(WHOLE, *cuts)
    assert [f.content_type for f in frames] == [
        "auth/request",
        "command/reply",
        "api/response",
        "text/disconnect-notice",
        "api/response",
    ]
    assert frames[2].data == "Привет, мир\n\n\n"
    assert [frames[i].data for i in (1, 3, 4)] == ["+OK accepted", "bye\n\n", "+OK"]


@given(st.lists(st.binary(max_size=80), max_size=8))
def test_random_bytes_raise_nothing_but_protocol_error(chunks):
    codec = EslCodec(max_head=200, max_body=1000)
    try:
        for chunk in chunks:
            for frame in codec.receive(chunk):
                parse_event(frame)
    except ProtocolError:
        pass


@given(st.binary(max_size=300), st.sampled_from(["json", "plain"]))
@example(b"[" * 100_000, "json")
@example(b'{"a":"\xff"}', "json")
@example(b'{"a":"\\ud800"}', "json")
def test_a_broken_event_is_a_protocol_error_or_an_event_never_anything_else(body, form):
    frame = Frame({"Content-Type": f"text/event-{form}"}, body)
    with suppress(ProtocolError):
        assert isinstance(parse_event(frame), dict)


text = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)


@given(text)
@example("v=0\r\nUnique-ID: victim\r\nEvent-Name: CHANNEL_ANSWER\r\n\r\n")
@example("a\u2028Unique-ID: victim")
@example("\x85Unique-ID: victim\x1cX")
def test_a_value_can_never_forge_a_header(value):
    plain = f"Event-Name: DTMF\nvariable_x: {quote(value)}\nUnique-ID: leg\n".encode()
    json = orjson.dumps({"Event-Name": "DTMF", "variable_x": value, "Unique-ID": "leg"})
    for form, body in (("plain", plain), ("json", json)):
        event = parse_event(Frame({"Content-Type": f"text/event-{form}"}, body))
        assert set(event) == {"Event-Name", "variable_x", "Unique-ID"}
        assert (event["Event-Name"], event["Unique-ID"]) == ("DTMF", "leg")
        assert event["variable_x"] == ("" if value == "_undef_" and form == "plain" else value)


def test_a_raw_line_separator_of_unicode_does_not_end_a_header():
    headers = parse_headers("A: one\u2028Unique-ID: victim\nB: two".encode())
    assert headers == {"A": "one\u2028Unique-ID: victim", "B": "two"}


def test_the_body_of_a_job_in_plain_form_is_a_body_even_when_it_looks_like_headers():
    body = b"+OK\nUnique-ID: victim\n"
    event = parse_event(
        Frame(
            {"Content-Type": "text/event-plain"},
            b"Event-Name: BACKGROUND_JOB\nJob-UUID: j\nContent-Length: %d\n\n" % len(body) + body,
        )
    )
    assert event == {
        "Event-Name": "BACKGROUND_JOB",
        "Job-UUID": "j",
        "Content-Length": "22",
        "_body": body.decode(),
    }


def test_one_byte_of_latin_1_in_a_name_costs_a_letter_not_the_event():
    event = parse_event(
        Frame({"Content-Type": "text/event-json"}, b'{"Event-Name":"X","Caller-Caller-ID-Name":"M\xfcller"}')
    )
    assert event == {"Event-Name": "X", "Caller-Caller-ID-Name": "M\ufffdller"}


def test_an_empty_value_a_missing_space_and_undef_are_understood():
    assert parse_headers(b"Empty: \nBare:\nTight:x\nGone: _undef_\nNext: 1") == {
        "Empty": "",
        "Bare": "",
        "Tight": "x",
        "Gone": "",
        "Next": "1",
    }


def test_the_last_of_two_equal_headers_counts_as_in_json():
    assert parse_headers(b"A: 1\nA: 2") == {"A": "2"}


@pytest.mark.parametrize("length", ["-1", "1e3", "ten", "9" * 30, "²"])
def test_a_length_that_is_no_length_is_refused(length):
    with pytest.raises(ProtocolError):
        EslCodec().receive(f"Content-Type: api/response\nContent-Length: {length}\n\n".encode())


def test_a_head_without_end_is_refused_before_it_fills_the_memory():
    codec = EslCodec(max_head=1000)
    for _ in range(10):
        codec.receive(b"x" * 100)
    with pytest.raises(ProtocolError):
        codec.receive(b"x")


def test_a_body_too_long_is_refused_before_it_arrives():
    with pytest.raises(ProtocolError):
        EslCodec(max_body=10).receive(b"Content-Length: 11\n\n")


def test_a_great_body_in_small_pieces_costs_linear_time():
    def spent_s(size):
        codec, piece = EslCodec(), b"x" * 1024
        codec.receive(b"Content-Length: %d\n\n" % size)
        started = time.perf_counter()
        for _ in range(size // 1024):
            codec.receive(piece)
        return time.perf_counter() - started

    small, great = min(spent_s(1 << 20) for _ in range(3)), min(spent_s(1 << 23) for _ in range(3))
    assert great < 8 * small * 4


@pytest.mark.parametrize("case", OUTCOMES)
def test_recorded_events_read_the_same_in_both_forms(case):
    frames = plain_frames(case)
    assert len(frames) > 3
    for one, other in zip(frames, json_frames(case), strict=True):
        assert parse_event(one) == parse_event(other)
        assert parse_event(one)["Event-Name"]


@given(st.data())
def test_recorded_events_survive_any_chunking(data):
    case = data.draw(st.sampled_from(OUTCOMES))
    raw = b"".join(wire_form(frame) for frame in json_frames(case))
    cuts = data.draw(st.lists(st.integers(0, len(raw)), max_size=10))
    assert feed(raw, *cuts) == json_frames(case)


def test_sdp_of_a_recorded_call_keeps_its_line_breaks_inside_one_value():
    answers = [e for e in map(parse_event, plain_frames("answered")) if e["Event-Name"] == "CHANNEL_ANSWER"]
    assert answers[0]["variable_switch_r_sdp"].startswith("v=0\r\no=")
    assert b"%0D%0A" in stream("answered")


@given(text, text)
def test_no_argument_can_begin_another_command(line, value):
    try:
        data = command("api " + line, [("Job-UUID", value)])
    except SwitchError:
        assert any(sign in line + value for sign in "\r\n\0")
        return
    assert data.count(b"\n") == 3
    assert data.endswith(b"\n\n")
    assert b"\r" not in data
    assert b"\0" not in data


@pytest.mark.parametrize("name", ["", "A B", "A:B", "Ä", "A\n", "1"])
def test_a_header_name_is_checked(name):
    with pytest.raises(SwitchError):
        command("api x", [(name, "v")])


@pytest.mark.parametrize("line", ["", " ", " api x", "api \ud800"])
def test_a_command_is_a_command(line):
    with pytest.raises(SwitchError):
        command(line)
