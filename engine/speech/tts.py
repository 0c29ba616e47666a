"""Text to speech: a synthesiser behind a cache. Runs in worker processes, never in the engine."""

from typing import Protocol

from engine.domain.errors import ConfigError
from engine.domain.prompt import Spoken
from engine.speech import sound, wav
from engine.speech.cache import SpeechCache
from engine.speech.espeak import Espeak


class Synthesiser(Protocol):
    """A speech engine. One file each; `SYNTHESISERS` lists them."""

    name: str

    def speak(self, text: str, voice: str, language: str) -> tuple[sound.Samples, int]:
        """Samples (full scale 1.0) and their rate in Hz. ConfigError for a voice it does not have."""
        ...


SYNTHESISERS: dict[str, type[Synthesiser]] = {"espeak": Espeak}


class Tts:
    """Makes what is not in the cache yet."""

    def __init__(self, cache: SpeechCache) -> None:
        if cache.provider not in SYNTHESISERS:
            known = ", ".join(SYNTHESISERS)
            raise ConfigError(f"no speech engine '{cache.provider}'", "tts.provider", f"Known: {known}.")
        self._cache = cache
        self._engine: Synthesiser | None = None  # started with the first text: a warm cache needs none

    def synth(self, spoken: Spoken) -> str:
        """The path of the text's wav file, made now if it is not there. ConfigError if it cannot be."""
        path = self._cache.path_of(spoken)
        if not path.exists():
            if self._engine is None:
                self._engine = SYNTHESISERS[self._cache.provider]()
            voice = self._cache.voice_of(spoken)
            samples, rate = self._engine.speak(spoken.text, voice, spoken.language)
            ready = sound.normalise(sound.resample(samples, rate, self._cache.rate))
            if not len(ready) or not ready.any():
                raise ConfigError("nothing of this text can be heard", voice, "Write words.")
            wav.write(path, sound.pcm16(ready), self._cache.rate)
        return str(path)
