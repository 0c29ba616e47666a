"""Call openings made by code: what the callee's side sounds like in the first seconds after the answer.

The voice is a buzz through three moving resonances, in syllables: webrtcvad takes it for speech, and so does
the rule. It says nothing of how well real people are told from real machines.
"""

import numpy as np
import numpy.typing as npt

RATE = 8_000
Sound = npt.NDArray[np.float64]


def silence(seconds: float, level: float = 0.0002, seed: int = 1) -> Sound:
    """A line where nobody speaks: faint noise, as a share of full scale."""
    return np.random.default_rng(seed).normal(0.0, level, int(seconds * RATE))


def tone(hz: float, seconds: float, level: float = 0.2) -> Sound:
    return level * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)


def voice(seconds: float, pitch_hz: float = 130.0, level: float = 0.25, seed: int = 1) -> Sound:
    """Somebody speaks without a pause, about five syllables a second."""
    dice = np.random.default_rng(seed)
    parts, left = list[Sound](), int(seconds * RATE)
    while left > 0:
        length = min(left, int(dice.uniform(0.15, 0.25) * RATE))
        parts.append(_syllable(length, pitch_hz * dice.uniform(0.9, 1.15), dice))
        left -= length
    return level * np.concatenate(parts)


def _syllable(length: int, pitch_hz: float, dice: np.random.Generator) -> Sound:
    at = np.arange(length) / RATE
    bend = pitch_hz * (1.0 + 0.1 * np.sin(2 * np.pi * 3.0 * at))
    phase = 2 * np.pi * np.cumsum(bend) / RATE
    formants = [
        (dice.uniform(400, 800), 1.0),
        (dice.uniform(1000, 1900), 0.6),
        (dice.uniform(2300, 2900), 0.3),
    ]
    sound = np.zeros(length)
    for number in range(1, int(3_400 / pitch_hz)):
        hz = number * pitch_hz
        gain = sum(weight / (1.0 + ((hz - top) / 120.0) ** 2) for top, weight in formants)
        sound += gain * np.sin(number * phase)
    envelope = np.minimum(1.0, np.minimum(at / 0.03, at[::-1] / 0.05 + 0.3))
    return np.asarray(sound * envelope / max(1e-9, float(np.abs(sound).max())))


def pcm(*parts: Sound) -> bytes:
    """The parts one after another, as signed 16-bit samples."""
    whole = np.concatenate(parts) if parts else np.zeros(0)
    return (np.clip(whole, -1, 1) * 32_767).astype("<i2").tobytes()


def person(after_s: float = 0.5, says_s: float = 0.7, **voice_of: float) -> bytes:
    """ "Hello?", and then waits."""
    return pcm(silence(after_s), voice(says_s, **voice_of), silence(6.0))  # type: ignore[arg-type]


def machine(after_s: float = 0.5, says_s: float = 6.0) -> bytes:
    """A greeting that goes on, its beep, and the silence that is recorded."""
    return pcm(silence(after_s), voice(says_s), silence(0.3), tone(1_000, 0.5), silence(3.0))


def fax() -> bytes:
    return pcm(silence(0.6), tone(2_100, 3.0), silence(2.0))


def announcement() -> bytes:
    """The three special information tones, then a voice."""
    tones = [tone(hz, 0.33) for hz in (950.0, 1_400.0, 1_777.0)]
    return pcm(silence(0.3), *tones, silence(0.2), voice(4.0), silence(1.0))
