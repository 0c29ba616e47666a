"""The document tells the truth about the routes."""

import re
from pathlib import Path

import pytest

from engine.web.api import routes
from engine.web.openapi import ERRORS, document

TABLE = routes()
PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
DOCUMENT = document(TABLE)
EACH = pytest.mark.parametrize("route", TABLE, ids=lambda route: f"{route.method} {route.path}")


def test_the_served_document_is_the_one_of_the_table(api):
    got = api.simulate_get("/openapi.json", headers={"Authorization": ""})
    assert got.status_code == 200
    assert set(got.json["paths"]) == {route.path for route in TABLE}


def test_operation_ids_are_unique():
    ids = [route.name for route in TABLE]
    assert len(ids) == len(set(ids))


def test_every_reference_leads_somewhere():
    text = str(DOCUMENT)
    for name in re.findall(r"#/components/schemas/(\w+)", text):
        assert name in DOCUMENT["components"]["schemas"]


@EACH
def test_every_route_is_in_the_document_with_a_sentence_and_an_answer(route):
    operation = DOCUMENT["paths"][route.path][route.method.lower()]
    assert operation["summary"].endswith(".")
    assert str(route.status) in operation["responses"]
    assert {str(status) for status in ERRORS} <= set(operation["responses"])
    named = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"}
    assert named == set(re.findall(r"{(\w+)}", route.path))


@EACH
def test_every_example_of_a_request_is_one_the_route_accepts(route):
    if route.asks is None:
        assert route.method == "GET" or not any(f.is_required() for f in route.takes.model_fields.values())
    elif route.reads_query:
        route.takes.model_validate_strings({key: str(value) for key, value in route.asks.items()})
    else:
        route.takes.model_validate(dict(route.asks), strict=True)


@EACH
def test_every_route_has_an_example_of_an_answer_of_the_kind_it_gives(route, api, control):
    assert route.example is not None
    path = route.path.replace("{", "").replace("}", "")
    if route.upload:
        got = api.simulate_request(route.method, path, body="phone\n", content_type=route.upload)
    elif route.reads_query:
        got = api.simulate_request(route.method, path, params=dict(route.asks or {}))
    else:
        got = api.simulate_request(route.method, path, json=dict(route.asks or {}))
    assert got.status_code == route.status, got.text
    if not route.streams:
        assert type(got.json) is type(route.example)


@EACH
def test_every_route_is_in_the_page_for_people(route):
    assert f"| `{route.method} {route.path}` |" in PAGE


def test_the_page_for_people_tells_of_no_route_that_is_not_there():
    known = {f"{route.method} {route.path}" for route in TABLE} | {"GET /openapi.json"}
    assert set(re.findall(r"^\| `([A-Z]+ /[^`]*)`", PAGE, re.M)) == known
