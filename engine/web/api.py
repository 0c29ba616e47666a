"""The HTTP API: Falcon over the table of routes.

What every request goes through: an id, the token, the checked input, the handler, and JSON or an error
that says what, where and how to mend it.
"""

import logging
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import quote

import falcon
from pydantic import ValidationError

from engine.control import Control
from engine.domain.errors import DialerError
from engine.web import agents, campaigns, system
from engine.web.auth import Caller, Scope, Tokens, TooManyGuesses
from engine.web.errors import HttpError, of_dialer, of_validation
from engine.web.given import CONTACT_ID, ID, EventsQuery
from engine.web.openapi import document
from engine.web.route import Answer, Ask, Given, Nothing, Plain, Route, Streamed
from engine.web.stream import to_json

log = logging.getLogger("prozvon.web")

JSON = "application/json"
CHUNK_BYTES = 64 * 1024
REQUEST_ID = re.compile(r"[\w.-]{1,64}")
PATTERNS = {"contact_id": re.compile(CONTACT_ID)}
ANY_ID = re.compile(ID)
ANYBODY = Caller("anybody", Scope.OPERATOR)


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes. `streams`: clients that follow the live events at once."""

    body_bytes: int = 64 * 1024
    upload_bytes: int = 2 * 1024**3
    streams: int = 64


def routes(limits: Limits = Limits(), open_metrics: bool = True) -> tuple[Route[Any], ...]:
    """Every route there is, but for /openapi.json, which is made of them."""
    return campaigns.routes() + agents.routes() + system.routes(limits.streams, open_metrics)


def build_api(
    control: Control,
    tokens: Tokens,
    *,
    limits: Limits = Limits(),
    open_metrics: bool = True,
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
        setattr(resource, f"on_{route.method.lower()}", _Responder(route, control, tokens, limits, clock_s))
    for path, resource in paths.items():
        app.add_route(path, resource)
    app.add_error_handler(Exception, _on_error)
    app.set_error_serializer(_on_falcon_error)
    return app


class _Resource:
    """The methods of one address; each is a _Responder."""


@dataclass(frozen=True, slots=True)
class _Responder:
    """Serves one route."""

    route: Route[Any]
    control: Control
    tokens: Tokens
    limits: Limits
    clock_s: Callable[[], float]

    def __call__(self, req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        request_id = _request_id(req, resp)
        began_s = self.clock_s()
        caller = self._caller(req, path)
        ask = Ask(caller, self._path(path), self._given(req), self._chunks(req))
        try:
            answer = self.route.run(self.control, ask)
        except DialerError as error:
            raise of_dialer(error) from error
        self._send(answer, resp)
        if self.route.method != "GET":
            log.info(
                "api request",
                extra={
                    "route": f"{self.route.method} {self.route.path}",
                    "caller": caller.name,
                    "request_id": request_id,
                    "ms": round((self.clock_s() - began_s) * 1000, 1),
                },
            )

    # --- in ----------------------------------------------------------------------------------------

    def _caller(self, req: falcon.Request, path: Mapping[str, str]) -> Caller:
        need = self.route.scope
        if need is None:
            return ANYBODY
        try:
            caller = self.tokens.caller(req.get_header("Authorization") or "", req.remote_addr or "")
        except TooManyGuesses as brake:
            wait_s = str(int(brake.retry_after_s) + 1)
            raise HttpError(
                429,
                "too many wrong tokens",
                "Authorization",
                f"Wait {wait_s} s.",
                (),
                {"Retry-After": wait_s},
            ) from brake
        if caller is None:
            raise HttpError(
                401,
                "no valid token",
                "Authorization",
                "Send 'Authorization: Bearer TOKEN'; the engine's own token is in data/api.token.",
                (),
                {"WWW-Authenticate": 'Bearer realm="prozvon"'},
            )
        if caller.scope < need:
            raise HttpError(
                403,
                f"the token '{caller.name}' may not do this",
                self.route.path,
                f"It needs scope {need.name.lower()}; this one has {caller.scope.name.lower()}.",
            )
        if self.route.own_agent and not caller.may_act_as(path["agent_id"]):
            raise HttpError(
                403,
                f"the token '{caller.name}' may act for agent '{caller.agent_id}' only",
                "agent_id",
                "Use that agent's id, or a supervisor's token.",
            )
        return caller

    def _path(self, path: Mapping[str, str]) -> Mapping[str, str]:
        for name, value in path.items():
            if not PATTERNS.get(name, ANY_ID).fullmatch(value):
                raise HttpError(
                    400, "not a possible id", name, "Letters, digits and . _ : @ + - only, 128 at most."
                )
        return path

    def _given(self, req: falcon.Request) -> Given:
        takes: type[Given] = self.route.takes
        where = "query" if self.route.reads_query else "body"
        try:
            if self.route.reads_query:
                return takes.model_validate_strings(_query(req, takes))
            return takes.model_validate_json(self._json(req) or b"{}", strict=True)
        except ValidationError as error:
            raise of_validation(error, where, takes.model_fields) from error

    def _json(self, req: falcon.Request) -> bytes:
        if self.limits.body_bytes < (req.content_length or 0):
            raise _too_large(self.limits.body_bytes)
        body = b"".join(_pieces(req, self.limits.body_bytes))
        media_type = (req.content_type or JSON).partition(";")[0].strip().lower()
        if body and media_type != JSON:
            raise HttpError(415, "not JSON", "Content-Type", f"Send {JSON}.")
        return body

    def _chunks(self, req: falcon.Request) -> Iterator[bytes]:
        if not self.route.upload:
            return iter(())
        media_type = (req.content_type or "").partition(";")[0].strip().lower()
        if media_type not in (self.route.upload, "text/plain", "application/octet-stream"):
            raise HttpError(415, "not a CSV file", "Content-Type", f"Send {self.route.upload}.")
        if self.limits.upload_bytes < (req.content_length or 0):
            raise _too_large(self.limits.upload_bytes)
        return _pieces(req, self.limits.upload_bytes)

    # --- out ---------------------------------------------------------------------------------------

    def _send(self, answer: Answer, resp: falcon.Response) -> None:
        resp.set_header("Cache-Control", "no-store")
        resp.status = self.route.status
        if isinstance(answer, Streamed):
            resp.content_type = answer.content_type
            resp.stream = answer.chunks
            if answer.file_name:
                resp.set_header("Content-Disposition", f'attachment; filename="{quote(answer.file_name)}"')
        elif isinstance(answer, Plain):
            resp.status = answer.status
            resp.content_type = answer.content_type
            resp.data = answer.content
        else:
            resp.content_type = JSON
            resp.data = to_json(answer)


def _query(req: falcon.Request, takes: type[Given]) -> dict[str, str]:
    """One value for each name. A browser that reconnects to the events says where it was in a header."""
    query: dict[str, str] = {}
    for name, value in req.params.items():
        if isinstance(value, list):
            raise HttpError(400, "given more than once", f"query.{name}", "Give it once.")
        query[name] = value
    last = req.get_header("Last-Event-ID")
    if takes is EventsQuery and last:
        query["after"] = last
    return query


def _pieces(req: falcon.Request, limit: int) -> Iterator[bytes]:
    """The body as it comes in, chunked transfer included; 413 when it grows over the limit."""
    terminated = req.env.get("wsgi.input_terminated")
    stream: Any = req.env["wsgi.input"] if terminated else req.bounded_stream
    received = 0
    while True:
        try:
            piece: bytes = stream.read(CHUNK_BYTES)
        except OSError as error:
            raise HttpError(400, "the request ended early", "body", "Send it again.") from error
        if not piece:
            return
        received += len(piece)
        if received > limit:
            raise _too_large(limit)
        yield piece


def _too_large(limit: int) -> HttpError:
    return HttpError(413, f"more than {limit} bytes", "body", "Send less at once.")


def _request_id(req: falcon.Request, resp: falcon.Response) -> str:
    """The caller's own X-Request-Id where it is a decent one, else a new one; sent back in any case."""
    known: str | None = getattr(req.context, "request_id", None)
    if known is None:
        sent = req.get_header("X-Request-Id") or ""
        known = sent if REQUEST_ID.fullmatch(sent) else secrets.token_hex(8)
        req.context.request_id = known
        resp.set_header("X-Request-Id", known)
    return known


def _on_error(req: falcon.Request, resp: falcon.Response, error: Exception, _: dict[str, Any]) -> None:
    request_id = _request_id(req, resp)
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
    reply = HttpError(error.status_code, what, req.path, fix).reply(_request_id(req, resp))
    resp.content_type = JSON
    resp.data = to_json(reply)
    for name, value in dict(error.headers or {}).items():
        resp.set_header(name, value)
