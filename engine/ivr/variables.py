"""What a scenario knows of a contact: declared variables, read from the contact's fields before the call."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema

from engine.domain.errors import ConfigError, Problem

MAX_CHARS = 200  # of a value: a it is spoken, and nothing longer is a name, an amount or a street


def _text(value: str) -> str:
    return " ".join(value.split())


def _money(value: str) -> Decimal:
    plain = "".join(value.split()).replace(",", ".")
    try:
        amount = Decimal(plain)
    except InvalidOperation:
        raise ValueError("is not an amount of money; write 1250.50") from None
    if not amount.is_finite() or not 0 <= amount < 10**12:
        raise ValueError("is not an amount that can be owed")
    exact = amount.quantize(Decimal("0.01"))
    if amount != exact:
        raise ValueError("has more than two decimals")
    return exact


def _number(value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise ValueError("is not a whole number; write 21") from None


def _date(value: str) -> date:
    """2026-11-21 or 21.11.2026."""
    parts = value.strip().split(".")
    try:
        return date.fromisoformat("-".join(reversed(parts)) if len(parts) == 3 else value.strip())
    except ValueError:
        raise ValueError("is not a date; write 2026-11-21 or 21.11.2026") from None


def _phone(value: str) -> str:
    if not any(key.isdigit() for key in value):
        raise ValueError("is not a telephone number; write +79161234567")
    return _text(value)


_READERS: dict[str, Callable[[str], Any]] = {
    "text": _text,
    "money": _money,
    "number": _number,
    "date": _date,
    "phone": _phone,
}
# A bare {{ amount }} would be read out figure by figure, or in the wrong case: these types want a filter.
FILTER_OF = {"money": "money('RUB')", "number": "number", "date": "spoken_date", "phone": "digits"}


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Scalar = Annotated[
    str,
    BeforeValidator(_as_text),
    Field(max_length=MAX_CHARS),
    WithJsonSchema({"type": ["string", "number"], "maxLength": MAX_CHARS}),
]


class Variable(BaseModel, frozen=True, extra="forbid"):
    """A field of the contact that the scenario speaks or decides by."""

    type: Literal["text", "money", "number", "date", "phone"] = Field(
        "text", description="How the contact's field is read, and so which filters can speak it."
    )
    example: Scalar = Field(
        description="A value as a contact has it. Every text is tried with it before any call."
    )
    default: Scalar | None = Field(
        None, description="Taken where the contact has none. Without it the field is required."
    )
    about: str = Field("", description="What it means, for people who write contact lists.")

    def read(self, value: str) -> Any:
        """The value as its type: str, Decimal, int or date. ValueError says what is wrong with it."""
        if len(value) > MAX_CHARS:
            raise ValueError(f"is longer than {MAX_CHARS} characters")
        return _READERS[self.type](value)


def read_fields(declared: Mapping[str, Variable], fields: Mapping[str, str], place: str) -> dict[str, Any]:
    """The values a scenario needs, out of a contact's `fields` (others are ignored).

    An empty field counts as absent. Raises ConfigError with every field that is missing or unreadable;
    `place` says whose fields they are, e.g. the contact's id.
    """
    values, problems = {}, []
    for name, variable in declared.items():
        text = fields.get(name, "").strip() or variable.default
        if text is None:
            problems.append(Problem(place, name, "the scenario needs it and the contact has none"))
            continue
        try:
            values[name] = variable.read(text)
        except ValueError as error:
            problems.append(Problem(place, name, str(error)))  # never the value: it is personal
    if problems:
        raise ConfigError.of(problems)
    return values
