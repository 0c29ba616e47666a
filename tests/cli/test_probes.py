"""`prozvon check`: what it finds, and that nothing it cannot ask hides the rest."""

import http.server
import json
import socket
import threading

import pytest

from engine import cli
from engine.cli import probes
from engine.config import Config
from engine.config.installation import Api, CallerIdPool, Gateway, Inbound, Prompts, Store, Switch
from engine.domain.errors import SwitchGone

UP = "<gateway>\n<name>trunk</name>\n<status>UP</status>\n<state>NOREG</state>\n</gateway>"
SWITCH = Switch(name="sw1", host="127.0.0.1", port=1, media_path="/media")


def config(**sections: object) -> Config:
    return Config(
        switches=(SWITCH,),
        gateways=(Gateway(name="trunk"),),
        caller_ids={"main": CallerIdPool(numbers=("+48220000001",))},
        **sections,
    )


def answering(**answers: str):
    def ask(text: str) -> str:
        return next((answer for word, answer in answers.items() if word in text), "true")

    return ask


def test_a_switch_that_answers_is_asked_for_its_gateways_and_prompts():
    checked = config(prompts=Prompts(sorry={"en": "prompts/sorry.wav"}))
    found = list(probes.ask_switch(checked, SWITCH, answering(xmlstatus=UP, status="UP 0 years")))
    assert [(one.check, one.ok) for one in found] == [
        ("switch sw1", True), ("gateway trunk", True), ("prompt prompts/sorry.wav", True),
    ]  # fmt: skip


def test_a_prompt_that_is_missing_on_the_switch_is_told_as_the_switch_sees_it():
    checked = config(prompts=Prompts(sorry={"en": "prompts/sorry.wav"}))
    found = list(probes.ask_switch(checked, SWITCH, answering(xmlstatus=UP, file_exists="false")))
    assert not found[-1].ok
    assert "/media/prompts/sorry.wav" in found[-1].found


@pytest.mark.parametrize(
    ("answer", "ok", "found"),
    [
        (UP, True, "UP, NOREG"),
        (UP.replace("UP", "DOWN").replace("NOREG", "FAIL_WAIT"), False, "DOWN, FAIL_WAIT"),
        ("Invalid Gateway!", False, "unknown to the switch"),
        ("", False, "unknown to the switch"),
    ],
)
def test_a_gateway_is_up_down_or_unknown(answer, ok, found):
    finding = probes.gateway_finding("trunk", answer)
    assert (finding.ok, finding.found) == (ok, found)
    assert finding.fix


def test_a_switch_lost_in_the_middle_is_told():
    def ask(text: str) -> str:
        raise SwitchGone("the connection was lost before an answer")

    (found,) = probes.ask_switch(config(), SWITCH, ask)
    assert not found.ok


def test_a_switch_that_is_away_does_not_hide_the_store_and_the_rest(tmp_path, capfd, monkeypatch):
    file = tmp_path / "config.yaml"
    file.write_text(
        "switches:\n  - {name: sw1, port: 1}\n"
        "store:\n  url: redis://127.0.0.1:1/0\n"
        "gateways:\n  - {name: trunk}\n"
    )
    assert cli.main(["check", "--config", str(file), "--json"]) == 1
    found = {one["check"]: one["ok"] for one in json.loads(capfd.readouterr().out)}
    assert found | {"api": True, "inbound": True} == {
        "config": True, "switch sw1": False, "store": False, "api": True, "inbound": True,
    }  # fmt: skip


def test_a_password_in_the_stores_address_is_not_printed():
    found = probes.store(config(store=Store(url="redis://:geheim@127.0.0.1:1/0")))
    assert not found.ok
    assert "geheim" not in found.found


def test_a_wrong_configuration_ends_it_with_code_2(tmp_path, capfd):
    file = tmp_path / "config.yaml"
    file.write_text("apii: {}\n")
    assert cli.main(["check", "--config", str(file)]) == 2
    assert "Did you mean 'api'?" in capfd.readouterr().err


def test_the_projects_own_configuration_is_right(capfd, monkeypatch):
    monkeypatch.setattr(probes, "_taken", lambda host, port: False)
    assert cli.main(["check"]) == 0
    assert "Everything is as it should be." in capfd.readouterr().out


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (
            "UP 0 years, 0 days, 0 hours, 6 minutes, 16 seconds, 571 milliseconds",
            "up for 6 minutes 16 seconds",
        ),
        ("UP 0 years, 1 day, 0 hours, 6 minutes, 16 seconds\nFreeSWITCH", "up for 1 day 6 minutes"),
        ("UP", "answers"),
        ("", "answers"),
    ],
)
def test_how_long_a_switch_is_up_is_told_in_two_parts(status, told):
    assert probes.since_start(status) == told


def test_a_data_folder_that_cannot_be_written_is_found_before_the_run(tmp_path, capfd):
    (tmp_path / "file").write_text("")
    own = tmp_path / "config.yaml"
    own.write_text("store: {data_dir: file/data}\n")
    assert cli.main(["check", "--config", str(own)]) == 1
    told = capfd.readouterr().out
    assert f"{tmp_path}/file is no folder" in told
    assert "store: Choose another store.data_dir" in told


def test_a_run_that_cannot_write_says_so_and_gives_no_traceback(tmp_path, capfd):
    (tmp_path / "file").write_text("")
    own = tmp_path / "config.yaml"
    own.write_text("store: {data_dir: file/data}\n")
    assert cli.main(["run", "--config", str(own)]) == 2
    assert capfd.readouterr().err.startswith(f"store.data_dir: {tmp_path}/file is no folder. Choose")


def test_a_check_makes_no_folder(tmp_path):
    found = probes.store(config(store=Store(data_dir=str(tmp_path / "a" / "b"))))
    assert found.ok
    assert list(tmp_path.iterdir()) == []


class Listener:
    """Something on a port that answers every GET with `body`."""

    def __init__(self, body: bytes) -> None:
        class Answers(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(503)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.HTTPServer(("127.0.0.1", 0), Answers)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ports_found(api: int, inbound: int) -> dict[str, tuple[bool, str]]:
    checked = config(api=Api(port=api), inbound=Inbound(port=inbound))
    return {one.check: (one.ok, one.found) for one in probes.ports(checked)}


def test_ports_are_free_or_held_by_an_engine_or_by_a_stranger():
    one, other = free_port(), free_port()
    assert ports_found(one, other) == {
        "api": (True, f"127.0.0.1:{one}: free"), "inbound": (True, f"127.0.0.1:{other}: free"),
    }  # fmt: skip
    with Listener(b'{"fit": false, "checks": {}}') as engine:
        assert ports_found(engine.port, engine.port) == {
            "api": (True, f"127.0.0.1:{engine.port}: an engine runs there"),
            "inbound": (True, f"127.0.0.1:{engine.port}: an engine runs there"),
        }
    with Listener(b"<html>hello</html>") as stranger:
        found = ports_found(stranger.port, stranger.port)
        assert found["api"] == (False, f"127.0.0.1:{stranger.port}: in use by another program")
        assert not found["inbound"][0]


def test_a_log_that_cannot_be_written_is_told_and_gives_no_traceback(tmp_path, capfd):
    own = tmp_path / "config.yaml"
    own.write_text(f"store: {{data_dir: data}}\nlogging: {{file: {tmp_path}/nowhere/x.log}}\n")
    assert cli.main(["run", "--config", str(own)]) == 2
    assert capfd.readouterr().err.startswith("logging.file: cannot be written: No such file or directory")
