"""The JSON Schema of scenario files, out of the verbs' own parameters: editors complete and check by it."""

import json
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from engine.ivr.form import Header, NodeFrame
from engine.ivr.languages import LANGUAGES
from engine.ivr.verbs import VERBS

_REF = "#/$defs/{model}"


def json_schema() -> dict[str, Any]:
    """Draft 2020-12. It knows the form; what only the whole tells (ways, variables) the lint knows."""
    models: list[type[BaseModel]] = [Header, NodeFrame, *VERBS.values()]
    _, found = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    parts: dict[str, Any] = found["$defs"]
    header, frame = parts.pop("Header"), parts.pop("NodeFrame")
    verbs = {verb: _verb(parts, kind.__name__, kind.short.values()) for verb, kind in VERBS.items()}
    one_verb = {"type": "object", "properties": verbs, "minProperties": 1, "maxProperties": 1}
    bare = {"enum": [verb for verb in verbs if not parts[VERBS[verb].__name__].get("required")]}
    step = {"anyOf": [{**one_verb, "additionalProperties": False}, bare]}
    parts["Node"] = {
        "type": "object",
        "description": "One verb, or a list of them under do:, and where its outcomes lead.",
        "properties": {
            "do": {"type": "array", "items": step, "minItems": 1, "description": "Steps, in their order."},
            **verbs,
            **frame["properties"],
        },
        "additionalProperties": False,
    }
    properties: dict[str, Any] = header["properties"]
    properties["nodes"]["additionalProperties"] = {"$ref": _REF.format(model="Node")}
    properties["languages"]["items"] = {"enum": list(LANGUAGES)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A scenario of Prozvon",
        **{key: value for key, value in header.items() if key != "title"},
        "$defs": dict(sorted(parts.items())),
    }


def _verb(parts: dict[str, Any], name: str, short: Any) -> dict[str, Any]:
    """The verb's parameters, or the one that stands for all of them; nothing at all if none is required."""
    parameters = parts[name]
    forms = [
        {"$ref": _REF.format(model=name)},
        *(parameters["properties"][each] for each in dict.fromkeys(short)),
    ]
    if not parameters.get("required"):
        forms.append({"type": "null"})
    return {"description": parameters["description"].partition("\n")[0], "anyOf": forms}


def text() -> str:
    """As the file docs/schema/scenario.v1.json has it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
