"""Units: single utterances, one voice each, from which call openings are put together.

A folder of units holds `index.jsonl`, a line of JSON for each: `file` (wav, 8 kHz, mono, 16 bit, beside it),
`voice` ("espeak:pl+f3"), `lang`, `kind`, `text`, `engine`, `licence`. Kinds are those of texts.yaml; of
recordings without a text, `clip` (a word or a short phrase), `prompt` (3 s and more) and `long`.
"""

import json
import wave
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from engine.domain.errors import ConfigError
from engine.speech.sound import Samples, from_pcm16, pcm16

RATE = 8_000
INDEX = "index.jsonl"
_EDGE_DB = 34.0  # under the loudest 20 ms: quieter than this at either end is not speech
_FRAME = 160


@dataclass(frozen=True, slots=True)
class Unit:
    """One utterance. `voice` is what is held out of training as a whole; `engine`: who spoke, or "real"."""

    file: str
    voice: str
    lang: str
    kind: str
    text: str = ""
    engine: str = ""
    licence: str = ""


def trim(samples: Samples) -> Samples:
    """Without the quiet at both ends; empty when nothing is loud."""
    whole = len(samples) // _FRAME * _FRAME
    power = (samples[:whole].reshape(-1, _FRAME) ** 2).mean(axis=1) if whole else np.zeros(0)
    if not len(power) or power.max() < 1e-7:
        return samples[:0]
    loud = np.flatnonzero(power > power.max() * 10 ** (-_EDGE_DB / 10))
    return samples[loud[0] * _FRAME : (loud[-1] + 1) * _FRAME]


class Shelf:
    """The units of one or more folders, their sound read when it is first asked for and then kept."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self.units: list[Unit] = []
        self._where: dict[Unit, Path] = {}
        self._sounds: dict[Unit, Samples] = {}
        for folder in folders:
            for unit in read_index(folder):
                self.units.append(unit)
                self._where[unit] = folder / unit.file

    def sound(self, unit: Unit) -> Samples:
        """At full scale 1.0, trimmed."""
        if unit not in self._sounds:
            self._sounds[unit] = trim(read_wav(self._where[unit]))
        return self._sounds[unit]


def read_index(folder: Path) -> list[Unit]:
    """ConfigError: there is none, or a line of it is no unit."""
    path = folder / INDEX
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        fix = "Make a folder of units: prozvon amd voices FOLDER"
        raise ConfigError(f"no units here: {error.strerror}", str(path), fix) from error
    units, known = list[Unit](), set(Unit.__dataclass_fields__)
    for number, line in enumerate(lines, 1):
        try:
            units.append(Unit(**{key: str(value) for key, value in json.loads(line).items() if key in known}))
        except (ValueError, TypeError, AttributeError) as error:
            where = f"{path}:{number}"
            raise ConfigError(f"not a unit: {error}", where, "See engine/training/units.py.") from error
    return units


def write_index(folder: Path, units: Iterable[Unit]) -> None:
    lines = [json.dumps(asdict(unit), ensure_ascii=False) for unit in units]
    (folder / INDEX).write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_wav(path: Path) -> Samples:
    """ConfigError: not 8 kHz, mono, 16 bit."""
    try:
        with wave.open(str(path), "rb") as file:
            kind = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            data = file.readframes(file.getnframes())
    except (OSError, wave.Error, EOFError) as error:
        raise ConfigError(f"not a wav file: {error}", str(path)) from error
    if kind != (RATE, 1, 2):
        raise ConfigError(
            f"{kind[0]} Hz, {kind[1]} channels", str(path), "sox FILE -r 8000 -c 1 -b 16 NEW.wav"
        )
    return from_pcm16([data])


def write_wav(path: Path, samples: Samples) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm16(samples))
