"""G.711 against its definition, and frames from any chunks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.amd.audio import FRAME_BYTES, SILENCE, Framer, Law, decode, encode

EVERY_CODE = bytes(range(256))


def values(law: Law, codes: bytes) -> list[int]:
    return [int(value) for value in np.frombuffer(decode(codes, law), "<i2")]


def test_the_corner_values_are_those_of_the_recommendation():
    assert values(Law.PCMU, b"\x00\x80\x7f\xff\x0f") == [-32124, 32124, 0, 0, -16764]
    assert values(Law.PCMA, b"\x2a\xaa\x55\xd5") == [-32256, 32256, -8, 8]


@pytest.mark.parametrize("law", Law)
def test_every_code_survives_the_way_there_and_back(law: Law):
    assert values(law, encode(decode(EVERY_CODE, law), law)) == values(law, EVERY_CODE)


@pytest.mark.parametrize("law", Law)
def test_nothing_is_encoded_as_the_silence_of_the_law(law: Law):
    assert abs(values(law, SILENCE[law])[0]) <= 8
    assert encode(bytes(2), law) in (SILENCE[law], b"\x55")


@given(st.lists(st.integers(-32_768, 32_767), min_size=1, max_size=50), st.sampled_from(Law))
def test_a_sample_comes_back_within_the_step_of_its_segment(samples: list[int], law: Law):
    pcm = np.array(samples, "<i2").tobytes()
    for before, after in zip(samples, values(law, encode(pcm, law)), strict=True):
        assert abs(before - after) <= max(16, abs(before) / 30 + 16)


@given(st.lists(st.binary(max_size=900), max_size=20))
def test_frames_do_not_depend_on_how_the_stream_was_cut(chunks: list[bytes]):
    framer = Framer()
    frames = [frame for chunk in chunks for frame in framer.push(chunk)]
    whole = b"".join(chunks)
    assert all(len(frame) == FRAME_BYTES for frame in frames)
    assert b"".join(frames) == whole[: len(whole) // FRAME_BYTES * FRAME_BYTES]
