"""What a line does to a voice: room, noise, handset, codec, level, lost packets. All by the dice given."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.amd.audio import Law, decode, encode

Sound = npt.NDArray[np.float32]
Dice = np.random.Generator

RATE = 8_000
NOISES = ("none", "white", "pink", "brown", "hum", "babble", "street", "office", "tv", "music", "child")


@dataclass(frozen=True, slots=True)
class Line:
    """Before the telephone: `snr_db`, speech over noise, None for no noise but the codec's; `level_dbfs`, RMS
    of speech. `gate_db`: by how much a telephone that suppresses noise makes pauses quieter; `levelled`:
    something on the way turns quiet up and loud down.
    """

    level_dbfs: float
    snr_db: float | None
    noise: str
    law: Law
    vocoder: bool
    loss: float
    room_s: float
    idle_dbfs: float
    gate_db: float = 0.0
    levelled: bool = False


def rms(sound: Sound) -> float:
    """Of the frames that carry something: pauses must not make a voice quieter."""
    frames = sound[: len(sound) // 160 * 160].reshape(-1, 160)
    power = (frames.astype(np.float64) ** 2).mean(axis=1) if len(frames) else np.zeros(1)
    loud = power[power > max(1e-9, power.max() * 1e-3)]
    return float(np.sqrt(loud.mean())) if len(loud) else 1e-4


def shaped(length: int, tilt: float, dice: Dice) -> Sound:
    """Noise whose power falls with frequency to the power of `tilt` (0 white, 1 pink, 2 brown), RMS 1."""
    spectrum = np.fft.rfft(dice.normal(size=length))
    hz = np.maximum(np.fft.rfftfreq(length, 1 / RATE), 40.0)
    sound = np.fft.irfft(spectrum * hz ** (-tilt / 2), length)
    return np.asarray(sound / sound.std(), np.float32)


def wander(length: int, period_s: float, depth_db: float, dice: Dice) -> Sound:
    """A slowly changing gain."""
    knots = max(3, int(length / RATE / period_s) + 2)
    track = np.interp(np.linspace(0, knots - 1, length), np.arange(knots), dice.normal(0, depth_db, knots))
    return np.asarray(10 ** (track / 20), np.float32)


def crowd(length: int, voices: list[Sound], dice: Dice) -> Sound:
    """Voices one after another on as many tracks as there are, each from somewhere in the middle."""
    mixed = np.zeros(length, np.float32)
    for voice in voices:
        loop = np.concatenate([voice, np.zeros(int(dice.uniform(0.05, 0.6) * RATE), np.float32)])
        at = int(dice.integers(0, len(loop)))
        track = np.tile(loop, length // len(loop) + 2)[at : at + length]
        mixed += track / max(1e-4, rms(voice)) * 10 ** (dice.normal(0, 3) / 20)
    return mixed / max(1e-4, float(mixed.std()))


def tune(length: int, dice: Dice) -> Sound:
    """Notes and chords: a radio, or music on hold."""
    mixed, at = np.zeros(length, np.float32), 0
    scale = 220 * 2 ** (np.array([0, 2, 4, 5, 7, 9, 11, 12]) / 12 + dice.uniform(0, 1))
    beat = dice.uniform(0.15, 0.5)
    while at < length:
        n = min(length - at, int(beat * dice.choice([1, 1, 2]) * RATE))
        t = np.arange(n) / RATE
        for note in dice.choice(scale, dice.integers(1, 4)):
            for harmonic in range(1, int(dice.integers(2, 6))):
                part = np.sin(2 * np.pi * note * harmonic * t + dice.uniform(0, 6)) / harmonic
                mixed[at : at + n] += part * np.exp(-t * dice.uniform(0.5, 6))
        if dice.random() < 0.5:
            hit = dice.normal(size=n) * np.exp(-t * 30) * 0.7
            mixed[at : at + n] += hit
        at += n
    return mixed / max(1e-4, float(mixed.std()))


def noise_of(kind: str, length: int, voices: list[Sound], dice: Dice) -> Sound:
    """RMS 1. `voices`: somebody else's utterances, for what is made of voices."""
    if kind in ("white", "pink", "brown"):
        return shaped(length, {"white": 0, "pink": 1, "brown": 2}[kind], dice)
    if kind == "hum":
        t, base = np.arange(length) / RATE, dice.choice([50.0, 60.0, 100.0, 120.0])
        tones = [np.sin(2 * np.pi * base * k * t + dice.uniform(0, 6)) / k for k in range(1, 8)]
        hum = np.sum(tones, axis=0) + 0.2 * shaped(length, 1, dice)
        return np.asarray(hum / hum.std(), np.float32)
    if kind == "street":
        return shaped(length, 1.6, dice) * wander(length, 0.8, 5, dice)
    if kind == "music":
        return tune(length, dice)
    if kind == "office":
        return 0.7 * shaped(length, 1, dice) + crowd(length, voices[:2], dice) * wander(length, 0.5, 5, dice)
    if kind == "child":
        high = [np.interp(np.arange(0, len(v) - 1, 1.4), np.arange(len(v)), v) for v in voices[:1]]
        return crowd(length, [v.astype(np.float32) for v in high], dice)
    return crowd(length, voices[: 1 if kind == "tv" else 6], dice)


def reverberate(sound: Sound, room_s: float, dice: Dice) -> Sound:
    """A room that falls by 60 dB in `room_s`; a hands-free telephone hears it."""
    taps = max(8, int(room_s * RATE))
    tail = dice.normal(size=taps) * np.exp(-6.9 * np.arange(taps) / taps) * 0.25
    tail[0] = 1.0
    return np.asarray(np.convolve(sound, tail)[: len(sound)], np.float32)


def handset(sound: Sound, dice: Dice) -> Sound:
    """Band and colour of some telephone."""
    hz = np.fft.rfftfreq(len(sound), 1 / RATE)
    low, high = dice.uniform(60, 330), dice.uniform(2_900, 3_900)
    gain = 1 / (1 + (low / np.maximum(hz, 1)) ** 6) / (1 + (hz / high) ** 20)
    knots = np.interp(hz, [0, 500, 1_000, 2_000, 4_000], dice.normal(0, 2.5, 5))
    return np.fft.irfft(np.fft.rfft(sound) * gain * 10 ** (knots / 20), len(sound)).astype(np.float32)


def vocoder(sound: Sound, dice: Dice) -> Sound:
    """Roughly what a mobile codec does: noise that follows the spectrum of every 20 ms, ~12 dB under it."""
    padded = np.pad(sound, (160, 320))
    windows = np.lib.stride_tricks.sliding_window_view(padded, 320)[::160] * np.sqrt(np.hanning(320))
    spectrum = np.fft.rfft(windows)
    rough = dice.normal(size=spectrum.shape) + 1j * dice.normal(size=spectrum.shape)
    parts = np.fft.irfft(spectrum * (1 + dice.uniform(0.1, 0.25) * rough)) * np.sqrt(np.hanning(320))
    out = np.zeros(len(windows) * 160 + 320)
    for number, part in enumerate(parts):
        out[number * 160 : number * 160 + 320] += part
    return out[160 : 160 + len(sound)].astype(np.float32)


def lose(sound: Sound, share: float, dice: Dice) -> Sound:
    """Packets of 20 ms that never came: silence, or the one before again."""
    out = sound.copy()
    for frame in np.flatnonzero(dice.random(len(sound) // 160) < share):
        at = int(frame) * 160
        again = dice.random() < 0.5 and at >= 160
        out[at : at + 160] = out[at - 160 : at] * 0.7 if again else 0.0
    return out


def frames_db(sound: Sound) -> Sound:
    """Level of every 20 ms."""
    power = (sound[: len(sound) // 160 * 160].reshape(-1, 160) ** 2).mean(axis=1)
    return np.asarray(10 * np.log10(power + 1e-9), np.float32)


def _turned(sound: Sound, gains_db: Sound) -> Sound:
    """A gain for every 20 ms, without steps."""
    at = np.arange(len(sound)) / 160 - 0.5
    gain = 10 ** (np.interp(at, np.arange(len(gains_db)), gains_db) / 20)
    return np.asarray(sound * gain, np.float32)


def gate(sound: Sound, depth_db: float) -> Sound:
    """Noise suppression of a telephone: opens at once when somebody speaks, and closes over 200 ms."""
    level = frames_db(sound)
    floor, top = np.percentile(level, [8, 97])
    wanted = np.where(level > floor + 0.45 * (top - floor), 0.0, -depth_db)
    gains, now = np.empty_like(level), -depth_db
    for number, to in enumerate(wanted.tolist()):
        now = to if to > now else max(to, now - depth_db / 10)
        gains[number] = now
    return _turned(sound, gains)


def level_out(sound: Sound, target_db: float) -> Sound:
    """Automatic gain: down within 100 ms, up by some decibels a second, noise of pauses and all."""
    gains, now = np.empty(len(sound) // 160, np.float32), 0.0
    for number, level in enumerate(frames_db(sound).tolist()):
        above = level + now - target_db
        now += -0.2 * above if above > 0 else 0.08 if now < 12.0 else 0.0
        gains[number] = now
    return _turned(sound, gains)


def transmit(sound: Sound, line: Line, voices: list[Sound], dice: Dice) -> bytes:
    """pcm of what arrives when `sound` (speech and tones at their own levels) is said into this line."""
    if line.room_s:
        sound = reverberate(sound, line.room_s, dice)
    sound = sound * np.float32(10 ** (line.level_dbfs / 20) / rms(sound))
    if line.snr_db is not None and line.noise != "none":
        noise = noise_of(line.noise, len(sound), voices, dice)
        sound = sound + noise * np.float32(10 ** ((line.level_dbfs - line.snr_db) / 20))
    sound = handset(sound, dice)  # what hums and rumbles around the telephone has to pass it too
    if line.idle_dbfs > -90:
        sound = sound + dice.normal(size=len(sound)).astype(np.float32) * np.float32(
            10 ** (line.idle_dbfs / 20)
        )
    if line.gate_db:
        sound = gate(sound, line.gate_db)
    if line.levelled:
        sound = level_out(sound, line.level_dbfs + 3.0)
    if line.vocoder:
        sound = vocoder(sound, dice)
    pcm = (np.clip(sound, -1, 1) * 32_767).astype("<i2").tobytes()
    heard = np.frombuffer(decode(encode(pcm, line.law), line.law), "<i2").astype(np.float32)
    if line.loss:
        heard = lose(heard, line.loss, dice)
    return heard.astype("<i2").tobytes()
