"""Units from voices that anybody can have: synthesisers that are installed, and folders of recordings.

espeak-ng comes with the engine. flite and festival are used when they are on the PATH (Debian: flite,
festival, festvox-…). Recordings are read by sox: a folder of one speaker, or a list of many.
"""

import csv
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import yaml

from engine.domain.errors import ConfigError
from engine.speech.espeak import Espeak
from engine.speech.sound import Samples, resample
from engine.training.units import RATE, Unit, read_wav, trim, write_index, write_wav

LINES = {"hello": 4, "name": 3, "biz": 2, "ramble": 1, "mach": 2, "mshort": 2, "oper": 1, "ivr": 1, "ann": 1}
"""How many lines of each kind a voice says."""

ESPEAK_VARIANTS = ("m1", "m2", "m4", "m6", "m7", "f1", "f3", "f4", "f5", "Andy", "Annie", "klatt2", "klatt4")
ESPEAK_VOICES = {
    "en": ("en-us", "en", "en-gb-scotland", "en-gb-x-rp", "en-029"),
    "es": ("es", "es-419"),
    "fr": ("fr", "fr-be", "fr-ch"),
    "pt": ("pt", "pt-br"),
}
VARIANTS_EACH = 4
FLITE_VOICES = ("kal16", "awb", "rms", "slt")
FESTIVAL_VOICES = {
    "kal_diphone": "en",
    "ked_diphone": "en",
    "cmu_us_slt_arctic_hts": "en",
    "lp_diphone": "it",
    "pc_diphone": "it",
    "czech_dita": "cs",
    "czech_krb": "cs",
    "czech_machac": "cs",
    "czech_ph": "cs",
    "msu_ru_nsh_clunits": "ru",
    "hy_fi_mv_diphone": "fi",
    "suo_fi_lj_diphone": "fi",
    "upc_ca_ona_hts": "ca",
    "hindi_NSK_diphone": "hi",
}
_ENCODING = {"cs": "iso8859-2", "it": "iso8859-1", "fi": "iso8859-1", "ca": "iso8859-1"}
CLIP_S, PROMPT_S = (0.3, 2.6), (3.0, 12.0)
CLIPS, PROMPTS = 90, 40  # of one speaker


@cache
def texts() -> dict[str, dict[str, list[str]]]:
    """language → kind → lines."""
    loaded: dict[str, dict[str, list[str]]] = yaml.safe_load(
        Path(__file__).with_name("texts.yaml").read_text(encoding="utf-8")
    )
    return loaded


def lines(lang: str, dice: random.Random) -> Iterator[tuple[str, str]]:
    """(kind, line): a few of each kind."""
    for kind, many in LINES.items():
        known = texts()[lang].get(kind, [])
        for line in dice.sample(known, min(many, len(known))):
            yield kind, line


@dataclass(frozen=True, slots=True)
class Recordings:
    """Recordings of one speaker: every file under `folder` whose name matches `pattern`, or just the `files`.
    `engine`: "real", or "readers" for sets of many speakers with a few sentences each, who would outnumber
    the others.
    """

    voice: str
    lang: str
    folder: Path
    pattern: str = "*.wav"
    licence: str = ""
    engine: str = "real"
    files: tuple[Path, ...] = ()


def listed(path: Path) -> list[Recordings]:
    """Speakers of a list: a CSV with the columns voice, lang and file (beside the list, or absolute), and
    perhaps licence and engine. ConfigError: it cannot be read, or a column is missing.
    """
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", str(path), "Name a CSV file.") from error
    found: dict[str, list[Path]] = {}
    speakers: dict[str, dict[str, str]] = {}
    for number, row in enumerate(rows, 2):
        if not (row.get("voice") and row.get("lang") and row.get("file")):
            fix = "The columns are voice, lang, file, licence, engine."
            raise ConfigError("no voice, language or file", f"{path}:{number}", fix)
        speakers.setdefault(row["voice"], row)
        found.setdefault(row["voice"], []).append(path.parent / row["file"])
    return [
        Recordings(
            voice,
            row["lang"],
            path.parent,
            licence=row.get("licence") or "",
            engine=row.get("engine") or "real",
            files=tuple(found[voice]),
        )
        for voice, row in speakers.items()
    ]


class Maker:
    """Writes units into `folder` as they are made; `finish` writes the index."""

    def __init__(self, folder: Path, seed: int = 1) -> None:
        self.folder, self.units, self._dice = folder, list[Unit](), random.Random(seed)
        folder.mkdir(parents=True, exist_ok=True)

    def finish(self) -> int:
        write_index(self.folder, self.units)
        return len(self.units)

    def _keep(
        self, samples: Samples, voice: str, lang: str, kind: str, text: str, licence: str, real: str = "real"
    ) -> None:
        sound = trim(samples)
        if len(sound) < 0.2 * RATE:
            return
        peak = float(np.abs(sound).max())
        engine, _, _ = voice.partition(":")
        engine = engine if engine in ("espeak", "flite", "festival", "piper", "kokoro") else real
        name = f"{len(self.units):05d}-{voice.replace(':', '-').replace('/', '-')}.wav"
        write_wav(self.folder / name, sound * np.float32(0.7 / peak))
        self.units.append(Unit(name, voice, lang, kind, text, engine, licence))

    def espeak(self) -> None:
        speaker = Espeak()
        for lang in texts():
            for base in ESPEAK_VOICES.get(lang, (lang,)):
                if lang == "ja":
                    continue  # it reads no kanji
                for variant in self._dice.sample(ESPEAK_VARIANTS, VARIANTS_EACH):
                    pace = self._dice.randint(130, 195)
                    for kind, text in lines(lang, self._dice):
                        samples, rate = speaker.speak(text, f"{base}+{variant}", lang, pace)
                        sound = resample(samples, rate, RATE)
                        self._keep(
                            sound, f"espeak:{base}+{variant}", lang, kind, text, "output of GPL-3+ program"
                        )

    def flite(self) -> None:
        with tempfile.TemporaryDirectory() as spare:
            wav = Path(spare) / "said.wav"
            for voice in FLITE_VOICES:
                for kind, text in lines("en", self._dice):
                    subprocess.run(
                        ["flite", "-voice", voice, "-t", text, "-o", str(wav)], check=True, timeout=60
                    )
                    self._keep(by_sox(wav), f"flite:{voice}", "en", kind, text, "BSD-like")

    def festival(self) -> None:
        for voice, lang in FESTIVAL_VOICES.items():
            spoken = list(lines(lang, self._dice))
            with tempfile.TemporaryDirectory() as spare:
                wavs = [Path(spare) / f"{number}.wav" for number in range(len(spoken))]
                said = [
                    f'(utt.save.wave (SynthText "{text.translate(_NO_QUOTES)}") "{wav}")'
                    for wav, (_, text) in zip(wavs, spoken, strict=True)
                ]
                script = Path(spare) / "said.scm"
                head = "(define (SynthText text) (utt.synth (eval (list 'Utterance 'Text text))))"
                order = "\n".join([head, f"(voice_{voice})", *said])
                script.write_bytes(order.encode(_ENCODING.get(lang, "utf-8"), "replace"))
                subprocess.run(["festival", "-b", str(script)], check=False, timeout=600, capture_output=True)
                for wav, (kind, text) in zip(wavs, spoken, strict=True):
                    if wav.exists() and wav.stat().st_size > 2_000:
                        self._keep(by_sox(wav), f"festival:{voice}", lang, kind, text, "Debian main")

    def recordings(self, source: Recordings) -> None:
        """A share of one speaker's files: short ones as clips, long ones as prompts."""
        paths = sorted(source.files or source.folder.rglob(source.pattern))
        self._dice.shuffle(paths)
        left = {"clip": CLIPS, "prompt": PROMPTS}
        for path in paths[:600]:
            sound = trim(by_sox(path))
            seconds = len(sound) / RATE
            kind = "clip" if CLIP_S[0] <= seconds <= CLIP_S[1] else "prompt"
            if kind == "prompt" and not PROMPT_S[0] <= seconds <= PROMPT_S[1]:
                continue
            if left[kind]:
                left[kind] -= 1
                self._keep(sound, source.voice, source.lang, kind, "", source.licence, source.engine)
            if not any(left.values()):
                return


_NO_QUOTES = str.maketrans({'"': " ", "\\": " "})


def by_sox(path: Path) -> Samples:
    """Any sound file at 8 kHz; nothing when sox cannot read it."""
    with tempfile.TemporaryDirectory() as spare:
        wav = Path(spare) / "8k.wav"
        order = ["sox", "-G", str(path), "-r", str(RATE), "-c", "1", "-b", "16", str(wav)]
        done = subprocess.run(order, check=False, timeout=60, capture_output=True)
        return read_wav(wav) if done.returncode == 0 else np.zeros(0, np.float32)


def make(folder: Path, sources: Iterable[Recordings], say: bool = True) -> tuple[int, list[str]]:
    """Units of every voice found on this machine; how many, and which programs were missing."""
    maker, missing = Maker(folder), list[str]()
    if say:
        maker.espeak()
        for name, speak in (("flite", maker.flite), ("festival", maker.festival)):
            if shutil.which(name):
                speak()
            else:
                missing.append(name)
    if shutil.which("sox"):
        for source in sources:
            maker.recordings(source)
    else:
        missing.append("sox")
    return maker.finish(), missing
