"""Every error of the API as {error: {what, where, fix}} with its status. Never a traceback."""

import logging
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from engine.control import NotFound, Refused
from engine.domain.errors import ConfigError, DialerError, StoreError, SwitchError, SwitchGone
from engine.web.stream import TooManyStreams

log = logging.getLogger("prozvon.web")


class ErrorText(BaseModel):
    """`place`: file, line and column, of what was read from a file."""

    what: str
    where: str
    fix: str
    place: str = ""


class ErrorReply(BaseModel):
    """`problems`: all of them, where one look finds several."""

    error: ErrorText
    problems: list[ErrorText] = []
    request_id: str


class HttpError(Exception):
    """An answer other than the one asked for. `headers`: to send with it."""

    def __init__(
        self,
        status: int,
        what: str,
        where: str = "",
        fix: str = "",
        problems: Iterable[dict[str, str]] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(what)
        self.status, self.what, self.where, self.fix = status, what, where, fix
        self.problems, self.headers = list(problems), headers or {}

    def reply(self, request_id: str) -> dict[str, Any]:
        error: dict[str, Any] = {"error": {"what": self.what, "where": self.where, "fix": self.fix}}
        if self.problems:
            error["problems"] = self.problems
        return {**error, "request_id": request_id}


STATUS: tuple[tuple[type[DialerError], int], ...] = (
    (NotFound, 404),
    (Refused, 409),
    (ConfigError, 422),
    (TooManyStreams, 503),
    (SwitchGone, 503),
    (StoreError, 503),
    (SwitchError, 502),
)


def of_dialer(error: DialerError) -> HttpError:
    """The first kind that fits decides the status; one of no known kind is ours to mend: 500."""
    status = next((status for kind, status in STATUS if isinstance(error, kind)), 500)
    problems = [
        {"what": problem.what, "where": problem.key, "fix": problem.fix, "place": problem.place}
        for problem in getattr(error, "problems", ())
    ]
    headers = {"Retry-After": "5"} if status == 503 else None
    return HttpError(status, error.what, error.where, error.fix, problems, headers)


def of_validation(error: ValidationError, where: str, known: Iterable[str]) -> HttpError:
    """400, naming each field. `where`: body or query; `known`: the fields there are."""
    problems = [_problem(detail, where, sorted(known)) for detail in error.errors(include_url=False)]
    first = problems[0]
    return HttpError(400, first["what"], first["where"], first["fix"], problems if len(problems) > 1 else ())


def _problem(detail: ErrorDetails, where: str, known: list[str]) -> dict[str, str]:
    field = ".".join([where, *(str(part)[:100] for part in detail["loc"])])
    if detail["type"] == "extra_forbidden":
        return {
            "what": "unknown field",
            "where": field,
            "fix": f"Known: {', '.join(known)}." if known else "Send none.",
        }
    if detail["type"] == "json_invalid":
        return {"what": detail["msg"], "where": where, "fix": "Send a JSON object."}
    return {"what": detail["msg"].removeprefix("Value error, "), "where": field, "fix": "See /openapi.json."}
