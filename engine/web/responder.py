"""What every request goes through: an id, the token, the checked input, the handler, the answer."""

import logging
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import falcon
from pydantic import ValidationError

from engine.control import Control
from engine.domain.errors import DialerError
from engine.web.auth import Caller, Scope, Tokens, TooManyGuesses
from engine.web.errors import HttpError, of_dialer, of_validation
from engine.web.given import CONTACT_ID, ID, EventsQuery
from engine.web.route import Answer, Ask, Given, Look, Plain, Route, Streamed
from engine.web.stream import private, to_json

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


@dataclass(frozen=True, slots=True)
class Responder:
    """Serves one route."""

    route: Route[Any]
    control: Control
    tokens: Tokens
    limits: Limits
    clock_s: Callable[[], float]

    def __call__(self, req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        request_id = request_id_of(req, resp)
        began_s = self.clock_s()
        caller = self._caller(req, path)
        given = self._given(req)
        ask = Ask(caller, self._path(path), given, self._chunks(req), _may_see(caller, given))
        acts = self.route.method != "GET" or ask.clear
        try:
            answer = self.route.run(self.control, ask)
        except DialerError as error:
            if acts:
                self._note(req, ask, request_id, f"refused: {error.what}")
            raise of_dialer(error) from error
        if acts:
            self._note(req, ask, request_id, "done")
        own = self.route.own_agent and caller.scope is Scope.OPERATOR
        self._send(answer, resp, clear=ask.clear or own)
        if self.route.method != "GET":
            log.info(
                "api request",
                extra={
                    "route": f"{self.route.method} {self.route.path}",
                    "target": ", ".join(path.values()),
                    "caller": caller.name,
                    "request_id": request_id,
                    "ms": round((self.clock_s() - began_s) * 1000, 1),
                },
            )

    def _note(self, req: falcon.Request, ask: Ask[Given], request_id: str, answer: str) -> None:
        """Who did what, granted or not: every action, and every look at people unmasked."""
        self.control.audit(
            {
                "what": f"{self.route.method} {self.route.path}",
                "by": ask.caller.name,
                "scope": ask.caller.scope.name.lower(),
                "address": req.remote_addr or "",
                "target": dict(ask.path),
                "given": ask.given.model_dump(mode="json", exclude_unset=True),
                "answer": answer,
                "request_id": request_id,
            }
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
            if req.get_header("Authorization"):
                log.warning("wrong token", extra={"address": req.remote_addr, "route": self.route.path})
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

    def _send(self, answer: Answer, resp: falcon.Response, clear: bool) -> None:
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
            resp.data = to_json(answer if clear else private(answer))


def _may_see(caller: Caller, given: Given) -> bool:
    """Are people to be shown unmasked? HttpError for a caller who asks and may not."""
    wanted = isinstance(given, Look) and given.clear
    if wanted and not caller.clear_numbers:
        raise HttpError(
            403,
            f"the token '{caller.name}' may not see people's numbers",
            "query.clear",
            "Ask without clear, or give the token clear_numbers.",
        )
    return wanted


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


def request_id_of(req: falcon.Request, resp: falcon.Response) -> str:
    """The caller's own X-Request-Id where it is a decent one, else a new one; sent back in any case."""
    known: str | None = getattr(req.context, "request_id", None)
    if known is None:
        sent = req.get_header("X-Request-Id") or ""
        known = sent if REQUEST_ID.fullmatch(sent) else secrets.token_hex(8)
        req.context.request_id = known
        resp.set_header("X-Request-Id", known)
    return known
