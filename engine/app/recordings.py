"""A recording from anywhere, as what a detector hears: 8 kHz, mono, signed 16 bit."""

import wave
from pathlib import Path

import numpy as np

from engine.amd.audio import RATE, Law, decode
from engine.domain.errors import ConfigError
from engine.speech.sound import resample

BARE = {
    ".pcmu": Law.PCMU,
    ".ulaw": Law.PCMU,
    ".ul": Law.PCMU,
    ".pcma": Law.PCMA,
    ".alaw": Law.PCMA,
    ".al": Law.PCMA,
}
MOST_BYTES = 100 << 20
_FIX = "Convert it: sox FILE -r 8000 -c 1 -b 16 NEW.wav"


def read_recording(path: Path) -> bytes:
    """A wav of 16-bit samples, any rate; of several channels the first (in our recordings: the callee). Or
    bare G.711 by the file's name: .PCMU, .ul, .ulaw, .PCMA, .al, .alaw. ConfigError: it is neither."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ConfigError("too long for an announcement", str(path), "Cut out what matters.")
        law = BARE.get(path.suffix.lower())
        if law is not None:
            return decode(path.read_bytes(), law)
        with wave.open(str(path), "rb") as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            data = file.readframes(file.getnframes())
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", str(path), "Name a recording.") from error
    except (wave.Error, EOFError) as error:
        raise ConfigError(f"not a wav file of plain samples: {error}", str(path), _FIX) from error
    if width != 2 or not 4_000 <= rate <= 192_000:
        raise ConfigError(f"{8 * width} bit at {rate} Hz", str(path), _FIX)
    samples = np.frombuffer(data[: len(data) // (2 * channels) * 2 * channels], "<i2")[::channels]
    if rate == RATE:
        return samples.tobytes()
    heard = resample(samples.astype(np.float32) / 32_768.0, rate, RATE)
    return bytes((np.clip(heard, -1.0, 1.0) * 32_767).astype("<i2").tobytes())
