"""The JSON Schema that editors complete and explain from."""

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from engine.config.models import Config

SCHEMA_PATH = "docs/schema/config.v1.json"


class _Untitled(GenerateJsonSchema):
    """Without the titles that only repeat the keys."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of config.yaml."""
    body = Config.model_json_schema(schema_generator=_Untitled)
    for part in (body, *body["$defs"].values()):
        properties = part.get("properties", {})
        part["properties"] = {key: _as_read(value) for key, value in properties.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **body,
        "title": "config.yaml of Prozvon",
    }


def schema_text() -> str:
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def _as_read(value: dict[str, Any]) -> dict[str, Any]:
    """What the reader takes beyond the models: a section or list with nothing behind its key is its default.
    A secret has no default worth showing."""
    if value.get("format") == "password":
        return {key: part for key, part in value.items() if key != "default"}
    if "$ref" in value or value.get("type") in ("array", "object"):
        outside: dict[str, Any] = {key: value[key] for key in ("description", "default") if key in value}
        inside = {key: part for key, part in value.items() if key not in outside}
        return {**outside, "anyOf": [inside, {"type": "null"}]}
    return value
