"""Signals of the network and of machines: beeps, fax, special information tones, ring-back, busy, keys."""

import numpy as np

from engine.training.channel import RATE, Dice, Sound

BEEPS_HZ = (440, 480, 500, 620, 660, 800, 850, 880, 950, 1000, 1000, 1020, 1100, 1200, 1400, 1500, 2000)
RINGBACKS = {
    "us": ((440, 480), (2.0, 4.0)),
    "uk": ((400, 450), (0.4, 0.2, 0.4, 2.0)),
    "eu": ((425,), (1.0, 4.0)),
    "fr": ((440,), (1.5, 3.5)),
    "au": ((400, 425), (0.4, 0.2, 0.4, 2.0)),
    "ru": ((425,), (0.8, 3.2)),
}
BUSIES = {
    "us": ((480, 620), (0.5, 0.5)),
    "reorder": ((480, 620), (0.25, 0.25)),
    "uk": ((400,), (0.375, 0.375)),
    "eu": ((425,), (0.5, 0.5)),
    "fast": ((425,), (0.25, 0.25)),
    "de": ((425,), (0.48, 0.48)),
    "ru": ((425,), (0.4, 0.4)),
}
SITS = {
    "intercept": ((913.8, 0.274), (1370.6, 0.274), (1776.7, 0.38)),
    "vacant": ((985.2, 0.38), (1370.6, 0.274), (1776.7, 0.38)),
    "reorder": ((913.8, 0.274), (1428.5, 0.38), (1776.7, 0.38)),
    "no circuit": ((985.2, 0.38), (1428.5, 0.38), (1776.7, 0.38)),
    "": ((950.0, 0.33), (1400.0, 0.33), (1800.0, 0.33)),
}
KEYS = {"1": (697, 1209), "5": (770, 1336), "9": (852, 1477), "0": (941, 1336), "#": (941, 1477)}


def tone(hz: tuple[float, ...] | float, seconds: float, level: float = 0.2) -> Sound:
    """One or more frequencies at once, with edges of 4 ms."""
    many = hz if isinstance(hz, tuple) else (hz,)
    t = np.arange(int(seconds * RATE)) / RATE
    sound = np.sum([np.sin(2 * np.pi * one * t) for one in many], axis=0) / len(many)
    edge = np.minimum(1, np.minimum(t, t[::-1]) / 0.004) if len(t) else t
    return np.asarray(level * 1.4 * sound * edge, np.float32)


def silence(seconds: float) -> Sound:
    return np.zeros(max(0, int(seconds * RATE)), np.float32)


def cadence(
    hz: tuple[float, ...], on_off: tuple[float, ...], seconds: float, dice: Dice, level: float
) -> Sound:
    """From anywhere in the cycle."""
    cycle = np.concatenate([tone(hz, s, level) if n % 2 == 0 else silence(s) for n, s in enumerate(on_off)])
    many = np.tile(cycle, int(seconds * RATE / len(cycle)) + 2)
    at = int(dice.integers(0, len(cycle)))
    return many[at : at + int(seconds * RATE)]


def beep(dice: Dice, level: float) -> tuple[Sound, float]:
    """(the sound, its frequency in Hz)."""
    hz = float(dice.choice(BEEPS_HZ)) if dice.random() < 0.7 else float(dice.uniform(500, 2_000))
    seconds = float(dice.choice([0.15, 0.2, 0.25, 0.3, 0.4, 0.6, 0.8, 1.0]))
    kind = dice.random()
    if kind < 0.15:  # two at once
        return tone((hz, hz * float(dice.choice([1.25, 4 / 3, 1.5]))), seconds, level), hz
    sound = tone(hz, seconds, level)
    if kind < 0.3:  # trembling
        t = np.arange(len(sound)) / RATE
        swing = dice.uniform(4, 16) / dice.uniform(4, 7)
        phase = 2 * np.pi * hz * t + swing * np.sin(2 * np.pi * 5 * t)
        sound = np.asarray(level * 1.4 * np.sin(phase), np.float32)
    return sound, hz


def fax(kind: str, dice: Dice, level: float) -> Sound:
    """ced, ansam (15 Hz modulation, phase turns every 450 ms), cng."""
    if kind == "cng":
        parts = [
            silence(dice.uniform(0.2, 2.0)),
            tone(1_100 + dice.uniform(-30, 30), 0.5, level),
            silence(3.0),
        ]
        return np.concatenate([*parts, parts[1], silence(3.0)])
    seconds = dice.uniform(2.6, 4.0)
    sound = tone(2_100 + dice.uniform(-12, 12), seconds, level)
    if kind == "ansam":
        t = np.arange(len(sound)) / RATE
        turns = np.where((t / 0.45).astype(int) % 2, -1, 1)
        sound = np.asarray(sound * turns * (1 + 0.2 * np.sin(2 * np.pi * 15 * t)), np.float32)
    return np.concatenate([silence(dice.uniform(0.3, 2.0)), sound, silence(1.5)])


def sit(name: str, level: float) -> Sound:
    return np.concatenate([tone(hz, s, level) for hz, s in SITS[name]])


def keys(dice: Dice, level: float) -> Sound:
    """One to four keys."""
    parts = [silence(dice.uniform(0.3, 1.5))]
    for key in dice.choice(list(KEYS), dice.integers(1, 5)):
        parts += [tone(KEYS[str(key)], dice.uniform(0.07, 0.2), level), silence(dice.uniform(0.06, 0.3))]
    return np.concatenate(parts)
