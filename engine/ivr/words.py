"""The texts and conditions of a scenario: do they compile, know their variables, speak every language?"""

from collections.abc import Iterable, Mapping, Set
from typing import Any

from engine.domain.errors import Problem, did_you_mean
from engine.domain.strict_yaml import Document, Path
from engine.ivr.form import PlacedNode, PlacedStep
from engine.ivr.script import LONGEST_SILENCE_S, SAY, SILENCE, Script, split_scheme
from engine.ivr.templates import LANGUAGE, Text
from engine.ivr.variables import FILTER_OF, Variable
from engine.ivr.verbs.step import ANY_LANGUAGE, Utterance


class Words:
    """Compiles them into the script, and notes what is wrong."""

    def __init__(self, script: Script, document: Document) -> None:
        self._script, self._document = script, document
        self._known = script.variables.keys() | {LANGUAGE}
        self._problems: list[Problem] = []
        self._values = _examples(script.variables)

    def _at(self, placed: PlacedStep, where: Path) -> Path:
        return placed.at(where, self._document.data)

    def _say(self, path: Path, what: str, fix: str = "") -> None:
        self._problems.append(self._document.problem(path, what, fix))

    def check(self, nodes: Iterable[PlacedNode]) -> list[Problem]:
        nodes = list(nodes)
        collected = frozenset(
            name for node in nodes for placed in node.steps for name in placed.step.collects()
        )
        for name in sorted(collected & self._known):
            self._say(("vars", name), f"'{name}' is set in a step: a contact's field cannot be")
        for node in nodes:
            for placed in node.steps:
                for utterance in placed.step.utterances():
                    self._utterance(placed, utterance, collected)
                for where, source in placed.step.texts().items():
                    self._compile(self._at(placed, where), source, self._known | collected)
                for where, source in placed.step.expressions().items():
                    self._condition(self._at(placed, where), source, self._known | collected)
        return self._problems

    def _utterance(self, placed: PlacedStep, utterance: Utterance, collected: Set[str]) -> None:
        languages = self._script.languages
        for language, source in utterance.sound.items():
            path = self._at(placed, (*utterance.where, language))
            if language not in (ANY_LANGUAGE, *languages):
                self._say(
                    path, f"the scenario has no language '{language}'", did_you_mean(language, languages)
                )
                continue
            try:
                scheme, rest = split_scheme(source)
            except ValueError as error:
                self._say(path, str(error))
                continue
            if scheme == SILENCE:
                self._silence(path, rest)
                continue
            if scheme == SAY and language == ANY_LANGUAGE and len(languages) > 1:
                self._say(
                    path, f"one text for {len(languages)} languages", "Write one for each: ru: …, en: …."
                )
            self._text(
                path, rest, scheme == SAY, languages if language == ANY_LANGUAGE else (language,), collected
            )
        missing = [each for each in languages if each not in utterance.sound]
        if missing and ANY_LANGUAGE not in utterance.sound:
            self._say(self._at(placed, utterance.where), f"no text in {', '.join(missing)}")

    def _silence(self, path: Path, seconds: str) -> None:
        try:
            fits = 0 < float(seconds) <= LONGEST_SILENCE_S
        except ValueError:
            fits = False
        if not fits:
            self._say(path, f"silence: takes seconds, more than 0 and up to {LONGEST_SILENCE_S:g}")

    def _text(
        self, path: Path, source: str, spoken: bool, languages: Iterable[str], collected: Set[str]
    ) -> None:
        """A text to be spoken, or the path of a recording: known before the call, so of fields only."""
        text = self._compile(path, source, self._known if spoken else {LANGUAGE}, collected)
        if text is None:
            return
        if not source:
            self._say(path, "is empty")
        if not spoken and (source.startswith("/") or ".." in source):
            self._say(path, "a recording's path stays below the folder of recordings")
        for name in sorted(text.bare & self._script.variables.keys()) if spoken else ():
            wanted = FILTER_OF.get(self._script.variables[name].type)
            if wanted:
                self._say(
                    path,
                    f"{{{{ {name} }}}} would be read figure by figure",
                    f"Write {{{{ {name} | {wanted} }}}}.",
                )
        if text.names <= self._values.keys() | {LANGUAGE}:
            for language in languages:
                self._try(path, text, language)

    def _try(self, path: Path, text: Text, language: str) -> None:
        try:
            text.render(self._values, language)
        except ValueError as error:
            self._say(path, f"cannot be spoken with the examples of vars: {error}")

    def _compile(
        self, path: Path, source: str, known: Set[str], collected: Set[str] = frozenset()
    ) -> Text | None:
        try:
            text = self._script.texts.setdefault(source, Text(source))
        except ValueError as error:
            self._say(path, str(error))
            return None
        self._names(path, text, known, collected)
        return text

    def _condition(self, path: Path, source: str, known: Set[str]) -> None:
        try:
            condition = self._script.conditions.setdefault(source, Text(source, expression=True))
        except ValueError as error:
            self._say(path, str(error))
            return
        self._names(path, condition, known)
        if condition.names <= self._values.keys() | {LANGUAGE}:
            try:
                condition.evaluate(self._values, self._script.languages[0])
            except ValueError as error:
                self._say(path, f"cannot be judged with the examples of vars: {error}")

    def _names(self, path: Path, text: Text, known: Set[str], collected: Set[str] = frozenset()) -> None:
        for name in sorted(text.names - known):
            if name in collected:
                self._say(path, f"'{name}' is known only during the call: texts are spoken ahead of it")
            else:
                self._say(path, f"no variable '{name}' here", did_you_mean(name, known))


def _examples(variables: Mapping[str, Variable]) -> dict[str, Any]:
    values = {}
    for name, variable in variables.items():
        try:
            values[name] = variable.read(variable.example)
        except ValueError:
            continue  # said at its own place
    return values
