"""What the switch plays: every prompt as a file that is there and can be played, made before it is needed."""

import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from engine.domain.errors import ConfigError, Problem
from engine.domain.prompt import PromptRef, Recording, Silence, Spoken
from engine.speech import wav
from engine.speech.cache import SpeechCache
from engine.speech.client import Rendered

Render = Callable[[Iterable[Spoken]], Rendered]

BUILT_IN: dict[str, dict[str, str]] = {
    "abandon_notice": {
        "ru": "Здравствуйте! Вам звонила компания {company}. Сейчас все операторы заняты. "
        "Мы перезвоним вам позже. Приносим извинения за беспокойство.",
        "pl": "Dzień dobry! Dzwoniła do Państwa firma {company}. Wszyscy konsultanci są teraz zajęci. "
        "Zadzwonimy później. Przepraszamy za kłopot.",
        "en": "Hello! This is a call from {company}. All our agents are busy now. "
        "We will call you later. We are sorry to have disturbed you.",
    },
    "record_warning": {
        "ru": "Вам звонит компания {company}. Разговор записывается.",
        "pl": "Dzwoni firma {company}. Rozmowa jest nagrywana.",
        "en": "This is {company}. The call is recorded.",
    },
    "hold": {
        "ru": "Пожалуйста, оставайтесь на линии.",
        "pl": "Proszę pozostać na linii.",
        "en": "Please stay on the line.",
    },
    "sorry": {
        "ru": "К сожалению, сейчас мы не можем продолжить разговор. Мы перезвоним вам. До свидания.",
        "pl": "Niestety nie możemy teraz kontynuować rozmowy. Oddzwonimy. Do widzenia.",
        "en": "We are sorry, we cannot go on with this call now. We will call you back. Goodbye.",
    },
    "no_input": {
        "ru": "Я вас не слышу. До свидания.",
        "pl": "Nie słyszę odpowiedzi. Do widzenia.",
        "en": "I cannot hear you. Goodbye.",
    },
}


class Prompts:
    """`recordings`: folder of the files that scenarios name. `render`: SpeechWorker.render."""

    def __init__(self, cache: SpeechCache, recordings: Path, render: Render) -> None:
        self._cache, self._recordings, self._render = cache, recordings, render

    def path_of(self, prompt: PromptRef) -> Path:
        """Where the switch finds it; no file is touched, so it may be asked during a call."""
        if isinstance(prompt, Spoken):
            return self._cache.path_of(prompt)
        if isinstance(prompt, Silence):
            return self._cache.folder / f"silence-{round(prompt.seconds * 1000)}.wav"
        return self._recordings / prompt.path

    def length_of(self, prompts: Iterable[PromptRef]) -> float:
        """Seconds that they last together; 0.0 counts for what is not there."""
        return sum(wav.length_s(self.path_of(prompt)) for prompt in prompts)

    def make(self, prompts: Iterable[PromptRef]) -> None:
        """Have everything ready before the call. ConfigError lists each prompt that cannot be played."""
        wanted = list(dict.fromkeys(prompts))
        for prompt in wanted:
            if isinstance(prompt, Silence) and not self.path_of(prompt).exists():
                wav.write(self.path_of(prompt), bytes(2 * round(prompt.seconds * wav.RATE)))
        spoken = [
            prompt for prompt in wanted if isinstance(prompt, Spoken) and not self.path_of(prompt).exists()
        ]
        failed = self._render(spoken).failed if spoken else {}
        problems = [Problem("speech", text.language, why) for text, why in failed.items()]
        for prompt in wanted:
            if prompt in failed:
                continue
            try:
                wav.check(self.path_of(prompt))
            except ConfigError as error:
                name = prompt.path if isinstance(prompt, Recording) else ""
                problems.append(Problem(error.where, name, error.what, error.fix))
        if problems:
            raise ConfigError.of(problems)

    def make_built_in(
        self,
        company: str,
        languages: Iterable[str],
        folder: Path,
        texts: Mapping[str, Mapping[str, str]] = BUILT_IN,
    ) -> dict[tuple[str, str], Path]:
        """The engine's own prompts as `folder`/NAME.LANGUAGE.wav: names that a dial string can carry.

        `company`: who is said to call. Returns (name, language) → path. ConfigError as in `make`, and without
        a company.
        """
        if not company.strip():
            raise ConfigError("a notice must say who called", "prompts.company", "Name the company.")
        wanted = {
            (name, language): Spoken(text[language].replace("{company}", company.strip()), language)
            for name, text in texts.items()
            for language in languages
            if language in text
        }
        self.make(wanted.values())
        folder.mkdir(parents=True, exist_ok=True)
        made = {}
        for (name, language), spoken in wanted.items():
            path = folder / f"{name}.{language}.wav"
            fresh = path.with_suffix(".part")
            shutil.copyfile(self.path_of(spoken), fresh)
            fresh.replace(path)
            made[name, language] = path
        return made
