"""Broken streams to a media process at work: nothing raises, nothing blocks, others are heard."""

import random
import time
from collections.abc import Callable, Iterator

import pytest

from engine.amd.audio import Law
from engine.media.listener import Listener
from tests.amd import openings
from tests.media.caller import calling, listening, packet, packets
from tests.media.engine_side import Reader

Stream = Callable[[random.Random], Iterator[bytes]]
SOUND = openings.machine()


def random_bytes(dice: random.Random) -> Iterator[bytes]:
    for _ in range(300):
        yield dice.randbytes(dice.choice((0, 1, 11, 12, 13, 172, 1_400, 2_048)))


def headers_that_lie(dice: random.Random) -> Iterator[bytes]:
    """RTP in form: sources, extensions and padding longer than the packet, wrong types, any number."""
    for _ in range(300):
        first = 0x80 | dice.getrandbits(6)
        head = bytes([first, dice.getrandbits(8)]) + dice.randbytes(10)
        yield head + dice.randbytes(dice.choice((0, 4, 160, 400)))


def thirty_percent_lost(dice: random.Random) -> Iterator[bytes]:
    return (one for one in packets(SOUND, sequence=65_400) if dice.random() > 0.3)


def shuffled_and_repeated(dice: random.Random) -> Iterator[bytes]:
    sent = packets(SOUND)
    for at in range(0, len(sent), 5):
        few = sent[at : at + 5] * 2
        dice.shuffle(few)
        yield from few


def sequences_that_jump(dice: random.Random) -> Iterator[bytes]:
    for one in packets(SOUND):
        yield one[:2] + dice.randbytes(6) + one[8:]


def streams_that_change(dice: random.Random) -> Iterator[bytes]:
    """10, 30 and 60 ms packets, both laws, another source each second."""
    for second in range(6):
        pcm = SOUND[second * 16_000 : (second + 1) * 16_000]
        law, ms = dice.choice(list(Law)), dice.choice((10, 20, 30, 60))
        for one in packets(pcm, law, ms=ms):
            yield one[:8] + second.to_bytes(4, "big") + one[12:]


def silence_suppressed(dice: random.Random) -> Iterator[bytes]:
    """Only what is loud is sent, with comfort noise between."""
    for number, one in enumerate(packets(SOUND)):
        if dice.random() < 0.5:
            yield one
        elif dice.random() < 0.1:
            yield packet(b"\x40", 65_500 + number, number * 160, kind=13)


STREAMS: list[Stream] = [
    random_bytes,
    headers_that_lie,
    thirty_percent_lost,
    shuffled_and_repeated,
    sequences_that_jump,
    streams_that_change,
    silence_suppressed,
]


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    with listening() as found:  # which asserts at its end that nothing was raised
        yield found


@pytest.mark.parametrize("broken", STREAMS, ids=lambda stream: stream.__name__)
def test_a_broken_stream_harms_nobody_and_the_call_beside_it_is_judged(
    listener: Listener, broken: Stream
) -> None:
    reader = Reader(listener.control.address)
    with calling(listener, "broken") as bad, calling(listener, "good") as good:
        assert [bad.begin("0 8 101"), good.begin()] == [200, 200]
        junk = broken(random.Random(broken.__name__))
        good_ones = iter(packets(openings.person())[:200])
        began_s = time.monotonic()
        for number, one in enumerate(junk):
            bad.sip.sendto(one, bad.media)
            if (fine := next(good_ones, None)) is not None:
                good.send(fine)
            if number % 16 == 0:
                good.ask("OPTIONS")  # so that we do not run away from it
        good.send(*good_ones)
        while (told := reader.wait("verdict"))["attempt_id"] != "good":
            pass
        assert told["verdict"] == "person"
        assert bad.end() == 200, "it is closed like any other"
        assert good.end() == 200
        assert time.monotonic() - began_s < 10.0
    reader.close()
