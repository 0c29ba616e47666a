"""How values become text that the switch takes for values and nothing else.

FreeSWITCH takes quoted text apart several times: the words of the command, then the variables between the
braces, then name and value; and it looks for `${` when an application runs. Quotes, backslashes and braces
mean something different at each of these stages and no value of ours needs them, so they are refused
(`printable` turns a person's name into text that is always taken); commas and spaces are common and quoted.

Every function returns the text to put into a command, or raises SwitchError.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from engine.domain.errors import SwitchError


class Step(NamedTuple):
    """An application and its argument, e.g. Step("playback", "/prompts/hello.wav")."""

    application: str
    argument: str = ""


_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
_SPLITS = re.compile(_CONTROL.pattern + r"|['\\{}]")
_EXPANDS = re.compile(r"\$\\*\{")
_WORD = re.compile(r"[A-Za-z0-9_.:+*#@%/;=~!][A-Za-z0-9_.:+*#@%/;=~!-]*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_NUMBER = re.compile(r"\+?[0-9*#]{1,32}")
_CAUSE = re.compile(r"[A-Z][A-Z0-9_]*")


def _refuse(what: str, value: str) -> SwitchError:
    return SwitchError(what, repr(value[:60]), "The switch would read it as more than a value.")


def is_leg(value: str) -> bool:
    """Other users of the switch may give legs ids that we would never send."""
    return _ID.fullmatch(value) is not None


def leg(value: str) -> str:
    """A leg's, job's or step's id: letters, digits, dash, dot, underscore."""
    if not _ID.fullmatch(value):
        raise _refuse("not a leg id", value)
    return value


def number(value: str) -> str:
    """A number to dial or to show: digits, * and #, with or without the plus."""
    if not _NUMBER.fullmatch(value):
        raise _refuse("not a telephone number", value)
    return value


def word(value: str) -> str:
    """A gateway, an endpoint, a profile: one word without anything the dial string would split at."""
    if not _WORD.fullmatch(value) or ":_:" in value:
        raise _refuse("not one word", value)
    return value


@lru_cache(maxsize=1024)
def name(value: str) -> str:
    """A channel variable or an application."""
    if not _NAME.fullmatch(value):
        raise _refuse("not a name", value)
    return value


def cause(value: str) -> str:
    if not _CAUSE.fullmatch(value):
        raise _refuse("not a hangup cause", value)
    return value


def plain(value: str) -> str:
    """Text that no stage of the switch takes apart, whatever quotes stand around it; spaces and commas may
    be inside, not at the ends (the switch would cut them off)."""
    if _SPLITS.search(value):
        raise _refuse("a quote, backslash, brace or line break in a value", value)
    if ":_:" in value or value.startswith("^^") or value != value.strip(" "):
        raise _refuse("a value the switch would split or cut", value)
    return value


def printable(text: str) -> str:
    """A person's name, or other text for human eyes, with look-alikes for every sign `plain` refuses."""
    text = _CONTROL.sub(" ", text).translate(_LOOK_ALIKES).replace(":_:", ": :")
    return " ".join(text.split(" ")).strip(" ").lstrip("^").strip(" ")


_LOOK_ALIKES = str.maketrans({"'": "\u2019", "\\": "/", "{": "(", "}": ")", '"': "\u201d"})


def quoted(value: str) -> str:
    """A value as one word of an api command."""
    return plain(value) if _WORD.fullmatch(value) else f"'{plain(value)}'"


def variables(values: Mapping[str, str]) -> str:
    """`{name='value',...}` in front of an endpoint. Empty values are left out: the switch has none."""
    pairs = []
    for key, value in values.items():
        if value and _WORD.fullmatch(value) and ":_:" not in value:  # most are, and a word holds no sign
            pairs.append(f"{name(key)}={value}")
        elif value:
            safe = plain(value).replace(",", "\\,")
            pairs.append(f"{name(key)}='{safe}'")
    return "{" + ",".join(pairs) + "}" if pairs else ""


def step_text(step: Step) -> str:
    """One step of an inline list."""
    argument = plain(step.argument).replace(",", "\\,")
    return f"{name(step.application)}:{argument}" if argument else name(step.application)


def inline(steps: Iterable[Step]) -> str:
    """`'app:argument,app:argument' inline`: what a leg does by itself, one step after the other."""
    return inline_of(step_text(step) for step in steps)


def inline_of(texts: Iterable[str]) -> str:
    """The same from steps that are text already; for those few whose argument is more than a plain value."""
    joined = ",".join(texts)
    if not joined:
        raise SwitchError("an inline list without a step")
    return f"'{joined}' inline"


def argument(value: str) -> str:
    """The argument of an application sent by itself. Quotes may stand in it, the switch expands only `${`."""
    if _CONTROL.search(value) or _EXPANDS.search(value) or "\\" in value:
        raise _refuse("a backslash, variable or line break in an argument", value)
    return value
