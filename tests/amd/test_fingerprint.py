"""Announcements known again by their sound, through a telephone line."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.amd.audio import FRAME_BYTES, Framer, Law, decode, encode
from engine.amd.early import Announced, EarlyEar
from engine.amd.fingerprint import Book, Match, Matcher, Print, read_print, take_print
from engine.domain.announcement import MEANINGS
from engine.domain.errors import ConfigError
from tests.amd.openings import Sound, pcm, silence, tone, voice


def words(seed: int, seconds: float = 5.0) -> Sound:
    """Somebody reads a text: another seed is another voice and another text."""
    dice = np.random.default_rng(seed)
    parts = list[Sound]()
    while sum(map(len, parts)) < seconds * 8_000:
        parts += [voice(dice.uniform(0.4, 0.9), dice.uniform(95, 220), seed=int(dice.integers(1 << 30)))]
        parts += [silence(dice.uniform(0.05, 0.15), seed=int(dice.integers(1 << 30)))]
    return np.concatenate(parts)


OFF, WRONG_NUMBER = words(1), words(2)
BOOK = Book(
    [take_print("off", "unreachable", pcm(OFF)), take_print("wrong", "dead_number", pcm(WRONG_NUMBER))]
)


def line(
    sound: Sound, law: Law = Law.PCMA, noise: float = 0.002, gain: float = 0.4, loss: float = 0.0
) -> bytes:
    """What comes out of a telephone line that this went into."""
    dice = np.random.default_rng(7)
    heard = decode(encode(pcm(gain * sound + dice.normal(0, noise, len(sound))), law), law)
    lost = dice.random(len(heard) // FRAME_BYTES) < loss
    frames = [heard[at : at + FRAME_BYTES] for at in range(0, len(lost) * FRAME_BYTES, FRAME_BYTES)]
    return b"".join(bytes(FRAME_BYTES) if gone else frame for frame, gone in zip(frames, lost, strict=True))


def heard(sound: bytes, book: Book = BOOK) -> Match | None:
    matcher = Matcher(book)
    for frame in Framer().push(sound):
        found = matcher.push(np.frombuffer(frame, "<i2").astype(np.float32))
        if found is not None:
            return found
    return None


@pytest.mark.parametrize("law", Law)
@pytest.mark.parametrize(
    "how",
    [{}, {"gain": 0.05, "noise": 0.0005}, {"noise": 0.01}, {"loss": 0.05}],
    ids=["plain", "faint", "noisy", "lossy"],
)
def test_an_announcement_is_known_through_a_line(law: Law, how: dict[str, Any]):
    found = heard(line(OFF, law, **how))
    assert found is not None
    assert (found.name, found.means) == ("off", "unreachable")
    assert found.at_ms <= 3_000


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 16_000), st.integers(0, 5_000))
def test_it_does_not_matter_where_the_sound_begins_nor_what_was_before(cut: int, before: int):
    found = heard(line(np.concatenate([silence(before / 8_000), WRONG_NUMBER[cut:]])))
    assert found is not None
    assert found.means == "dead_number"


@pytest.mark.parametrize("seed", range(3, 9))
def test_other_words_are_not_known(seed: int):
    assert heard(line(words(seed, 6.0))) is None


def test_ringing_tones_silence_and_noise_are_not_known_and_cannot_be_taught():
    dice = np.random.default_rng(3)
    ring = np.concatenate([tone(425, 1.0), silence(4.0), tone(425, 1.0)])
    for sound in (ring, silence(6.0), dice.normal(0, 0.05, 48_000), np.zeros(48_000)):
        assert heard(pcm(sound)) is None
    for sound in (ring, np.zeros(48_000)):
        with pytest.raises(ConfigError, match="tell this recording"):
            take_print("ring", "ringback", pcm(sound))


def test_announcements_that_begin_alike_are_told_apart_by_what_follows():
    start = words(20, 3.0)
    busy, off = np.concatenate([start, words(21, 4.0)]), np.concatenate([start, words(22, 4.0)])
    book = Book([take_print("b", "busy", pcm(busy)), take_print("o", "unreachable", pcm(off))])
    for sound, means in ((busy, "busy"), (off, "unreachable")):
        found = heard(line(sound), book)
        assert found is not None
        assert found.means == means
        assert found.at_ms > 3_000
    twice = Book([take_print("b", "busy", pcm(busy)), take_print("o", "busy", pcm(off))])
    found = heard(line(busy), twice)
    assert found is not None
    assert found.at_ms < 3_000, "both mean the same, so there is nothing to wait for"


def test_a_print_is_the_same_after_a_file():
    one = take_print("off", "unreachable", pcm(OFF))
    again = read_print(one.as_record(), "off.json")
    assert (again.name, again.means, again.seconds) == (one.name, one.means, one.seconds)
    assert (again.words == one.words).all()
    assert (again.tells == one.tells).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"format": 2},
        {"means": "gone"},
        {"words": "?"},
        {"words": "AAAA"},
        {"tells": ""},
        {"words": 5},
        {"name": None, "tells": 3},
    ],
)
def test_a_file_that_is_no_print_is_told_with_its_place(wrong: dict[str, Any]):
    record = take_print("off", "unreachable", pcm(OFF)).as_record() | wrong
    with pytest.raises(ConfigError, match=r"off\.json"):
        read_print(record, "off.json")


def test_no_meaning_is_unknown_to_the_dispositions():
    assert [means for means, ends in MEANINGS.items() if ends is None] == ["ringback"]


# --- before the answer --------------------------------------------------------------------------------


def early(sound: bytes, book: Book = BOOK) -> list[Announced]:
    ear = EarlyEar(book)
    return [told for frame in Framer().push(sound) if (told := ear.feed(frame)) is not None]


def test_after_ringing_the_words_are_known():
    told = early(line(np.concatenate([tone(425, 1.0), silence(3.0), OFF])))
    assert [(one.means, one.why, one.name) for one in told] == [("unreachable", "fingerprint", "off")]


def test_the_words_after_information_tones_tell_more_than_the_tones():
    sit = [part for hz in (950.0, 1_400.0, 1_800.0) for part in (tone(hz, 0.33), silence(0.02))]
    known = early(line(np.concatenate([silence(0.2), *sit, silence(0.2), WRONG_NUMBER, silence(6.0)])))
    assert [one.means for one in known] == ["dead_number"]
    strange = early(line(np.concatenate([silence(0.2), *sit, silence(0.2), words(9, 4.0), silence(4.0)])))
    assert [(one.means, one.why) for one in strange] == [("announcement", "sit")]


def test_information_tones_tell_by_themselves_which_they_are():
    """Vacant code: high and long, low and short (GR-1162)."""
    sit = [tone(985.2, 0.38), tone(1_370.6, 0.274), tone(1_776.7, 0.38)]
    told = early(line(np.concatenate([silence(0.2), *sit, silence(0.2), words(9, 4.0), silence(4.0)])))
    assert [(one.means, one.why) for one in told] == [("dead_number", "sit")]


@pytest.mark.parametrize(("on_s", "means"), [(0.4, "busy"), (0.24, "congestion")])
def test_busy_and_congestion_are_told_by_their_cadence(on_s: float, means: str):
    told = early(pcm(*[part for _ in range(6) for part in (tone(425, on_s), silence(on_s))]))
    assert [one.means for one in told] == [means]


def test_ringing_says_nothing_however_long():
    assert early(pcm(*[part for _ in range(6) for part in (tone(425, 1.0), silence(4.0))])) == []


def test_music_that_is_known_is_told_once_and_listening_goes_on():
    music = take_print("song", "ringback", pcm(words(30)))
    told = early(line(np.concatenate([words(30), words(30), OFF])), Book([*BOOK.prints, music]))
    assert [one.means for one in told] == ["ringback", "unreachable"]


def test_with_nothing_known_only_tones_are_told():
    assert early(line(OFF), Book(())) == []


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1 << 30), st.integers(0, 15))
def test_whatever_is_heard_nothing_is_raised(seed: int, scale: int):
    dice = np.random.default_rng(seed)
    noise = (dice.integers(-32_768, 32_768, 16_000) >> scale).astype("<i2")
    assert early(noise.tobytes()) == []


def test_a_frame_that_is_not_whole_is_refused():
    with pytest.raises(ValueError, match="320"):
        EarlyEar(BOOK).feed(b"12")


def test_a_book_is_laid_end_to_end():
    shorter: list[Print] = [
        take_print("a", "busy", pcm(words(40, 3.0))),
        take_print("b", "busy", pcm(words(41, 4.0))),
    ]
    book = Book(shorter)
    assert list(book.starts) == [0, len(shorter[0].words)]
    assert len(book.words) == sum(len(one.words) for one in shorter)
