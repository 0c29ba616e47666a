"""A key that is read, checked and then forgotten is worse than none: somebody sets it and believes in it."""

import ast
import typing
from pathlib import Path

from pydantic import BaseModel

from engine.config import Config
from engine.domain.campaign import Abandonment, Campaign

ENGINE = Path(__file__).parents[2] / "engine"
HANDS_ON = {"convert.py", "load.py", "reload.py"}
"""Files of engine/config that hand values on; the others declare and check them."""

READERS = {Campaign: {"campaign", "c"}, Abandonment: {"abandonment", "limits"}}
"""What the engine calls the things that config.yaml becomes, where it asks them something."""

WITHOUT_EFFECT = {"clock"}
"""Fields of a campaign known to have none yet. This list only gets shorter."""


def keys(model: type[BaseModel], before: str = "") -> typing.Iterator[tuple[str, str]]:
    """(path, name) of every key, those of sections and lists too."""
    for name, field in model.model_fields.items():
        yield before + name, name
        for inner in models_in(field.annotation):
            yield from keys(inner, f"{before}{name}.")


def models_in(annotation: object) -> typing.Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from models_in(argument)


def names_read() -> set[str]:
    """Every attribute that the engine asks anything for, outside the declarations themselves."""
    files = [file for file in ENGINE.rglob("*.py") if file.parent.name != "config" or file.name in HANDS_ON]
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    return {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def test_every_key_is_read_by_somebody() -> None:
    read = names_read()
    forgotten = {path for path, name in keys(Config) if name not in read}
    assert not forgotten, "Hand these on to whoever they are for, or take them out."


def test_every_field_of_a_campaign_is_read_by_the_engine() -> None:
    """config.yaml becomes a Campaign; a field that stops there is a promise nobody keeps."""
    asked: dict[str, set[str]] = {}
    for file in ENGINE.rglob("*.py"):
        if file.parent.name in ("config", "cli"):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                whom = getattr(node.value, "attr", getattr(node.value, "id", ""))
                asked.setdefault(node.attr, set()).add(whom)
    forgotten = {
        name for kind, readers in READERS.items() for name in kind.__slots__
        if not asked.get(name, set()) & readers
    }  # fmt: skip
    assert not forgotten - WITHOUT_EFFECT, "Read them where they matter, or take them out."
