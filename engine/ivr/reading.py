"""From YAML to a checked `Script`. Whatever is wrong is said at once, with file:line:column."""

import hashlib
import typing
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from engine.domain import strict_yaml
from engine.domain.errors import ConfigError, Problem, did_you_mean
from engine.ivr import lint
from engine.ivr.form import Header, NodeFrame, PlacedNode, PlacedStep
from engine.ivr.script import Edge, Node, Script
from engine.ivr.verbs import VERBS
from engine.ivr.verbs.step import DONE, Jump, Step

Path = strict_yaml.Path
_M = TypeVar("_M", bound=BaseModel)


def read(text: str, name: str) -> Script:
    """The scenario in `text`. `name`: of the file, for messages. Raises ConfigError listing every problem."""
    document = strict_yaml.load(text, name)
    reader = Reader(document)
    script = reader.read(hashlib.sha256(text.encode()).hexdigest()[:8])
    if reader.problems or script is None:
        raise ConfigError.of(sorted(reader.problems, key=_in_order))
    return script


def _in_order(problem: Problem) -> tuple[int, ...]:
    return tuple(int(part) for part in problem.place.split(":")[-2:] if part.isdigit())


class Reader:
    """Turns the parts of a document into models, and notes every problem with its place."""

    def __init__(self, document: strict_yaml.Document) -> None:
        self._document = document
        self.problems: list[Problem] = []

    def _say(self, path: Path, what: str, fix: str = "", *, key: bool = False) -> None:
        self.problems.append(self._document.problem(path, what, fix, key=key))

    def read(self, fingerprint: str) -> Script | None:
        header = self.model(Header, self._document.data, ())
        raw = self._document.data.get("nodes") if isinstance(self._document.data, dict) else None
        nodes = [node for node in self._nodes(raw if isinstance(raw, dict) else {}) if node is not None]
        if header is None or self.problems:
            return None
        script = Script(
            header.scenario,
            header.version,
            header.languages,
            header.vars,
            header.dispositions,
            header.hung_up,
            header.start,
            {node.name: _connected(node, header.defaults.on) for node in nodes},
            fingerprint,
        )
        self.problems += lint.check(script, header, nodes, self._document)
        return script

    def _nodes(self, raw: Mapping[str, Any]) -> Iterator[PlacedNode | None]:
        for name, body in raw.items():
            path: Path = ("nodes", name)
            if not isinstance(body, dict):
                self._say(path, "a node is a mapping of a verb and its outcomes")
                yield None
                continue
            frame_keys = {key: value for key, value in body.items() if key in NodeFrame.model_fields}
            verbs = {key: value for key, value in body.items() if key not in frame_keys}
            frame = self.model(NodeFrame, frame_keys, path)
            steps = list(self._steps(verbs, path))
            if frame is None or None in steps:
                yield None
            else:
                yield PlacedNode(name, tuple(step for step in steps if step), frame)

    def _steps(self, verbs: Mapping[str, Any], path: Path) -> Iterator[PlacedStep | None]:
        """One verb written into the node itself, or a list of them under `do`."""
        if "do" not in verbs:
            if len(verbs) != 1:
                known = f"Its verb is one of {', '.join(VERBS)}; several go in a list under do:"
                self._say(path, "a node has one verb", known, key=True)
            for verb, body in verbs.items():
                yield self._step(verb, body, path)
            return
        for key in verbs:
            if key != "do":
                self._say((*path, key), "a verb beside do:", "Put it into the list.", key=True)
        listed = verbs["do"]
        if not isinstance(listed, list) or not listed:
            self._say((*path, "do"), "do: is a list of steps")
            return
        for at, body in enumerate(listed):
            if isinstance(body, str) and body in VERBS:
                body = {body: None}
            if not isinstance(body, dict) or len(body) != 1:
                self._say((*path, "do", at), "a step is one verb with its parameters")
                yield None
                continue
            yield from (self._step(verb, found, (*path, "do", at)) for verb, found in body.items())

    def _step(self, verb: str, body: Any, path: Path) -> PlacedStep | None:
        path = (*path, verb)
        if verb not in VERBS:
            fix = did_you_mean(verb, [*VERBS, "do", *NodeFrame.model_fields])
            self._say(path, f"unknown verb '{verb}'", fix, key=True)
            return None
        kind = VERBS[verb]
        parameter = self._meant(kind, body)
        whole = {parameter: body} if parameter else {} if body is None else body
        step = self.model(kind, whole, path, short=bool(parameter))
        return PlacedStep(verb, step, path) if step is not None else None

    @staticmethod
    def _meant(kind: type[Step], body: Any) -> str:
        """The parameter that a body stands for by itself, "" when it is the mapping of all parameters."""
        if isinstance(body, dict) and str in kind.short and body and not set(body) & _names_of(kind):
            return kind.short[str] if all(len(key) == 2 for key in body) else ""  # a text by language
        kinds = (str, int, float) if isinstance(body, str | int | float) else (type(body),)
        return next((kind.short[each] for each in kinds if each in kind.short), "")

    def model(self, kind: type[_M], data: Any, path: Path, *, short: bool = False) -> _M | None:
        """The data as this model; None after every problem has been noted."""
        try:
            return kind.model_validate(data)
        except ValidationError as error:
            for found in error.errors():
                location = found["loc"][1:] if short else found["loc"]
                at = (*path, *location)
                if found["type"] == "extra_forbidden":
                    known = _known_at(kind, found["loc"])
                    self._say(at, "unknown here", did_you_mean(str(at[-1]), known), key=True)
                elif found["type"] == "missing":
                    self._say(at, "is missing")
                else:
                    self._say(at, _plain(found))
            return None


def _names_of(kind: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in kind.model_fields.items()}


def _known_at(kind: type[BaseModel], location: tuple[str | int, ...]) -> set[str]:
    """The keys that the mapping at this place may have: follows the models down the location."""
    for step in location[:-1]:
        fields = {field.alias or name: field for name, field in kind.model_fields.items()}
        if step in fields:
            kind = next(_models_in(fields[str(step)].annotation), kind)
    return _names_of(kind)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from _models_in(inner)


def _plain(found: Any) -> str:
    """Pydantic's message, or our own without its preamble."""
    if found["type"] == "value_error":
        return str(found["ctx"]["error"])
    if found["type"] == "string_pattern_mismatch":
        return f"'{found['input']}' does not look like {found['ctx']['pattern']}"
    if found["type"] in ("dict_type", "model_type", "model_attributes_type"):
        return "must be a mapping of keys and values"
    if found["type"] in ("tuple_type", "list_type"):
        return "must be a list"
    message: str = found["msg"]
    return message[:1].lower() + message[1:]


def _connected(node: PlacedNode, defaults: Mapping[str, Jump]) -> Node:
    """The node with its edges: those of its steps, its own, and the defaults it needs and does not draw."""
    edges = [{outcome: _edge(jump, node.name) for outcome, (_, jump) in placed.step.jumps().items()}
             for placed in node.steps]  # fmt: skip
    if edges:
        drawn = dict(node.frame.on)
        if node.frame.next is not None:
            drawn[DONE] = node.frame.next
        needed = node.steps[-1].step.needs(frozenset(drawn))
        drawn |= {
            outcome: defaults[outcome] for outcome in needed if outcome in defaults and outcome not in drawn
        }
        edges[-1] |= {outcome: _edge(jump, node.name) for outcome, jump in drawn.items()}
    return Node(node.name, tuple(placed.step for placed in node.steps), tuple(edges), node.frame.disposition)


def _edge(jump: Jump, node: str) -> Edge:
    return Edge(jump.goto or node, jump.limit, jump.then)
