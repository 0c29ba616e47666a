"""The JSON Schema that editors complete and explain from."""

import json
from typing import Any

from engine.config.models import Config

SCHEMA_PATH = "docs/schema/config.v1.json"


def schema() -> dict[str, Any]:
    body = Config.model_json_schema()
    body["title"] = "config.yaml of Prozvon"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **body}


def schema_text() -> str:
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"
