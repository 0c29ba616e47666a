"""Who did what: every action through the API is in the journal, granted or refused, and reading is not."""

import logging

from engine.control import Refused
from engine.web.api import routes
from tests.web.conftest import ADMIN, ANNA, SUPERVISOR, bearer


def test_an_action_is_written_down_with_who_did_it_to_whom_and_what_came_of_it(api, control):
    api.simulate_post("/v1/agents/anna/dispose", headers=bearer(ANNA), json={"outcome": "promise"})
    (noted,) = control.audited
    assert noted["what"] == "POST /v1/agents/{agent_id}/dispose"
    assert (noted["by"], noted["scope"], noted["target"]) == ("anna's desk", "operator", {"agent_id": "anna"})
    assert noted["given"] == {"outcome": "promise"}
    assert (noted["answer"], noted["address"]) == ("done", "127.0.0.1")
    assert noted["request_id"]


def test_a_refused_action_is_written_down_as_refused(api, control):
    control.raises = Refused("no agent is free", "team", "Wait.")
    api.simulate_post("/v1/campaigns/autumn/start", headers=bearer(SUPERVISOR))
    assert [noted["answer"] for noted in control.audited] == ["refused: no agent is free"]


def test_every_route_that_changes_something_is_audited(api, control):
    done = 0
    for route in routes():
        if route.method == "GET":
            continue
        control.audited.clear()
        path = route.path.format(campaign_id="autumn", agent_id="anna", contact_id="17", attempt_id="a-1")
        example = {
            "/v1/campaigns": {"id": "new", "mode": "robot"},
            "/v1/supervise": {"supervisor": "1009", "agent": "anna", "how": "listen"},
        }.get(route.path)
        body = example if route.method == "POST" else {"max_calls": 3} if route.method == "PATCH" else None
        extra = {"headers": {"Content-Type": "text/csv"} | bearer(ADMIN)} if route.upload else {}
        got = api.simulate_request(route.method, path, json=None if route.upload else body, **extra)
        if got.status_code < 400:
            assert [noted["what"] for noted in control.audited] == [f"{route.method} {route.path}"]
            done += 1
        else:
            assert got.status_code in (400, 409, 422), f"{route.method} {path}: {got.text}"
    assert done >= 12, "most of them were asked rightly here"


def test_reading_is_not_audited_but_looking_at_people_unmasked_is(api, control):
    api.simulate_get("/v1/journal", headers=bearer(ADMIN))
    assert control.audited == []
    api.simulate_get("/v1/journal", headers=bearer(ADMIN), params={"clear": "true"})
    assert [(noted["what"], noted["given"]) for noted in control.audited] == [
        ("GET /v1/journal", {"clear": True})
    ]


def test_a_wrong_token_is_told_in_the_log_without_the_token(api, caplog):
    with caplog.at_level(logging.WARNING):
        api.simulate_get("/v1/status", headers=bearer("guessed-" * 4))
    assert "wrong token" in caplog.text
    assert "guessed" not in caplog.text
