"""Looking into plain data that may have any shape, as checks must before the models have agreed to it."""

from collections.abc import Iterator
from typing import Any

from engine.domain.strict_yaml import Path

Found = tuple[Path, str, str]  # where, what, fix


def items_of(data: dict[str, Any], section: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The mappings of a list section, each with its path."""
    listed = data.get(section)
    for number, item in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(item, dict):
            yield (section, number), item


def section_of(data: dict[str, Any], *names: str) -> dict[str, Any]:
    for name in names:
        inner = data.get(name)
        data = inner if isinstance(inner, dict) else {}
    return data


def default_of(model: type[Any], key: str) -> Any:
    return model.model_fields[key].default


def texts_of(value: Any) -> Iterator[tuple[int, str]]:
    for number, item in enumerate(value if isinstance(value, list) else []):
        if isinstance(item, str | int):
            yield number, str(item)
