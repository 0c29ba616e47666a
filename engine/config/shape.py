"""From plain data to the models, and from what pydantic finds wrong to words a person can act on."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from engine.config.base import IN_WORDS
from engine.config.models import Config
from engine.domain.errors import Problem, did_you_mean
from engine.domain.strict_yaml import Document, Path, dotted

_VARIABLE = re.compile(r"\$\{([A-Z_][A-Z0-9_]*)\}")
_WANTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text",
    "tuple_type": "a list",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
}
_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


@dataclass(slots=True)
class Prepared:
    """The document's data with the environment filled in, ready for the models.

    `literal_secrets`: paths of secrets written out in the file. `from_env`: paths whose text came, whole or
    in part, from the environment; like secrets, such values are never printed.
    """

    data: Any
    literal_secrets: list[Path] = field(default_factory=list)
    from_env: set[Path] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)


def prepare(document: Document, environ: Mapping[str, str]) -> Prepared:
    """Fill in ${NAME}, and drop keys with nothing behind them: `api:` alone means its defaults."""
    prepared = Prepared(None)

    def walk(value: Any, path: Path) -> Any:
        if isinstance(value, list):
            return [walk(item, (*path, number)) for number, item in enumerate(value)]
        if isinstance(value, dict):
            section = _is_section(kind_at(path))
            return {
                key: walk(item, (*path, key)) for key, item in value.items() if not (section and item is None)
            }
        return text(value, path) if isinstance(value, str) else value

    def text(value: str, path: Path) -> str:
        names = _VARIABLE.findall(value)
        if not names and value and is_secret(path):
            prepared.literal_secrets.append(path)
        unset = [name for name in names if name not in environ]
        for name in unset:
            prepared.problems.append(
                document.problem(
                    path, f"the environment variable {name} is not set", f"Export {name} before the start."
                )
            )
        if names:
            prepared.from_env.add(path)
        return value if unset else _VARIABLE.sub(lambda found: environ[found[1]], value)

    data = walk(document.data, ())
    prepared.data = {} if data is None else data
    return prepared


def validate(document: Document, prepared: Prepared) -> Config | None:
    """The model of the prepared data, or None with its problems added to `prepared`."""
    told = {problem.key for problem in prepared.problems}
    try:
        return Config.model_validate_json(json.dumps(prepared.data))
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            if detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]:
                continue  # too few are left because some are wrong: they have problems of their own
            problem = _problem(detail, document, prepared)
            if problem.key not in told:
                prepared.problems.append(problem)
        return None


def kind_at(path: Path) -> Any:
    """The annotation of the model at `path`; None where the models know no such key."""
    kind: Any = Config
    for step in path:
        kind = _inner(kind, step)
    return kind


def is_secret(path: Path) -> bool:
    return kind_at(path) is SecretStr


def keys_at(path: Path) -> Iterator[str]:
    """The keys the models know below `path`."""
    kind = kind_at(path)
    if _is_section(kind):
        yield from kind.model_fields


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _inner(kind: Any, step: str | int) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    found: Any = None
    if _is_section(kind):
        known = kind.model_fields.get(step)
        found = known.annotation if known else None
    elif origin is tuple and isinstance(step, int):
        found = inner[0]
    elif origin is dict and isinstance(step, str):
        found = inner[1]
    return get_args(found)[0] if get_origin(found) is Annotated else found


def _problem(detail: ErrorDetails, document: Document, prepared: Prepared) -> Problem:
    path, kind, context = detail["loc"], detail["type"], detail.get("ctx", {})
    wrong_key = bool(path) and path[-1] == "[key]"
    if wrong_key:
        path = path[:-1]
    if kind == "extra_forbidden":
        return document.problem(
            path, "unknown key", did_you_mean(str(path[-1]), keys_at(path[:-1])), key=True
        )
    meaning = _meaning(path)
    if kind == "missing":
        return document.problem(path, "is missing", f"Meaning: {meaning}." if meaning else "")
    hidden = is_secret(path) or path in prepared.from_env
    shown = "the value" if hidden else _shown(path[-1] if wrong_key else detail["input"])
    what, fix = _words(kind, context, shown, detail, hidden)
    return document.problem(path, what, fix or (f"Meaning: {meaning}." if meaning else ""), key=wrong_key)


def _words(
    kind: str, context: Mapping[str, Any], shown: str, detail: ErrorDetails, hidden: bool
) -> tuple[str, str]:
    """What is wrong, and the fix where it is more than the key's meaning."""
    if kind in _WANTED:
        quote = " Quote it." if kind == "string_type" and not isinstance(detail["input"], list | dict) else ""
        return f"{shown} is not {_WANTED[kind]}", quote.strip()
    if kind in ("literal_error", "enum"):
        choices = re.findall(r"'([^']*)'", context["expected"])
        near = "" if hidden else did_you_mean(str(detail["input"]), choices)
        return f"{shown} is none of {', '.join(choices)}", near if near.startswith("Did") else ""
    if kind == "string_pattern_mismatch":
        return f"{shown} is not {IN_WORDS[context['pattern']]}", ""
    if kind == "value_error":
        return str(context["error"]), ""
    for bound, words in _BOUNDS.items():
        if bound in context:
            return f"{shown} is out of bounds: {words} {context[bound]:g}", ""
    if "min_length" in context:
        return "is empty", ""
    if "max_length" in context:
        return f"is too long: at most {context['max_length']}", ""
    return detail["msg"], ""


def _meaning(path: tuple[str | int, ...]) -> str:
    """The description of the key at `path`, or of the list or mapping it is in."""
    while path and isinstance(path[-1], int):
        path = path[:-1]
    parent: Any = kind_at(path[:-1]) if path else None
    if not _is_section(parent):
        return ""
    known = parent.model_fields.get(path[-1])
    return str(known.description or "") if known else ""


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f'{text[:57]}…"'


__all__ = ["Prepared", "dotted", "is_secret", "keys_at", "kind_at", "prepare", "validate"]
