"""Routes about calls, results and the engine as a whole."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from engine.control import Control
from engine.web import given as g
from engine.web.auth import Scope
from engine.web.route import Answer, Ask, Look, Nothing, Plain, Route, Streamed
from engine.web.stream import EventStream, Seats, batched, csv_lines, json_lines, to_json

CALL = {
    "attempt": "1f6f0f0e-4c55-4c8e-9d0c-0a4b7a1c2d3e",
    "campaign": "autumn",
    "contact_id": "17",
    "state": "talking",
    "state_age_s": 42.1,
    "number": "+4822*****67",
    "agent": "anna",
}
CHECK = {"check": "switch", "ok": True, "found": "sw1 answers in 2 ms", "fix": ""}


def calls(control: Control, _: Ask[Look]) -> Answer:
    return control.calls()


def hang_up(control: Control, ask: Ask[Nothing]) -> Answer:
    return control.hang_up(ask.path["attempt_id"])


def supervise(control: Control, ask: Ask[g.Supervise]) -> Answer:
    return control.supervise(ask.given.agent_id, ask.given.extension, ask.given.how)


def journal(control: Control, ask: Ask[g.JournalQuery]) -> Answer:
    want = ask.given
    records = _begun(control.journal(want.kinds(), want.since_s))
    if want.format == "csv":
        return Streamed("text/csv; charset=utf-8", batched(csv_lines(records, ask.clear)), "journal.csv")
    return Streamed("application/x-ndjson", batched(json_lines(records, ask.clear)), "journal.jsonl")


def _begun(records: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Read the first record now, so that a store which is away is an error and no half-sent file."""
    first = next(records, None)
    return chain(() if first is None else (first,), records)


def summary(control: Control, _: Ask[Nothing]) -> Answer:
    """By campaign, in one answer."""
    ids = [str(campaign["campaign_id"]) for campaign in control.campaigns()]
    return {"campaigns": {campaign_id: control.summary(campaign_id) for campaign_id in ids}}


def status(control: Control, _: Ask[Nothing]) -> Answer:
    return control.status()


def doctor(control: Control, _: Ask[Nothing]) -> Answer:
    return control.doctor()


def reload(control: Control, _: Ask[Nothing]) -> Answer:
    return control.reload()


def health(control: Control, _: Ask[Nothing]) -> Answer:
    fit, checks = control.health()
    body = to_json({"fit": fit, "checks": checks})
    return Plain("application/json", body, 200 if fit else 503)


def metrics(control: Control, _: Ask[Nothing]) -> Answer:
    return Plain("text/plain; version=0.0.4; charset=utf-8", control.metrics())


def routes(streams_limit: int, open_metrics: bool) -> tuple[Route[Any], ...]:
    """`open_metrics`: a scraper needs no token, because only this machine can reach us."""
    seats = Seats(streams_limit)

    def events(control: Control, ask: Ask[g.EventsQuery]) -> Answer:
        return Streamed(
            "text/event-stream", EventStream(control.events(ask.given.after), ask.caller, ask.clear, seats)
        )

    see, run = Scope.SUPERVISOR, Scope.ADMIN
    return (
        Route("GET", "/v1/calls", see, "Live calls.", calls, Look, [CALL]),
        Route("DELETE", "/v1/calls/{attempt_id}", see, "Hang up a call.", hang_up, Nothing, CALL),
        Route("POST", "/v1/supervise", see,
              "Listen to an agent's talk, whisper to the agent, barge in, or stop.",
              supervise, g.Supervise, {"agent_id": "anna", "how": "whisper"},
              {"agent_id": "anna", "extension": "1100", "how": "whisper"}),
        Route("GET", "/v1/events", Scope.OPERATOR,
              "Live events as server-sent events; an operator gets those of their own agent.",
              events, g.EventsQuery, {"id": 41, "at_s": 1795000000.0, "kind": "agent", "agent": "anna",
                                      "state": "ready"}, {"after": 40}, streams="text/event-stream"),
        Route("GET", "/v1/journal", see, "Facts and decisions, oldest first, as JSON lines or CSV.",
              journal, g.JournalQuery, {"at_s": 1795000000.0, "kind": "cdr", "disposition": "busy"},
              {"kind": "cdr", "since_s": 1794990000.0, "format": "jsonl"}, streams="application/x-ndjson"),
        Route("GET", "/v1/summary", see, "What came of every campaign so far.", summary, Nothing,
              {"campaigns": {"autumn": {"attempts": 37}}}),
        Route("POST", "/v1/reload", run, "Read config.yaml again; what is invalid changes nothing.",
              reload, Nothing,
              {"changed": ["campaigns.autumn.max_calls"], "now": ["campaigns"], "restart": []}),
        Route("GET", "/v1/doctor", see, "Why does nothing dial? The first check that is not ok stops calls.",
              doctor, Nothing, [CHECK]),
        Route("GET", "/v1/status", see, "The whole engine at a glance.", status, Nothing,
              {"version": "0.1.0", "uptime_s": 60.0, "campaigns": [], "agents": {"ready": 3}, "calls": 4}),
        Route("GET", "/health", None, "200: fit to dial. 503: not, and what is wrong.", health, Nothing,
              {"fit": True, "checks": {"store": "ok", "sw1": "ok"}}),
        Route("GET", "/metrics", None if open_metrics else Scope.OPERATOR, "Figures for Prometheus.",
              metrics, Nothing, "prozvon_calls 4\n", streams="text/plain"),
    )  # fmt: skip
