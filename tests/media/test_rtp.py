"""RTP as it comes and as it should not come: never an exception, never a gap in time, never a flood."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.amd.audio import Law, decode
from engine.amd.classifier import Detector
from engine.media.ear import Ear, hear
from engine.media.rtp import MAX_GAP_SAMPLES, MAX_PAYLOAD, Receiver
from tests.media.caller import packet

LAWS = {0: Law.PCMU, 8: Law.PCMA}
SOUND = bytes(range(160))
PCM = decode(SOUND, Law.PCMU)


def receiver() -> Receiver:
    return Receiver(dict(LAWS))


def test_sound_comes_out_as_it_was_sent_over_the_wrap_of_sequence_and_timestamp():
    it = receiver()
    for n in range(200):
        assert it.receive(packet(SOUND, 65_450 + n, 0xFFFFFF00 + n * 160), n * 0.02) == PCM
    assert (it.packets, it.lost, it.late, it.junk) == (200, 0, 0, 0)


def test_lost_packets_are_silence_of_their_length():
    it = receiver()
    it.receive(packet(SOUND, 1, 0), 0.0)
    assert it.receive(packet(SOUND, 4, 480), 0.06) == bytes(2 * 320) + PCM
    assert it.lost == 2


def test_packets_of_two_streams_follow_the_newer_one():
    it = receiver()
    it.receive(packet(SOUND, 1, 0, ssrc=1), 0.0)
    assert it.receive(packet(SOUND, 40_000, 9_999_999, ssrc=2), 0.02) == PCM
    assert it.receive(packet(SOUND, 40_001, 9_999_999 + 160, ssrc=2), 0.04) == PCM


def test_late_and_repeated_packets_are_left_out():
    it = receiver()
    it.receive(packet(SOUND, 1, 0), 0.0)
    it.receive(packet(SOUND, 3, 320), 0.04)
    assert it.receive(packet(SOUND, 2, 160), 0.05) == b""
    assert it.receive(packet(SOUND, 3, 320), 0.05) == b""
    assert it.late == 2


def test_keys_and_comfort_noise_are_no_sound_and_the_time_they_took_is_kept():
    it = receiver()
    it.receive(packet(SOUND, 1, 0), 0.0)
    assert it.receive(packet(b"\x05\x8a\x03\x20", 2, 160, kind=101), 0.02) == b""
    assert it.receive(packet(b"\x40", 3, 320, kind=13), 0.04) == b""
    assert it.receive(packet(SOUND, 4, 480), 0.06) == bytes(2 * 320) + PCM


@pytest.mark.parametrize("law", Law)
def test_what_the_switch_fills_up_with_is_silence_in_either_law(law: Law):
    it, kind = receiver(), law.payload_type
    heard = it.receive(packet(b"\xff" * 160, 1, 0, kind), 0.0)
    assert max(map(abs, np.frombuffer(heard, "<i2").tolist())) <= 8
    spoken = bytes(range(100)) + b"\xff" * 60
    assert it.receive(packet(spoken, 2, 160, kind), 0.02) == decode(spoken, law)


@pytest.mark.parametrize("seed", range(3))
def test_nobody_is_heard_in_the_gaps_of_a_silent_line(seed: int):
    dice, it, ear, packets = np.random.default_rng(seed), receiver(), Ear(Detector), list[bytes]()
    while len(packets) < 400:
        idle = dice.choice(list(b"\x55\xd5"), (int(dice.integers(1, 60)), 160)).astype(np.uint8)
        packets += [row.tobytes() for row in idle] + [b"\xff" * 160] * int(dice.integers(1, 3))
    for number, octets in enumerate(packets):
        sound = it.receive(packet(octets, number, number * 160, 8), number * 0.02)
        assert max(map(abs, np.frombuffer(sound, "<i2").tolist())) <= 8
        assert ear.add(sound)
        assert hear([ear]) == [[]]


def test_a_pause_of_the_sender_is_silence_once_and_not_twice():
    it = receiver()
    it.receive(packet(SOUND, 1, 0), 0.0)
    given_by_clock = b"".join(it.quiet(0.04 * n) for n in range(1, 20))  # until 0.76 s
    at_last = it.receive(packet(SOUND, 2, 8_000 - 160), 0.98)
    assert len(given_by_clock) + len(at_last) == 2 * (8_000 - 160 - 160) + len(PCM)


def test_timestamps_that_stand_still_do_not_silence_a_stream():
    it = receiver()
    assert all(it.receive(packet(SOUND, n, 7), n * 0.02) == PCM for n in range(50))


def test_headers_with_sources_extension_and_padding_are_taken_apart():
    plain = packet(SOUND, 1, 0)
    sources = bytes([plain[0] | 2]) + plain[1:12] + bytes(8) + SOUND
    extension = bytes([plain[0] | 0x10]) + plain[1:12] + b"\xbe\xde\x00\x01" + bytes(4) + SOUND
    padded = bytes([plain[0] | 0x20]) + plain[1:] + b"\x00\x00\x00\x04"
    for odd in (sources, extension, padded):
        assert receiver().receive(odd, 0.0) == PCM


def test_nothing_is_heard_before_the_first_packet():
    assert receiver().quiet(100.0) == b""


@given(st.lists(st.binary(max_size=2_000), max_size=60))
def test_random_bytes_never_raise_and_never_become_more_than_they_are(junk: list[bytes]):
    it = receiver()
    for number, one in enumerate(junk):
        assert len(it.receive(one, number * 0.02)) <= 2 * (len(one) + MAX_GAP_SAMPLES)
    assert it.packets + it.late + it.junk == len(junk)


PACKETS = st.builds(
    packet,
    st.binary(max_size=MAX_PAYLOAD + 10),
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFFFFFFFF),
    st.sampled_from([0, 8, 0x80, 13, 101]),
    st.sampled_from([1, 2]),
)


@settings(max_examples=200)
@given(st.lists(st.tuples(PACKETS, st.floats(0, 5), st.booleans()), max_size=40))
def test_a_stream_that_makes_no_sense_gives_bounded_sound(steps: list[tuple[bytes, float, bool]]):
    it, now_s = receiver(), 0.0
    for one, wait_s, tick in steps:
        now_s += wait_s
        if tick:
            assert len(it.quiet(now_s)) <= 2 * 1_600
        assert len(it.receive(one, now_s)) <= 2 * (len(one) + MAX_GAP_SAMPLES)


@given(st.lists(st.booleans(), min_size=2, max_size=120), st.sampled_from([80, 160, 240]))
def test_with_any_loss_the_time_of_the_sound_is_the_time_that_was_sent(kept: list[bool], size: int):
    it, heard, last = receiver(), 0, -1
    kept[0] = True
    for number, arrives in enumerate(kept):
        if arrives:
            heard += len(it.receive(packet(bytes(size), number, number * size), number * 0.02)) // 2
            last = number
    assert heard == (last + 1) * size or it.lost >= 8_000 // size
