"""What can be known of a scenario before any call: names, ways, ends. `words` looks at its texts."""

from collections.abc import Iterable, Iterator, Mapping, Set

from engine.domain.errors import Problem, did_you_mean
from engine.domain.strict_yaml import Document, Path
from engine.ivr.form import Header, PlacedNode
from engine.ivr.languages import LANGUAGES
from engine.ivr.script import Edge, Script
from engine.ivr.templates import LANGUAGE
from engine.ivr.verbs.step import DONE, Jump
from engine.ivr.words import Words


def check(script: Script, header: Header, nodes: Iterable[PlacedNode], document: Document) -> list[Problem]:
    """Everything wrong with it. Fills the script's compiled texts and conditions on the way."""
    nodes = list(nodes)
    defaults = [(("defaults", "on", outcome), jump) for outcome, jump in header.defaults.on.items()]
    problems = list(_header(header, document))
    problems += _targets(script, defaults, document)
    problems += _nodes(script, nodes, document)
    if all(name in script.nodes for name in _named(script)):
        problems += _graph(script, document)
    return problems + Words(script, document).check(nodes)


def _header(header: Header, document: Document) -> Iterator[Problem]:
    for at, language in enumerate(header.languages):
        if language not in LANGUAGES:
            yield document.problem(
                ("languages", at), f"no language '{language}'", did_you_mean(language, LANGUAGES)
            )
    for name, variable in header.vars.items():
        path = ("vars", name)
        if not name.isidentifier() or name == LANGUAGE:
            yield document.problem(path, "a variable is named with letters, digits and _", key=True)
        for key in ("example", "default"):
            value = getattr(variable, key)
            try:
                if value is not None:
                    variable.read(value)
            except ValueError as error:
                yield document.problem((*path, key), f"'{value}' {error}")
    if header.hung_up not in header.dispositions:
        yield _no_disposition(document, ("hung_up",), header.hung_up, header.dispositions)


def _no_disposition(document: Document, path: Path, name: str, known: Mapping[str, str]) -> Problem:
    return document.problem(path, f"'{name}' is not among the dispositions", did_you_mean(name, known))


def _nodes(script: Script, nodes: Iterable[PlacedNode], document: Document) -> Iterator[Problem]:
    used = {script.hung_up}
    for node in nodes:
        used.add(node.frame.disposition)
        if not node.steps:
            continue
        yield from _steps(node, document)
        yield from _outcomes(script, node, document)
        yield from _targets(script, _jumps(node, document), document)
        if node.frame.disposition:
            if node.frame.disposition not in script.dispositions:
                path = (*node.path, "disposition")
                yield _no_disposition(document, path, node.frame.disposition, script.dispositions)
        elif any(placed.step.ends for placed in node.steps):
            what = "the scenario ends here without a disposition"
            yield document.problem(node.path, what, "Add disposition: to the node.", key=True)
    for name in script.dispositions.keys() - used:
        yield document.problem(("dispositions", name), "no node has this disposition", key=True)
    if script.start not in script.nodes:
        fix = did_you_mean(script.start, script.nodes)
        yield document.problem(("start",), f"there is no node '{script.start}'", fix)


def _steps(node: PlacedNode, document: Document) -> Iterator[Problem]:
    for placed, following in zip(node.steps, node.steps[1:], strict=False):
        if placed.step.decides:
            what = f"nothing after {placed.verb} is ever reached"
            yield document.problem(following.path, what, "Move it to a node of its own.", key=True)


def _outcomes(script: Script, node: PlacedNode, document: Document) -> Iterator[Problem]:
    frame, last = node.frame, node.steps[-1]
    drawn = frozenset(script.nodes[node.name].edges[-1])
    if frame.next is not None and (DONE in frame.on or DONE not in last.step.needs(frozenset())):
        yield document.problem((*node.path, "next"), f"{last.verb} does not go on from here", key=True)
    for outcome in frame.on:
        refusal = last.step.refuses(outcome)
        if refusal:
            yield document.problem((*node.path, "on", outcome), refusal, key=True)
    for outcome, why in last.step.needs(drawn).items():
        if outcome not in drawn:
            fix = "Add next: NODE." if outcome == DONE else f"Add {outcome}: under on: (or in defaults)."
            yield document.problem(node.path, f"the outcome {outcome} is not drawn: {why}", fix, key=True)


def _jumps(node: PlacedNode, document: Document) -> Iterator[tuple[Path, Jump]]:
    """Every jump written in the node, with its path in the file."""
    for placed in node.steps:
        for where, jump in placed.step.jumps().values():
            yield placed.at(where, document.data), jump
    for outcome, jump in node.frame.on.items():
        yield (*node.path, "on", outcome), jump
    if node.frame.next is not None:
        yield (*node.path, "next"), node.frame.next


def _targets(script: Script, jumps: Iterable[tuple[Path, Jump]], document: Document) -> Iterator[Problem]:
    for path, jump in jumps:
        for target in filter(None, (jump.goto, jump.then)):
            if target not in script.nodes:
                yield document.problem(
                    path, f"there is no node '{target}'", did_you_mean(target, script.nodes)
                )


def _named(script: Script) -> Set[str]:
    """Every node that something leads to."""
    ways = [edge for name in script.nodes for edge in _edges(script, name)]
    return {script.start, *(edge.target for edge in ways), *(edge.then for edge in ways)} - {""}


def _graph(script: Script, document: Document) -> list[Problem]:
    """Nodes nobody comes to, and circles that a call could run in for ever."""
    problems = []
    reached = _reachable(script)
    for name in script.nodes:
        if name not in reached:
            what = "no way leads to this node"
            problems.append(document.problem(("nodes", name), what, "Draw one, or take it out.", key=True))
    for name, target in _endless(script):
        what = f"from here to '{target}' and back without end"
        fix = "Give one of the jumps in the circle a max: (or use repeat:) and a then:."
        problems.append(document.problem(("nodes", name), what, fix, key=True))
    return problems


def _edges(script: Script, name: str) -> Iterator[Edge]:
    for edges in script.nodes[name].edges:
        yield from edges.values()


def _reachable(script: Script) -> Set[str]:
    reached, waiting = {script.start}, [script.start]
    while waiting:
        for edge in _edges(script, waiting.pop()):
            new = {edge.target, edge.then} - reached - {""}
            reached |= new
            waiting += new
    return reached


def _endless(script: Script) -> list[tuple[str, str]]:
    """The jumps that close a circle of unlimited ones. (The `then` of a limited jump is not limited.)"""
    free = {
        name: [edge.then if edge.most else edge.target for edge in _edges(script, name)]
        for name in script.nodes
    }
    found, finished, path = [], set[str](), list[str]()

    def walk(start: str) -> None:
        ways = [iter(free[start])]
        path.append(start)
        while ways:
            target = next(ways[-1], None)
            if target is None:
                finished.add(path.pop())
                ways.pop()
            elif target in path:
                found.append((path[-1], target))
            elif target not in finished:
                path.append(target)
                ways.append(iter(free[target]))

    for name in script.nodes:
        if name not in finished:
            walk(name)
    return found
