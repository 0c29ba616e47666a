"""A checked scenario: frozen, and safe to lead any number of calls at once. Made by `reading.read`."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from engine.domain.contact import Contact
from engine.domain.errors import ConfigError
from engine.domain.prompt import PromptRef, Recording, Silence, Spoken
from engine.ivr.templates import Text
from engine.ivr.variables import Variable, read_fields
from engine.ivr.verbs.step import ANY_LANGUAGE, Step, Utterance

SAY = "say:"
SILENCE = "silence:"
LONGEST_SILENCE_S = 10.0
_SCHEME = re.compile(r"[a-z]{2,}:")


@dataclass(frozen=True, slots=True)
class Edge:
    """A way to a node. `most`: how often in one call, 0 any number; once used up, it leads to `then`."""

    target: str
    most: int = 0
    then: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """Steps one after another; the last one decides the way out.

    `edges`: for each step its outcomes. `disposition`: from here on the outcome of the call, or "".
    """

    name: str
    steps: tuple[Step, ...]
    edges: tuple[dict[str, Edge], ...]
    disposition: str = ""


@dataclass(frozen=True)
class Script:
    """A scenario. `hung_up`: the disposition of a person who leaves before any node gave one.

    `fingerprint`: changes with every edit; a call adopted from another engine needs the very same script.
    """

    name: str
    version: int
    languages: tuple[str, ...]
    variables: dict[str, Variable]
    dispositions: dict[str, str]
    hung_up: str
    start: str
    nodes: dict[str, Node]
    fingerprint: str
    texts: dict[str, Text] = field(repr=False, default_factory=dict)
    conditions: dict[str, Text] = field(repr=False, default_factory=dict)

    @cached_property
    def places(self) -> dict[str, int]:
        """Each node's place in the file, from 0: shorter than its name."""
        return {name: place for place, name in enumerate(self.nodes)}

    def language_for(self, wanted: str) -> str:
        """The scenario's language for a contact's: ru for ru-RU, the first one where there is no match."""
        short = wanted.lower().replace("_", "-").partition("-")[0]
        return short if short in self.languages else self.languages[0]

    def read_fields(self, fields: Mapping[str, str], place: str) -> dict[str, Any]:
        """A contact's fields as the values of this scenario; ConfigError lists those that do not fit."""
        return read_fields(self.variables, fields, place)

    def values_of(self, contact: Contact, everybody: Mapping[str, str]) -> dict[str, Any]:
        """The values of a call with this contact: its name, number and fields.

        `everybody`: fields that all share, e.g. company; a contact's own win. ConfigError as above.
        """
        own = {"name": contact.name, "number": contact.phones[0].number if contact.phones else ""}
        fields = {**everybody, **own, **contact.fields}
        for name, value in everybody.items():
            fields[name] = fields[name] or value
        return self.read_fields(fields, contact.contact_id)

    def examples(self) -> dict[str, str]:
        """The fields of a contact that does not exist, for checks and rehearsals."""
        return {name: variable.example for name, variable in self.variables.items()}

    def render(
        self, utterances: Iterable[Utterance], values: Mapping[str, Any], language: str
    ) -> list[PromptRef]:
        """What these utterances are for this contact. ValueError if a value does not fit its text."""
        return [self._render(utterance, values, language) for utterance in utterances]

    def _render(self, utterance: Utterance, values: Mapping[str, Any], language: str) -> PromptRef:
        source = utterance.sound.get(language) or utterance.sound[ANY_LANGUAGE]
        scheme, rest = split_scheme(source)
        if scheme == SILENCE:
            return Silence(float(rest))
        said = self.texts[rest].render(values, language)
        return Spoken(said, language, utterance.voice) if scheme == SAY else Recording(said)

    def prompts(self, values: Mapping[str, Any], language: str, place: str = "") -> tuple[PromptRef, ...]:
        """Everything a call with this contact can play, each once: to be made ready before the call.

        Raises ConfigError when a value does not fit a text; `place` says whose values they are.
        """
        found: dict[PromptRef, None] = {}
        for node in self.nodes.values():
            for step in node.steps:
                try:
                    found |= dict.fromkeys(self.render(step.utterances(), values, language))
                except ValueError as error:
                    where = place or f"{self.name}.{node.name}"
                    raise ConfigError(str(error), where, "Mend the contact's field.") from error
        return tuple(found)


def split_scheme(source: str) -> tuple[str, str]:
    """("say:", text), ("silence:", seconds) or ("", path of a recording). ValueError for another scheme."""
    for scheme in (SAY, SILENCE):
        if source.startswith(scheme):
            return scheme, source.removeprefix(scheme).strip()
    if _SCHEME.match(source):
        raise ValueError(f"'{source.partition(':')[0]}:' is neither say: nor silence: nor a recording's path")
    return "", source
