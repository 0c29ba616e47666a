"""The house, as a test: which room may know which, and what the outer world may not enter.

Imports point one way: cli → app → dialer, adapters → ports, pure rooms → domain. Pure rooms do not know each
other; the dialer introduces them. Each offence is told with file, line and the way to mend it.
"""

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENGINE = ROOT / "engine"

PURE = {"domain", "pacing", "amd", "ivr", "compliance", "contacts", "calls", "callerid", "reports", "rules"}
"""Rooms that compute and do nothing else: the same input gives the same answer, anywhere, at any time."""

HEART = {"dialer", "ports", "control"}
"""Not pure (the dialer keeps state), but without a socket, a clock or a greenlet of their own."""

EDGE = {"domain", "ports", "greenlets", "logs"}
"""What every adapter may use."""

MAY_IMPORT: dict[str, set[str]] = {
    "domain": set(),
    "greenlets": set(),
    "logs": set(),
    **{room: {"domain"} for room in (PURE | {"ports", "control"}) - {"domain"}},
    "rules": {"domain", "compliance", "contacts"},
    "config": PURE,
    "dialer": {"domain", "ports", "control", "calls", "pacing", "ivr", "callerid"},
    "switch": EDGE,
    "store": EDGE,
    "speech": EDGE,
    "journal": EDGE | {"store"},  # the hot tail lies in the store's shards
    "media": EDGE | {"amd"},
    "sim": EDGE - {"ports"},  # shares no line with switch/, or one mistake would hide another
    "web": EDGE | {"control", "reports"},
    "training": {
        "domain",
        "amd",
        "speech",
    },  # the workshop of amd: openings made, models fitted, errors counted
}
ADAPTERS = {"switch", "store", "speech", "journal", "media", "web"}
MAY_IMPORT["app"] = PURE | HEART | EDGE | ADAPTERS | {"config"}
MAY_IMPORT["twin"] = PURE | {"ports", "dialer", "store", "sim"}  # of the store its twin in memory
MAY_IMPORT["cli"] = MAY_IMPORT["app"] | {"app", "sim", "training", "twin"}
MAY_IMPORT["__main__"] = {"cli"}

OUTER_WORLD = {
    "gevent": "let the shell wait, and hand the result in as a fact",
    "redis": "ask for it through a port of engine/ports/",
    "time": "take `now_s` or `wall_s` as an argument, or use the clock port",
    "random": "take the random source, or the number, as an argument",
    "secrets": "take the value as an argument",
    "os": "read it in config or app and pass the value in",
    "subprocess": "start programs in an adapter",
    "socket": "bytes belong to an adapter",
    "ssl": "bytes belong to an adapter",
    "select": "bytes belong to an adapter",
    "requests": "bytes belong to an adapter",
    "threading": "let the shell run it beside the call",
    "multiprocessing": "let the shell run it beside the call",
    "asyncio": "the house waits with gevent, in greenlets.py",
    "signal": "signals are received in app",
}
WALL_CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}

MOST_LINES, MANY_LINES = 400, 300


@dataclass(frozen=True, slots=True)
class Source:
    """One file of engine/. `where`: its path from the root of the project, with forward slashes."""

    where: str
    text: str

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.where.removesuffix(".py").split("/"))

    @property
    def room(self) -> str:
        """`engine/switch/esl.py` → switch, `engine/callerid.py` → callerid."""
        return self.parts[1]

    @property
    def module(self) -> str:
        return ".".join(part for part in self.parts if part != "__init__")

    def nodes(self) -> tuple[ast.AST, ...]:
        return _nodes(self.where, self.text)

    def imports(self) -> Iterator[tuple[int, str]]:
        """(line, dotted name) of every import, those inside functions and for types alone too."""
        for node in self.nodes():
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, (
                    f"{self.where}:{node.lineno} is a relative import. Name the room in full."
                )
                yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


@cache
def _nodes(where: str, text: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(text, where)))


def for_types_alone(source: Source) -> set[int]:
    """Lines that only a type checker reads."""
    guards = (
        node
        for node in source.nodes()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    )
    return {inner.lineno for guard in guards for inner in guard.body}


@cache
def house() -> list[Source]:
    files = sorted(ENGINE.rglob("*.py"))
    return [Source(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")) for file in files]


def wrong_neighbours(source: Source) -> Iterator[str]:
    for line, name in source.imports():
        other = name.split(".")[1] if name.startswith("engine.") else source.room
        if other != source.room and other not in MAY_IMPORT[source.room]:
            allowed = ", ".join(sorted(MAY_IMPORT[source.room])) or "nothing of engine/"
            yield (
                f"{source.where}:{line} imports {name}. The room {source.room} may import {allowed}. "
                f"Pass what you need in from app, or state it in ports/."
            )


def outer_world(source: Source) -> Iterator[str]:
    if source.room not in PURE | HEART:
        return
    for line, name in source.imports():
        if (cure := OUTER_WORLD.get(name.split(".")[0])) is not None:
            yield f"{source.where}:{line} imports {name} in a room without an outer world. Instead: {cure}."
        if name == "uuid.uuid4" and source.room in PURE:
            yield f"{source.where}:{line} imports {name} in a pure room. Instead: take the id as an argument."
    for node in source.nodes():
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if (node.value.id, node.attr) in WALL_CLOCKS:
                yield f"{source.where}:{node.lineno} reads the wall clock. Instead: {OUTER_WORLD['time']}."
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open":
            yield f"{source.where}:{node.lineno} opens a file. Instead: take its bytes as an argument."


def patches_and_spawns(source: Source) -> Iterator[str]:
    for node in source.nodes():
        if not isinstance(node, ast.Attribute):
            continue
        patches = (
            node.attr.startswith("patch_") and isinstance(node.value, ast.Name) and node.value.id == "monkey"
        )
        if patches and source.where != "engine/__main__.py":
            yield f"{source.where}:{node.lineno} monkey-patches. Only engine/__main__.py may, before imports"
        spawns = node.attr in ("spawn", "spawn_later", "spawn_raw") and isinstance(node.value, ast.Name)
        if spawns and source.room != "greenlets":
            yield f"{source.where}:{node.lineno} spawns a greenlet. Use engine.greenlets: it dies heard."
    for line, name in source.imports():
        if name in ("gevent.spawn", "gevent.spawn_later", "gevent.Greenlet.spawn"):
            yield f"{source.where}:{line} imports {name}. Use engine.greenlets: it dies heard."


def cycle(graph: dict[str, set[str]]) -> list[str]:
    """Names on a circle of imports, in order; empty when there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_every_room_has_its_line_in_the_map() -> None:
    rooms = {source.room for source in house()} - {"__init__"}
    assert rooms <= set(MAY_IMPORT), f"New rooms need a line in MAY_IMPORT: {rooms - set(MAY_IMPORT)}"


def test_rooms_import_only_their_neighbours() -> None:
    offences = [offence for source in house() for offence in wrong_neighbours(source)]
    assert not offences, "\n".join(offences)


def test_pure_rooms_and_the_heart_have_no_outer_world() -> None:
    offences = [offence for source in house() for offence in outer_world(source)]
    assert not offences, "\n".join(offences)


def test_the_world_is_patched_in_one_place_and_greenlets_start_in_one_place() -> None:
    offences = [offence for source in house() for offence in patches_and_spawns(source)]
    assert not offences, "\n".join(offences)


def test_the_map_itself_has_no_circle() -> None:
    assert not cycle(MAY_IMPORT)


def test_no_module_imports_itself_by_a_detour() -> None:
    sources = house()
    modules = {source.module for source in sources}
    graph: dict[str, set[str]] = {}
    for source in sources:
        unread = for_types_alone(source)
        named = {name for line, name in source.imports() if name.startswith("engine") and line not in unread}
        targets = {name if name in modules else name.rpartition(".")[0] for name in named}
        graph[source.module] = targets & modules - {source.module}
    assert not (circle := cycle(graph)), (
        f"A circle of imports: {' → '.join(circle)}. Move what they share below both."
    )


def test_no_file_is_too_long_to_read_at_three_in_the_morning() -> None:
    lines = {source.where: source.text.count("\n") for source in house()}
    too_long = {where: n for where, n in lines.items() if n > MOST_LINES}
    assert not too_long, f"Over {MOST_LINES} lines, wants to be two files: {too_long}"
    if long := [f"{where} ({n})" for where, n in sorted(lines.items()) if n > MANY_LINES]:
        warnings.warn(f"Over {MANY_LINES} lines, soon to be two files: {', '.join(long)}", stacklevel=1)


@pytest.mark.parametrize(
    ("check", "where", "text"),
    [
        (wrong_neighbours, "engine/pacing/greedy.py", "from engine.store.memory import MemoryStore"),
        (wrong_neighbours, "engine/pacing/greedy.py", "from engine import compliance"),
        (wrong_neighbours, "engine/dialer/pace.py", "def f():\n    import engine.switch.link"),
        (wrong_neighbours, "engine/store/codec.py", "from engine.app.engine import Engine"),
        (outer_world, "engine/amd/tones.py", "from time import monotonic"),
        (outer_world, "engine/dialer/dialer.py", "import gevent.event"),
        (outer_world, "engine/compliance/gate.py", "from datetime import datetime\ndatetime.now()"),
        (outer_world, "engine/contacts/zones.py", "open('zones.csv')"),
        (outer_world, "engine/reports/cdr.py", "from uuid import uuid4"),
        (patches_and_spawns, "engine/media/rtp.py", "from gevent import monkey\nmonkey.patch_all()"),
        (patches_and_spawns, "engine/web/stream.py", "import gevent\ngevent.spawn(print)"),
        (patches_and_spawns, "engine/web/stream.py", "from gevent import spawn"),
    ],
)
def test_an_offence_is_told_with_its_place(check, where: str, text: str) -> None:
    offences = list(check(Source(where, text)))
    assert len(offences) == 1
    assert offences[0].startswith(f"{where}:{1 + text.count(chr(10))} ")


def test_a_circle_is_told_in_order() -> None:
    assert cycle({"store": {"journal"}, "journal": {"store"}, "web": {"store"}})[0] in ("store", "journal")
