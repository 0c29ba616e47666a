"""What a person hears, before it is a file: the words shared by scenarios, speech and the dialer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text to be synthesised ahead of the call. `language`: ru, pl, en. `voice`: "" for the language's."""

    text: str
    language: str
    voice: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded file. `path`: relative to the folder of recordings."""

    path: str


@dataclass(frozen=True, slots=True)
class Silence:
    """A pause."""

    seconds: float


PromptRef = Spoken | Recording | Silence
