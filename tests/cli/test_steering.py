"""Commands that touch a running engine: what reaches it, what comes back, and how it fails."""

import csv
import io
import json
import sys

import pytest

from engine.cli import agent as agent_command
from engine.control import Refused
from engine.domain.errors import ConfigError, Problem, StoreError
from tests.web.conftest import SUPERVISOR


@pytest.mark.parametrize("verb", ["start", "pause", "stop"])
def test_a_campaign_is_started_paused_and_stopped(prozvon, control, verb):
    ran = prozvon("campaign", verb, "autumn")
    assert (ran.code, control.asked) == (0, [(f"{verb}_campaign", ("autumn",))])
    assert "autumn is" in ran.out or "autumn runs" in ran.out


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("login anna --extension 1001", ("agent_login", ("anna", "1001"))),
        ("ready anna", ("agent_ready", ("anna",))),
        ("pause anna --reason lunch", ("agent_pause", ("anna", "lunch"))),
        ("logout anna", ("agent_logout", ("anna",))),
        ("accept anna", ("agent_accept", ("anna",))),
        ("skip anna", ("agent_skip", ("anna",))),
        ("hangup anna", ("agent_hang_up", ("anna",))),
        ("dial anna --campaign c --contact 17", ("agent_dial", ("anna", "c", "17", ""))),
        ("dial anna --campaign c --number +48221234567", ("agent_dial", ("anna", "c", "", "+48221234567"))),
        ("dispose anna ptp --callback 1970-01-01T00:00:09Z", ("agent_dispose", ("anna", "ptp", 9.0, ""))),
        ("transfer anna 1002", ("agent_transfer", ("anna", "1002", False))),
        ("transfer anna --attended", ("agent_transfer", ("anna", "", True))),
        ("hold anna", ("agent_hold", ("anna", True))),
        ("hold anna --off", ("agent_hold", ("anna", False))),
        ("mute anna", ("agent_mute", ("anna", True))),
        ("mask anna --off", ("agent_mask", ("anna", False))),
    ],
)  # fmt: skip
def test_everything_an_agent_does_has_a_command(prozvon, control, words, asked):
    assert prozvon("agent", *words.split()).code == 0
    assert control.asked == [asked]


def phone(control, monkeypatch, *states):
    """The agent's phone as it is at each look: the last state stays."""
    left = list(states)

    def agent(agent_id):
        state = left.pop(0) if len(left) > 1 else left[0]
        return {"agent_id": agent_id, "extension": "1001", **state}

    monkeypatch.setattr(control, "agent", agent)
    monkeypatch.setattr(control, "agent_login", lambda agent_id, extension: agent(agent_id))
    monkeypatch.setattr(agent_command, "LOGIN_LOOK_S", 0.0)


def test_a_login_waits_until_the_phone_is_answered(prozvon, control, monkeypatch):
    phone(control, monkeypatch, {"state": "calling"}, {"state": "calling"}, {"state": "paused"})
    ran = prozvon("agent", "login", "anna")
    assert (ran.code, ran.out) == (0, "anna: logged in; 'prozvon agent ready' takes calls\n")


def test_a_phone_that_is_not_reached_is_told_with_the_switchs_word(prozvon, control, monkeypatch):
    gone = {"state": "offline", "why": "phone not reached: USER_NOT_REGISTERED"}
    phone(control, monkeypatch, {"state": "calling"}, gone)
    ran = prozvon("agent", "login", "anna")
    assert ran.code == 4
    assert ran.err.startswith(
        "prozvon: anna is offline: phone not reached: USER_NOT_REGISTERED (extension 1001)"
    )


def test_a_phone_that_rings_on_does_not_hold_the_command_for_ever(prozvon, control, monkeypatch):
    phone(control, monkeypatch, {"state": "calling"})
    monkeypatch.setattr(agent_command, "LOGIN_S", 0.05)
    assert prozvon("agent", "login", "anna").out == "anna: the phone still rings\n"


def test_lists_are_tables_for_people_and_json_for_scripts(prozvon):
    ran = prozvon("agent", "list")
    assert [line.split() for line in ran.out.splitlines()] == [
        ["agent", "name", "state", "for", "with", "extension", "team"],
        ["anna", "ready", "3", "s"],
    ]
    assert json.loads(prozvon("agent", "list", "--json").out)[0]["agent_id"] == "anna"
    assert "autumn" in prozvon("campaign", "list").out
    assert "a-1" in prozvon("calls").out
    assert json.loads(prozvon("status", "--json").out)["version"] == "0.1.0"
    assert "no campaigns" in prozvon("status").out


def test_a_live_call_is_ended(prozvon, control):
    assert prozvon("calls", "--hang-up", "a-1").code == 0
    assert control.asked == [("hang_up", ("a-1",))]


def test_why_takes_ids_with_slashes_and_spaces(prozvon, control):
    assert prozvon("why", "договор 12/3").code == 0
    assert control.asked == [("why", ("договор 12/3",))]


def test_doctor_says_by_its_exit_code_that_something_stops_calls(prozvon, control):
    assert prozvon("doctor").code == 0
    control.doctor = lambda: [
        {"check": "store", "ok": True, "found": "answers", "fix": ""},
        {"check": "campaigns", "ok": False, "found": "0 running", "fix": "Start one."},
    ]
    try:
        ran = prozvon("doctor")
    finally:
        del control.doctor
    assert ran.code == 1
    assert "campaigns: Start one." in ran.out


def test_a_campaign_is_created_from_a_file_and_single_keys(prozvon, control, tmp_path):
    file = tmp_path / "winter.yaml"
    file.write_text("mode: preview\nteam: a\nretries:\n  busy: {after_s: 60, limit: 2}\n")
    keys = ("--set", "max_calls=9", "--set", "retries.busy.limit=5")
    ran = prozvon("campaign", "create", "winter", "--from", str(file), *keys)
    assert ran.code == 0
    ((_, (sent,)),) = control.asked
    assert sent == {
        "id": "winter", "mode": "preview", "team": "a", "max_calls": 9,
        "retries": {"busy": {"after_s": 60, "limit": 5}},
    }  # fmt: skip


def test_a_change_sends_only_what_changes(prozvon, control):
    assert prozvon("campaign", "change", "autumn", "--set", "max_calls=9").code == 0
    assert control.asked == [("change_campaign", ("autumn", {"max_calls": 9}))]


# --- import --------------------------------------------------------------------------------------


def test_a_list_is_imported_byte_for_byte(prozvon, control, tmp_path):
    file = tmp_path / "list.csv"
    file.write_bytes("имя;phone\n".encode("cp1251") * 50_000)
    ran = prozvon("import", str(file), "--campaign", "autumn", "--encoding", "cp1251")
    assert (ran.code, bytes(control.imported)) == (0, file.read_bytes())
    assert "50000 added" in ran.out
    assert control.asked[-1] == ("add_contacts", ("autumn", {"encoding": "cp1251"}))


def test_bad_rows_are_written_beside_the_file_and_told_by_the_exit_code(prozvon, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("phone\n+48221234567\n12\n")
    ran = prozvon("import", str(file), "--campaign", "autumn")
    assert ran.code == 1
    rejects = (tmp_path / "list.csv.rejects.csv").read_text(encoding="utf-8-sig")
    assert next(csv.DictReader(io.StringIO(rejects)))["problem"] == "too short"
    assert "line 3, phone: too short" in ran.out


def test_a_list_from_a_pipe_needs_no_size(prozvon, control, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"phone\n" * 30_000)))
    assert prozvon("import", "-", "--campaign", "autumn").code == 0
    assert control.imported == b"phone\n" * 30_000


def test_an_unknown_campaign_is_told_before_a_byte_is_sent(prozvon, control, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("phone\n")
    ran = prozvon("import", str(file), "--campaign", "autum")
    assert ran.code == 4
    assert [name for name, _ in control.asked] == ["campaigns"]


def test_a_file_that_is_not_there_is_a_usage_error(prozvon):
    ran = prozvon("import", "/nowhere.csv", "--campaign", "autumn")
    assert ran.code == 2
    assert "No such file" in ran.err


# --- journal -------------------------------------------------------------------------------------


def test_the_journal_is_exported_whole_or_not_at_all(prozvon, control, tmp_path):
    target = tmp_path / "cdr.csv"
    assert prozvon("journal", "export", "--kind", "cdr", "--format", "csv", "-o", str(target)).code == 0
    assert target.read_text().splitlines()[1].split(",")[1] == "cdr"
    target.unlink()
    control.raises = StoreError("the store is away", "redis", "Start it.")
    ran = prozvon("journal", "export", "-o", str(target))
    assert ran.code == 1
    assert list(tmp_path.iterdir()) == []


def test_the_journal_goes_to_standard_output_for_pipes(prozvon):
    ran = prozvon("journal", "export", "--since", "1970-01-01")
    assert [json.loads(line)["kind"] for line in ran.out.splitlines()] == ["cdr", "blocked"]
    assert "+48221234567" not in ran.out
    assert "+48221234567" in prozvon("journal", "export", "--clear").out


# --- what goes wrong -----------------------------------------------------------------------------


def test_a_refusal_is_told_with_its_reason_and_code_4(prozvon, control):
    control.raises = Refused("the prompt is missing", "autumn", "Record it.")
    ran = prozvon("campaign", "start", "autumn")
    assert ran.code == 4
    assert ran.err == "prozvon: the prompt is missing (autumn). Record it.\n"


def test_every_problem_of_a_definition_is_told(prozvon, control):
    control.raises = ConfigError.of(
        [Problem("c", "mode", "unknown mode"), Problem("c", "team", "no such team")]
    )
    ran = prozvon("campaign", "create", "a", "--set", "mode=x", "--set", "team=y")
    assert ran.code == 2
    assert "unknown mode" in ran.err
    assert "no such team" in ran.err


def test_a_reload_that_fails_names_file_line_and_key(prozvon, control):
    control.raises = ConfigError.of(
        [Problem("config.yaml:6:5", "gateways[0].chanels", "unknown key", "Mend it")]
    )
    ran = prozvon("reload")
    assert (ran.code, ran.err) == (2, "config.yaml:6:5: gateways[0].chanels: unknown key. Mend it\n")


def test_errors_are_json_too_where_json_was_asked_for(prozvon, control):
    control.raises = Refused("busy", "anna", "Wait.")
    ran = prozvon("agent", "ready", "anna", "--json")
    assert json.loads(ran.out)["error"] == {"what": "busy", "where": "anna", "fix": "Wait."}


def test_without_an_engine_it_is_said_where_one_was_looked_for_and_how_to_start_it(
    prozvon, monkeypatch, tmp_path
):
    monkeypatch.delenv("PROZVON_URL")
    config = tmp_path / "config.yaml"
    config.write_text("api:\n  port: 1\n")
    ran = prozvon("status", "--config", str(config))
    assert ran.code == 3
    assert "http://127.0.0.1:1" in ran.err
    assert str(config) in ran.err
    assert "prozvon run" in ran.err


def test_a_wrong_token_is_a_refusal_that_says_which_token_was_tried(prozvon, monkeypatch):
    monkeypatch.setenv("PROZVON_TOKEN", "wrong-" * 4)
    ran = prozvon("status")
    assert ran.code == 4
    assert "PROZVON_TOKEN" in ran.err


def test_a_token_that_may_not_is_refused_with_the_scope_it_needs(prozvon, monkeypatch):
    monkeypatch.setenv("PROZVON_TOKEN", SUPERVISOR)
    ran = prozvon("reload")
    assert ran.code == 4
    assert "admin" in ran.err


def test_the_engines_own_token_is_found_beside_the_configuration(prozvon, served, monkeypatch, tmp_path):
    from tests.web.conftest import ADMIN

    monkeypatch.delenv("PROZVON_TOKEN")
    monkeypatch.delenv("PROZVON_URL")
    port = served.url.rpartition(":")[2]
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "api.token").write_text(ADMIN + "\n")
    config = tmp_path / "config.yaml"
    config.write_text(
        f"api:\n  port: {port}\n  tokens: [{{name: x, token: '${{UNSET}}'}}]\nstore:\n  data_dir: store\n"
    )
    assert prozvon("status", "--config", str(config)).code == 0


def test_something_else_on_the_port_is_not_taken_for_an_engine(prozvon, control, monkeypatch):
    import http.server
    import threading

    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>hello</html>")

        def log_message(self, *_):
            pass

    other = http.server.HTTPServer(("127.0.0.1", 0), Other)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    monkeypatch.setenv("PROZVON_URL", f"http://127.0.0.1:{other.server_port}")
    ran = prozvon("status")
    other.shutdown()
    other.server_close()
    assert ran.code == 1
    assert "Is it Prozvon" in ran.err


def test_a_callback_at_no_moment_is_a_usage_error(prozvon, control):
    assert prozvon("agent", "dispose", "anna", "ptp", "--callback", "soon").code == 2
    assert prozvon("journal", "export", "--since", "soon").code == 2
    assert not control.asked
