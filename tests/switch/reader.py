"""How a FreeSWITCH takes a command apart, in Python: the judge of our quoting.

Written from what its separators do: a backslash keeps the next sign from splitting, a quote shields
everything up to the next quote, and each stage removes one layer of both.
"""

UNESCAPED = {"n": "\n", "r": "\r", "t": "\t", "s": " "}


def clean(text: str, delimiter: str) -> str:
    """Remove one layer of quotes and escapes, and the blanks around."""
    text = text.lstrip(" ")
    out: list[str] = []
    end, at, inside = 0, 0, False
    while at < len(text):
        sign = text[at]
        if sign == "\\" and at + 1 < len(text):
            follower = text[at + 1]
            if follower in "'\"\\" or (delimiter and follower == delimiter) or follower in UNESCAPED:
                special = follower in "'\"\\" or follower == delimiter
                out.append(follower if special else UNESCAPED[follower])
                at += 2
                end = len(out)
                continue
        if sign == "'" and (inside or "'" in text[at + 1 :]):
            inside = not inside
            if inside:
                end = len(out)
        else:
            out.append(sign)
            if sign != " " or inside:
                end = len(out)
        at += 1
    return "".join(out[:end])


def split(text: str, delimiter: str, most: int) -> list[str]:
    """Stage of separation at a sign that is not a blank."""
    if text.startswith("^^") and len(text) > 3:
        delimiter, text = text[2], text[3:]
    parts, start, at, inside = [], 0, 0, False
    if not text:
        return []
    while len(parts) + 1 < most and at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == "'" and (inside or "'" in text[at + 1 :]):
            inside = not inside
        elif text[at] == delimiter and not inside:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    if start < len(text):
        parts.append(text[start:])
    return [clean(part, delimiter) for part in parts]


def words(text: str, most: int) -> list[str]:
    """Stage of separation at blanks."""
    parts, start, at, inside = [], 0, 0, False
    while len(parts) + 1 < most and at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == "'":
            inside = not inside
        elif text[at] == " " and not inside:
            parts.append(text[start:at])
            while at + 1 < len(text) and text[at + 1] == " ":
                at += 1
            start = at + 1
        at += 1
    if start < len(text):
        parts.append(text[start:])
    return [clean(part, "") for part in parts]


def end_of_braces(text: str) -> int:
    depth = 0
    for at, sign in enumerate(text):
        depth += (sign == "{") - (sign == "}")
        if not depth:
            return at
    raise ValueError("no end of the braces")


def originate(text: str) -> tuple[dict[str, str], str, list[str]]:
    """`originate ...` -> channel variables, endpoint, what stands after it."""
    assert not any(sign in text for sign in "\r\n\0")
    verb, _, rest = text.partition(" ")
    assert verb == "originate"
    leg, *then = words(rest, 10)
    assert ":_:" not in leg, "an enterprise originate: several calls"
    values = {}
    while leg.startswith("{"):
        end = end_of_braces(leg)
        for pair in split(leg[1:end], ",", 1024):
            name, _, _ = pair.partition("=")
            parts = split(pair, "=", 2)
            if len(parts) == 2:
                assert parts[0] not in values
                values[parts[0]] = parts[1]
            assert name
        leg = leg[end + 1 :]
    assert not leg.startswith(("<", "["))
    assert "|" not in leg
    assert "," not in leg
    return values, leg, then


def inline(text: str) -> list[tuple[str, str]]:
    """`...` of `'...' inline` after the quotes are gone -> applications with their arguments."""
    steps = []
    for part in split(text, ",", 128):
        application, _, argument = part.partition(":")
        steps.append((application, argument))
    return steps
