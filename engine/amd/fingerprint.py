"""Network announcements known again by their sound: fingerprints of recordings. Pure.

An announcement ("the subscriber is switched off") is one recording played to everybody, so it need not be
understood, only recognised. After Haitsma and Kalker, "A Highly Robust Audio Fingerprinting System" (ISMIR
2002): a word of 32 bits for each 40 ms, each bit the sign of a difference of energies between neighbouring
bands and instants, so that the level cancels out, and noise and companding flip few bits.

A match is a sum that runs along every alignment of the sound with every recording:

    score[j] = max(0, best of score[j-1] and its neighbours - slip, + allowed share of wrong bits - its own)

Where both are the same it grows by 0.1 to 0.3 a word, elsewhere it falls to nothing (unrelated sound has half
of the bits wrong). So a match may begin anywhere in either, and a lost packet costs one `slip`. Words of
silence and of steady tones are alike in all recordings: they leave the score as it is.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.amd.audio import FRAME_MS, FRAME_SAMPLES, RATE
from engine.domain.announcement import MEANINGS
from engine.domain.errors import ConfigError, did_you_mean

Samples = npt.NDArray[np.float32]
Words = npt.NDArray[np.uint32]
Shares = npt.NDArray[np.float32]

FORMAT = 1
WINDOW = 2_048  # samples heard for one word: 256 ms, so that half a word's shift of the recording is small
WORD_MS = 2 * FRAME_MS
LAG = 3  # words between the two instants of a bit: 120 ms, about one sound of speech
BITS = 32
BAND_HZ = (300.0, 3_300.0)
LEAST_DBFS = -60.0
PAUSE_DB = 26.0  # so much below the loudest so far is a pause
TONAL = 0.82  # share of the power in one peak that makes a steady tone
LEAST_S, MOST_S = 2.0, 30.0  # of a recording, counted in words that tell something / in all

_HANN = np.hanning(WINDOW).astype(np.float32)
_CUTS = np.round(np.geomspace(*BAND_HZ, BITS + 2) * WINDOW / RATE).astype(np.intp)
_PLACES = (np.uint32(1) << np.arange(BITS, dtype=np.uint32)).astype(np.uint32)
_LEAST_POWER = 10 ** (LEAST_DBFS / 10) * (32_768.0 * WINDOW / 4) ** 2
_PAUSE = 10 ** (-PAUSE_DB / 10)
_FORGETS = 0.9816  # of the loudest, a word: 2 dB a second


class Ear:
    """Frames to words. Every second frame of 160 samples gives one: (bits, does it tell anything)."""

    __slots__ = ("_frames", "_loudest", "_past", "_ring")

    def __init__(self) -> None:
        self._ring = np.zeros(WINDOW, np.float32)
        self._past: list[Shares] = []
        self._frames = 0
        self._loudest = 0.0

    def push(self, samples: Samples) -> tuple[int, bool] | None:
        """`samples`: 160, full scale ±32768."""
        ring = self._ring
        ring[:-FRAME_SAMPLES] = ring[FRAME_SAMPLES:]
        ring[-FRAME_SAMPLES:] = samples
        self._frames += 1
        if self._frames % 2:
            return None
        spectrum = np.fft.rfft(ring * _HANN)
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
        bands = np.add.reduceat(power[: _CUTS[-1]], _CUTS[:-1])
        levels = np.log(bands + 1.0)
        self._past.append(levels[1:] - levels[:-1])
        if len(self._past) <= LAG:
            return None
        word = int(_PLACES[self._past[-1] > self._past.pop(0)].sum())
        whole = float(bands.sum())
        self._loudest = max(self._loudest * _FORGETS, whole)
        heard = self._frames * FRAME_SAMPLES >= WINDOW and whole > max(_LEAST_POWER, self._loudest * _PAUSE)
        return word, heard and not _is_tone(power, whole)


def _is_tone(power: Shares, whole: float) -> bool:
    top = int(power[_CUTS[0] : _CUTS[-1]].argmax()) + int(_CUTS[0])
    return float(power[top - 3 : top + 4].sum()) > TONAL * whole


@dataclass(frozen=True, slots=True)
class Print:
    """A known recording. `means`: one of domain.announcement.MEANINGS. `words`, `tells`: see Ear."""

    name: str
    means: str
    words: Words
    tells: npt.NDArray[np.bool_]

    @property
    def seconds(self) -> float:
        return len(self.words) * WORD_MS / 1000

    def as_record(self) -> dict[str, Any]:
        """Plain data, for a file."""
        return {
            "format": FORMAT,
            "name": self.name,
            "means": self.means,
            "words": base64.b64encode(self.words.astype("<u4").tobytes()).decode(),
            "tells": "".join("1" if tells else "0" for tells in self.tells),
        }


def take_print(name: str, means: str, pcm: bytes) -> Print:
    """The fingerprint of a recording (8 kHz, signed 16 bit); what is after 30 s of it is left out.

    ConfigError: the meaning is unknown, or less than 2 s of it are anything but silence and tones.
    """
    _known(means, name)
    samples = np.frombuffer(pcm[: len(pcm) & ~1], "<i2").astype(np.float32)
    ear, words, tells = Ear(), list[int](), list[bool]()
    for at in range(0, min(len(samples), int(MOST_S * RATE)) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        heard = ear.push(samples[at : at + FRAME_SAMPLES])
        if heard is not None:
            words.append(heard[0])
            tells.append(heard[1])
    telling_s = sum(tells) * WORD_MS / 1000
    if telling_s < LEAST_S:
        fix = f"At least {LEAST_S:g} s of speech or music are needed; ring-back tones are recognised anyway."
        raise ConfigError(f"only {telling_s:.1f} s tell this recording from others", name, fix)
    return Print(name, means, np.array(words, np.uint32), np.array(tells, np.bool_))


def read_print(record: Mapping[str, Any], where: str) -> Print:
    """What `as_record` made. ConfigError: it is something else; `where` says which file."""
    try:
        if record["format"] != FORMAT:
            raise ValueError(f"format {record['format']!r}, not {FORMAT}")
        words = np.frombuffer(base64.b64decode(record["words"], validate=True), "<u4").astype(np.uint32)
        tells = np.array([mark == "1" for mark in record["tells"]], np.bool_)
        if not 0 < len(words) == len(tells):
            raise ValueError(f"{len(words)} words and {len(tells)} marks")
        name, means = str(record["name"]), str(record["means"])
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise ConfigError(f"no fingerprint: {error}", where, "Make it anew from the recording.") from error
    _known(means, where)
    return Print(name, means, words, tells)


def _known(means: str, where: str) -> None:
    if means not in MEANINGS:
        raise ConfigError(f"an announcement cannot mean '{means}'", where, did_you_mean(means, MEANINGS))


class Book:
    """All known recordings, laid end to end. Never changed; all calls share it."""

    def __init__(self, prints: Iterable[Print]) -> None:
        self.prints = tuple(prints)
        lengths = [len(one.words) for one in self.prints]
        self.starts = np.concatenate([[0], np.cumsum(lengths)])[:-1].astype(np.intp)
        self.words = np.concatenate([np.zeros(0, np.uint32), *(one.words for one in self.prints)])
        self.tells = np.concatenate([np.zeros(0), *(one.tells for one in self.prints)]).astype(np.float32)
        meanings = [one.means for one in self.prints]
        self.same = np.array([[one == other for other in meanings] for one in meanings], np.bool_)

    def __len__(self) -> int:
        return len(self.prints)


@dataclass(frozen=True, slots=True)
class Matching:
    """`allowed`: share of wrong bits at which a word speaks neither for nor against. `slip`: price of a word
    lost or said twice. `enough`: the sum that is a match; unrelated speech of the very same voices reached
    3.8 in twenty minutes. `lead`: by how much it must beat the best that means something else, for the
    announcements of one operator begin alike."""

    allowed: float = 0.36
    slip: float = 0.6
    enough: float = 7.0
    lead: float = 2.5


@dataclass(frozen=True, slots=True)
class Match:
    """`at_ms`: since the first frame. `score`: of the sum, see Matching."""

    name: str
    means: str
    at_ms: int
    score: float


class Matcher:
    """One call, listened to from any moment on. Costs nothing where no recording is known."""

    def __init__(self, book: Book, matching: Matching | None = None) -> None:
        self._book, self._matching = book, matching or Matching()
        self._ear = Ear()
        self._scores = np.zeros(len(book.words), np.float32)
        self._frames = 0

    def push(self, samples: Samples) -> Match | None:
        """The recording that has just been recognised: told with every word until the sound changes."""
        if not self._book.prints:
            return None
        self._frames += 1
        heard = self._ear.push(samples)
        if heard is None or not heard[1]:
            if heard is not None:
                self._step(None)
            return None
        self._step(heard[0])
        return self._judge()

    def _step(self, word: int | None) -> None:
        """One word later; None: one that tells nothing."""
        book, rules, before = self._book, self._matching, self._scores
        scores = np.empty_like(before)
        scores[0] = 0.0
        scores[1:] = before[:-1]
        np.maximum(scores, before - rules.slip, out=scores)  # the recording stood still
        np.maximum(scores[2:], before[:-2] - rules.slip, out=scores[2:])  # or is a word ahead
        scores[book.starts] = 0.0  # a sum does not run from one recording into the next
        if word is not None:
            wrong = np.bitwise_count(book.words ^ np.uint32(word)).astype(np.float32) / BITS
            scores += (rules.allowed - wrong) * book.tells
            np.maximum(scores, 0.0, out=scores)
        self._scores = scores

    def _judge(self) -> Match | None:
        book, rules = self._book, self._matching
        best = np.maximum.reduceat(self._scores, book.starts)
        first = int(best.argmax())
        score = float(best[first])
        if score < rules.enough:
            return None
        others = best[~book.same[first]]
        if others.size and score - float(others.max()) < rules.lead:
            return None
        one = book.prints[first]
        return Match(one.name, one.means, self._frames * FRAME_MS, round(score, 2))
