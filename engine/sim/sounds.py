"""What far ends sound like, as G.711 at 8 kHz: made once per kind and length, then cut into frames. Pure.

Speech is a voiced pulse train through formants in syllables and pauses: no words, but voiced where a voice
would be and quiet where it would breathe.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

RATE = 8000
FRAME = 160  # 20 ms
SPEECH_LEVEL = 6000.0
TONE_LEVEL = 6000.0
NOISE_LEVEL = 6.0  # a line is never quite silent
VOICES = 8

Samples = npt.NDArray[np.float64]


@lru_cache(maxsize=256)
def after_answer(kind: str, greeting_ds: int, voice: int, codec: str) -> bytes:
    """The callee's side from the answer on, until nothing new comes. `greeting_ds`: tenths of a second.

    answer:    breath, "hello" for the greeting's length, quiet, "hello?" again
    voicemail: the greeting, a short pause, a beep of 1000 Hz
    fax:       the called station's tone, 2100 Hz
    """
    greeting_s = greeting_ds / 10
    if kind == "voicemail":
        parts = [quiet(0.4), speech(greeting_s, voice), quiet(0.3), tone(1000, 0.6), quiet(0.5)]
    elif kind == "fax":
        parts = [quiet(0.6), tone(2100, 3.3), quiet(1.0)]
    else:
        parts = [quiet(0.35), speech(greeting_s, voice), quiet(2.2), speech(0.6, voice + 1), quiet(0.5)]
    return encode(np.concatenate(parts), codec)


@lru_cache(maxsize=64)
def before_answer(kind: str, seconds_ds: int, voice: int, codec: str) -> bytes:
    """Early media: the network's announcement after its information tones, or ring-back that repeats."""
    if kind == "announcement":
        tones = [part for hz in (950, 1400, 1800) for part in (tone(hz, 0.33), quiet(0.02))]
        parts = [quiet(0.2), *tones, quiet(0.3), speech(max(0.5, seconds_ds / 10 - 1.6), voice)]
    else:
        parts = [tone(425, 1.0), quiet(4.0)] * 12
    return encode(np.concatenate(parts), codec)


@lru_cache(maxsize=32)
def talking(voice: int, codec: str) -> bytes:
    """Ten seconds of somebody who talks with somebody: phrases and pauses."""
    parts = [part for n in range(4) for part in (speech(1.6, voice + n), quiet(0.9))]
    return encode(np.concatenate(parts), codec)


@lru_cache(maxsize=4)
def silence(codec: str) -> bytes:
    return encode(quiet(1.0), codec)


def quiet(seconds: float) -> Samples:
    return np.random.default_rng(7).normal(0.0, NOISE_LEVEL, round(seconds * RATE))


def tone(hz: float, seconds: float) -> Samples:
    at = np.arange(round(seconds * RATE)) / RATE
    return TONE_LEVEL * np.sin(2 * np.pi * hz * at)


def speech(seconds: float, voice: int) -> Samples:
    """Syllables of about 220 ms, a breath after every sixth or so."""
    dice = np.random.default_rng(100 + voice % VOICES)
    count = round(seconds * RATE)
    pitch_hz = dice.uniform(95, 210)
    at = np.arange(count) / RATE
    glide = 1 + 0.08 * np.sin(2 * np.pi * 0.7 * at + dice.uniform(0, 6))
    phase = 2 * np.pi * np.cumsum(pitch_hz * glide) / RATE
    sound = np.zeros(count)
    formants = [
        (dice.uniform(350, 800), 1.0),
        (dice.uniform(1000, 1900), 0.5),
        (dice.uniform(2300, 2900), 0.2),
    ]
    for harmonic in range(1, int(3400 / pitch_hz)):
        hz = harmonic * pitch_hz
        gain = sum(level / (1 + ((hz - centre) / 160) ** 2) for centre, level in formants) + 0.02
        sound += gain * np.sin(harmonic * phase + dice.uniform(0, 6))
    sound += dice.normal(0, 0.05, count)
    sound *= _syllables(count, dice)
    peak = float(np.max(np.abs(sound))) if count else 0.0
    return sound * (SPEECH_LEVEL / peak) if peak else sound


def _syllables(count: int, dice: np.random.Generator) -> Samples:
    """How loud the voice is, sample by sample: it rises and falls with each syllable."""
    envelope = np.zeros(count)
    at, spoken = 0, 0
    while at < count:
        length = round(dice.uniform(0.16, 0.28) * RATE)
        piece = np.sin(np.linspace(0, np.pi, length)) ** 0.5 * dice.uniform(0.6, 1.0)
        envelope[at : at + length] = piece[: max(0, min(length, count - at))]
        at, spoken = at + length, spoken + 1
        if spoken % 6 == 0:
            at += round(0.15 * RATE)
    return envelope


# --- G.711 -------------------------------------------------------------------------------------------


def encode(samples: Samples, codec: str) -> bytes:
    """16-bit samples as PCMU or PCMA."""
    pcm = np.clip(np.round(samples), -32768, 32767).astype(np.int32)
    return (_a_law(pcm) if codec == "PCMA" else _mu_law(pcm)).astype(np.uint8).tobytes()


def _mu_law(pcm: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    sign = np.where(pcm < 0, 0x80, 0)
    magnitude = np.minimum(np.abs(pcm), 32635) + 0x84
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    found: npt.NDArray[np.int32] = ~(sign | (exponent << 4) | mantissa) & 0xFF
    return found


def _a_law(pcm: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    sign = np.where(pcm >= 0, 0x80, 0)
    magnitude = np.minimum(np.where(pcm >= 0, pcm, -pcm - 1), 32767) >> 4
    exponent = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 4, 0)
    segment = np.where(magnitude >= 16, exponent + 1, 0)
    found: npt.NDArray[np.int32] = (sign | (segment << 4) | ((magnitude >> exponent) & 0x0F)) ^ 0x55
    return found
