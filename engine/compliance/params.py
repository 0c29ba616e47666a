"""A rule's parameters: from the plain data of a configuration to the rule's own frozen dataclass."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import date
from difflib import get_close_matches
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from engine.compliance.case import Rule
from engine.domain.errors import ConfigError

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class RuleKind:
    """An entry of the registry: the dataclass of the parameters, and how a rule is made from plain data."""

    params: type[Any]
    make: Callable[[Mapping[str, object], str], Rule]


def rule_kind(params: type[P], rule: Callable[[P], Rule]) -> RuleKind:
    return RuleKind(params, lambda given, where: rule(params_from(params, given, where)))


def params_from(kind: type[P], given: Mapping[str, object], where: str) -> P:
    """Build `kind` from a mapping. ConfigError names the parameter, what it must be, the nearest known."""
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for name in given:
        if name not in known:
            near = get_close_matches(str(name), known, n=1, cutoff=0.5)
            hint = f"Did you mean '{near[0]}'?" if near else f"It has: {', '.join(known) or 'none'}."
            raise ConfigError(f"unknown parameter '{name}'", where, hint)
    for name, field in known.items():
        if name not in given and field.default is MISSING and field.default_factory is MISSING:
            raise ConfigError(f"parameter '{name}' is missing", where, "Give it a value.")
    hints = get_type_hints(kind)
    values = {name: _fitted(value, hints[name], f"{where}.{name}") for name, value in given.items()}
    try:
        return kind(**values)
    except ConfigError as error:
        raise ConfigError(error.what, f"{where}.{error.where}" if error.where else where, error.fix) from None


def _fitted(value: object, kind: Any, where: str) -> Any:
    """`value` as `kind`: bool, int, float, str, date, a tuple of one of these, or one of these or None."""
    if get_origin(kind) is UnionType:
        if value is None:
            return None
        kind = next(option for option in get_args(kind) if option is not type(None))
    if get_origin(kind) is tuple:
        item = get_args(kind)[0]
        many = value if isinstance(value, list | tuple) else [value]
        return tuple(_fitted(one, item, f"{where}.{number}") for number, one in enumerate(many))
    if kind is date:
        return _date(value, where)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        words = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
        raise ConfigError(f"{value!r} is not {words[kind]}", where, f"Write {words[kind]}.")
    return value


def _date(value: object, where: str) -> date:
    if type(value) is date:
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ConfigError(f"{value!r} is not a date", where, "Write it as 2026-11-04.") from None


def time_of_day_s(text: str, where: str) -> int:
    """ "09:30" → seconds after midnight; "24:00" is the end of the day."""
    hours, colon, minutes = text.strip().partition(":")
    if colon and hours.isascii() and hours.isdigit() and minutes.isascii() and minutes.isdigit():
        seconds = int(hours) * 3_600 + int(minutes) * 60
        if len(minutes) == 2 and int(minutes) < 60 and seconds <= 86_400:
            return seconds
    raise ConfigError(f"{text!r} is not a time of day", where, "Write it as 09:00, from 00:00 to 24:00.")


def clock_text(seconds: int) -> str:
    return f"{seconds // 3_600:02d}:{seconds % 3_600 // 60:02d}"
