"""The one kind of sound file there is: wav, 8 kHz, mono, 16 bit."""

import os
import tempfile
import wave
from pathlib import Path

from engine.domain.errors import ConfigError

RATE = 8_000
_HEADER = 44  # bytes before the samples of a wav that we wrote
_FIX = "Convert it: sox FILE -r 8000 -c 1 -b 16 NEW.wav"


def write(path: Path, pcm: bytes, rate: int = RATE) -> None:
    """Write 16-bit mono samples. The file appears whole or not at all, whoever else writes it too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as raw, wave.open(raw, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(pcm)
        os.chmod(name, 0o644)  # the switch runs as somebody else
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def check(path: Path) -> float:
    """Seconds that the file lasts. ConfigError if it is not what a switch can play to a telephone line.

    A switch says that a file exists for a directory and for an empty file as well, and plays neither.
    """
    try:
        with wave.open(str(path), "rb") as file:
            kind = (file.getframerate(), file.getnchannels(), file.getsampwidth() * 8)
            frames = len(file.readframes(file.getnframes())) // max(1, kind[1] * kind[2] // 8)
    except FileNotFoundError:
        raise ConfigError("there is no such prompt", str(path), "Put it there, or mend the name.") from None
    except IsADirectoryError:
        raise ConfigError("a prompt is a file, not a folder", str(path)) from None
    except OSError as error:
        raise ConfigError(f"the prompt cannot be read: {error.strerror}", str(path)) from None
    except (wave.Error, EOFError) as error:
        raise ConfigError(
            f"not a wav file of plain samples: {error or 'it is cut short'}", str(path), _FIX
        ) from None
    if kind != (RATE, 1, 16):
        raise ConfigError(f"{kind[0]} Hz, {kind[1]} channels, {kind[2]} bit: not a prompt", str(path), _FIX)
    if not frames:
        raise ConfigError("the prompt is empty: a person would hear nothing", str(path), "Record it again.")
    return frames / RATE


def length_s(path: Path) -> float:
    """Seconds that a checked file lasts, from its size alone: cheap even during a call. 0.0 if gone."""
    try:
        return max(0, path.stat().st_size - _HEADER) / (2 * RATE)
    except OSError:
        return 0.0
