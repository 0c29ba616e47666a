"""Where the sound of a text is: known from the text alone, so the engine never has to ask."""

import hashlib
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from engine.domain.prompt import Spoken

RENDERING = "1"  # counted up when `sound` changes what it makes of the same samples


class SpeechCache:
    """`folder`: where the wav files are. `voices`: by language, for texts that name no voice."""

    def __init__(
        self, folder: Path, voices: Mapping[str, str] = {}, provider: str = "espeak", rate: int = 8_000
    ):
        self.folder, self.provider, self.rate = folder, provider, rate
        self._voices = dict(voices)
        self._maker = f"{provider} {_version_of(provider)} {RENDERING}"

    def voice_of(self, spoken: Spoken) -> str:
        return spoken.voice or self._voices.get(spoken.language, spoken.language)

    def path_of(self, spoken: Spoken) -> Path:
        """Content-addressed: another text, voice, rate or version of the synthesiser is another file."""
        parts = (self._maker, self.voice_of(spoken), spoken.language, str(self.rate), spoken.text)
        name = hashlib.sha256("|".join(parts).encode()).hexdigest()
        return self.folder / name[:2] / f"{name}.wav"


def _version_of(provider: str) -> str:
    package = {"espeak": "espeakng-loader"}.get(provider, "")
    try:
        return version(package) if package else ""
    except PackageNotFoundError:
        return ""
