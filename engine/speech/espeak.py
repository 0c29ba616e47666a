"""espeak-ng, through the library that the package espeakng-loader brings. Robotic, but it speaks everything.

It keeps its state in the process and must not be entered twice: only a worker process uses it.
"""

import ctypes

import espeakng_loader
import numpy as np

from engine.domain.errors import ConfigError
from engine.speech.sound import Samples, from_pcm16

_SYNCHRONOUS = 2  # no sound card: samples come to the callback while espeak_Synth runs
_RATE_PARAMETER = 1
_UTF8 = 1
_OK = 0
WORDS_PER_MINUTE = 150  # over a telephone line; its own 175 is for a loudspeaker

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class Espeak:
    """A `tts.Synthesiser`."""

    name = "espeak"

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        self.rate: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, 0)
        if self.rate <= 0:
            raise ConfigError("espeak-ng does not start", data.decode(), "Install espeakng-loader again.")
        self._callback = _Callback(self._take)  # kept: the library holds no reference of its own
        self._library.espeak_SetSynthCallback(self._callback)

    def _take(self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, events: object) -> int:
        if samples and count > 0:
            self._chunks.append(ctypes.string_at(samples, count * 2))
        return 0

    def speak(
        self, text: str, voice: str, language: str, pace: int = WORDS_PER_MINUTE
    ) -> tuple[Samples, int]:
        """Samples and their rate in Hz. `pace`: words a minute. ConfigError: it does not have that voice."""
        if self._library.espeak_SetVoiceByName(voice.encode()) != _OK:
            raise ConfigError(
                f"espeak-ng has no voice '{voice}'", "tts.voices", "Try ru, pl, en-us, or ru+f3."
            )
        self._library.espeak_SetParameter(_RATE_PARAMETER, pace, 0)
        self._chunks.clear()
        spoken = text.replace("\0", " ").encode()
        done = self._library.espeak_Synth(spoken, len(spoken) + 1, 0, 0, 0, _UTF8, None, None)
        if done != _OK:
            raise ConfigError(f"espeak-ng cannot speak this (error {done})", language)
        samples = from_pcm16(self._chunks) if self._chunks else np.zeros(0, np.float32)
        self._chunks.clear()
        return samples, self.rate
