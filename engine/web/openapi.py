"""The OpenAPI 3.1 document, built from the table of routes and the models it names."""

import re
from collections.abc import Iterable
from typing import Any

from pydantic.json_schema import models_json_schema

from engine.web.errors import ErrorReply
from engine.web.given import CONTACT_ID, ID
from engine.web.route import Route

REF = "#/components/schemas/{model}"
ERRORS = {
    400: "The request is not what it should be; the field is named.",
    401: "No valid token.",
    403: "The token may not do this.",
    404: "No such campaign, agent, contact or call.",
    409: "Understood, and cannot be granted now; the reason is said.",
    413: "The body is too large.",
    415: "The body is of another kind.",
    422: "The definition cannot be used; every problem is named.",
    429: "Too many wrong tokens from this address.",
    502: "The switch refused.",
    503: "The store or the switch is away.",
}
INTRO = (
    "Instants are epoch seconds, durations seconds. Numbers of people are masked unless asked for by a token"
    " that may see them."
)


def document(table: Iterable[Route[Any]], version: str = "1") -> dict[str, Any]:
    routes = tuple(table)
    models = sorted(
        {route.takes for route in routes if not route.reads_query}, key=lambda model: model.__name__
    )
    wanted = [
        (model, "validation" if model is not ErrorReply else "serialization")
        for model in (*models, ErrorReply)
    ]
    _, schemas = models_json_schema(wanted, ref_template=REF)  # type: ignore[arg-type]
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Prozvon", "version": version, "description": INTRO},
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route[Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.says,
        "tags": [_tag(route.path)],
        "parameters": _path_parameters(route) + (_query_parameters(route) if route.reads_query else []),
        "responses": {str(route.status): _success(route), **_errors(route)},
        "security": [] if route.scope is None else [{"token": []}],
    }
    if route.scope is not None:
        own = ", for their own agent" if route.own_agent else ""
        operation["description"] = f"Scope: {route.scope.name.lower()}{own}."
    if route.upload:
        file = {"type": "string", "description": "the file itself, streamed; UTF-8 or cp1251, any delimiter"}
        operation["requestBody"] = {"required": True, "content": {route.upload: {"schema": file}}}
    elif not route.reads_query:
        content: dict[str, Any] = {"schema": {"$ref": REF.format(model=route.takes.__name__)}}
        if route.asks:
            content["example"] = dict(route.asks)
        required = any(field.is_required() for field in route.takes.model_fields.values())
        operation["requestBody"] = {"required": required, "content": {"application/json": content}}
    return operation


def _path_parameters(route: Route[Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": CONTACT_ID if name == "contact_id" else ID},
        }
        for name in re.findall(r"{(\w+)}", route.path)
    ]


def _query_parameters(route: Route[Any]) -> list[dict[str, Any]]:
    schema = route.takes.model_json_schema(ref_template=REF)
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": {key: value for key, value in field.items() if key not in ("title", "description")},
            "description": field.get("description", ""),
        }
        for name, field in schema.get("properties", {}).items()
    ]


def _success(route: Route[Any]) -> dict[str, Any]:
    media_type = route.streams or "application/json"
    kind = "string" if route.streams else "array" if isinstance(route.example, list) else "object"
    content: dict[str, Any] = {"schema": {"type": kind}}
    if route.example is not None and not route.streams:
        content["example"] = route.example
    contents = {media_type: content}
    if route.path == "/v1/journal":
        contents["text/csv"] = content
    return {"description": "Done.", "content": contents}


def _errors(route: Route[Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": REF.format(model="ErrorReply")}}}
    errors: dict[str, Any] = {
        str(status): {"description": text, "content": content} for status, text in ERRORS.items()
    }
    if route.path == "/health":
        errors["503"] = {
            "description": "Not fit to dial; the checks say why.",
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    return errors


def _tag(path: str) -> str:
    parts = path.strip("/").split("/")
    return parts[1] if parts[0] == "v1" else "system"
