"""The JSON Schema for editors."""

import json
from pathlib import Path

from engine.config.schema import SCHEMA_PATH, schema, schema_text
from engine.domain import strict_yaml

ROOT = Path(__file__).parents[2]


def test_the_schema_checked_in_is_the_models():
    fresh = (ROOT / SCHEMA_PATH).read_text(encoding="utf-8")
    assert fresh == schema_text(), "run `prozvon config schema --write`"


def test_every_key_in_the_schema_has_a_description():
    body = schema()
    for name, definition in [("Config", body), *body["$defs"].items()]:
        for key, value in definition.get("properties", {}).items():
            assert value.get("description"), f"{name}.{key}"


def test_the_schema_forbids_keys_that_the_models_do_not_know():
    body = schema()
    objects = [body, *(part for part in body["$defs"].values() if part.get("type") == "object")]
    assert all(part["additionalProperties"] is False for part in objects)


def test_the_schema_shows_no_secret_not_even_masked():
    assert "**" not in json.dumps(schema())


def test_a_section_left_empty_in_the_shipped_file_may_be_empty_in_the_schema():
    written = strict_yaml.load((ROOT / "config.yaml").read_text(encoding="utf-8"), "config.yaml").data
    empty = [key for key, value in written.items() if value is None]
    assert "switches" in empty
    assert all({"type": "null"} in schema()["properties"][key]["anyOf"] for key in empty)
