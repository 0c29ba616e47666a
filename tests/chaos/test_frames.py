"""Frames on their way: taken apart right, spoilt as asked, and nothing else is touched."""

import random

from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.frames import Rates, Spoiler, garbled


def event(number: int) -> bytes:
    body = b'{"Event-Name":"CHANNEL_ANSWER","Event-Sequence":"%d"}' % number
    return b"Content-Length: %d\nContent-Type: text/event-json\n\n" % len(body) + body


REPLY = b"Content-Type: command/reply\nReply-Text: +OK\n\n"


@given(st.lists(st.integers(1, 300), max_size=12))
def test_untroubled_bytes_pass_as_they_are_however_they_are_cut(cuts: list[int]) -> None:
    stream = REPLY + b"".join(map(event, range(20))) + REPLY
    spoiler, out, at = Spoiler(random.Random(1), Rates()), b"", 0
    for cut in [*cuts, len(stream)]:
        out += spoiler.feed(stream[at : at + cut])
        at += cut
    assert out + spoiler.rest() == stream


def test_what_is_lost_doubled_late_or_garbled_is_counted_and_replies_are_left_alone() -> None:
    spoiler = Spoiler(random.Random(3), Rates(lost=0.2, twice=0.2, late=0.2, garbled=0.2))
    out = b"".join(spoiler.feed(event(n) + REPLY) for n in range(200)) + spoiler.rest()
    assert set(spoiler.counted) == {"event lost", "event twice", "event late", "event garbled"}
    assert out.count(REPLY) == 200
    whole = sum(out.count(event(n)) for n in range(200))
    assert (
        whole
        == 200
        - spoiler.counted["event lost"]
        - spoiler.counted["event garbled"]
        + spoiler.counted["event twice"]
    )


def test_an_event_that_is_late_comes_behind_the_next_one() -> None:
    spoiler = Spoiler(random.Random(1), Rates(late=1.0))
    assert spoiler.feed(event(1)) == b""
    spoiler.rates.late = 0.0
    assert spoiler.feed(event(2)) == event(2) + event(1)


@given(st.integers(0, 10_000))
def test_a_garbled_event_keeps_its_length_and_its_head(seed: int) -> None:
    spoilt = garbled(event(1), random.Random(seed))
    assert len(spoilt) == len(event(1))
    assert spoilt != event(1)
    assert spoilt.partition(b"\n\n")[0] == event(1).partition(b"\n\n")[0]
