"""What an `originate` says: variables, whom to call, and what to do with the leg once it is there. Pure.

{name=value,quoted='a b',escaped=a\\,b}sofia/gateway/demo/+48600100200 &park()
{...}user/1001 'sleep:1800,playback:/prompts/abandon.wav,hangup:NORMAL_CLEARING' inline
{...}sofia/external/1@127.0.0.1:5080 700 XML default
"""

import re
from dataclasses import dataclass, field

Plan = list[tuple[str, str]]  # applications and their arguments, in the order they run

USAGE = (
    "-USAGE: <call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>] "
    "[<cid_name>] [<cid_num>] [<timeout_sec>]\n"
)


@dataclass(slots=True)
class Endpoint:
    """`kind`: gateway, sofia or user. `where`: the gateway or profile. `number`: as dialed. `host`: or ""."""

    kind: str
    where: str
    number: str
    host: str = ""


@dataclass(slots=True)
class Originate:
    """A parsed originate. Either `plan` (an application or an inline list) or `extension` + `context`."""

    endpoint: Endpoint
    variables: dict[str, str] = field(default_factory=dict)
    plan: Plan = field(default_factory=list)
    extension: str = ""
    dialplan: str = ""
    context: str = "default"
    timeout_s: float = 60.0


class BadDialString(ValueError):
    """The text cannot be dialed; `reply` is what FreeSWITCH would say."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply.strip())
        self.reply = reply


def parse_originate(text: str) -> Originate:
    """Take an originate's argument apart. Raises BadDialString."""
    variables, rest = _take_variables(text.strip())
    words = split_words(rest)
    if len(words) < 2:
        raise BadDialString(USAGE)
    call = Originate(parse_endpoint(words[0]), variables)
    target, tail = words[1], words[2:]
    if target.startswith("&"):
        name, _, argument = target[1:].partition("(")
        call.plan = [(name, argument.removesuffix(")"))]
    elif tail and tail[0] == "inline":
        call.plan, call.dialplan = parse_inline(target), "inline"
    else:
        call.extension, call.dialplan = target, tail[0] if tail else "XML"
        call.context = tail[1] if len(tail) > 1 else "default"
    if len(tail) > 2 and tail[2]:
        variables.setdefault("origination_caller_id_name", tail[2])
    if len(tail) > 3 and tail[3]:
        variables.setdefault("origination_caller_id_number", tail[3])
    timeout = tail[4] if len(tail) > 4 else variables.get("originate_timeout", "")
    if timeout.isdigit():
        call.timeout_s = float(timeout)
    return call


def parse_endpoint(text: str) -> Endpoint:
    """sofia/gateway/NAME/NUMBER, sofia/PROFILE/NUMBER@HOST, sofia/PROFILE/NUMBER%DOMAIN or user/NUMBER."""
    parts = text.split("/")
    if parts[0] == "sofia" and len(parts) >= 4 and parts[1] == "gateway":
        return Endpoint("gateway", parts[2], "/".join(parts[3:]))
    if parts[0] == "sofia" and len(parts) >= 3:
        number, at, host = "/".join(parts[2:]).partition("@")
        if at:
            return Endpoint("sofia", parts[1], number, host)
        number, _, domain = number.partition("%")
        return Endpoint("user", parts[1], number, domain)
    if parts[0] == "user" and len(parts) == 2 and parts[1]:
        number, _, domain = parts[1].partition("@")
        return Endpoint("user", "internal", number, domain)
    raise BadDialString("-ERR CHAN_NOT_IMPLEMENTED\n")


def parse_inline(text: str) -> Plan:
    """`app:argument,app:argument`; a comma of an argument is written `\\,`."""
    plan = []
    for step in split_escaped(text):
        name, _, argument = step.strip().partition(":")
        if name:
            plan.append((name, argument))
    return plan


def split_escaped(text: str) -> list[str]:
    """Split at commas, except `\\,` (which becomes a comma). Single quotes keep spaces together and are gone
    by now: they do not protect a comma."""
    parts, part, at = [], "", 0
    while at < len(text):
        mark = text[at]
        if mark == "\\" and at + 1 < len(text) and text[at + 1] in ",'":
            part += text[at + 1]
            at += 2
            continue
        if mark == ",":
            parts.append(part)
            part = ""
        elif mark != "'":
            part += mark
        at += 1
    return [*parts, part]


def split_words(text: str) -> list[str]:
    """Split at spaces, except inside single quotes and inside the parentheses of `&app(...)`."""
    words, word, quoted, depth, begun = [], "", False, 0, False
    for mark in text:
        if mark == "'" and depth == 0:
            quoted, begun = not quoted, True
        elif mark == " " and not quoted and depth == 0:
            if begun:
                words.append(word)
            word, begun = "", False
        else:
            if not quoted and (word.startswith("&") or mark in "()"):
                depth += {"(": 1, ")": -1}.get(mark, 0)
            word, begun = word + mark, True
    return [*words, word] if begun else words


_UNESCAPED_COMMA = re.compile(r"(?<!\\),")
_VARIABLE_INSIDE = re.compile(r"\$\{[^}]*\}")


def _take_variables(text: str) -> tuple[dict[str, str], str]:
    """Cut `{...}` and `[...]` groups off the front. A value with `${...}` inside is refused, as FreeSWITCH
    does: the call goes on without that variable."""
    variables: dict[str, str] = {}
    while text[:1] in ("{", "["):
        end = _closing(text)
        if end < 0:
            raise BadDialString(USAGE)
        for pair in _UNESCAPED_COMMA.split(text[1:end]):  # a comma splits even between quotes
            name, equals, value = pair.partition("=")
            value = value.replace("\\,", ",").replace("'", "")
            if equals and not _VARIABLE_INSIDE.search(value):
                variables[name.strip()] = value
        text = text[end + 1 :].lstrip()
    return variables, text


def _closing(text: str) -> int:
    """Index of the bracket that closes the first one; quotes hide brackets, `\\` hides the next mark."""
    opening, closing = text[0], {"{": "}", "[": "]"}[text[0]]
    depth, quoted, at = 0, False, 0
    while at < len(text):
        mark = text[at]
        if mark == "\\":
            at += 1
        elif mark == "'":
            quoted = not quoted
        elif not quoted:
            depth += (mark == opening) - (mark == closing)
            if depth == 0:
                return at
        at += 1
    return -1
