"""Framing as the server does it: any slicing of the bytes gives the same requests, any value survives."""

from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sim.wire import Event, RequestReader, plain_block

RECORDED = Path(__file__).parents[1] / "data" / "freeswitch" / "events"

REQUESTS = (
    b"auth ClueCon\n\n"
    b"event json ALL\r\n\r\n"
    b"bgapi originate {a=b}user/1 &park()\nJob-UUID: 7\n\n"
    b"sendmsg leg\ncall-command: execute\nexecute-app-name: playback\nContent-Length: 5\n\n/a\n\nb"
    b"\n\napi status\n\n"
)


@given(st.lists(st.integers(0, len(REQUESTS)), max_size=12))
def test_any_slicing_gives_the_same_requests(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(REQUESTS)]
    reader = RequestReader()
    requests = [r for a, b in pairwise(edges) for r in reader.receive(REQUESTS[a:b])]
    assert [request.line for request in requests] == [
        "auth ClueCon",
        "event json ALL",
        "bgapi originate {a=b}user/1 &park()",
        "sendmsg leg",
        "api status",
    ]
    assert requests[2].headers == {"job-uuid": "7"}
    assert requests[3].body == "/a\n\nb"


@pytest.mark.parametrize(
    "bad", [b"api x\nContent-Length: -1\n\n", b"api x\nContent-Length: many\n\n", b"a" * (2 << 20)]
)
def test_a_request_that_cannot_be_one_is_an_error(bad: bytes) -> None:
    with pytest.raises(ValueError, match=r"Content-Length|invalid literal|megabyte"):
        RequestReader().receive(bad)


@given(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))
def test_any_value_survives_both_formats(value: str, body: str) -> None:
    event = Event({"Event-Name": "CUSTOM", "variable_x": value}, body)
    head, _, payload = event.as_json().partition(b"\n\n")
    assert f"Content-Length: {len(payload)}".encode() in head
    found = orjson.loads(payload)
    assert (found["variable_x"], found["_body"]) == (value, body)
    head, _, payload = event.as_plain().partition(b"\n\n")
    assert f"Content-Length: {len(payload)}".encode() in head
    fields, _, rest = payload.decode().partition("\n\n")
    lines = dict(line.split(": ", 1) for line in fields.split("\n"))
    assert unquote(lines["variable_x"]) == (value or "_undef_")
    assert rest == body


def test_plain_values_are_escaped_as_in_the_recordings() -> None:
    """Every header line that a real one wrote can be written again from its value, byte for byte."""
    blocks = (RECORDED / "answered.txt").read_text().split("\n\n")
    lines = [
        line for block in blocks if "Event-Name: " in block for line in block.split("\n") if ": " in line
    ]
    assert len(lines) > 500
    for line in lines:
        name, written = line.split(": ", 1)
        assert plain_block({name: unquote(written)}) == f"{name}: {written}\n\n"
