"""Tones, to be sent by far ends and found again in recordings. Samples are 16 bit, 8000 a second."""

import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE = 8000
Samples = npt.NDArray[np.int16]


def tone(frequency_hz: float, seconds: float, level: float = 0.3) -> Samples:
    """A sine; `level` is the amplitude as a fraction of full scale."""
    at = np.arange(int(seconds * RATE)) / RATE
    return (np.sin(2 * np.pi * frequency_hz * at) * level * 32767).astype(np.int16)


def write_wav(path: Path, samples: Samples) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.tobytes())
    return path


def read_wav(path: Path) -> list[Samples]:
    """The channels of a wav file: for a stereo recording of a call, [customer, agent]."""
    with wave.open(str(path), "rb") as source:
        assert source.getsampwidth() == 2, path
        samples = np.frombuffer(source.readframes(source.getnframes()), dtype=np.int16)
        return [samples[n :: source.getnchannels()] for n in range(source.getnchannels())]


def tone_share(samples: Samples, frequency_hz: float) -> float:
    """How much of the signal's power is this tone: 1.0 the pure tone, 0.0 silence or anything else.

    The power at one frequency (Goertzel's), in blocks of 50 ms so that gaps and phase jumps do not blur it.
    """
    block = RATE // 20
    whole = len(samples) // block * block
    if whole == 0:
        return 0.0
    blocks = samples[:whole].astype(np.float64).reshape(-1, block)
    wave_ = np.exp(-2j * np.pi * frequency_hz * np.arange(block) / RATE)
    power = float((np.abs(blocks @ wave_) ** 2).sum()) * 2 / block
    total = float((blocks**2).sum())
    return power / total if total > 0 else 0.0


def tone_seconds(samples: Samples, frequency_hz: float, level: float = 0.05) -> float:
    """For how long the tone is heard: blocks of 50 ms in which it is there above `level` of full scale."""
    block = RATE // 20
    whole = len(samples) // block * block
    blocks = samples[:whole].astype(np.float64).reshape(-1, block)
    wave_ = np.exp(-2j * np.pi * frequency_hz * np.arange(block) / RATE)
    amplitude = np.abs(blocks @ wave_) * 2 / block / 32767
    return float((amplitude > level).sum()) / 20


_ALAW_DECODED = np.zeros(256, dtype=np.int16)
for _code in range(256):
    _c = _code ^ 0x55
    _exponent, _mantissa = (_c >> 4) & 7, _c & 15
    _value = (_mantissa * 16 + 8) if _exponent == 0 else (_mantissa * 16 + 264) << (_exponent - 1)
    _ALAW_DECODED[_code] = _value if _c & 0x80 else -_value
_ALAW_ORDER = np.argsort(_ALAW_DECODED)
_ALAW_SORTED = _ALAW_DECODED[_ALAW_ORDER].astype(np.int32)


def alaw_encode(samples: Samples) -> bytes:
    """G.711 A-law, one byte per sample: the code whose value is nearest."""
    middles = (_ALAW_SORTED[:-1] + _ALAW_SORTED[1:]) // 2
    return _ALAW_ORDER[np.searchsorted(middles, samples.astype(np.int32))].astype(np.uint8).tobytes()


def alaw_decode(data: bytes) -> Samples:
    return _ALAW_DECODED[np.frombuffer(data, dtype=np.uint8)]
