"""What a client sees: answers, refusals and their reasons."""

import json

import pytest

from engine.control import NotFound, Refused
from engine.domain.errors import ConfigError, Fenced, Problem, StoreError, SwitchError, SwitchGone
from tests.web.conftest import ANNA, SUPERVISOR, bearer


def test_status_is_served_as_json_with_a_request_id(api):
    got = api.simulate_get("/v1/status")
    assert got.status_code == 200
    assert got.json["version"] == "0.1.0"
    assert len(got.headers["x-request-id"]) == 16
    assert got.headers["cache-control"] == "no-store"


def test_a_decent_request_id_of_the_client_is_kept_and_any_other_replaced(api):
    kept = api.simulate_get("/v1/nowhere", headers={"X-Request-Id": "desk-7"})
    assert (kept.headers["x-request-id"], kept.json["request_id"]) == ("desk-7", "desk-7")
    assert (
        api.simulate_get("/v1/status", headers={"X-Request-Id": "a b<script>"}).headers["x-request-id"]
        != "a b"
    )


@pytest.mark.parametrize("verb", ["start", "pause", "stop"])
def test_a_campaign_is_started_paused_and_stopped(api, control, verb):
    assert api.simulate_post(f"/v1/campaigns/autumn/{verb}").status_code == 200
    assert control.asked == [(f"{verb}_campaign", ("autumn",))]


def test_creating_a_campaign_hands_every_key_to_the_engine_and_says_created(api, control):
    sent = {"id": "autumn", "mode": "preview", "team": "a", "max_calls": 7}
    assert api.simulate_post("/v1/campaigns", json=sent).status_code == 201
    assert control.asked == [("create_campaign", (sent,))]


def test_changing_a_campaign_hands_over_only_what_was_said(api, control):
    assert api.simulate_patch("/v1/campaigns/autumn", json={"max_calls": 9}).status_code == 200
    assert control.asked == [("change_campaign", ("autumn", {"max_calls": 9}))]


@pytest.mark.parametrize("changes", [{}, {"id": "winter"}])
def test_a_change_of_nothing_or_of_the_id_is_refused(api, control, changes):
    assert api.simulate_patch("/v1/campaigns/autumn", json=changes).status_code == 400
    assert not control.asked


@pytest.mark.parametrize(
    ("verb", "sent", "asked"),
    [
        ("login", {"extension": "1001"}, ("agent_login", ("anna", "1001"))),
        ("ready", None, ("agent_ready", ("anna",))),
        ("pause", {"reason": "lunch"}, ("agent_pause", ("anna", "lunch"))),
        ("logout", {}, ("agent_logout", ("anna",))),
        ("accept", None, ("agent_accept", ("anna",))),
        ("skip", None, ("agent_skip", ("anna",))),
        ("dial", {"campaign_id": "c", "contact_id": "17"}, ("agent_dial", ("anna", "c", "17", ""))),
        ("dispose", {"outcome": "ptp", "callback_at_s": 9}, ("agent_dispose", ("anna", "ptp", 9.0, ""))),
        ("transfer", {"number": "1002"}, ("agent_transfer", ("anna", "1002", False))),
        ("hold", {"on": True}, ("agent_hold", ("anna", True))),
        ("mute", {"on": False}, ("agent_mute", ("anna", False))),
        ("mask", {"on": True}, ("agent_mask", ("anna", True))),
        ("hangup", None, ("agent_hang_up", ("anna",))),
    ],
)  # fmt: skip
def test_everything_an_agent_does_reaches_the_engine(api, control, verb, sent, asked):
    assert api.simulate_post(f"/v1/agents/anna/{verb}", json=sent).status_code == 200
    assert control.asked == [asked]


def test_a_live_call_is_hung_up_by_its_id(api, control):
    assert api.simulate_delete("/v1/calls/a-1").status_code == 200
    assert control.asked == [("hang_up", ("a-1",))]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound("no campaign 'x'", "campaign_id", "See them."), 404),
        (Refused("the prompt is missing", "autumn", "Record it."), 409),
        (ConfigError("gateway 'a' is unknown", "gateways", "Known: b."), 422),
        (StoreError("the store is away", "redis", "Start it."), 503),
        (Fenced("another engine owns the team"), 503),
        (SwitchGone("sw1 is away"), 503),
        (SwitchError("-ERR"), 502),
        (RuntimeError("a bug with /secret/path"), 500),
    ],
)
def test_each_kind_of_trouble_has_its_status_and_says_what_where_and_fix(api, control, error, status):
    control.raises = error
    got = api.simulate_post("/v1/campaigns/autumn/start")
    assert got.status_code == status
    assert set(got.json["error"]) == {"what", "where", "fix"}
    assert "Traceback" not in got.text
    assert "secret" not in got.text
    if status == 503:
        assert got.headers["retry-after"] == "5"


def test_every_problem_of_a_definition_is_told_at_once(api, control):
    control.raises = ConfigError.of(
        [Problem("c:1:1", "mode", "unknown mode"), Problem("c:2:1", "team", "no team")]
    )
    got = api.simulate_post("/v1/campaigns", json={"id": "a", "mode": "x", "team": "y"})
    assert got.status_code == 422
    assert [problem["where"] for problem in got.json["problems"]] == ["mode", "team"]


def test_a_mistyped_field_is_named_with_the_known_ones(api):
    got = api.simulate_post("/v1/agents/anna/pause", json={"reasn": "lunch"})
    assert got.status_code == 400
    assert got.json["error"] == {"what": "unknown field", "where": "body.reasn", "fix": "Known: reason."}


def test_text_is_not_taken_for_a_switch_of_on_and_off(api):
    got = api.simulate_post("/v1/agents/anna/hold", json={"on": "yes"})
    assert (got.status_code, got.json["error"]["where"]) == (400, "body.on")


@pytest.mark.parametrize(
    "number", ["123", "+0123456789", "+48 22", "+48221234567\n", "${evil}", "+4822123456789012"]
)
def test_a_number_that_is_no_e164_is_not_dialed(api, control, number):
    got = api.simulate_post("/v1/agents/anna/dial", json={"campaign_id": "c", "number": number})
    assert got.status_code == 400
    assert not control.asked


@pytest.mark.parametrize("target", ["10;02", "1002\n", "user/1002", "a b", "'x'"])
def test_a_transfer_to_what_could_break_a_dial_string_is_refused(api, control, target):
    assert api.simulate_post("/v1/agents/anna/transfer", json={"number": target}).status_code == 400
    assert not control.asked


def test_bodies_that_are_no_json_too_large_or_of_another_kind_are_refused(api):
    post = api.simulate_post
    assert post("/v1/agents/anna/pause", body="{").status_code == 400
    assert post("/v1/agents/anna/pause", body="[1]").status_code == 400
    assert post("/v1/agents/anna/pause", body="[" * 50_000).status_code == 400
    assert post("/v1/agents/anna/pause", body='{"reason": "%s"}' % ("x" * 70_000)).status_code == 413
    assert post("/v1/agents/anna/pause", body="reason=x", content_type="text/plain").status_code == 415


def test_unknown_addresses_and_methods_say_where_the_list_is(api):
    got = api.simulate_get("/v1/campains")
    assert (got.status_code, got.json["error"]["what"]) == (404, "no such address")
    assert "/openapi.json" in got.json["error"]["fix"]
    got = api.simulate_put("/v1/campaigns", json={})
    assert got.status_code == 405
    assert "GET" in got.headers["allow"]


def test_a_contact_id_with_a_slash_is_asked_by_query(api, control):
    assert api.simulate_get("/v1/why", params={"contact_id": "договор 12/3"}).status_code == 200
    assert api.simulate_get("/v1/contacts/17/why").status_code == 200
    assert control.asked == [("why", ("договор 12/3",)), ("why", ("17",))]


def test_health_needs_no_token_and_tells_fit_from_unfit_by_its_status(api, control):
    nobody = bearer("")
    assert api.simulate_get("/health", headers=nobody).json == {"fit": True, "checks": {"store": "ok"}}
    control.fit = False
    assert api.simulate_get("/health", headers=nobody).status_code == 503


def test_metrics_are_plain_text_for_a_scraper(api):
    got = api.simulate_get("/metrics")
    assert got.headers["content-type"].startswith("text/plain")
    assert got.text == "prozvon_calls 4\n"


def test_summary_gathers_every_campaign(api):
    assert api.simulate_get("/v1/summary").json["campaigns"]["autumn"]["attempts"] == 37


# --- the journal ---------------------------------------------------------------------------------


def test_the_journal_comes_as_json_lines_of_the_kinds_asked_for(api, control):
    got = api.simulate_get("/v1/journal", params={"kind": "cdr,agent", "since_s": "5"})
    assert got.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line)["disposition"] for line in got.text.splitlines()] == ["busy"]
    assert control.asked == [("journal", (frozenset({"cdr", "agent"}), 5.0))]


def test_numbers_in_the_journal_are_masked_unless_asked_for_by_who_may_see_them(api):
    assert "+48221234567" not in api.simulate_get("/v1/journal").text
    assert "+48221234567" in api.simulate_get("/v1/journal", params={"clear": "true"}).text
    got = api.simulate_get("/v1/journal", params={"clear": "true"}, headers=bearer(SUPERVISOR))
    assert got.status_code == 403
    assert "clear_numbers" in got.json["error"]["fix"]


def test_our_own_caller_id_is_nobodys_secret(api):
    assert "+48220000001" in api.simulate_get("/v1/journal").text


def test_an_operator_sees_their_contact_and_a_supervisor_only_that_there_is_one(api, control):
    card = {"contact_id": "17", "name": "Anna Nowak", "number": "+48221234567"}
    control.card = card
    assert api.simulate_get("/v1/agents/anna", headers=bearer(ANNA)).json["card"] == card
    shown = api.simulate_get("/v1/agents/anna").json
    assert shown["card"] == {"contact_id": "17", "name": "A*** N***", "number": "+4822*****67"}
    assert shown["name"] == "Anna the agent"
    assert api.simulate_get("/v1/agents/anna", params={"clear": "true"}).json["card"] == card


def test_the_journal_as_csv_has_fixed_columns_and_runs_no_formula(api):
    lines = api.simulate_get("/v1/journal", params={"format": "csv"}).text.splitlines()
    assert lines[0].startswith("at_s,kind,attempt_id,")
    assert len(lines) == 3
    assert "'=cmd()" in lines[2]


def test_a_store_that_is_away_is_an_error_and_no_half_journal(api, control):
    control.raises = StoreError("the store is away", "redis", "Start it.")
    assert api.simulate_get("/v1/journal").status_code == 503


@pytest.mark.parametrize(
    "params", [{"since_s": "yesterday"}, {"format": "xml"}, {"sience_s": "1"}, {"since_s": "nan"}]
)
def test_a_question_that_makes_no_sense_names_its_field(api, params):
    got = api.simulate_get("/v1/journal", params=params)
    assert got.status_code == 400
    assert got.json["error"]["where"] == f"query.{next(iter(params))}"


# --- imports -------------------------------------------------------------------------------------


def test_a_list_is_handed_to_the_engine_byte_for_byte_with_its_options(api, control):
    rows = "имя;phone\n".encode("cp1251") * 30_000
    got = api.simulate_post(
        "/v1/campaigns/autumn/contacts",
        body=rows,
        content_type="text/csv",
        params={"encoding": "cp1251", "columns": "Тел=phone,ФИО=name", "source": "a.csv"},
    )
    assert (got.status_code, got.json["added"]) == (200, 30_000)
    assert bytes(control.imported) == rows
    mapping = '{"Тел": "phone", "ФИО": "name"}'
    assert control.asked == [("add_contacts", ("autumn", {"encoding": "cp1251", "mapping": mapping}))]


@pytest.mark.parametrize("columns", ["Tel", "=phone", "Tel=", "a=b,,c=d", "a=b=c"])
def test_columns_that_are_no_pairs_are_refused(api, control, columns):
    path = "/v1/campaigns/autumn/contacts"
    got = api.simulate_post(path, body="x", content_type="text/csv", params={"columns": columns})
    assert (got.status_code, got.json["error"]["where"]) == (400, "query.columns")
    assert not control.asked


def test_a_list_that_says_it_is_json_is_refused_before_it_is_read(api, control):
    got = api.simulate_post("/v1/campaigns/autumn/contacts", body="{}", content_type="application/json")
    assert got.status_code == 415
    assert not control.asked


def test_no_import_is_shown_when_none_runs(api):
    assert api.simulate_get("/v1/campaigns/autumn/contacts").json == []


def test_every_act_is_logged_with_who_did_it_to_what(api, caplog):
    caplog.set_level("INFO", logger="prozvon.web")
    api.simulate_post("/v1/agents/anna/ready")
    api.simulate_get("/v1/status")
    (told,) = [record for record in caplog.records if record.getMessage() == "api request"]
    assert (told.route, told.target, told.caller) == ("POST /v1/agents/{agent_id}/ready", "anna", "root")
