"""What every section is made of: a frozen model that knows its keys, and the kinds of values they hold."""

import ipaddress
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
NUMBER = r"^\+[1-9][0-9]{6,14}$"
PREFIX = r"^\+[1-9][0-9]{0,14}$"
ANY_PREFIX = r"^(\+[1-9][0-9]{0,14})?$"
EXTENSION = r"^[0-9*#]{1,16}$"
LANGUAGE = r"^[a-z]{2}$"
COUNTRY = r"^[A-Z]{2}$"

IN_WORDS = {
    NAME: "letters, digits, '.', '_' and '-', at most 64, e.g. trunk-1",
    NUMBER: "a number in E.164, with plus and country code, e.g. +48221234567",
    PREFIX: "the beginning of a number in E.164, with plus and country code, e.g. +4822",
    ANY_PREFIX: "empty, or the beginning of a number in E.164, e.g. +4822",
    EXTENSION: "an extension: digits, * and #, at most 16, e.g. 1001",
    LANGUAGE: "a language of two small letters (ISO 639-1), e.g. pl",
    COUNTRY: "a country of two capital letters (ISO 3166), e.g. PL",
}


def _as_text(value: Any) -> Any:
    """1001 → "1001": the strict reader makes numbers only of what `str` writes back unchanged."""
    return str(value) if type(value) is int else value


def _time_zone(name: str) -> str:
    try:
        if name:
            ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, no key at all, or a folder such as "Europe"
        raise ValueError(f"'{name}' is no IANA time zone, such as Europe/Warsaw") from None
    return name


def _text_or_number(pattern: str) -> WithJsonSchema:
    """For editors: what the strict reader reads as a number is welcome where its text is meant."""
    return WithJsonSchema({"anyOf": [{"type": "string", "pattern": pattern}, {"type": "integer"}]})


Name = Annotated[str, Field(pattern=NAME), BeforeValidator(_as_text), _text_or_number(NAME)]
Number = Annotated[str, Field(pattern=NUMBER)]
Prefix = Annotated[str, Field(pattern=PREFIX)]
AnyPrefix = Annotated[str, Field(pattern=ANY_PREFIX)]
Ref = Annotated[str, BeforeValidator(_as_text)]
Extension = Annotated[str, Field(pattern=EXTENSION), BeforeValidator(_as_text), _text_or_number(EXTENSION)]
Language = Annotated[str, Field(pattern=LANGUAGE)]
Country = Annotated[str, Field(pattern=COUNTRY)]
Zone = Annotated[str, AfterValidator(_time_zone)]
Port = Annotated[int, Field(ge=1, le=65535)]


class Section(BaseModel):
    """A mapping of config.yaml. It cannot change, knows no other keys, and takes no text for a number."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def is_loopback(host: str) -> bool:
    """Does traffic to `host` stay on this machine?"""
    if host == "localhost" or host.startswith("unix:"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
