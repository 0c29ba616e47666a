"""Numbers and persons that must never be called again."""

import re
from dataclasses import dataclass, field

from engine.domain.errors import ConfigError

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_PERSON = "person:"


@dataclass(slots=True)
class DoNotCallList:
    """`numbers` in E.164, `persons` by person id. What is added counts from the next call judged."""

    numbers: set[str] = field(default_factory=set)
    persons: set[str] = field(default_factory=set)


def read_do_not_call(text: str, name: str) -> DoNotCallList:
    """A list from text: one E.164 number or `person:ID` a line; `#` starts a comment.

    Spaces, dashes and brackets in a number are allowed. One line that cannot be read fails the whole list
    with ConfigError: a number passed over in silence would be called.
    """
    found, bad = DoNotCallList(), []
    for line, raw in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        entry = raw.partition("#")[0].strip()
        if not entry:
            continue
        number = re.sub(r"[\s()./-]", "", entry)
        if entry.startswith(_PERSON) and entry[len(_PERSON) :].strip():
            found.persons.add(entry[len(_PERSON) :].strip())
        elif _E164.fullmatch(number):
            found.numbers.add(number)
        else:
            bad.append(f"line {line}: {entry[:40]!r}")
    if bad:
        more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
        raise ConfigError(
            f"not a number in E.164: {', '.join(bad[:3])}{more}",
            name,
            "Write one number a line, with plus and country code (+79161234567), or person:ID.",
        )
    return found
