"""The HTTP API: Falcon over the table of routes. Errors tell what, where and the fix, never a traceback."""

import logging
from collections.abc import Callable
from time import monotonic
from typing import Any

import falcon

from engine.control import Control
from engine.web import agents, campaigns, system
from engine.web.auth import Tokens
from engine.web.errors import HttpError
from engine.web.openapi import document
from engine.web.responder import JSON, Limits, Responder, request_id_of
from engine.web.route import Answer, Ask, Nothing, Plain, Route
from engine.web.stream import to_json

log = logging.getLogger("prozvon.web")
USUAL = Limits()


def routes(limits: Limits = USUAL, open_metrics: bool = True) -> tuple[Route[Any], ...]:
    """Every route there is, but for /openapi.json, which is made of them."""
    return campaigns.routes() + agents.routes() + system.routes(limits.streams, open_metrics)


def build_api(
    control: Control,
    tokens: Tokens,
    *,
    limits: Limits = USUAL,
    open_metrics: bool = False,
    clock_s: Callable[[], float] = monotonic,
) -> falcon.App[falcon.Request, falcon.Response]:
    """The WSGI application over a running engine."""
    table = routes(limits, open_metrics)
    described = to_json(document(table))

    def openapi(_: Control, __: Ask[Nothing]) -> Answer:
        return Plain(JSON, described)

    own = Route("GET", "/openapi.json", None, "This document.", openapi, Nothing)
    app = falcon.App(media_type=JSON)
    app.req_options.strip_url_path_trailing_slash = True
    app.req_options.keep_blank_qs_values = True
    paths: dict[str, _Resource] = {}
    for route in (*table, own):
        resource = paths.setdefault(route.path, _Resource())
        setattr(resource, f"on_{route.method.lower()}", Responder(route, control, tokens, limits, clock_s))
    for path, resource in paths.items():
        app.add_route(path, resource)
    app.add_error_handler(Exception, _on_error)
    app.set_error_serializer(_on_falcon_error)
    return app


class _Resource:
    """The methods of one address; each is a Responder."""


def _on_error(req: falcon.Request, resp: falcon.Response, error: Exception, _: dict[str, Any]) -> None:
    request_id = request_id_of(req, resp)
    if isinstance(error, falcon.HTTPStatus):
        raise error
    if isinstance(error, falcon.HTTPError):
        _on_falcon_error(req, resp, error)
        resp.status = error.status
        return
    if not isinstance(error, HttpError):
        log.error(
            "api request failed", exc_info=error, extra={"request_id": request_id, "route": req.uri_template}
        )
        error = HttpError(500, "something went wrong in the engine", f"request {request_id}", "See its log.")
    resp.status = error.status
    resp.content_type = JSON
    resp.data = to_json(error.reply(request_id))
    for name, value in error.headers.items():
        resp.set_header(name, value)


def _on_falcon_error(req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError) -> None:
    """What Falcon itself refuses: unknown addresses, wrong methods, broken headers."""
    fix = "The addresses there are: /openapi.json."
    what = error.description or error.title or "not possible"
    if error.status_code == 404:
        what = "no such address"
    elif error.status_code == 405:
        what = f"{req.method} is not possible here"
    reply = HttpError(error.status_code, what, req.path, fix).reply(request_id_of(req, resp))
    resp.content_type = JSON
    resp.data = to_json(reply)
    for name, value in dict(error.headers or {}).items():
        resp.set_header(name, value)
