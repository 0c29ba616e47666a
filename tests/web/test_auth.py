"""Who may do what, and what happens to those who guess."""

import stat

import pytest

from engine.domain.errors import ConfigError
from engine.web.api import routes
from engine.web.auth import GUESSES_ALLOWED, Scope, Token, own_admin_token
from tests.web.conftest import ANNA, SUPERVISOR, bearer

LOCKED = [route for route in routes(open_metrics=False) if route.scope is not None]


def at(path: str) -> str:
    return path.replace("{agent_id}", "boris").replace("{", "").replace("}", "")


@pytest.mark.parametrize("route", LOCKED, ids=lambda route: f"{route.method} {route.path}")
def test_nothing_is_done_without_a_token(api, control, route):
    for header in ({"Authorization": ""}, bearer("wrong-" * 4), {"Authorization": "Basic cm9vdDpyb290"}):
        got = api.simulate_request(route.method, at(route.path), headers=header)
        assert got.status_code == 401
        assert got.headers["www-authenticate"].startswith("Bearer")
    assert not control.asked


@pytest.mark.parametrize("route", LOCKED, ids=lambda route: f"{route.method} {route.path}")
def test_an_operator_does_nothing_beyond_their_own_agent(api, control, route):
    got = api.simulate_request(route.method, at(route.path), headers=bearer(ANNA))
    if route.path in ("/v1/events", "/metrics"):
        assert got.status_code == 200
    else:
        assert got.status_code == 403
        assert not control.asked


def test_an_operator_acts_as_their_own_agent(api, control):
    assert api.simulate_post("/v1/agents/anna/ready", headers=bearer(ANNA)).status_code == 200
    assert control.asked == [("agent_ready", ("anna",))]


def test_an_operator_follows_only_the_events_of_their_own_agent(api):
    got = api.simulate_get("/v1/events", headers=bearer(ANNA))
    assert got.text.count("event: ") == 1
    assert '"anna"' in got.text


def test_a_supervisor_runs_campaigns_and_agents_but_does_not_change_what_they_are(api):
    supervisor = bearer(SUPERVISOR)
    assert api.simulate_post("/v1/campaigns/autumn/start", headers=supervisor).status_code == 200
    assert api.simulate_post("/v1/agents/boris/ready", headers=supervisor).status_code == 200
    got = api.simulate_post("/v1/reload", headers=supervisor)
    assert got.status_code == 403
    assert "admin" in got.json["error"]["fix"]


def test_a_guesser_is_not_even_listened_to_after_some_different_tokens(api, clock):
    for number in range(GUESSES_ALLOWED):
        assert api.simulate_get("/v1/status", headers=bearer(f"guess-{number}")).status_code == 401
    got = api.simulate_get("/v1/status")
    assert got.status_code == 429, "not even with the right token: it may be the next guess"
    assert int(got.headers["retry-after"]) > 0
    clock.now += 61.0
    assert api.simulate_get("/v1/status").status_code == 200


def test_a_forgotten_client_with_one_stale_token_locks_nobody_out(api):
    for _ in range(5 * GUESSES_ALLOWED):
        assert api.simulate_get("/v1/status", headers=bearer("stale")).status_code == 401
    assert api.simulate_get("/v1/status").status_code == 200


def test_an_address_that_guesses_does_not_lock_out_another(api):
    for number in range(GUESSES_ALLOWED):
        api.simulate_get("/v1/status", headers=bearer(f"guess-{number}"), remote_addr="10.0.0.9")
    assert api.simulate_get("/v1/status", remote_addr="10.0.0.9").status_code == 429
    assert api.simulate_get("/v1/status", remote_addr="10.0.0.8").status_code == 200


def test_a_token_that_could_be_guessed_is_refused():
    with pytest.raises(ConfigError, match="shorter than 16"):
        Token.of("hunter2", "x", Scope.ADMIN)


def test_an_operators_token_must_say_whose_it_is():
    with pytest.raises(ConfigError, match="names no agent"):
        Token.of("long-enough-secret", "x", Scope.OPERATOR)


def test_a_token_does_not_show_in_logs():
    assert "admin-admin" not in repr(Token.of("admin-" * 4, "root", Scope.ADMIN))


def test_the_own_admin_token_is_made_once_and_read_only_by_its_owner(tmp_path):
    path = tmp_path / "data" / "api.token"
    first = own_admin_token(path)
    assert len(first) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert own_admin_token(path) == first


def test_a_damaged_token_file_is_replaced_and_an_open_one_closed(tmp_path):
    path = tmp_path / "api.token"
    path.write_text("x\n")
    fresh = own_admin_token(path)
    assert len(fresh) == 64
    path.chmod(0o644)
    assert own_admin_token(path) == fresh
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
