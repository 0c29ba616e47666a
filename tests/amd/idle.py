"""Lines on which nobody speaks: what is heard while a telephone lies beside somebody, or nobody is there.

Every one comes as RTP carries it, through the law's own steps; `level_dbm0` is its power (0 dBm0: 6.15 dB
under a square wave of full scale).
"""

from collections.abc import Callable

import numpy as np

from engine.amd.audio import Law, decode, encode
from tests.amd.openings import RATE, Sound

Dice = np.random.Generator


def noise(length: int, tilt: float, dice: Dice) -> Sound:
    """RMS 1. `tilt`: 0 white, 1 pink, 2 brown."""
    spectrum = np.fft.rfft(dice.normal(size=length))
    hz = np.maximum(np.fft.rfftfreq(length, 1 / RATE), 40.0)
    sound = np.fft.irfft(spectrum * hz ** (-tilt / 2), length)
    return np.asarray(sound / sound.std())


def _hum(length: int, base_hz: float, dice: Dice) -> Sound:
    """Mains, and what is left of it in rectifiers."""
    at = np.arange(length) / RATE
    parts = [np.sin(2 * np.pi * base_hz * k * at + dice.uniform(0, 6)) / k for k in range(1, 12)]
    return np.asarray(np.sum(parts, axis=0)) + 0.1 * noise(length, 1, dice)


def _buzz(length: int, dice: Dice) -> Sound:
    """A mobile telephone's bursts beside a wire: 217 Hz, on and off."""
    at = np.arange(length) / RATE
    pulses = (np.sin(2 * np.pi * 217 * at) > 0.8) - 0.2
    return pulses * (np.sin(2 * np.pi * 0.4 * at + dice.uniform(0, 6)) > 0.3) + 0.02 * noise(length, 1, dice)


def _clicks(length: int, dice: Dice) -> Sound:
    sound = 0.05 * noise(length, 1, dice)
    for at in dice.integers(0, length - 200, 12):
        sound[at : at + 200] += 10 * dice.normal(size=200) * np.exp(-np.arange(200) / dice.uniform(5, 60))
    return sound


def _breath(length: int, dice: Dice) -> Sound:
    at = np.arange(length) / RATE
    hz = np.fft.rfftfreq(length, 1 / RATE)
    band = np.exp(-((np.log(np.maximum(hz, 1) / 700) / 0.8) ** 2))
    air = np.fft.irfft(np.fft.rfft(dice.normal(size=length)) * band, length)
    swing = np.maximum(0, np.sin(2 * np.pi * 0.35 * at + dice.uniform(0, 6))) ** 2
    return np.asarray(air / air.std() * swing) + 0.02 * noise(length, 1, dice)


def _gusts(length: int, tilt: float, step_s: float, spread_db: float, dice: Dice) -> Sound:
    """Noise that swells and sinks."""
    knots = int(length / RATE / step_s) + 2
    gain_db = np.interp(np.arange(length), np.linspace(0, length, knots), dice.normal(0, spread_db, knots))
    return noise(length, tilt, dice) * 10 ** (gain_db / 20)


def _steps(length: int, dice: Dice) -> Sound:
    """Comfort noise that does not match the noise it stands for."""
    at = np.arange(length) / RATE
    return noise(length, 0.5, dice) * np.where((at // dice.uniform(0.5, 1.5)).astype(int) % 2, 1.0, 0.15)


def _lossy(length: int, dice: Dice) -> Sound:
    """Silence where one packet in seven is missing."""
    heard = np.repeat(dice.random(length // 160 + 1) > 0.15, 160)[:length]
    return noise(length, 1, dice) * heard


def _thumps(length: int, dice: Dice) -> Sound:
    """A constant for a packet or two, now and then: what a switch fills gaps with, in the wrong law."""
    sound, at = 0.02 * noise(length, 1, dice), 0
    while (at := at + 160 * int(dice.integers(1, 60))) < length:
        sound[at : at + 160 * int(dice.integers(1, 3))] += 1.0
    return sound


KINDS: dict[str, Callable[[int, Dice], Sound]] = {
    "white": lambda length, dice: noise(length, 0, dice),
    "pink": lambda length, dice: noise(length, 1, dice),
    "brown": lambda length, dice: noise(length, 2, dice),
    "hum of 50 Hz": lambda length, dice: _hum(length, 50.0, dice),
    "hum of 60 Hz": lambda length, dice: _hum(length, 60.0, dice),
    "buzz": _buzz,
    "clicks": _clicks,
    "breath": _breath,
    "wind": lambda length, dice: _gusts(length, 2.2, 0.7, 6.0, dice),
    "rustle": lambda length, dice: _gusts(length, 1.3, 0.2, 3.0, dice),
    "comfort noise in steps": _steps,
    "lost packets": _lossy,
    "thumps": _thumps,
}


def line(kind: str, level_dbm0: float, seconds: float, law: Law, seed: int) -> bytes:
    """pcm of one of KINDS."""
    dice = np.random.default_rng(seed)
    sound = KINDS[kind](int(seconds * RATE), dice)
    sound = sound / max(1e-9, float(sound.std())) * 10 ** ((level_dbm0 - 6.15) / 20)
    pcm = (np.clip(sound, -1, 1) * 32_767).astype("<i2").tobytes()
    return decode(encode(pcm, law), law)


def unused(seconds: float, law: Law, seed: int) -> bytes:
    """A codec with nothing to say: its two smallest steps, by chance."""
    smallest = {Law.PCMU: b"\x7f\xff\x7e\xfe", Law.PCMA: b"\x55\xd5"}[law]
    picked = np.random.default_rng(seed).choice(list(smallest), int(seconds * RATE))
    return decode(picked.astype(np.uint8).tobytes(), law)
