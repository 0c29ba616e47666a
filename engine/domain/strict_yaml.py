"""YAML as people mean it: a strict reader for config.yaml and for scenarios.

What it makes of the well-known traps:
    no, on, yes, y           text; only true and false are booleans
    0123, +48600100200       text, as is any run of ten digits and more: telephone numbers are no quantities
    12:30, 2026-11-21, 1e10  text; a number is decimal: 3, -3, 0.03
    1: pay   '1': pay        the same key: keys are always text, as written
    port: 1 … port: 2        an error, as are tags (!!python), merge keys (<<) and a second document
An integer is always written as `str` writes it back, so nothing is lost by a reader who wants its text.
Anchors and aliases work; what they expand to is bounded, and so is depth: no file can fill the memory.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from engine.domain.errors import ConfigError, Problem

MAX_CHARS = 1_000_000
MAX_DEPTH = 40
MAX_NODES = 100_000  # an alias counts as often as the nodes it stands for

Path = tuple[str | int, ...]
_Mark = tuple[int, int]  # line, column, both from 1

# libyaml's parser where PyYAML was built with it (every wheel): six times faster, the same events.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,8}")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]{0,14})\.[0-9]{1,15}")
_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_WORDS |= {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


def load(text: str, name: str) -> "Document":
    """Read one document. `name`: what errors call it, e.g. the file's name.

    Raises ConfigError, and nothing else, with all that is wrong: of what is well formed but not allowed
    everything at once, of syntax errors the first, since what follows one is guesswork.
    """
    return _Reader(name).read(text)


def dotted(path: Path) -> str:
    """A path as people write it: ("campaigns", 0, "mode") is campaigns[0].mode."""
    parts = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in path]
    return "".join(parts).removeprefix(".")


@dataclass(slots=True)
class _Node:
    """A value and where it stands. `keys`: where each key of a mapping stands. `size`: nodes, expanded."""

    mark: _Mark
    value: Any
    children: dict[str | int, "_Node"] = field(default_factory=dict)
    keys: dict[str, _Mark] = field(default_factory=dict)
    size: int = 1


@dataclass(frozen=True, slots=True)
class Document:
    """`data`: str, int, float, bool, None, list and dict with text keys; an empty document is None.

    Aliased parts are shared, not copied: do not change `data`.
    """

    name: str
    data: Any
    _root: _Node = field(repr=False)

    def where(self, path: Path = (), *, key: bool = False) -> str:
        """name:line:column of the value at `path` (or of its key). Of a path that is not there: the
        place of the nearest part of it that is."""
        node, mark = self._root, self._root.mark
        for step in path:
            if step not in node.children:
                break
            mark = node.keys.get(step, mark) if key and isinstance(step, str) else node.children[step].mark
            node = node.children[step]
        return f"{self.name}:{mark[0]}:{mark[1]}"

    def problem(self, path: Path, what: str, fix: str = "", *, key: bool = False) -> Problem:
        """What is wrong at `path` (or with its key), for `ConfigError.of`."""
        return Problem(self.where(path, key=key), dotted(path), what, fix)


class _Reader:
    """Builds nodes from the parser's events, with a stack of its own: no input can exhaust Python's."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._problems: list[Problem] = []
        self._anchors: dict[str, _Node | None] = {}  # None while the node is still open
        self._open: list[tuple[_Node, str | None]] = []  # collections being read, with their anchor
        self._pending: list[str | None] = []  # for each: the key whose value comes next
        self._root: _Node | None = None

    def _path(self) -> Path:
        """Where the reading stands now."""
        steps: list[str | int] = []
        for (node, _), key in zip(self._open, self._pending, strict=True):
            if isinstance(node.value, list):
                steps.append(len(node.value))
            elif key is not None:
                steps.append(key)
        return tuple(steps)

    def read(self, text: str) -> Document:
        if len(text) > MAX_CHARS:
            raise ConfigError(f"longer than {MAX_CHARS} characters", self._name, "Split the file.")
        try:
            for event in yaml.parse(text, Loader=_Loader):
                self._take(event)
        except yaml.MarkedYAMLError as error:
            self._problems.append(self._syntax(error, text))
        except (yaml.YAMLError, UnicodeError) as error:
            reason = getattr(error, "reason", None) or str(error)
            self._problems.append(
                Problem(self._name, "", f"not readable as text: {reason}", "Save it as UTF-8.")
            )
        if self._problems:
            raise ConfigError.of(self._problems)
        root = self._root or _Node((1, 1), None)
        return Document(self._name, root.value, root)

    def _syntax(self, error: yaml.MarkedYAMLError, text: str) -> Problem:
        what = " ".join(str(part) for part in (error.context, error.problem) if part)
        mark = error.problem_mark or error.context_mark
        if mark is None:
            return Problem(self._name, "", what)
        line = "".join(text.split("\n")[mark.line : mark.line + 1])
        fix = "Indent with spaces, not with tabs." if line[mark.column : mark.column + 1] == "\t" else ""
        return Problem(f"{self._name}:{mark.line + 1}:{mark.column + 1}", "", what, fix)

    def _say(self, mark: _Mark, what: str, fix: str = "") -> None:
        self._problems.append(Problem(f"{self._name}:{mark[0]}:{mark[1]}", dotted(self._path()), what, fix))

    def _stop(self, mark: _Mark, what: str, fix: str) -> None:
        """Say it and read no further: going on would only cost memory."""
        self._say(mark, what, fix)
        raise ConfigError.of(self._problems)

    def _take(self, event: yaml.Event) -> None:
        start: Any = event.start_mark
        mark = (start.line + 1, start.column + 1)
        if isinstance(event, yaml.DocumentStartEvent) and self._root is not None:
            self._stop(mark, "a second document begins here", "Keep one document in a file.")
        if isinstance(event, yaml.AliasEvent):
            self._alias(event.anchor, mark)
        elif isinstance(event, yaml.ScalarEvent):
            self._no_tag(event, mark)
            plain = event.implicit[0]
            self._scalar(
                _Node(mark, _meaning(event.value) if plain else event.value), event.value, event.anchor
            )
        elif isinstance(event, yaml.CollectionStartEvent):
            self._no_tag(event, mark)
            self._begin(_Node(mark, [] if isinstance(event, yaml.SequenceStartEvent) else {}), event.anchor)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._end()

    def _no_tag(self, event: Any, mark: _Mark) -> None:
        if event.tag is not None:
            self._say(mark, f"the tag {event.tag} is not allowed", "Leave it out; quote what must be text.")

    def _alias(self, anchor: Any, mark: _Mark) -> None:
        node = self._anchors.get(anchor)
        if node is None:
            known = "it contains itself" if anchor in self._anchors else "nothing before it has this anchor"
            self._stop(
                mark, f"the alias *{anchor} cannot be followed: {known}", 'Quote a star that is text: "*".'
            )
        elif self._key_is_next():
            self._say(mark, "an alias cannot be a key", "Write the key out.")
            self._pending[-1] = ""
        else:
            self._place(_Node(mark, node.value, node.children, node.keys, node.size))

    def _key_is_next(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1][0].value, dict) and self._pending[-1] is None

    def _scalar(self, node: _Node, text: str, anchor: str | None) -> None:
        if self._key_is_next():
            self._key(text, node.mark)
            node.value = text
        else:
            self._place(node)
        if anchor is not None:
            self._anchors[anchor] = node

    def _key(self, text: str, mark: _Mark) -> None:
        keys = self._open[-1][0].keys
        self._pending[-1] = text
        if text in keys:
            self._say(mark, f"written twice, first in line {keys[text][0]}", "Keep one of them.")
        elif text == "<<":
            self._say(
                mark, "merge keys are not part of YAML 1.2", "Write the keys out, or alias a whole value."
            )
        elif not text:
            self._say(mark, "a key is empty", "Name it.")
        keys.setdefault(text, mark)

    def _begin(self, node: _Node, anchor: str | None) -> None:
        if len(self._open) >= MAX_DEPTH:
            self._stop(node.mark, f"nested deeper than {MAX_DEPTH} levels", "Flatten it.")
        if self._key_is_next():
            self._stop(node.mark, "a key must be plain text", "Quote braces and brackets that are text.")
        if anchor is not None:
            self._anchors[anchor] = None
        self._open.append((node, anchor))
        self._pending.append(None)

    def _end(self) -> None:
        node, anchor = self._open.pop()
        self._pending.pop()
        if anchor is not None:
            self._anchors[anchor] = node
        self._place(node)

    def _place(self, node: _Node) -> None:
        """Put a finished value where it belongs: under the key that waits, at the end of the list, on top."""
        if not self._open:
            self._root = node
            return
        parent = self._open[-1][0]
        step: str | int
        if isinstance(parent.value, list):
            step = len(parent.value)
            parent.value.append(node.value)
        else:
            step = self._pending[-1] or ""
            parent.value.setdefault(step, node.value)
            self._pending[-1] = None
        parent.children.setdefault(step, node)
        parent.size += node.size
        if parent.size > MAX_NODES:
            self._stop(node.mark, f"more than {MAX_NODES} values, aliases expanded", "Use fewer aliases.")


def _meaning(text: str) -> Any:
    """What an unquoted scalar stands for: YAML 1.2's core schema, less what could be an identifier."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
