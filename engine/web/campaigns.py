"""Routes about campaigns and their contacts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from engine.control import Control
from engine.web import given as g
from engine.web.auth import Scope
from engine.web.route import Answer, Ask, Look, Nothing, Route

CAMPAIGN = {"campaign_id": "autumn", "mode": "progressive", "state": "running", "team": "collectors"}
AMD = {
    "audits": 240,
    "wrong": 1,
    "share": 0.00417,
    "rate": 0.0182,
    "highest": 0.0267,
    "limit": 0.03,
    "off": "",
}
STATUS = {
    **CAMPAIGN,
    "queue": {"due": 120, "later": 40, "claimed": 3, "done": 37, "next_due_at_s": 1795000000.0},
    "calls": {"dialing": 2, "talking": 4},
    "results": {"talked": 21, "busy": 9, "no_answer": 7},
    "pacing": {"launch": 1, "reason": "one ready agent, none in flight"},
    "amd": AMD,
}
IMPORT = {
    "added": 998,
    "duplicates": 1,
    "rejected": [
        {
            "line": 17,
            "column": "phone",
            "value": "12-34",
            "problem": "too short for a number",
            "fix": "Write it with country code, e.g. +48221234567",
        }
    ],
}
WHY = {
    "contact_id": "17",
    "state": "later",
    "now": {"allowed": False, "rule": "calling_hours", "retry_at_s": 1795000000.0},
    "past": [{"at_s": 1794990000.0, "kind": "cdr", "disposition": "busy"}],
}


def campaigns(control: Control, _: Ask[Nothing]) -> Answer:
    return control.campaigns()


def create_campaign(control: Control, ask: Ask[g.NewCampaign]) -> Answer:
    return control.create_campaign(g.extras(ask.given))


def change_campaign(control: Control, ask: Ask[g.CampaignChanges]) -> Answer:
    return control.change_campaign(ask.path["campaign_id"], g.extras(ask.given))


def start_campaign(control: Control, ask: Ask[Nothing]) -> Answer:
    return control.start_campaign(ask.path["campaign_id"])


def pause_campaign(control: Control, ask: Ask[Nothing]) -> Answer:
    return control.pause_campaign(ask.path["campaign_id"])


def stop_campaign(control: Control, ask: Ask[Nothing]) -> Answer:
    return control.stop_campaign(ask.path["campaign_id"])


def campaign_status(control: Control, ask: Ask[Nothing]) -> Answer:
    return control.campaign_status(ask.path["campaign_id"])


def allow_amd(control: Control, ask: Ask[Nothing]) -> Answer:
    return control.campaign_allow_amd(ask.path["campaign_id"])


def campaign_summary(control: Control, ask: Ask[Nothing]) -> Answer:
    return control.summary(ask.path["campaign_id"])


def why(control: Control, ask: Ask[Look]) -> Answer:
    return control.why(ask.path["contact_id"])


def why_by_query(control: Control, ask: Ask[g.WhyQuery]) -> Answer:
    return control.why(ask.given.contact_id)


@dataclass(slots=True)
class Upload:
    campaign_id: str
    source: str
    received_bytes: int = 0


class Uploads:
    """Imports under way, so that somebody else can see how far one has come."""

    def __init__(self) -> None:
        self._running: dict[int, Upload] = {}
        self._numbers = count(1)

    def add_contacts(self, control: Control, ask: Ask[g.UploadOptions]) -> Answer:
        number = next(self._numbers)
        upload = self._running[number] = Upload(ask.path["campaign_id"], ask.given.source)
        try:
            return control.add_contacts(upload.campaign_id, _counted(ask.chunks, upload), ask.given.said())
        finally:
            del self._running[number]

    def uploads(self, _: Control, ask: Ask[Nothing]) -> Answer:
        return [
            {"source": upload.source, "received_bytes": upload.received_bytes}
            for upload in self._running.values()
            if upload.campaign_id == ask.path["campaign_id"]
        ]


def _counted(chunks: Iterator[bytes], upload: Upload) -> Iterator[bytes]:
    for chunk in chunks:
        upload.received_bytes += len(chunk)
        yield chunk


def routes() -> tuple[Route[Any], ...]:
    uploads = Uploads()
    see, run = Scope.SUPERVISOR, Scope.ADMIN
    one = "/v1/campaigns/{campaign_id}"

    def act(verb: str, says: str, handler: Callable[[Control, Ask[Nothing]], Answer]) -> Route[Nothing]:
        return Route("POST", f"{one}/{verb}", see, says, handler, Nothing, CAMPAIGN)

    new: Mapping[str, Any] = {
        "id": "autumn",
        "mode": "progressive",
        "team": "collectors",
        "gateways": ["trunk-1"],
        "caller_ids": ["main"],
    }
    return (
        Route("GET", "/v1/campaigns", see, "All campaigns.", campaigns, Nothing, [CAMPAIGN]),
        Route(
            "POST", "/v1/campaigns", run, "Create a campaign; it does not dial until it is started.",
            create_campaign, g.NewCampaign, CAMPAIGN, new, status=201,
        ),
        Route(
            "PATCH", one, run, "Change a campaign while it runs; holds for calls launched from now on.",
            change_campaign, g.CampaignChanges, CAMPAIGN, {"max_calls": 20, "mode": "preview"},
        ),
        act("start", "Start or go on dialing.", start_campaign),
        act("pause", "No new calls; live ones go on.", pause_campaign),
        act("stop", "No new calls; ringing ones are given up, talks go on.", stop_campaign),
        Route("GET", f"{one}/status", see, "Queue, calls, results and the last pacing decision.",
              campaign_status, Nothing, STATUS),
        Route("POST", f"{one}/allow-amd", run,
              "AMD, which switched itself off, listens again; audits begin anew.", allow_amd, Nothing, AMD),
        Route("GET", f"{one}/summary", see, "What came of the campaign so far.",
              campaign_summary, Nothing, {"attempts": 37, "by_disposition": {"talked": 21, "busy": 16}}),
        Route(
            "POST", f"{one}/contacts", see,
            "Import a CSV file; good rows go in, bad ones come back with line and fix.",
            uploads.add_contacts, g.UploadOptions, IMPORT, upload="text/csv",
        ),
        Route("GET", f"{one}/contacts", see, "Imports under way, with the bytes received so far.",
              uploads.uploads, Nothing, [{"source": "list.csv", "received_bytes": 1048576}]),
        Route("GET", "/v1/contacts/{contact_id}/why", see, "Why a contact is, or is not, called.",
              why, Look, WHY),
        Route("GET", "/v1/why", see, "The same, for contact ids that hold a slash.",
              why_by_query, g.WhyQuery, WHY, {"contact_id": "123/45"}),
    )  # fmt: skip
