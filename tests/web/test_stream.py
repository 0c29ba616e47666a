"""Pieces of streamed answers."""

import json

from hypothesis import given
from hypothesis import strategies as st

from engine.web.stream import BATCH_BYTES, batched, csv_lines, private, sse

PLAIN = st.text() | st.integers(-(2**53), 2**53) | st.none() | st.booleans()


def test_an_event_carries_its_id_kind_and_data():
    assert (
        sse({"id": 7, "kind": "call", "x": "é"})
        == 'id: 7\nevent: call\ndata: {"id":7,"kind":"call","x":"é"}\n\n'.encode()
    )


@given(fields=st.dictionaries(st.text(max_size=8), PLAIN), kind=st.text(max_size=20))
def test_nothing_inside_an_event_can_forge_another(fields, kind):
    lines = sse({**fields, "id": 1, "kind": kind}).decode().split("\n")
    assert len(lines) == 5
    assert [line[:5] for line in lines] == ["id: 1", "event", "data:", "", ""]


@given(number=st.from_regex(r"\A\+[1-9][0-9]{6,14}\Z"))
def test_no_number_of_a_person_leaves_in_the_clear_wherever_it_lies(number):
    record = {
        "number": number,
        "tries": {number: 2},
        "decided": [{"text": number}],
        "fields": {"number": number},
    }
    shown = private(record)
    assert number not in json.dumps(shown)
    assert private(shown) == shown


def test_small_lines_are_sent_in_large_pieces_and_none_is_lost():
    lines = [b"%07d\n" % number for number in range(20_000)]
    pieces = list(batched(lines))
    assert b"".join(pieces) == b"".join(lines)
    assert all(len(piece) >= BATCH_BYTES for piece in pieces[:-1])


def test_csv_keeps_numbers_and_defuses_formulas():
    rows = list(
        csv_lines([{"number": "+48221234567", "reason": "-1+cmd|x", "kind": "@a", "zz": 1}], clear=True)
    )
    assert b"+48221234567" in rows[1]
    assert b"'+48" not in rows[1]
    assert b"'-1+cmd" in rows[1]
    assert b"'@a" in rows[1]
    assert rows[1].endswith(b'"{""zz"":1}"\r\n')
