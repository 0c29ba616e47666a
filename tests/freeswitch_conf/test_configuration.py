"""freeswitch-conf and dialplans as text: well formed, whole, and naming only what is there."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.freeswitch.carrier import scenario

ROOT = Path(__file__).parents[2]
CONF, PLANS = ROOT / "freeswitch-conf", ROOT / "dialplans"
FILES = sorted([*CONF.rglob("*.xml"), *PLANS.rglob("*.xml")])
VARS = CONF / "vars.xml"

# applications and the module that brings them
APPLICATIONS = {
    "mod_dptools": {
        "answer",
        "echo",
        "hangup",
        "park",
        "play_and_get_digits",
        "playback",
        "respond",
        "ring_ready",
    }
    | {"set", "sleep"},
    "mod_event_socket": {"socket"},
}


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree(path: Path) -> ElementTree.Element:
    return ElementTree.parse(path).getroot()


def names(path: Path, tag: str, key: str = "name") -> list[str]:
    return [element.get(key, "") for element in tree(path).iter(tag)]


def set_variables() -> dict[str, str]:
    """Every variable that vars.xml sets, with its default."""
    pairs = (
        e.get("data", "").partition("=") for e in tree(VARS).iter("X-PRE-PROCESS") if e.get("cmd") == "set"
    )
    return {name: value for name, _, value in pairs}


@pytest.mark.parametrize("path", FILES, ids=short)
def test_file_is_well_formed(path: Path) -> None:
    assert tree(path).tag in {"document", "include", "configuration", "profile"}


def analyze(document: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "frslint", "analyze", str(document)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def laid_out(where: Path) -> Path:
    """The whole configuration as FreeSWITCH reads it; its top document."""
    shutil.copytree(CONF, where / "conf")
    shutil.copytree(PLANS, where / "conf" / "dialplan")
    return where / "conf" / "freeswitch.xml"


def test_frslint_has_nothing_to_say(tmp_path: Path) -> None:
    document = laid_out(tmp_path)
    result = analyze(document)
    assert result.returncode == 0, result.stdout


def test_frslint_really_reads_the_dialplans(tmp_path: Path) -> None:
    document = laid_out(tmp_path)
    extension = document.parent / "dialplan" / "default" / "00_prozvon.xml"
    extension.write_text(extension.read_text().replace("^abandon$", "^(abandon$"))
    assert "invalid-regex" in analyze(document).stdout


@pytest.mark.parametrize("path", FILES, ids=short)
def test_every_global_variable_is_set_in_vars(path: Path) -> None:
    used = set(re.findall(r"\$\$\{(\w+)\}", path.read_text()))
    assert used <= set_variables().keys()


def test_every_setting_can_come_from_the_environment_under_its_own_name() -> None:
    given = [e.get("data", "") for e in tree(VARS).iter("X-PRE-PROCESS") if e.get("cmd") == "env-set"]
    own = [name for name in set_variables() if name.startswith("prozvon_")]
    assert given == [f"{name}=${name.upper()}" for name in own]


def test_as_it_stands_nothing_is_reachable_from_outside() -> None:
    addresses = {name: value for name, value in set_variables().items() if name.endswith("_ip")}
    assert len(addresses) >= 5
    assert set(addresses.values()) == {"127.0.0.1"}
    assert set_variables()["prozvon_esl_acl"] == "loopback.auto"


def test_no_secret_is_written_down() -> None:
    secrets = {name: value for name, value in set_variables().items() if "password" in name}
    assert secrets.pop("prozvon_esl_password") == "ClueCon"  # FreeSWITCH's own default, for loopback only
    assert set(secrets.values()) == {""}
    written = [
        (short(path), param.get("value"))
        for path in FILES
        for param in tree(path).iter("param")
        if "password" in param.get("name", "") and param.get("name") != "allow-empty-password"
    ]
    assert all(str(value).startswith("$${prozvon_") for _, value in written)


def test_every_include_finds_a_file_when_the_dialplans_are_laid_into_the_configuration() -> None:
    for path in FILES:
        for element in tree(path).iter("X-PRE-PROCESS"):
            if element.get("cmd") != "include":
                continue
            pattern = element.get("data", "")
            if path == CONF / "freeswitch.xml" and pattern.startswith("dialplan/"):
                base, pattern = PLANS, pattern.removeprefix("dialplan/")
            elif pattern.startswith("../"):
                base, pattern = path.parent.parent, pattern.removeprefix("../")
            else:
                base = path.parent
            assert list(base.glob(pattern)), f"{short(path)} includes {element.get('data')}"


def test_every_module_has_its_configuration_and_every_configuration_its_module() -> None:
    loaded = names(CONF / "autoload_configs" / "modules.conf.xml", "load", "module")
    assert len(loaded) == len(set(loaded))
    core = {"modules", "switch", "acl"}
    for path in (CONF / "autoload_configs").glob("*.conf.xml"):
        subject = path.name.removesuffix(".conf.xml")
        assert tree(path).get("name") == f"{subject}.conf"
        assert subject in core or f"mod_{subject}" in loaded, short(path)


def test_every_application_of_the_dialplans_comes_from_a_loaded_module() -> None:
    loaded = names(CONF / "autoload_configs" / "modules.conf.xml", "load", "module")
    known = set().union(*(apps for module, apps in APPLICATIONS.items() if module in loaded))
    for path in PLANS.rglob("*.xml"):
        assert set(names(path, "action", "application")) <= known, short(path)


def test_what_the_engine_names_is_there() -> None:
    extensions = [e.get("expression") for e in tree(PLANS / "default" / "00_prozvon.xml").iter("condition")]
    assert {"^abandon$", "^park$", "^survey$"} <= set(extensions)
    profiles = {tree(path).get("name") for path in (CONF / "sip_profiles").glob("*.xml")}
    assert profiles == {"external", "internal", "media"}
    contexts = {name for path in PLANS.glob("*.xml") for name in names(path, "context")}
    assert contexts == {"default", "public", "agents"}


def test_profiles_send_calls_to_contexts_that_exist_and_agents_have_no_way_out() -> None:
    wanted = {
        path.stem: [p.get("value") for p in tree(path).iter("param") if p.get("name") == "context"]
        for path in (CONF / "sip_profiles").glob("*.xml")
    }
    assert wanted == {"external": ["public"], "internal": ["agents"], "media": ["nowhere"]}
    last = list(tree(PLANS / "agents.xml").iter("extension"))[-1]
    assert [a.get("application") for a in last.iter("action")] == ["respond"]


def test_the_dialplan_never_answers_a_call_before_the_engine_was_asked() -> None:
    steps = names(PLANS / "public" / "00_prozvon.xml", "action", "application")
    assert steps.index("socket") < steps.index("answer")


def test_the_carrier_of_the_real_tests_is_well_formed_too(tmp_path: Path) -> None:
    ElementTree.fromstring(scenario(tmp_path / "tone.al", 2.0))
