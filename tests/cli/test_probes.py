"""`prozvon check`: what it finds, and that nothing it cannot ask hides the rest."""

import json

import pytest

from engine import cli
from engine.cli import probes
from engine.config import Config
from engine.config.installation import CallerIdPool, Gateway, Prompts, Store, Switch
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
    assert found == {"config": True, "switch sw1": False, "store": False, "api": True}


def test_a_password_in_the_stores_address_is_not_printed():
    found = probes.store(config(store=Store(url="redis://:geheim@127.0.0.1:1/0")))
    assert not found.ok
    assert "geheim" not in found.found


def test_a_wrong_configuration_ends_it_with_code_2(tmp_path, capfd):
    file = tmp_path / "config.yaml"
    file.write_text("apii: {}\n")
    assert cli.main(["check", "--config", str(file)]) == 2
    assert "Did you mean 'api'?" in capfd.readouterr().err


def test_the_projects_own_configuration_is_right(capfd):
    assert cli.main(["check"]) == 0
    assert "Everything is as it should be." in capfd.readouterr().out
