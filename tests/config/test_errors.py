"""A wrong config.yaml: everything wrong is told at once, at its place, with its mending, and no secret."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import read
from engine.config.models import Config
from engine.config.shape import kind_at
from engine.domain.errors import ConfigError

BASE = """\
gateways: [{name: trunk}]
caller_ids: {main: {numbers: ["+48220000101"]}}
teams: [{name: t}]
agents: [{id: anna, extension: 1001, team: t}]
campaigns:
  - {id: c, mode: manual, team: t, gateways: [trunk], caller_ids: [main]}
"""


def refused(text: str, environ: dict[str, str] | None = None, folder: Path = Path("/nowhere")) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(text, "config.yaml", environ or {}, folder)
    return [str(problem) for problem in caught.value.problems]


def test_a_mistyped_key_is_told_with_its_place_and_the_nearest_known_key():
    assert refused("api:\n  port: 1\npacing:\n    max_chek_s: 0.3\n") == [
        "config.yaml:4:5: pacing.max_chek_s: unknown key. Did you mean 'max_check_s'?"
    ]


def test_a_key_like_no_other_is_answered_with_all_that_are_known():
    assert refused("recording: {zzz: 1}") == ["config.yaml:1:13: recording.zzz: unknown key. Known: path."]


def test_everything_wrong_is_told_at_once_in_the_order_of_the_file():
    text = """\
api: {port: eighty}
gateways:
  - {name: trunk, channels: 0, switch: fs-9}
  - {name: trunk}
campaigns:
  - id: c
    mode: robt
    team: nobody
    gateways: [trunc]
    caller_ids: [main]
    retries: {bussy: {after_s: 1, limit: 1}}
"""
    assert [line.split(": ")[:2] for line in refused(text)] == [
        ["config.yaml:1:13", "api.port"],
        ["config.yaml:3:29", "gateways[0].channels"],
        ["config.yaml:3:40", "gateways[0].switch"],
        ["config.yaml:4:12", "gateways[1].name"],
        ["config.yaml:7:11", "campaigns[0].mode"],
        ["config.yaml:8:11", "campaigns[0].team"],
        ["config.yaml:9:16", "campaigns[0].gateways[0]"],
        ["config.yaml:10:18", "campaigns[0].caller_ids[0]"],
        ["config.yaml:11:15", "campaigns[0].retries.bussy"],
    ]


ALONE = [
    ("demo: {contacts: 2.5}", "demo.contacts: 2.5 is not a whole number"),
    ('demo: {contacts: "5"}', 'demo.contacts: "5" is not a whole number'),
    ("media: {processes: yes}", 'media.processes: "yes" is not a whole number'),
    ("api: {host: 127}", "api.host: 127 is not text. Quote it"),
    ("api: [1]", "api: a list is not a mapping"),
    ("gateways: {name: a}", "gateways: a mapping is not a list"),
    ("- 1", "config.yaml:1:1: a list is not a mapping"),
    (
        "teams: [{}]",
        "config.yaml:1:9: teams[0].name: is missing. Meaning: how agents and campaigns refer to it",
    ),
    ("pacing: {max_check_s: 61}", "pacing.max_check_s: 61 is out of bounds: at most 60"),
    ("virtual_switch: {speed: 0}", "virtual_switch.speed: 0 is out of bounds: more than 0"),
    (
        "logging: {level: warn}",
        "logging.level: \"warn\" is none of debug, info, warning, error. Did you mean 'warning'?",
    ),
    ('caller_ids: {a: {numbers: ["0221234567"]}}', "a number in E.164, with plus and country code"),
    ("caller_ids: {a: {numbers: []}}", "caller_ids.a.numbers: is empty"),
    (
        "caller_ids: {a b: {numbers: ['+48221234567']}}",
        'config.yaml:1:14: caller_ids.a b: "a b" is not letters',
    ),
    ("calling: {zone: Europe/Warsawa}", "'Europe/Warsawa' is no IANA time zone"),
    ("calling: {country: pl}", '"pl" is not a country of two capital letters'),
    (
        "calling: {rules: [{rule: calling_hour}]}",
        "calling.rules[0].rule: unknown rule 'calling_hour'. Did you mean",
    ),
    ("calling: {rules: [{rule: calling_hours, params: {workday: 9-25}}]}", "calling.rules[0].params.workday"),
    ("calling: {rules: [{rule: pack, params: {name: ru-230}}]}", "Did you mean 'ru-230fz'?"),
    ("calling: {do_not_call_file: gone.txt}", "there is no file 'gone.txt'"),
    ("api: {port: 8084}", "api.port: api and inbound both listen on 8084"),
    ("api: {tokens: [{name: a, token: short}]}", "api.tokens[0].token: is shorter than 16 characters"),
    ("api: {tls_cert: a.pem}", "api.tls_key: is missing: TLS needs both"),
    ("media: {rtp_first_port: 22000}", "rtp_first_port 22000 must be less than rtp_last_port 21999"),
    ("pacing: {max_check_s: 0.1, min_check_ms: 100}", "min_check_ms 100 must be less than max_check_s 0.1"),
    ("store: {url: 'http://x'}", "store.url: is no address of a store"),
    ("recording: {path: x.wav}", "recording.path: {attempt} is missing"),
    ("recording: {path: '../{attempt}.wav'}", "recording.path: leads out of media_path"),
    ("switches: [{name: a, dial: '{number'}]", "switches[0].dial: expected '}' before end of string"),
    ("switches: [{name: a, agent_dial: 'user/{extention}'}]", "Did you mean 'extension'?"),
    (
        "switches: [{name: a}, {name: b}]\nteams: [{name: t}]",
        "teams[0].switch: is missing. There are several: a, b",
    ),
]


@pytest.mark.parametrize(
    ("text", "told"), ALONE, ids=[text.split(":")[0] + str(i) for i, (text, _) in enumerate(ALONE)]
)
def test_each_kind_of_mistake_is_told_in_words(text, told):
    found = refused(text)
    assert any(told in line for line in found), found


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "extension: 1001, team: t}",
            "extension: 1001, team: t}, {id: b, extension: 1001, team: t}",
            "'1001' is already",
        ),
        ("mode: manual", "mode: robot", "campaigns[0].script: is missing. Mode robot needs a scenario"),
        ("mode: manual", "mode: robot, script: gone.yaml", "there is no file 'gone.yaml'"),
        ("mode: manual", "mode: preview, skills: [polish]", "no agent of team 't' has polish"),
        (
            "mode: manual",
            "mode: manual, abandonment: {notice: gone.wav}",
            "campaigns[0].abandonment.notice: there is no",
        ),
        (
            "campaigns:",
            "inbound: {routes: [{campaign: d}]}\ncampaigns:",
            "inbound.routes[0].campaign: there is no campaign 'd'",
        ),
    ],
)
def test_what_leads_nowhere_is_told(old, new, told):
    assert old in BASE
    assert any(told in line for line in refused(BASE.replace(old, new)))


def test_an_empty_file_named_as_a_prompt_is_told(tmp_path):
    (tmp_path / "notice.wav").touch()
    found = refused("prompts: {abandon_notice: {pl: notice.wav}}", folder=tmp_path)
    assert found[0].startswith("config.yaml:1:32: prompts.abandon_notice.pl: the file 'notice.wav' is empty")


def test_the_base_of_these_tests_is_sound():
    assert read(BASE, "config.yaml", {}, Path()).agents[0].extension == "1001"


# --- secrets -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("switches: [{name: a, host: 10.0.0.1, password: hunter2}]", "switches[0].password"),
        ("switches: [{name: a, host: fs.example.org}]", "switches[0].password"),
        ("store: {url: 'redis://:hunter2@10.0.0.1:6379/0'}", "store.url"),
        ("api: {host: 0.0.0.0, tokens: [{name: a, token: hunter2hunter2hunter2}]}", "api.tokens[0].token"),
        ("api: {host: '::'}", "api.tokens"),
    ],
)
def test_a_secret_written_out_is_refused_beyond_loopback_and_never_shown(text, key):
    found = refused(text)
    assert any(f" {key}: " in line for line in found), found
    assert "hunter2" not in str(found)


@pytest.mark.parametrize(
    "text",
    [
        "switches: [{name: a, password: hunter2}]",
        "switches: [{name: a, host: '::1', password: hunter2}]",
        "store: {url: 'redis://:hunter2@localhost/0'}",
        "store: {url: 'redis://10.0.0.1/0'}",
        "api: {tokens: [{name: a, token: hunter2hunter2hunter2}]}",
    ],
)
def test_on_loopback_a_secret_may_be_written_out_and_is_still_not_shown(text):
    assert "hunter2" not in repr(read(text, "config.yaml", {}, Path()))


def test_secrets_come_from_the_environment():
    text = "switches: [{name: a, host: 10.0.0.1, password: '${ESL_PASSWORD}'}]"
    config = read(text, "config.yaml", {"ESL_PASSWORD": "hunter2"}, Path())
    assert config.switches[0].password.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(config)


def test_a_variable_that_is_not_set_is_told_once_at_its_place():
    found = refused("switches:\n  - name: a\n    password: ${ESL_PASSWORD}\n    dial: x${GONE}\n")
    assert found[0] == (
        "config.yaml:3:15: switches[0].password: the environment variable ESL_PASSWORD is not set. "
        "Export ESL_PASSWORD before the start."
    )
    assert "config.yaml:4:11: switches[0].dial: the environment variable GONE is not set" in found[1]


def test_what_came_from_the_environment_is_not_shown_when_it_is_wrong():
    found = refused("calling: {country: '${COUNTRY}'}", {"COUNTRY": "hunter2"})
    assert "hunter2" not in str(found)
    assert "the value is not a country" in found[0]


def test_a_secret_of_a_wrong_type_is_not_shown():
    assert "4711" not in str(refused("api: {tokens: [{name: a, token: 4711}]}"))


# --- laws ----------------------------------------------------------------------------------------

keys = st.sampled_from(
    ["host", "port", "name", "rules", "rule", "params", "tokens", "url", "path", "mode", "id", "x"]
)
scalars = st.sampled_from(
    ["", "no", "1", "-1", "0.5", "true", "'${A}'", "'${B}'", "abc", '"\\0"', "[]", "{}", "'{'"]
)


@st.composite
def near_misses(draw: st.DrawFn) -> str:
    """Texts that look like a config.yaml, with anything anywhere."""
    top = st.sampled_from([*Config.model_fields, "campaign"])
    inner = st.recursive(
        scalars,
        lambda below: (
            st.lists(below, max_size=3).map(lambda items: f"[{', '.join(items)}]")
            | st.dictionaries(keys, below, max_size=3).map(flow)
        ),
        max_leaves=6,
    )
    sections = draw(st.dictionaries(top, inner, max_size=4))
    return "\n".join(f"{key}: {value}" for key, value in sections.items())


def flow(items: dict[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in items.items()) + "}"


@given(near_misses() | st.text(max_size=40))
def test_no_text_does_anything_but_be_read_or_be_refused_with_places(text):
    problems = ()
    try:
        read(text, "config.yaml", {"A": "value"}, Path("/nowhere"))
    except ConfigError as error:
        problems = error.problems
        assert problems, "a refusal without a reason"
    for problem in problems:
        assert re.match(r"config\.yaml(:\d+:\d+)?$", problem.place)
        assert problem.what


@given(
    st.sampled_from(sorted(set(Config.model_fields) - {"caller_ids"})),
    st.data(),
    st.integers(0, 30),
    st.integers(0, 8),
)
def test_the_place_of_an_unknown_key_is_where_it_stands(section, data, blank_lines, indent):
    is_section = isinstance(kind_at((section,)), type)
    lead = " " * (indent + 1)
    body = f"{section}:\n" + "\n" * blank_lines
    body += f"{lead}never_heard_of: 1\n" if is_section else f"{lead}- never_heard_of: 1\n"
    column = len(lead) + (1 if is_section else 3)
    assert any(
        line.startswith(f"config.yaml:{blank_lines + 2}:{column}: {section}") for line in refused(body)
    )
